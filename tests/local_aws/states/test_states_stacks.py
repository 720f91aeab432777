"""State machines, versions, aliases, activities, rules and buses made by CloudFormation."""

import json
import time
import uuid

import pytest
import yaml

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.cloudformation import resources_states

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"


class Stack:
    """A stack that is deployed, updated and deleted."""

    def __init__(self, bench):
        self.clients = bench.clients
        self.cfn = bench.clients("cloudformation")
        self.name = f"s-{uuid.uuid4().hex[:8]}"
        self.made = False

    def deploy(self, resources, outputs=None):
        """Create or update the stack; return its outputs."""
        template = {
            "Resources": resources,
            "Outputs": {
                name: {"Value": value if isinstance(value, dict) else {"Ref": value}}
                for name, value in (outputs or {}).items()
            },
        }
        act = self.cfn.update_stack if self.made else self.cfn.create_stack
        act(StackName=self.name, TemplateBody=yaml.safe_dump(template))
        status = self.wait()
        assert status == ("UPDATE_COMPLETE" if self.made else "CREATE_COMPLETE"), self.reasons()
        self.made = True
        (told,) = self.cfn.describe_stacks(StackName=self.name)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in told.get("Outputs", [])}

    def wait(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            (told,) = self.cfn.describe_stacks(StackName=self.name)["Stacks"]
            if not told["StackStatus"].endswith("IN_PROGRESS"):
                return told["StackStatus"]
            time.sleep(0.01)
        raise AssertionError("the stack did not come to an end")

    def reasons(self):
        events = self.cfn.describe_stack_events(StackName=self.name)["StackEvents"]
        return " / ".join(one.get("ResourceStatusReason") or "" for one in events)

    def delete(self):
        self.cfn.delete_stack(StackName=self.name)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                status = self.cfn.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
            except self.cfn.exceptions.ClientError:
                return
            assert status != "DELETE_FAILED", self.reasons()
            time.sleep(0.01)


@pytest.fixture
def stack(bench):
    stack = Stack(bench)
    yield stack
    if stack.made:
        stack.delete()


def machine(result="one", **properties):
    definition = {
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "Result": result, "End": True}},
    }
    given = {"RoleArn": ROLE, "DefinitionString": json.dumps(definition)} | properties
    return {"Type": "AWS::StepFunctions::StateMachine", "Properties": given}


def att(name, attribute):
    return {"Fn::GetAtt": [name, attribute]}


def test_a_state_machine_is_changed_in_place_and_replaced_where_aws_replaces_it(bench, stack):
    logs = bench.clients("logs")
    group = f"/states/{stack.name}"
    logs.create_log_group(logGroupName=group)
    destination = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*"
    logging = {
        "Level": "ALL",
        "IncludeExecutionData": True,
        "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": destination}}],
    }
    wanted = {
        "Arn": "M",
        "Name": att("M", "Name"),
        "GetAtt": att("M", "Arn"),
        "Revision": att("M", "StateMachineRevisionId"),
    }
    more = {
        "LoggingConfiguration": logging,
        "TracingConfiguration": {"Enabled": True},
        "Tags": [{"Key": "kind", "Value": "first"}],
    }
    first = stack.deploy({"M": machine(**more)}, wanted)
    told = bench.sfn.describe_state_machine(stateMachineArn=first["Arn"])
    assert (told["name"], told["type"]) == (first["Name"], "STANDARD")
    assert first["GetAtt"] == first["Arn"]
    assert first["Revision"] == "INITIAL"
    assert told["loggingConfiguration"]["level"] == "ALL"
    assert told["tracingConfiguration"] == {"enabled": True}

    more["Tags"] = [{"Key": "kind", "Value": "second"}]
    tagged = stack.deploy({"M": machine(**more)}, wanted)
    assert tagged == first
    tags = bench.sfn.list_tags_for_resource(resourceArn=first["Arn"])["tags"]
    assert {"key": "kind", "value": "second"} in tags

    changed = stack.deploy({"M": machine("two")}, wanted)
    assert changed["Arn"] == first["Arn"]
    assert changed["Revision"] not in ("INITIAL", "")
    told = bench.sfn.describe_state_machine(stateMachineArn=first["Arn"])
    assert '"two"' in told["definition"]
    assert told["loggingConfiguration"]["level"] == "OFF"
    assert told["tracingConfiguration"] == {"enabled": False}
    assert not bench.sfn.list_tags_for_resource(resourceArn=first["Arn"])["tags"]

    replaced = stack.deploy({"M": machine("two", StateMachineType="EXPRESS")}, wanted)
    assert replaced["Arn"] != first["Arn"]
    told = bench.sfn.start_sync_execution(stateMachineArn=replaced["Arn"])
    assert told["output"] == '"two"'
    with pytest.raises(bench.sfn.exceptions.StateMachineDoesNotExist):
        bench.sfn.describe_state_machine(stateMachineArn=first["Arn"])

    stack.delete()
    with pytest.raises(bench.sfn.exceptions.StateMachineDoesNotExist):
        bench.sfn.describe_state_machine(stateMachineArn=replaced["Arn"])


