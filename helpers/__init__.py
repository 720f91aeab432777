"""What the notebooks import. Every name is loaded when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.editor import edit as edit
    from helpers.errors import WorkshopError as WorkshopError
    from helpers.executions import history as history
    from helpers.executions import run as run
    from helpers.graph import draw as draw
    from helpers.graph.comparison import compare as compare
    from helpers.item_writing import put_items as put_items
    from helpers.photos import upload as upload
    from helpers.runs import run_panel as run_panel
    from helpers.session import connect as connect
    from helpers.stack import load_definition as load_definition
    from helpers.tables import items as items
    from helpers.validation import validate as validate

_MODULES = {
    "WorkshopError": "helpers.errors",
    "compare": "helpers.graph.comparison",
    "connect": "helpers.session",
    "draw": "helpers.graph",
    "edit": "helpers.editor",
    "history": "helpers.executions",
    "items": "helpers.tables",
    "load_definition": "helpers.stack",
    "put_items": "helpers.item_writing",
    "run": "helpers.executions",
    "run_panel": "helpers.runs",
    "upload": "helpers.photos",
    "validate": "helpers.validation",
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    """Import the module that holds `name`, when it is first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'helpers' has no attribute {name!r}; it has {__all__}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
