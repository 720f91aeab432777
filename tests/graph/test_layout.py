"""The geometry of a layout: nothing overlaps, the happy path is straight."""

import json
import time
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from machines import machines

from helpers.graph.layout import Box, Edge, Label, Layout, lay_out
from helpers.graph.svg import MARGIN
from helpers.places import DEFINITIONS

Rectangle = Box | Label


def overlap(a: Rectangle, b: Rectangle, slack: float = 0.5) -> bool:
    return (
        a.x + slack < b.x + b.w
        and b.x + slack < a.x + a.w
        and a.y + slack < b.y + b.h
        and b.y + slack < a.y + a.h
    )


def inside(inner: Rectangle, outer: Rectangle) -> bool:
    return (
        inner.x >= outer.x
        and inner.y >= outer.y
        and inner.x + inner.w <= outer.x + outer.w
        and inner.y + inner.h <= outer.y + outer.h
    )


def holds(outer: Box, inner: Box) -> bool:
    return not outer.terminal and outer.name in inner.outer


def points(edge: Edge) -> list[tuple[float, float]]:
    """Return many points of an edge."""
    found = [edge.start]
    for curve in edge.curves:
        (x0, y0), at = found[-1], [found[-1], *curve]
        for step in range(1, 13):
            t = step / 12
            if len(curve) == 1:
                found.append((x0 + (curve[0][0] - x0) * t, y0 + (curve[0][1] - y0) * t))
            else:
                weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3]
                found.append(
                    (
                        sum(w * p[0] for w, p in zip(weights, at, strict=True)),
                        sum(w * p[1] for w, p in zip(weights, at, strict=True)),
                    )
                )
    return found


def within(point: tuple[float, float], box: Rectangle, slack: float = 1.0) -> bool:
    x, y = point
    return box.x + slack < x < box.x + box.w - slack and box.y + slack < y < box.y + box.h - slack


def check(plan: Layout) -> None:
    """Assert everything that a good picture needs."""
    by_name = {box.name: box for box in plan.boxes if not box.terminal}
    for a, b in combinations(plan.boxes, 2):
        if holds(a, b):
            assert inside(b, a), (a.name, b.name)
        elif not holds(b, a):
            assert not overlap(a, b), (a.name, b.name)
    labels = [edge.label for edge in plan.edges if edge.label]
    for label in labels:
        for box in plan.boxes:
            assert not overlap(label, box) or (box.holds_states and inside(label, box)), box.name
    for one, other in combinations(labels, 2):
        assert not overlap(one, other)
    for edge in plan.edges:
        ends = {edge.source, edge.target}
        around = set()
        for name in ends - {None}:
            around |= set(by_name[name].outer)
        for point in points(edge):
            assert 0 <= point[0] <= plan.width and 0 <= point[1] <= plan.height
            for box in plan.boxes:
                if box.name not in around:
                    assert not within(point, box), (edge.source, edge.target, box.name)
            for label in labels:
                if label is not edge.label:
                    assert not within(point, label, 2), (edge.source, edge.target, label.lines)
        if edge.happy:
            assert {round(x, 3) for x, _ in points(edge)} == {round(edge.start[0], 3)}


def drawn(name: str) -> dict[str, Any]:
    return dict(json.loads((DEFINITIONS / f"{name}.json").read_text()))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(machines())
def test_any_machine_is_laid_out_without_overlaps_and_with_a_straight_happy_path(
    definition: dict[str, Any],
) -> None:
    check(lay_out(definition))


@pytest.mark.parametrize("name", ["00", "01", "02", "03", "04", "05"])
def test_the_machines_of_the_workshop_have_one_vertical_happy_path(name: str) -> None:
    plan = lay_out(drawn(name))
    check(plan)
    assert not plan.faults
    top = [edge for edge in plan.edges if edge.happy]
    assert top[0].source is None and top[-1].target is None
    assert len({round(x, 3) for edge in top for x, _ in points(edge)}) == 1


def test_the_last_machine_is_small_enough_for_a_projector() -> None:
    # JupyterLab at 1280 by 720 with its file browser open leaves 830 by 598 pixels for an output.
    plan = lay_out(drawn("04"))
    assert plan.width + 2 * MARGIN <= 830 and plan.height + 2 * MARGIN <= 598