def test_a_definition_comes_from_the_template_or_from_s3_with_its_substitutions(bench, stack):
    s3 = bench.clients("s3")
    s3.create_bucket(Bucket=stack.name)
    passing = {"Type": "Pass", "Result": "${Said}", "End": True}
    definition = {"StartAt": "P", "States": {"P": passing}}
    s3.put_object(Bucket=stack.name, Key="a.json", Body=json.dumps(definition))
    s3.put_object(Bucket=stack.name, Key="a.asl.yaml", Body=yaml.safe_dump(definition))
    role = {"RoleArn": ROLE, "DefinitionSubstitutions": {"Said": "hello"}}
    places = {
        "Object": {"Definition": definition},
        "Text": {"DefinitionString": json.dumps(definition)},
        "Json": {"DefinitionS3Location": {"Bucket": stack.name, "Key": "a.json"}},
        "Yaml": {"DefinitionS3Location": {"Bucket": stack.name, "Key": "a.asl.yaml"}},
    }
    arns = stack.deploy(
        {
            name: {"Type": "AWS::StepFunctions::StateMachine", "Properties": role | place}
            for name, place in places.items()
        },
        {name: name for name in places},
    )
    for arn in arns.values():
        assert bench.output(arn) == "hello"


def published(result, **alias):
    return {
        "M": machine(result),
        "V": {
            "Type": "AWS::StepFunctions::StateMachineVersion",
            "Properties": {
                "StateMachineArn": {"Ref": "M"},
                "StateMachineRevisionId": att("M", "StateMachineRevisionId"),
                "Description": "published",
            },
        },
        "A": {
            "Type": "AWS::StepFunctions::StateMachineAlias",
            "Properties": {
                "Name": "live",
                "RoutingConfiguration": [{"StateMachineVersionArn": {"Ref": "V"}, "Weight": 100}],
            }
            | alias,
        },
    }


def test_another_revision_is_another_version_and_the_alias_follows(bench, stack):
    wanted = {"M": "M", "V": "V", "A": "A", "VArn": att("V", "Arn"), "AArn": att("A", "Arn")}
    first = stack.deploy(published("one"), wanted)
    assert first["V"] == first["VArn"] == f"{first['M']}:1"
    assert first["A"] == first["AArn"] == f"{first['M']}:live"
    assert bench.output(first["A"]) == "one"
    second = stack.deploy(published("two"), wanted)
    assert second["V"] == f"{first['M']}:2"
    assert second["A"] == first["A"]
    assert bench.output(second["A"]) == "two"
    versions = bench.sfn.list_state_machine_versions(stateMachineArn=first["M"])
    arns = [one["stateMachineVersionArn"] for one in versions["stateMachineVersions"]]
    assert arns == [second["V"]]
    stack.delete()
    with pytest.raises(bench.sfn.exceptions.StateMachineDoesNotExist):
        bench.sfn.describe_state_machine(stateMachineArn=first["M"])


def test_an_alias_moves_step_by_step_when_it_is_told_to(bench, stack, monkeypatch):
    seen = []

    def look(seconds):
        told = bench.sfn.describe_state_machine_alias(stateMachineAliasArn=first["A"])
        weights = [one["weight"] for one in told["routingConfiguration"]]
        seen.append((seconds, weights))

    def deployed(result):
        preference = {
            "StateMachineVersionArn": {"Ref": "V"},
            "Type": "LINEAR",
            "Percentage": 40,
            "Interval": 2,
        }
        resources = published(result, DeploymentPreference=preference)
        del resources["A"]["Properties"]["RoutingConfiguration"]
        resources["V"]["DeletionPolicy"] = "Retain"
        return stack.deploy(resources, {"A": "A"})

    first = deployed("one")
    patched = type("Time", (), {"sleep": staticmethod(look)})
    monkeypatch.setattr(resources_states, "time", patched)
    deployed("two")
    assert seen == [(120, [40, 60]), (120, [80, 20])]
    assert bench.output(first["A"]) == "two"


def test_an_activity_is_made_tagged_and_deleted(bench, stack):
    def activity(**properties):
        properties = {"Name": stack.name} | properties
        return {"T": {"Type": "AWS::StepFunctions::Activity", "Properties": properties}}

    wanted = {"Arn": "T", "Name": att("T", "Name")}
    told = stack.deploy(activity(Tags=[{"Key": "a", "Value": "1"}]), wanted)
    assert told["Name"] == stack.name
    stack.deploy(activity(Tags=[{"Key": "b", "Value": "2"}]), wanted)
    tags = bench.sfn.list_tags_for_resource(resourceArn=told["Arn"])["tags"]
    assert [tag["key"] for tag in tags] == ["b"]
    renamed = stack.deploy(activity(Name=f"{stack.name}-2"), wanted)
    assert renamed["Arn"] != told["Arn"]
    stack.delete()
    with pytest.raises(bench.sfn.exceptions.ActivityDoesNotExist):
        bench.sfn.describe_activity(activityArn=renamed["Arn"])


