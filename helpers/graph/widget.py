"""The page of a run while it goes on: an anywidget that is told the data anew as events arrive."""

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets

from helpers.graph import page


class LivePage(anywidget.AnyWidget):
    """One page. `svg`, `key` and `views` are set once, `data` as often as there is news."""

    svg = traitlets.Unicode().tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)
    views = traitlets.List(traitlets.Unicode()).tag(sync=True)
    data = traitlets.Dict().tag(sync=True)

    def __init__(self, svg: str, data: dict[str, Any], views: Sequence[str], key: str) -> None:
        self._esm = f"{page.script(tuple(views))}\n{_RENDER}"
        self._css = page.style()
        super().__init__(svg=svg, data=data, views=list(views), key=key)


_RENDER = """
export default { render({ model, el }) {
  const [svg, data, views, key] = ["svg", "data", "views", "key"].map((name) => model.get(name));
  const page = openPage({ svg, data, views });
  opened.set(key, page);
  model.on("change:data", () => page.update(model.get("data")));
  el.append(page.element);
} };
"""
