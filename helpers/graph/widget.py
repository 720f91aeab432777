"""Pages that a running kernel keeps up to date, as anywidgets."""

from typing import Any

import anywidget
import traitlets

from helpers.graph import Graph, page


class LivePage(anywidget.AnyWidget):
    """The page of a graph. `show(graph)` puts another graph, or a later moment, in its place.

    Where there is no widget (a notebook that was saved, and opened without its kernel) the snapshot
    of the first graph stands in its place.
    """

    script = "live"
    opens = "openLive"

    svg = traitlets.Unicode().tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)
    views = traitlets.List(traitlets.Unicode()).tag(sync=True)
    data = traitlets.Dict().tag(sync=True)

    def __init__(self, graph: Graph, **traits: Any) -> None:
        names = (*graph.views, *dict.fromkeys(("live", self.script)))
        self._esm = (
            f"{page.script(names)}\n"
            f"export default {{ render({{ model, el }}) {{ {self.opens}(model, el); }} }};"
        )
        self._css = page.style(names)
        super().__init__(key=graph.key, views=list(graph.views), **traits)
        self.show(graph)

    def show(self, graph: Graph) -> None:
        """Show a graph; what somebody looks at stays."""
        self.graph = graph
        with self.hold_sync():
            # The runs of one definition share a picture, which the page itself colours.
            self.svg = graph.uncoloured
            self.data = graph.data

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), **self.graph._repr_mimebundle_()}, metadata