def rule(**properties):
    given = {"EventPattern": {"source": ["my.app"]}} | properties
    return {"Type": "AWS::Events::Rule", "Properties": given}


def test_a_rule_and_its_targets_are_put_changed_and_deleted(bench, stack):
    events = bench.clients("events")
    wanted = {"Rule": "R", "Arn": att("R", "Arn"), "Machine": "M"}
    target = {"Id": "one", "Arn": {"Ref": "M"}, "RoleArn": ROLE}
    transformer = {"InputPathsMap": {"x": "$.detail.x"}, "InputTemplate": '{"x": <x>}'}
    first = stack.deploy(
        {
            "M": machine(),
            "R": rule(
                Targets=[{**target, "InputTransformer": transformer}],
                Tags=[{"Key": "kind", "Value": "rule"}],
            ),
        },
        wanted,
    )
    assert first["Arn"].endswith(f":rule/{first['Rule']}")
    entry = {"Source": "my.app", "DetailType": "t", "Detail": '{"x": 5}'}
    events.put_events(Entries=[entry])
    deadline = time.monotonic() + 5
    while not (found := bench.sfn.list_executions(stateMachineArn=first["Machine"])["executions"]):
        assert time.monotonic() < deadline
    told = bench.wait(found[0]["executionArn"])
    assert told["input"] == '{"x": 5}'

    changed = stack.deploy(
        {
            "M": machine(),
            "R": rule(
                State="DISABLED",
                Description="off",
                Targets=[{**target, "Id": "two", "Input": "{}"}],
            ),
        },
        wanted,
    )
    assert changed["Rule"] == first["Rule"]
    told = events.describe_rule(Name=first["Rule"])
    assert (told["State"], told["Description"]) == ("DISABLED", "off")
    (put,) = events.list_targets_by_rule(Rule=first["Rule"])["Targets"]
    assert (put["Id"], put["Input"]) == ("two", "{}")
    assert not events.list_tags_for_resource(ResourceARN=first["Arn"])["Tags"]

    scheduled = rule(ScheduleExpression="rate(1 hour)", Targets=[target])
    del scheduled["Properties"]["EventPattern"]
    stack.deploy({"M": machine(), "R": scheduled}, wanted)
    told = events.describe_rule(Name=first["Rule"])
    assert told["ScheduleExpression"] == "rate(1 hour)"
    assert "EventPattern" not in told

    stack.delete()
    with pytest.raises(events.exceptions.ResourceNotFoundException):
        events.describe_rule(Name=first["Rule"])


def test_a_rule_on_a_bus_of_its_own_is_called_after_both(bench, stack):
    events = bench.clients("events")
    bus = {
        "Type": "AWS::Events::EventBus",
        "Properties": {"Name": stack.name, "Description": "rides"},
    }
    wanted = {"Bus": "B", "BusArn": att("B", "Arn"), "BusName": att("B", "Name"), "Rule": "R"}
    on_bus = rule(Name="mine", EventBusName={"Ref": "B"})
    told = stack.deploy({"B": bus, "R": on_bus}, wanted)
    assert told["Bus"] == told["BusName"] == stack.name
    assert told["BusArn"].endswith(f":event-bus/{stack.name}")
    assert told["Rule"] == f"{stack.name}|mine"
    assert events.describe_rule(Name="mine", EventBusName=stack.name)["State"] == "ENABLED"

    bus["Properties"]["Description"] = "other rides"
    assert stack.deploy({"B": bus, "R": on_bus}, wanted) == told
    assert events.describe_event_bus(Name=stack.name)["Description"] == "other rides"

    stack.delete()
    with pytest.raises(events.exceptions.ResourceNotFoundException):
        events.describe_event_bus(Name=stack.name)


def test_a_rule_whose_state_machine_has_no_role_fails_with_the_reason(bench, stack):
    template = {"M": machine(), "R": rule(Targets=[{"Id": "one", "Arn": {"Ref": "M"}}])}
    with pytest.raises(AssertionError, match="RoleArn is required for target"):
        stack.deploy(template)
    stack.delete()


def test_a_photo_put_into_a_stacks_bucket_starts_the_stacks_state_machine(bench, stack):
    s3 = bench.clients("s3")
    bucket = {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
        },
    }
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [{"Ref": "B"}]}},
    }
    target = {"Id": "one", "Arn": {"Ref": "M"}, "RoleArn": ROLE, "InputPath": "$.detail.object"}
    told = stack.deploy(
        {"B": bucket, "M": machine(), "R": rule(EventPattern=pattern, Targets=[target])},
        {"B": "B", "M": "M"},
    )
    s3.put_object(Bucket=told["B"], Key="rider.png", Body=b"photo")
    deadline = time.monotonic() + 5
    while not (found := bench.sfn.list_executions(stateMachineArn=told["M"])["executions"]):
        assert time.monotonic() < deadline
    execution = bench.wait(found[0]["executionArn"])
    assert json.loads(execution["input"])["key"] == "rider.png"
    s3.delete_object(Bucket=told["B"], Key="rider.png")
