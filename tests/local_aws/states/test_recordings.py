"""What real Step Functions answered, played against ours.

The recordings stand beside the checkout where they are; elsewhere this is skipped, and the other
tests of this folder, written from the documentation, cover every area by themselves.
"""

import pytest
import recordings_player as player

pytestmark = pytest.mark.skipif(
    not player.FOLDER.is_dir(), reason="the recordings of real AWS are not beside this checkout"
)

SERVICES = {"child-execution", "dynamodb", "events", "lambda", "logs", "s3", "sns", "sqs"}
OPERATIONS = {
    "CreateStateMachine",
    "UpdateStateMachine",
    "DescribeStateMachine",
    "DeleteStateMachine",
    "ListStateMachines",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
    "StartExecution",
    "StartSyncExecution",
    "StopExecution",
    "DescribeExecution",
    "DescribeStateMachineForExecution",
    "ListExecutions",
    "GetExecutionHistory",
    "CreateActivity",
    "DescribeActivity",
    "ListActivities",
    "DeleteActivity",
    "GetActivityTask",
    "SendTaskSuccess",
    "SendTaskFailure",
    "SendTaskHeartbeat",
    "PublishStateMachineVersion",
    "ListStateMachineVersions",
    "DeleteStateMachineVersion",
    "CreateStateMachineAlias",
    "UpdateStateMachineAlias",
    "DescribeStateMachineAlias",
    "ListStateMachineAliases",
    "DeleteStateMachineAlias",
    "ListMapRuns",
    "DescribeMapRun",
    "UpdateMapRun",
}


@pytest.fixture(scope="module")
def cases():
    """Return the cases by file name."""
    return player.load()


def play(cases, bench, chosen, *, equal, same_outcome):
    """Play the chosen cases; fail below the floors that were reached."""
    verdicts = player.play_all({n: case for n, case in cases.items() if chosen(case)}, bench)
    told = "\n".join(
        f"{v.case} same outcome: {v.same_outcome}: {v.why}" for v in verdicts if not v.equal
    )
    reached = sum(v.equal for v in verdicts), sum(v.same_outcome for v in verdicts)
    print(f"\nequal {reached[0]}, same outcome {reached[1]} of {len(verdicts)}\n{told}")
    assert reached[0] >= equal, told
    assert reached[1] >= same_outcome, told


def test_executions_end_as_on_aws(cases, bench):
    """507 cases."""

    def chosen(case):
        return case["kind"] == "execution" and not case["needs"]

    play(cases, bench, chosen, equal=507, same_outcome=507)


def test_executions_that_call_other_services_end_as_on_aws(cases, bench):
    """118 cases; of the other two, one names a topic that is there, one a host of its recorder."""

    def chosen(case):
        return case["kind"] == "execution" and set() < set(case["needs"]) <= SERVICES

    play(cases, bench, chosen, equal=116, same_outcome=116)


def test_calls_of_the_api_are_answered_as_on_aws(cases, bench):
    """71 cases."""

    def chosen(case):
        if not set(case["needs"]) <= SERVICES | {"activity"}:
            return False
        if case["kind"] == "apiError":
            return case["operation"] in OPERATIONS
        return case["kind"] == "script" and {step["op"] for step in case["steps"]} <= OPERATIONS

    play(cases, bench, chosen, equal=71, same_outcome=71)


def test_definitions_are_refused_as_on_aws(cases, bench):
    def chosen(case):
        return case["kind"] == "createError"

    play(cases, bench, chosen, equal=10, same_outcome=10)


@pytest.mark.parametrize(
    ("kind", "equal", "same_outcome"),
    [("validate", 9, 9), ("testState", 73, 73), ("testStateError", 35, 35)],
)
def test_definitions_and_states_are_tried_as_on_aws(cases, bench, kind, equal, same_outcome):
    """What is missing: two limits of Lambda that have been raised since they were recorded."""

    def chosen(case):
        return case["kind"] == kind

    play(cases, bench, chosen, equal=equal, same_outcome=same_outcome)
