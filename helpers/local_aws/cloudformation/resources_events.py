"""Event buses and rules of a stack."""

import json
from typing import Any

from helpers.local_aws.cloudformation.resources import (
    Making,
    Properties,
    ResourceType,
    only,
    register,
    whole,
)

_BUS = ("DeadLetterConfig", "Description", "KmsKeyIdentifier")


@register
class EventBus(ResourceType):
    """AWS::Events::EventBus."""

    type = "AWS::Events::EventBus"
    attributes = ("Arn", "Name", "Policy")
    named_by = "Name"
    immutable = frozenset({"EventSourceName", "Name"})
    properties = frozenset({"EventSourceName", "Name", "Policy", "Tags", *_BUS})

    def create(self, making: Making, properties: Properties) -> None:
        """Make the bus and its policy."""
        events, name = making.clients("events"), properties["Name"]
        making.expect(name)
        events.create_event_bus(
            Name=name,
            Tags=making.tag_list(properties),
            **only(properties, "EventSourceName", *_BUS),
        )
        making.physical_id = name
        self._set_policy(making, {}, properties)

    def _set_policy(self, making: Making, old: Properties, new: Properties) -> None:
        events, name = making.clients("events"), making.physical_id
        if old.get("Policy") == new.get("Policy"):
            return
        if old.get("Policy"):
            events.remove_permission(EventBusName=name, RemoveAllPermissions=True)
        if policy := new.get("Policy"):
            text = policy if isinstance(policy, str) else json.dumps(policy)
            events.put_permission(EventBusName=name, Policy=text)

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Set the description, the policy and the tags."""
        events, name = making.clients("events"), making.physical_id
        if only(old, *_BUS) != only(new, *_BUS):
            events.update_event_bus(Name=name, **only(new, *_BUS))
        self._set_policy(making, old, new)
        _set_tags(making, events.describe_event_bus(Name=name)["Arn"], new)

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the bus."""
        making.clients("events").delete_event_bus(Name=making.physical_id)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return ARN, name and policy."""
        bus = making.clients("events").describe_event_bus(Name=making.physical_id)
        return {"Arn": bus["Arn"], "Name": bus["Name"], "Policy": bus.get("Policy", "")}


@register
class Rule(ResourceType):
    """AWS::Events::Rule. Its Ref is the name, with the bus before it when that is not default."""

    type = "AWS::Events::Rule"
    attributes = ("Arn",)
    named_by = "Name"
    immutable = frozenset({"Name", "EventBusName"})
    properties = frozenset(
        {
            "Description",
            "EventBusName",
            "EventPattern",
            "Name",
            "RoleArn",
            "ScheduleExpression",
            "State",
            "Tags",
            "Targets",
        }
    )

    def create(self, making: Making, properties: Properties) -> None:
        """Make the rule and its targets."""
        name = properties.get("Name") or making.name(64)
        bus = properties.get("EventBusName", "default").rpartition("/")[2]
        making.physical_id = name if bus == "default" else f"{bus}|{name}"
        making.expect(making.physical_id)
        self._put(making, properties, Tags=making.tag_list(properties))
        self._put_targets(making, properties)

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Put the rule, its targets and its tags anew."""
        arn = self._put(making, new)
        kept = {target["Id"] for target in new.get("Targets", [])}
        gone = [one["Id"] for one in old.get("Targets", []) if one["Id"] not in kept]
        if gone:
            making.clients("events").remove_targets(Ids=gone, **_rule("Rule", making))
        self._put_targets(making, new)
        _set_tags(making, arn, new)

    def _put(self, making: Making, properties: Properties, **more: Any) -> str:
        names = ("Description", "RoleArn", "ScheduleExpression", "State")
        request = only(properties, *names)
        if pattern := properties.get("EventPattern"):
            request["EventPattern"] = pattern if isinstance(pattern, str) else json.dumps(pattern)
        put = making.clients("events").put_rule(**_rule("Name", making), **request, **more)
        return str(put["RuleArn"])

    def _put_targets(self, making: Making, properties: Properties) -> None:
        """Put the targets.

        Raises:
            ValueError: EventBridge refused one of them.
        """
        if not properties.get("Targets"):
            return
        targets = [_target(target) for target in properties["Targets"]]
        put = making.clients("events").put_targets(Targets=targets, **_rule("Rule", making))
        if put["FailedEntryCount"]:
            raise ValueError(put["FailedEntries"][0]["ErrorMessage"])

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the rule and its targets."""
        events = making.clients("events")
        pages = events.get_paginator("list_targets_by_rule").paginate(**_rule("Rule", making))
        if ids := [target["Id"] for page in pages for target in page["Targets"]]:
            events.remove_targets(Ids=ids, **_rule("Rule", making))
        events.delete_rule(**_rule("Name", making))

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return the ARN."""
        return {"Arn": making.clients("events").describe_rule(**_rule("Name", making))["Arn"]}


def _rule(member: str, making: Making) -> dict[str, str]:
    """Return how a request names the rule: `member` has its name."""
    bus, _, name = making.physical_id.rpartition("|")
    return {member: name, **({"EventBusName": bus} if bus else {})}


def _target(given: Properties) -> Properties:
    """Return a target with the numbers of its RetryPolicy, which may stand there as text."""
    if "RetryPolicy" not in given:
        return given
    retries = {name: whole(value) for name, value in given["RetryPolicy"].items()}
    return {**given, "RetryPolicy": retries}


def _set_tags(making: Making, arn: str, properties: Properties) -> None:
    events = making.clients("events")
    making.renew_tags(
        [tag["Key"] for tag in events.list_tags_for_resource(ResourceARN=arn)["Tags"]],
        properties,
        lambda surplus: events.untag_resource(ResourceARN=arn, TagKeys=surplus),
        lambda: events.tag_resource(ResourceARN=arn, Tags=making.tag_list(properties)),
    )
