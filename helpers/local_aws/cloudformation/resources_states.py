"""State machines of a stack, their versions and aliases, and activities."""

import json
import time
from collections.abc import Iterator
from typing import Any

import yaml

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.cloudformation.resources import (
    Making,
    Properties,
    ResourceType,
    only,
    random_letters,
    register,
    text,
    whole,
)


@register
class StateMachine(ResourceType):
    """AWS::StepFunctions::StateMachine."""

    type = "AWS::StepFunctions::StateMachine"
    attributes = ("Arn", "Name", "StateMachineRevisionId")
    named_by = "StateMachineName"
    immutable = frozenset({"StateMachineName", "StateMachineType"})
    properties = frozenset(
        {
            "Definition",
            "DefinitionS3Location",
            "DefinitionString",
            "DefinitionSubstitutions",
            "EncryptionConfiguration",
            "LoggingConfiguration",
            "RoleArn",
            "StateMachineName",
            "StateMachineType",
            "Tags",
            "TracingConfiguration",
        }
    )

    def create(self, making: Making, properties: Properties) -> None:
        """Make the state machine.

        Raises:
            ValueError: one of its name is there already.
        """
        sfn = making.clients("stepfunctions")
        name = properties.get("StateMachineName") or f"{making.logical_id}-{random_letters()}"
        pages = sfn.get_paginator("list_state_machines").paginate()
        if any(one["name"] == name for page in pages for one in page["stateMachines"]):
            raise ValueError(  # Step Functions would take an identical request for the same one
                f'Resource handler returned message: "State Machine Already Exists: {name}" '
                "(HandlerErrorCode: AlreadyExists)"
            )
        making.expect(f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}")
        made = sfn.create_state_machine(
            name=name,
            type=properties.get("StateMachineType", "STANDARD"),
            tags=making.tag_list(properties, "key", "value"),
            **self._settings(making, properties),
        )
        making.physical_id = made["stateMachineArn"]

    def _settings(self, making: Making, properties: Properties) -> dict[str, Any]:
        request = {"definition": _definition(making, properties), "roleArn": properties["RoleArn"]}
        if logging := properties.get("LoggingConfiguration"):
            request["loggingConfiguration"] = _lower_names(logging)
        if tracing := properties.get("TracingConfiguration"):
            request["tracingConfiguration"] = _lower_names(tracing)
        if encryption := properties.get("EncryptionConfiguration"):
            request["encryptionConfiguration"] = _lower_names(encryption)
        return request

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Change definition, role, logging, tracing and tags; what was taken away is off."""
        if _without_tags(old) != _without_tags(new):
            unset: dict[str, Any] = {}
            if old.get("LoggingConfiguration"):
                unset["loggingConfiguration"] = {"level": "OFF"}
            if old.get("TracingConfiguration"):
                unset["tracingConfiguration"] = {"enabled": False}
            making.clients("stepfunctions").update_state_machine(
                stateMachineArn=making.physical_id, **unset | self._settings(making, new)
            )
        _set_tags(making, new)

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the state machine."""
        making.clients("stepfunctions").delete_state_machine(stateMachineArn=making.physical_id)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return ARN, name and the id of the revision."""
        about = making.clients("stepfunctions").describe_state_machine(
            stateMachineArn=making.physical_id
        )
        return {
            "Arn": making.physical_id,
            "Name": about["name"],
            "StateMachineRevisionId": about.get("revisionId", "INITIAL"),
        }


def _without_tags(properties: Properties) -> Properties:
    return {name: value for name, value in properties.items() if name != "Tags"}


def _definition(making: Making, properties: Properties) -> str:
    """Return the definition with its substitutions filled in.

    Source: AWS::StepFunctions::StateMachine, DefinitionSubstitutions and DefinitionS3Location

    Raises:
        ValueError: it is given nowhere, or the file in S3 is neither JSON nor YAML.
    """
    if "DefinitionString" in properties:
        given = properties["DefinitionString"]
        definition = given if isinstance(given, str) else json.dumps(given)
    elif "Definition" in properties:
        definition = json.dumps(properties["Definition"])
    elif "DefinitionS3Location" in properties:
        where = properties["DefinitionS3Location"]
        version = {"VersionId": where["Version"]} if "Version" in where else {}
        found = making.clients("s3").get_object(Bucket=where["Bucket"], Key=where["Key"], **version)
        definition = found["Body"].read().decode()
    else:
        raise ValueError(
            "Property validation failure: one of Definition, DefinitionString and "
            "DefinitionS3Location must be there"
        )
    for name, value in (properties.get("DefinitionSubstitutions") or {}).items():
        definition = definition.replace(f"${{{name}}}", text(value))
    if "DefinitionS3Location" not in properties or definition.lstrip().startswith("{"):
        return definition
    try:
        return json.dumps(yaml.safe_load(definition))
    except (yaml.YAMLError, TypeError) as error:
        raise ValueError(f"The definition in S3 is neither JSON nor YAML: {error}") from None


def _lower_names(value: Any) -> Any:
    """Return a structure with its names as Step Functions' API has them: `level`, not `Level`."""
    if isinstance(value, list):
        return [_lower_names(item) for item in value]
    if not isinstance(value, dict):
        return value
    names = {name: name[0].lower() + name[1:] for name in value}
    return {
        names[name]: text(item) == "true"
        if names[name] in ("enabled", "includeExecutionData")
        else _lower_names(item)
        for name, item in value.items()
    }


