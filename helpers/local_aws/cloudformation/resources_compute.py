"""Functions and state machines of a stack."""

import io
import json
import zipfile
from typing import Any

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

_SETTINGS = (
    "Description",
    "Handler",
    "Layers",
    "Role",
    "Runtime",
    "TracingConfig",
    "VpcConfig",
    "DeadLetterConfig",
    "KmsKeyArn",
    "LoggingConfig",
)


@register
class Function(ResourceType):
    """AWS::Lambda::Function, with its code in S3 or in the template."""

    type = "AWS::Lambda::Function"
    attributes = ("Arn",)
    named_by = "FunctionName"
    immutable = frozenset({"FunctionName", "PackageType"})
    properties = frozenset(
        {
            "Architectures",
            "Code",
            "Environment",
            "EphemeralStorage",
            "FunctionName",
            "MemorySize",
            "PackageType",
            "ReservedConcurrentExecutions",
            "Tags",
            "Timeout",
            *_SETTINGS,
        }
    )

    def create(self, making: Making, properties: Properties) -> None:
        """Make the function."""
        functions = making.clients("lambda")
        name = properties.get("FunctionName") or making.name(64)
        request = self._settings(properties)
        request.update(only(properties, "Architectures", "EphemeralStorage", "PackageType"))
        functions.create_function(
            FunctionName=name,
            Code=_code(properties["Code"]),
            Tags=making.all_tags(properties),
            **request,
        )
        making.physical_id = name
        self._reserve(making, {}, properties)

    def _settings(self, properties: Properties) -> dict[str, Any]:
        request = only(properties, *_SETTINGS)
        for name in ("MemorySize", "Timeout"):
            if name in properties:
                request[name] = whole(properties[name])
        variables = (properties.get("Environment") or {}).get("Variables")
        if variables is not None:
            request["Environment"] = {
                "Variables": {name: text(value) for name, value in variables.items()}
            }
        return request

    def _reserve(self, making: Making, old: Properties, new: Properties) -> None:
        functions, name = making.clients("lambda"), "ReservedConcurrentExecutions"
        if name in new:
            functions.put_function_concurrency(
                FunctionName=making.physical_id, ReservedConcurrentExecutions=whole(new[name])
            )
        elif name in old:
            functions.delete_function_concurrency(FunctionName=making.physical_id)

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Change code, settings and tags."""
        functions, name = making.clients("lambda"), making.physical_id
        if old.get("Code") != new["Code"]:
            functions.update_function_code(FunctionName=name, **_code(new["Code"]))
        settings = {"Environment": {"Variables": {}}, **self._settings(new)}
        functions.update_function_configuration(FunctionName=name, **settings)
        self._reserve(making, old, new)
        about = functions.get_function(FunctionName=name)
        arn, had = about["Configuration"]["FunctionArn"], about.get("Tags", {})
        tags = making.all_tags(new)
        if surplus := sorted(set(had) - set(tags)):
            functions.untag_resource(Resource=arn, TagKeys=surplus)
        if tags:
            functions.tag_resource(Resource=arn, Tags=tags)

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the function."""
        making.clients("lambda").delete_function(FunctionName=making.physical_id)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return the ARN."""
        about = making.clients("lambda").get_function(FunctionName=making.physical_id)
        return {"Arn": about["Configuration"]["FunctionArn"]}


def _code(given: Properties) -> dict[str, Any]:
    """Return the code as Lambda's API wants it: text in the template becomes index.py in a zip."""
    if "ZipFile" not in given:
        return only(given, "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        fixed = zipfile.ZipInfo("index.py", (2000, 1, 1, 0, 0, 0))
        fixed.external_attr = 0o644 << 16
        archive.writestr(fixed, given["ZipFile"])
    return {"ZipFile": content.getvalue()}


@register
class Permission(ResourceType):
    """AWS::Lambda::Permission."""

    type = "AWS::Lambda::Permission"
    attributes = ("Id",)
    properties = frozenset(
        {"Action", "EventSourceToken", "FunctionName", "Principal", "SourceAccount", "SourceArn"}
    )
    immutable = properties

    def create(self, making: Making, properties: Properties) -> None:
        """Add the statement to the function's policy."""
        statement = making.name(100)
        making.clients("lambda").add_permission(StatementId=statement, **properties)
        making.physical_id = statement

    def delete(self, making: Making, properties: Properties) -> None:
        """Remove the statement."""
        making.clients("lambda").remove_permission(
            FunctionName=properties["FunctionName"], StatementId=making.physical_id
        )

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return the statement's id."""
        return {"Id": making.physical_id}


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
        """Change definition, role and tags."""
        sfn, arn = making.clients("stepfunctions"), making.physical_id
        sfn.update_state_machine(stateMachineArn=arn, **self._settings(making, new))
        had = {tag["key"] for tag in sfn.list_tags_for_resource(resourceArn=arn)["tags"]}
        tags = making.all_tags(new)
        if surplus := sorted(had - set(tags)):
            sfn.untag_resource(resourceArn=arn, tagKeys=surplus)
        if tags:
            sfn.tag_resource(resourceArn=arn, tags=making.tag_list(new, "key", "value"))

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


def _definition(making: Making, properties: Properties) -> str:
    """Return the definition with its substitutions filled in.

    Source: AWS::StepFunctions::StateMachine, DefinitionSubstitutions
    """
    if "DefinitionString" in properties:
        given = properties["DefinitionString"]
        definition = given if isinstance(given, str) else json.dumps(given)
    elif "Definition" in properties:
        definition = json.dumps(properties["Definition"])
    elif "DefinitionS3Location" in properties:
        where = properties["DefinitionS3Location"]
        found = making.clients("s3").get_object(Bucket=where["Bucket"], Key=where["Key"])
        definition = found["Body"].read().decode()
    else:
        raise ValueError(
            "Property validation failure: one of Definition, DefinitionString and "
            "DefinitionS3Location must be there"
        )
    for name, value in (properties.get("DefinitionSubstitutions") or {}).items():
        definition = definition.replace(f"${{{name}}}", text(value))
    return definition


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


@register
class Activity(ResourceType):
    """AWS::StepFunctions::Activity."""

    type = "AWS::StepFunctions::Activity"
    attributes = ("Arn", "Name")
    named_by = "Name"
    immutable = frozenset({"Name"})
    properties = frozenset({"Name", "Tags"})

    def create(self, making: Making, properties: Properties) -> None:
        """Make the activity."""
        made = making.clients("stepfunctions").create_activity(
            name=properties["Name"], tags=making.tag_list(properties, "key", "value")
        )
        making.physical_id = made["activityArn"]

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Set the tags."""
        making.clients("stepfunctions").tag_resource(
            resourceArn=making.physical_id, tags=making.tag_list(new, "key", "value")
        )

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the activity."""
        making.clients("stepfunctions").delete_activity(activityArn=making.physical_id)

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return ARN and name."""
        return {"Arn": making.physical_id, "Name": making.physical_id.rpartition(":")[2]}