def test_parallel_branches_stand_inside_their_box_side_by_side() -> None:
    boxes = {box.name: box for box in lay_out(drawn("04")).boxes}
    index, thumbnail = boxes["AddFaceToIndex"], boxes["Thumbnail"]
    assert index.outer == thumbnail.outer == ("ParallelProcessing",)
    assert index.y == thumbnail.y and index.x + index.w < thumbnail.x


def test_edges_of_different_kinds_into_one_state_arrive_apart() -> None:
    plan = lay_out(drawn("04"))
    arrivals = sorted(
        edge.curves[-1][-1][0]
        for edge in plan.edges
        if edge.target == "PhotoDoesNotMeetRequirement"
    )
    assert len(arrivals) == 2 and arrivals[1] - arrivals[0] >= 12


def test_a_short_cut_at_a_choice_is_the_happy_path() -> None:
    rule = {"Variable": "$.userId", "IsPresent": True, "Next": "Work"}
    plan = lay_out(
        {
            "StartAt": "Choose",
            "States": {
                "Choose": {"Type": "Choice", "Choices": [rule], "Default": "Convert"},
                "Convert": {"Type": "Pass", "Next": "Work"},
                "Work": {"Type": "Pass", "End": True},
            },
        }
    )
    happy = [(edge.source, edge.target) for edge in plan.edges if edge.happy]
    assert happy == [(None, "Choose"), ("Choose", "Work"), ("Work", None)]


def test_the_happy_path_does_not_end_in_a_fail_state() -> None:
    plan = lay_out(
        {
            "StartAt": "Check",
            "States": {
                "Check": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.bad", "BooleanEquals": True, "Next": "Explain"}],
                    "Default": "Good",
                },
                "Explain": {"Type": "Pass", "Next": "Refuse"},
                "Refuse": {"Type": "Fail"},
                "Good": {"Type": "Succeed"},
            },
        }
    )
    assert ("Check", "Good") in [(e.source, e.target) for e in plan.edges if e.happy]


def test_a_state_called_start_is_not_mistaken_for_the_start() -> None:
    plan = lay_out(
        {
            "StartAt": "Start",
            "States": {"Start": {"Type": "Pass", "Next": "End"}, "End": {"Type": "Succeed"}},
        }
    )
    assert len(plan.boxes) == 4
    assert ("Start", "End") in [(edge.source, edge.target) for edge in plan.edges]


def test_what_is_missing_is_named_and_drawn() -> None:
    plan = lay_out({"States": {"A": {"Type": "Task", "Next": "Bee"}, "B": ...}})
    assert [box.name for box in plan.boxes if box.kind == "Missing"] == ["Bee"]
    assert plan.faults == (
        "'StartAt' is missing: it names the state to begin with.",
        "'A' names 'Bee', and no state has that name.",
        "No transition leads to 'B'.",
    )


def test_a_hundred_states_with_a_common_handler_are_laid_out_quickly() -> None:
    names = [f"Step number {number} of a long flow" for number in range(99)]
    states: dict[str, Any] = {
        name: {"Type": "Task", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Oops"}]}
        | ({"Next": names[number + 1]} if number + 1 < len(names) else {"End": True})
        for number, name in enumerate(names)
    }
    definition = {"StartAt": names[0], "States": states | {"Oops": {"Type": "Fail"}}}
    durations = []
    for _ in range(3):
        begun = time.process_time()
        plan = lay_out(definition)
        durations.append(time.process_time() - begun)
    assert len(plan.boxes) == 102
    assert min(durations) < 0.25  # 0.03 on a quiet machine


def test_the_picture_does_not_change_with_the_order_of_the_states() -> None:
    definition = json.loads((DEFINITIONS / "04.json").read_text(encoding="utf-8"))
    names = list(definition["States"])
    pictures = {
        lay_out(definition | {"States": {name: definition["States"][name] for name in order}})
        for order in (names, names[::-1], sorted(names))
    }
    assert len(pictures) == 1
