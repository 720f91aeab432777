"""A table of items that is seen while its kernel runs."""

from typing import Any

import anywidget
import traitlets

_OPEN = """
export default { render({ model, el }) {
  el.classList.add("jp-RenderedHTMLCommon"); // it looks like the tables of pandas
  el.innerHTML = model.get("html"); // made and escaped by helpers/table_card.py
  openTable(el);
} };
"""


class TableWidget(anywidget.AnyWidget):
    """Shows `html`, which `script` makes sortable."""

    html = traitlets.Unicode().tag(sync=True)

    def __init__(self, html: str, script: str) -> None:
        self._esm = script + _OPEN
        super().__init__(html=html)

    @property
    def bundle(self) -> dict[str, Any]:
        """What a notebook needs to show it, by MIME type."""
        found = self._repr_mimebundle_()
        return dict(found[0] if isinstance(found, tuple) else found or {})
