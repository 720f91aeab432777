"""`edit()`: a definition as text beside its picture, with the findings on the states."""

import json
from collections.abc import Iterator
from typing import Any

import traitlets
from IPython.core.getipython import get_ipython

from helpers import asl
from helpers.asl.json_errors import JsonError, parse
from helpers.graph import Graph, icons
from helpers.graph.page_data import Remark
from helpers.graph.svg import Mark
from helpers.graph.widget import LivePage

_FAULT = Mark("fault", "failed", icons.CROSS)
_HINT = Mark("look again", "caught error", icons.EXCLAMATION)


def edit(definition: dict[str, Any]) -> "Editor":
    """Show a definition to change it: the dict follows the text, and the text follows the dict.

    The picture is drawn anew after each change, in the editor or by another cell.
    """
    return Editor(definition)


class Editor(LivePage):
    """The editor of one dict, which is changed in place."""

    script = "editor"
    opens = "openEditor"

    text = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)

    def __init__(self, definition: dict[str, Any]) -> None:
        self.definition = definition
        super().__init__(checked(definition), text=_as_text(definition))
        self.observe(self._typed, "text")
        self._shell: Any = get_ipython()  # type: ignore[no-untyped-call]
        if self._shell:
            self._shell.events.register("post_run_cell", self._cell_ran)

    def close(self) -> None:
        """End it; cells that run later draw nothing any more."""
        if self._shell:
            self._shell.events.unregister("post_run_cell", self._cell_ran)
            self._shell = None
        super().close()

    def _typed(self, change: dict[str, Any]) -> None:
        """Put what was typed into the dict; a text that is no JSON object waits."""
        if change["new"] == _as_text(self.definition):
            return
        try:
            typed = parse(change["new"])
        except JsonError as error:
            self.problem = f"Line {error.line}, column {error.column}: {error.message}"
            return
        if not isinstance(typed, dict):
            self.problem = "A definition begins with { and ends with }."
            return
        self.definition.clear()
        self.definition.update(typed)
        self._draw()

    def _cell_ran(self, _: Any = None) -> None:
        """Show what a cell has changed."""
        text = _as_text(self.definition)
        if not self.problem and self.text != text and not _equal(self.text, self.definition):
            self.text = text
            self._draw()

    def _draw(self) -> None:
        self.problem = ""
        self.show(checked(self.definition))


def checked(definition: dict[str, Any]) -> Graph:
    """Return the picture of a definition, with what the validator finds on the states it is about.

    What is about no single state stands above the picture.
    """
    found = [(fault, _FAULT) for fault in asl.validate(definition)]
    found += [(hint, _HINT) for hint in asl.hints(definition)]
    places = list(asl.states(definition))
    remarks: dict[str, Remark] = {}
    notes = []
    for finding, mark in found:
        words = tuple(_sentences(finding))
        name = _state_of(finding.where, places)
        if name is None:
            notes.append((words[0], "".join(f" {more}" for more in words[1:])))
            continue
        known = remarks.get(name, Remark(mark))
        remarks[name] = Remark(known.mark, known.sentences + words)
    return Graph(definition, notes=notes, remarks=remarks)


def _sentences(finding: asl.Diagnostic) -> Iterator[str]:
    yield finding.sentence
    if finding.suggestion:
        yield f"→ {finding.suggestion}"


def _state_of(where: str, places: list[asl.Place]) -> str | None:
    """Return the innermost state that a location is in."""
    around = [p for p in places if f"{where}/".startswith(f"{p.pointer}/")]
    return max(around, key=lambda place: len(place.pointer)).name if around else None


def _as_text(definition: dict[str, Any]) -> str:
    return json.dumps(definition, indent=2, ensure_ascii=False, default=str)


def _equal(text: str, definition: dict[str, Any]) -> bool:
    """Return whether a text, however it is set, says the definition."""
    try:
        return bool(parse(text) == definition)
    except JsonError:
        return False
