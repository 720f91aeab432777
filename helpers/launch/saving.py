"""What JupyterLab writes into a notebook's file: no widgets, which nothing could open again.

A widget lives in its kernel. In a file that is opened later it is an error message, where the HTML
beside it (the frozen graph, for instance) can still be read and clicked.
"""

from typing import Any

_WIDGET = "application/vnd.jupyter.widget-view+json"


def without_widgets(model: dict[str, Any], **_: Any) -> None:
    """Take widgets out of a notebook that is about to be saved (a `pre_save_hook`).

    Args:
        model: of the contents API; what is no notebook is left as it is.
        **_: path and contents manager.
    """
    content = model.get("content")
    if model.get("type") != "notebook" or not isinstance(content, dict):
        return
    for cell in content.get("cells", []):
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output["data"].pop(_WIDGET, None)
