"""Executions on the embedded AWS: started, watched, read."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import nbformat
import pandas as pd
import pytest
from botocore.exceptions import ClientError
from nbclient import NotebookClient
from roles import make_role

from helpers import WorkshopError, execution_events, history, raw_answers, run
from helpers.executions import Caught, problem_words, watch
from helpers.local_aws import server

FAILING = {
    "StartAt": "Prepare",
    "States": {
        "Prepare": {"Type": "Pass", "Next": "Stop"},
        "Stop": {"Type": "Fail", "Error": "TooDark", "Cause": "No face can be seen."},
    },
}
CATCHING = {
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "Stop", "States": {"Stop": FAILING["States"]["Stop"]}}],
            "Catch": [{"ErrorEquals": ["TooDark"], "ResultPath": "$.why", "Next": "Explain"}],
            "End": True,
        },
        "Explain": {"Type": "Pass", "End": True},
    },
}
SLOW = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 30, "End": True}}}
LONG = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Copy",
                "States": {"Copy": {"Type": "Pass", "End": True}},
            },
            "End": True,
        }
    },
}


@pytest.fixture(scope="module")
def embedded(workshop_home: Path) -> dict[str, str]:
    """Return the environment in which any client reaches the test session's embedded AWS."""
    return server.environment(server.start(workshop_home))


@pytest.fixture(scope="module")
def sfn(embedded: dict[str, str]) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in embedded.items():
            patch.setenv(name, value)
        yield boto3.Session().client("stepfunctions")


