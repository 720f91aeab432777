"""A saved notebook holds no widget where it has something that can be read without one."""

from typing import Any

from helpers.launch.saving import without_widgets

WIDGET = "application/vnd.jupyter.widget-view+json"


def saved(data: dict[str, Any]) -> dict[str, Any]:
    output = {"output_type": "display_data", "data": data}
    content = {"cells": [{"cell_type": "markdown"}, {"cell_type": "code", "outputs": [output]}]}
    without_widgets({"type": "notebook", "content": content}, path="a.ipynb")
    return data


def test_a_widget_with_a_twin_is_left_out() -> None:
    assert saved({WIDGET: {"model_id": "1"}, "text/html": "<p>"}) == {"text/html": "<p>"}


def test_a_widget_alone_is_somebody_elses_and_stays() -> None:
    assert WIDGET in saved({WIDGET: {"model_id": "1"}, "text/plain": "Button()"})


def test_what_is_no_notebook_is_left_as_it_is() -> None:
    for model in ({"type": "file", "content": "text"}, {"type": "notebook", "content": None}):
        kept = dict(model)
        without_widgets(model)
        assert model == kept


def test_streams_have_no_data() -> None:
    output = {"output_type": "stream", "text": "hello"}
    content = {"cells": [{"cell_type": "code", "outputs": [output]}]}
    without_widgets({"type": "notebook", "content": content})
    assert output == {"output_type": "stream", "text": "hello"}
