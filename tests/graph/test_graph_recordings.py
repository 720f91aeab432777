"""Definitions and histories that real AWS took and gave are drawn.

The recordings stand beside the checkout where they are; elsewhere this is skipped.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from test_layout import check

from helpers.graph import draw
from helpers.graph.statuses import read

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "aws_recordings"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the recordings of real AWS are not beside this checkout"
)


def recordings() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(FOLDER.glob("*.json")):
        recording = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(recording, dict) and isinstance(recording.get("definition"), dict):
            yield path.name, recording


def events(recording: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the recorded history with times, which recordings leave out; [] without ids."""
    found = (recording.get("expect") or {}).get("history") or []
    if not all(isinstance(event.get("id"), int) for event in found):
        return []
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    return [event | {"timestamp": begun + timedelta(seconds=event["id"])} for event in found]


def test_recorded_definitions_are_drawn_without_overlaps() -> None:
    count = 0
    for _, recording in recordings():
        check(draw(recording["definition"]).layout)
        count += 1
    assert count > 500


def test_recorded_histories_leave_no_state_open_and_show_what_failed() -> None:
    count = 0
    for name, recording in recordings():
        if not (history := events(recording)):
            continue
        trace = read(history)
        statuses = {run.status for run in trace.states().values()}
        assert not (trace.over and "in progress" in statuses), name
        if recording["expect"].get("status") == "FAILED":
            assert statuses & {"failed", "timed out"}, name
        if recording["expect"].get("status") == "SUCCEEDED":
            outer = {visit.status for visit in trace.visits if visit.outer is None}
            assert outer <= {"succeeded", "caught error"}, name
        count += 1
    assert count > 200