def _set_tags(making: Making, properties: Properties) -> None:
    """Give a state machine or an activity the tags of its properties and its stack, no others."""
    sfn, arn = making.clients("stepfunctions"), making.physical_id
    making.renew_tags(
        [tag["key"] for tag in sfn.list_tags_for_resource(resourceArn=arn)["tags"]],
        properties,
        lambda surplus: sfn.untag_resource(resourceArn=arn, tagKeys=surplus),
        lambda: sfn.tag_resource(resourceArn=arn, tags=making.tag_list(properties, "key", "value")),
    )


@register
class StateMachineVersion(ResourceType):
    """AWS::StepFunctions::StateMachineVersion: another revision needs another version."""

    type = "AWS::StepFunctions::StateMachineVersion"
    attributes = ("Arn",)
    properties = frozenset({"Description", "StateMachineArn", "StateMachineRevisionId"})
    immutable = properties

    def create(self, making: Making, properties: Properties) -> None:
        """Publish the version; a second time it is the same one, so nothing is left over."""
        request = {"stateMachineArn": properties["StateMachineArn"]}
        for name, member in (
            ("Description", "description"),
            ("StateMachineRevisionId", "revisionId"),
        ):
            if name in properties:
                request[member] = properties[name]
        made = making.clients("stepfunctions").publish_state_machine_version(**request)
        making.physical_id = made["stateMachineVersionArn"]

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the version."""
        making.clients("stepfunctions").delete_state_machine_version(
            stateMachineVersionArn=making.physical_id
        )

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return the ARN."""
        return {"Arn": making.physical_id}