@pytest.fixture(scope="module")
def machines(sfn: Any, embedded: dict[str, str]) -> Iterator[dict[str, str]]:
    """Return ARNs of state machines by name."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in embedded.items():
            patch.setenv(name, value)
        role = make_role(boto3.Session().client("iam"), "executions")
    arns = {
        name: sfn.create_state_machine(
            name=f"executions-{name}",
            definition=json.dumps(definition),
            roleArn=role,
        )["stateMachineArn"]
        for name, definition in (
            ("failing", FAILING),
            ("catching", CATCHING),
            ("slow", SLOW),
            ("long", LONG),
        )
    }
    yield arns
    for arn in arns.values():
        sfn.delete_state_machine(stateMachineArn=arn)


def test_a_run_returns_what_went_in_and_came_out(sfn: Any, machines: dict[str, str]) -> None:
    execution = run(sfn, machines["long"], ["a", "ß"], show=False)
    assert (execution.status, execution.input, execution.output) == (
        "SUCCEEDED",
        ["a", "ß"],
        ["a", "ß"],
    )
    assert execution.definition == LONG and execution.error is None
    assert execution.seconds is not None and execution.seconds < 30
    assert execution.picture.runs is not None
    assert execution.picture.runs["Copy"].status == "succeeded"


def test_an_execution_that_fails_is_returned_with_its_error(
    sfn: Any, machines: dict[str, str]
) -> None:
    execution = run(sfn, machines["failing"], {}, show=False)
    assert (execution.status, execution.error, execution.cause) == (
        "FAILED",
        "TooDark",
        "No face can be seen.",
    )
    bundle = execution._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    for text in bundle.values():
        assert "FAILED" in text and "TooDark: No face can be seen." in text


def test_a_caught_error_is_told_though_the_execution_succeeded(
    sfn: Any, machines: dict[str, str]
) -> None:
    execution = run(sfn, machines["catching"], {}, show=False)
    assert execution.status == "SUCCEEDED"
    assert execution.caught == [Caught("Both", "TooDark", "No face can be seen.")]
    assert (
        "Both caught TooDark: No face can be seen." in execution._repr_mimebundle_()["text/plain"]
    )


def test_outside_a_notebook_each_state_is_a_line(
    sfn: Any, machines: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(sfn, machines["failing"], {})
    assert "Prepare: succeeded\nStop: failed\n" in capsys.readouterr().out


def test_when_time_runs_out_it_says_where_it_stood(sfn: Any, machines: dict[str, str]) -> None:
    with pytest.raises(WorkshopError, match="not over after 0.3 seconds · it is in Wait") as caught:
        run(sfn, machines["slow"], {}, show=False, timeout=0.3)
    assert "stop_execution" in str(caught.value)


def test_a_stopped_execution_is_seen_as_aborted(sfn: Any, machines: dict[str, str]) -> None:
    arn = sfn.start_execution(stateMachineArn=machines["slow"], input="{}")["executionArn"]
    sfn.stop_execution(executionArn=arn, error="Enough", cause="We saw it.")
    execution = watch(sfn, arn, show=False)
    assert (execution.status, execution.problem) == ("ABORTED", "Enough: We saw it.")


def test_what_a_learner_can_repair_is_one_sentence(sfn: Any, machines: dict[str, str]) -> None:
    with pytest.raises(WorkshopError, match=r"StateMachineDoesNotExist.*workshop\.deploy\(\)"):
        run(sfn, machines["slow"] + "-gone", {})
    with pytest.raises(WorkshopError, match="InvalidExecutionInput.*must be a dict"):
        run(sfn, machines["slow"], "not JSON")
    with pytest.raises(WorkshopError, match="cannot be written as JSON"):
        run(sfn, machines["slow"], {"when": object()})
    with pytest.raises(WorkshopError, match="ExecutionDoesNotExist"):
        history(sfn, machines["slow"].replace("stateMachine", "execution") + ":none")


def test_a_name_can_be_used_once(sfn: Any, machines: dict[str, str]) -> None:
    assert run(sfn, machines["failing"], {}, name="first", show=False).name == "first"
    with pytest.raises(WorkshopError, match="ExecutionAlreadyExists.*a name of its own"):
        run(sfn, machines["failing"], {"other": 1}, name="first", show=False)


def test_a_history_is_one_row_per_event_over_all_pages(sfn: Any, machines: dict[str, str]) -> None:
    execution = run(sfn, machines["long"], list(range(300)), show=False)
    table = history(sfn, execution.arn)
    assert len(table) > 1000 and table["id"].is_monotonic_increasing
    assert str(table["timestamp"].dtype).endswith("UTC]")
    assert list(table["input"].dropna())[0] == list(range(300))
    left = table[(table["type"] == "MapStateExited")].iloc[0]
    assert left["state"] == "Each" and left["output"] == list(range(300))
    assert 0 < left["seconds"] <= (execution.seconds or 0)
    assert set(table.loc[table["type"] == "PassStateEntered", "state"]) == {"Copy"}
    pd.testing.assert_frame_equal(table, execution.history)


def test_a_history_is_the_same_where_botocore_parses_it(
    sfn: Any, machines: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = run(sfn, machines["long"], list(range(300)), show=False)
    visits = history(sfn, execution.arn, visits=True)
    table = history(sfn, execution.arn)
    plain = boto3.Session().client("stepfunctions")
    monkeypatch.setattr(raw_answers, "_hook", lambda client, operation: None)
    pd.testing.assert_frame_equal(history(plain, execution.arn), table)
    pd.testing.assert_frame_equal(history(plain, execution.arn, visits=True), visits)


def test_an_event_that_msgspec_does_not_take_is_read_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = '{"timestamp": 1.5, "type": "New", "id": 1, "newEventDetails": {"odd": NaN}}'

    class Client:
        def get_execution_history(self, **request: Any) -> dict[str, Any]:
            return execution_events._decode(f'{{"events": [{said}]}}'.encode())

    table = history(Client(), "arn")
    assert list(table["type"]) == ["New"] and math.isnan(table["details"][0]["odd"])


class Throttled:
    """A client of which the first looks at a history are throttled."""

    def __init__(self, client: Any, times: int) -> None:
        self.client, self.times, self.looks = client, times, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def get_execution_history(self, **request: Any) -> Any:
        self.looks += 1
        if self.looks <= self.times:
            said = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}
            raise ClientError(said, "GetExecutionHistory")  # type: ignore[arg-type]
        return self.client.get_execution_history(**request)


def test_a_throttled_look_is_made_again_later(sfn: Any, machines: dict[str, str]) -> None:
    client = Throttled(sfn, times=2)
    assert run(client, machines["failing"], {}, show=False).status == "FAILED"
    assert client.looks == 4  # two throttled, one that saw the end, one that read all


def test_the_cause_of_a_lambda_function_is_read() -> None:
    cause = json.dumps({"errorType": "FaceError", "errorMessage": "Detected 3 faces."})
    assert problem_words("FaceError", cause) == "FaceError: Detected 3 faces."
    assert problem_words("States.Timeout", "") == "States.Timeout"
    assert problem_words("Boom", "plain words") == "Boom: plain words"


def test_in_a_notebook_a_run_is_one_output_without_a_widget(
    embedded: dict[str, str], machines: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in embedded.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell("import boto3\nfrom helpers import run"),
        nbformat.v4.new_code_cell(
            f"run(boto3.client('stepfunctions'), {machines['catching']!r}, {{'a': 1}})"
        ),
        nbformat.v4.new_code_cell(
            f"execution = run(boto3.client('stepfunctions'), {machines['failing']!r}, {{}})"
        ),
        nbformat.v4.new_code_cell("execution"),
    ]
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    for cell in notebook.cells[1:]:
        assert [set(output.data) for output in cell.outputs] == [{"text/html", "text/plain"}]
    assert "SUCCEEDED" in notebook.cells[1].outputs[0].data["text/plain"]
    assert "TooDark" in notebook.cells[3].outputs[0].data["text/html"]
