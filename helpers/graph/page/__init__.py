"""The scripts and the style of a page, as text. Browsers get them as they are, without a build.

`run`, `picture`, `panel`, `steps` and `page` are every page's. Each other view is one file that
adds itself to `VIEWS`, and is sent only with pages that open it. `live`, `editor` and `runs` are
what a running kernel opens.
"""

import json
import re
from functools import cache
from pathlib import Path

from helpers.graph.page_data import DEEPEST
from helpers.graph.palette import DARK, ICONS, LIGHT, colours, css_class
from helpers.graph.statuses import WORST
from helpers.graph.svg import BADGE_LETTER

_FOLDER = Path(__file__).parent
_ALWAYS = ("run", "picture", "steps", "panel", "page")
_DARK_PAGE = '[data-jp-theme-light="false"] '


@cache
def script(names: tuple[str, ...]) -> str:
    """Return the functions of a page with these views, or of this kind."""
    more = tuple(name for name in names if name not in _ALWAYS)
    known = {"ICONS": ICONS, "WORST": WORST, "BADGE_LETTER": BADGE_LETTER, "DEEPEST": DEEPEST}
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in known.items())
    return constants + "\n".join(_small(f"{name}.js") for name in (*_ALWAYS, *more))


@cache
def style(names: tuple[str, ...]) -> str:
    """Return the style sheet of a page with these views, or of this kind, for light and dark."""
    files = [f"{name}.css" for name in ("page", *names) if (_FOLDER / f"{name}.css").is_file()]
    rules = [re.sub(r"\s*([{};,])\s*", r"\1", _small(file)) for file in files]
    for scope, palette in (("", LIGHT), (_DARK_PAGE, DARK)):
        rules += [
            f"{scope}.asl-pill.{css_class(status)}{{background-color:{ground};color:{line}}}"
            for status, (ground, line) in palette.statuses.items()
        ]
    dark = "\n".join(f"{part}{{{rule}}}" for part, rule in colours(DARK).items())
    return "\n".join([*rules, f"{_DARK_PAGE}.asl-page .asl{{{dark}}}"])


def _small(name: str) -> str:
    """Return a file without the comments and the indents that only its readers need."""
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return re.sub(r"^(\s*//[^\n]*\n|\s+)| // [^\n]*$", "", text, flags=re.MULTILINE)