@register
class StateMachineAlias(ResourceType):
    """AWS::StepFunctions::StateMachineAlias."""

    type = "AWS::StepFunctions::StateMachineAlias"
    attributes = ("Arn",)
    named_by = "Name"
    immutable = frozenset({"Name", "StateMachineArn"})
    properties = frozenset(
        {"DeploymentPreference", "Description", "Name", "RoutingConfiguration", "StateMachineArn"}
    )

    def create(self, making: Making, properties: Properties) -> None:
        """Make the alias."""
        name, routes = properties.get("Name") or making.name(80), _routes(properties)
        machine = routes[0]["stateMachineVersionArn"].rpartition(":")[0]
        making.expect(f"{machine}:{name}")
        made = making.clients("stepfunctions").create_state_machine_alias(
            name=name,
            description=properties.get("Description", ""),
            routingConfiguration=routes,
        )
        making.physical_id = made["stateMachineAliasArn"]

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Change the description and the routes, at once or step by step.

        Raises:
            ValueError: an alarm of the DeploymentPreference went off meanwhile.
        """
        sfn, arn = making.clients("stepfunctions"), making.physical_id
        preference = new.get("DeploymentPreference") or {}
        present = sfn.describe_state_machine_alias(stateMachineAliasArn=arn)
        before = present["routingConfiguration"][-1]["stateMachineVersionArn"]
        after = preference.get("StateMachineVersionArn")
        if after and after != before:
            for percentage in _percentages(preference):
                routes = [
                    {"stateMachineVersionArn": after, "weight": percentage},
                    {"stateMachineVersionArn": before, "weight": 100 - percentage},
                ]
                sfn.update_state_machine_alias(
                    stateMachineAliasArn=arn, routingConfiguration=routes
                )
                _bake(making, preference)
        sfn.update_state_machine_alias(
            stateMachineAliasArn=arn,
            description=new.get("Description", ""),
            routingConfiguration=_routes(new),
        )

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the alias."""
        making.clients("stepfunctions").delete_state_machine_alias(
            stateMachineAliasArn=making.physical_id
        )

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return the ARN."""
        return {"Arn": making.physical_id}


def _routes(properties: Properties) -> list[dict[str, Any]]:
    """Return the routes as Step Functions' API wants them.

    Raises:
        ValueError: RoutingConfiguration and DeploymentPreference exclude each other.
    """
    preference = properties.get("DeploymentPreference")
    if bool(preference) == ("RoutingConfiguration" in properties):
        raise ValueError(
            "Property validation failure: exactly one of RoutingConfiguration and "
            "DeploymentPreference must be there"
        )
    if preference:
        return [{"stateMachineVersionArn": preference["StateMachineVersionArn"], "weight": 100}]
    return [
        {"stateMachineVersionArn": one["StateMachineVersionArn"], "weight": whole(one["Weight"])}
        for one in properties["RoutingConfiguration"]
    ]


def _percentages(preference: Properties) -> Iterator[int]:
    """Yield the shares of a new version before it has all: of CANARY one, of LINEAR several."""
    kind = preference["Type"]
    if kind == "ALL_AT_ONCE":
        return
    step = whole(preference["Percentage"])
    yield from range(step, 100, step) if kind == "LINEAR" else (step,)


def _bake(making: Making, preference: Properties) -> None:
    """Wait for the interval of a DeploymentPreference, and look at its alarms.

    Raises:
        ValueError: one of them went off.
    """
    time.sleep(whole(preference["Interval"]) * 60)
    if alarms := preference.get("Alarms"):
        told = making.clients("cloudwatch").describe_alarms(AlarmNames=alarms)
        loud = [one["AlarmName"] for one in told["MetricAlarms"] if one["StateValue"] == "ALARM"]
        if loud:
            raise ValueError(f"Deployment stopped by the alarm {', '.join(loud)}")


@register
class Activity(ResourceType):
    """AWS::StepFunctions::Activity."""

    type = "AWS::StepFunctions::Activity"
    attributes = ("Arn", "Name")
    named_by = "Name"
    immutable = frozenset({"EncryptionConfiguration", "Name"})
    properties = frozenset({"EncryptionConfiguration", "Name", "Tags"})

    def create(self, making: Making, properties: Properties) -> None:
        """Make the activity."""
        request = only(properties, "EncryptionConfiguration")
        making.expect(f"arn:aws:states:{REGION}:{ACCOUNT}:activity:{properties['Name']}")
        made = making.clients("stepfunctions").create_activity(
            name=properties["Name"],
            tags=making.tag_list(properties, "key", "value"),
            **_lower_names(request),
        )
        making.physical_id = made["activityArn"]

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Set the tags."""
        _set_tags(making, new)

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the activity."""
        making.clients("stepfunctions").delete_activity(activityArn=making.physical_id)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return ARN and name."""
        return {"Arn": making.physical_id, "Name": making.physical_id.rpartition(":")[2]}
