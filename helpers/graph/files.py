"""Write a picture or the history behind it to a file: .svg, .png, .json."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from helpers.errors import WorkshopError
from helpers.graph.palette import NAME_SIZE

if TYPE_CHECKING:
    from helpers.graph import Graph

_SCALE = 2.0  # pixels of a .png for each pixel of the picture


def save(graph: "Graph", path: Path) -> None:
    """Write to a file of the kind that its name ends in.

    Raises:
        WorkshopError: it ends in something else, or there is no run whose history could be written.
    """
    write = _KINDS.get(path.suffix.lower())
    if write is None:
        raise WorkshopError(
            f"{path.name!r} says no kind of file that save(…) writes · end it in .svg or .png for "
            "the picture, in .json for the history of the run"
        )
    path.write_bytes(write(graph))


def _svg(graph: "Graph") -> bytes:
    return graph.svg.encode()


def _png(graph: "Graph") -> bytes:
    """Return the same picture in pixels, twice as large as on a page.

    Names are set in the font that Pillow brings, so they are there on a computer without fonts,
    too; letters that it has not are taken from the computer's.
    """
    import resvg_py
    from PIL import ImageFont

    font: Any = ImageFont.load_default(NAME_SIZE)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "font.ttf"
        file.write_bytes(font.font_bytes)
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=graph.svg,
                zoom=_SCALE,
                font_files=[str(file)],
                sans_serif_family=font.getname()[0],
            )
        )


def _json(graph: "Graph") -> bytes:
    if graph.events is None:
        raise WorkshopError(
            "A definition alone has no history · save a run as .json: "
            "execution.picture.save('run.json')"
        )
    text = json.dumps({"events": graph.events}, indent=2, ensure_ascii=False, default=_as_text)
    return text.encode()


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


_KINDS: dict[str, Callable[["Graph"], bytes]] = {".svg": _svg, ".png": _png, ".json": _json}
