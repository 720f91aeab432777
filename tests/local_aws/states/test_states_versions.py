"""Published versions of a state machine, and aliases that route to them."""

import json

import pytest
from botocore.exceptions import ClientError


def says(word):
    return {"StartAt": "S", "States": {"S": {"Type": "Pass", "Result": word, "End": True}}}


def refused(call, **request):
    with pytest.raises(ClientError) as error:
        call(**request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.fixture
def machine(bench):
    """A machine whose version 1 says "one" and whose version 2 says "two"."""
    arn = bench.create(says("one"), publish=True)
    bench.sfn.update_state_machine(
        stateMachineArn=arn,
        definition=json.dumps(says("two")),
        publish=True,
        versionDescription="says two",
    )
    return arn


def route(arn, *weights):
    return [
        {"stateMachineVersionArn": f"{arn}:{number}", "weight": weight}
        for number, weight in enumerate(weights, 1)
    ]


def test_a_version_runs_what_was_published(bench, machine):
    bench.sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(says("three")))
    outputs = [
        json.loads(bench.wait(bench.start(arn))["output"])
        for arn in (f"{machine}:1", f"{machine}:2", machine)
    ]
    assert outputs == ["one", "two", "three"]


def test_an_execution_tells_which_version_and_alias_it_was_started_with(bench, machine):
    alias = bench.sfn.create_state_machine_alias(
        name="PROD", routingConfiguration=route(machine, 0, 100)[1:]
    )["stateMachineAliasArn"]
    told = bench.wait(bench.start(alias))
    assert told["stateMachineArn"] == machine
    assert told["stateMachineVersionArn"] == f"{machine}:2"
    assert told["stateMachineAliasArn"] == alias
    bench.wait(bench.start(f"{machine}:1"))
    counts = [
        len(bench.sfn.list_executions(stateMachineArn=arn)["executions"])
        for arn in (machine, f"{machine}:1", f"{machine}:2", alias)
    ]
    assert counts == [2, 1, 1, 1]


def test_publishing_the_same_revision_again_gives_the_same_version(bench, machine):
    again = bench.sfn.publish_state_machine_version(stateMachineArn=machine)
    assert again["stateMachineVersionArn"] == f"{machine}:2"
    listed = bench.sfn.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
    assert [item["stateMachineVersionArn"] for item in listed] == [f"{machine}:2", f"{machine}:1"]
    code, _ = refused(
        bench.sfn.publish_state_machine_version, stateMachineArn=machine, revisionId="INITIAL"
    )
    assert code == "ConflictException"


def test_the_number_of_a_deleted_version_is_not_used_again(bench, machine):
    bench.sfn.delete_state_machine_version(stateMachineVersionArn=f"{machine}:2")
    published = bench.sfn.publish_state_machine_version(stateMachineArn=machine)
    assert published["stateMachineVersionArn"] == f"{machine}:3"


def test_a_version_is_described_as_it_was(bench, machine):
    told = bench.sfn.describe_state_machine(stateMachineArn=f"{machine}:2")
    assert told["stateMachineArn"] == f"{machine}:2"
    assert told["description"] == "says two"
    first = bench.sfn.describe_state_machine(stateMachineArn=f"{machine}:1")
    assert json.loads(first["definition"]) == says("one")
    missing = f"{machine}:9"
    expected = ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{missing}'")
    assert refused(bench.sfn.describe_state_machine, stateMachineArn=missing) == expected
    assert refused(bench.sfn.start_execution, stateMachineArn=missing) == expected


def test_an_alias_shares_executions_out_by_weight(bench, machine):
    alias = bench.sfn.create_state_machine_alias(
        name="canary", routingConfiguration=route(machine, 50, 50)
    )["stateMachineAliasArn"]
    said = {bench.wait(bench.start(alias))["output"] for _ in range(40)}
    assert said == {'"one"', '"two"'}
    bench.sfn.update_state_machine_alias(
        stateMachineAliasArn=alias, routingConfiguration=route(machine, 100)
    )
    assert bench.wait(bench.start(alias))["output"] == '"one"'


def test_a_version_that_an_alias_uses_cannot_be_deleted(bench, machine):
    bench.sfn.create_state_machine_alias(name="PROD", routingConfiguration=route(machine, 100))
    assert refused(
        bench.sfn.delete_state_machine_version, stateMachineVersionArn=f"{machine}:1"
    ) == (
        "ConflictException",
        "Version to be deleted must not be referenced by an alias. "
        "Current list of aliases referencing this version: [PROD]",
    )


def test_faulty_routes_are_refused(bench, machine):
    one = {"stateMachineVersionArn": f"{machine}:1", "weight": 50}
    for routes, message in (
        (route(machine, 70, 31), "weights must equal 100. Received: [70, 31]"),
        ([one, one], f"must contain distinct state machine version ARNs. Received: [{machine}:1,"),
        ([{**one, "stateMachineVersionArn": machine}], "must contain state machine version ARNs."),
    ):
        create = bench.sfn.create_state_machine_alias
        code, told = refused(create, name="a", routingConfiguration=routes)
        assert code == "ValidationException"
        assert message in told


def test_an_alias_is_described_listed_and_deleted(bench, machine):
    routes = route(machine, 100)
    made = bench.sfn.create_state_machine_alias(
        name="PROD", description="for riders", routingConfiguration=routes
    )
    alias = {"stateMachineAliasArn": made["stateMachineAliasArn"]}
    told = bench.sfn.describe_state_machine_alias(**alias)
    assert (told["name"], told["description"]) == ("PROD", "for riders")
    assert told["routingConfiguration"] == routes
    for arn, count in ((machine, 1), (f"{machine}:1", 1), (f"{machine}:2", 0)):
        listed = bench.sfn.list_state_machine_aliases(stateMachineArn=arn)
        assert len(listed["stateMachineAliases"]) == count
    bench.sfn.delete_state_machine_alias(**alias)
    expected = ("ResourceNotFound", "Request references a resource that does not exist.")
    assert refused(bench.sfn.describe_state_machine_alias, **alias) == expected
    gone = refused(bench.sfn.start_execution, stateMachineArn=made["stateMachineAliasArn"])
    assert gone[0] == "StateMachineDoesNotExist"
