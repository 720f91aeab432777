"""Functions of a stack."""

import io
import zipfile
from typing import Any

from helpers.local_aws.cloudformation.resources import (
    Making,
    Properties,
    ResourceType,
    only,
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
        making.expect(name)
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
        making.renew_tags(
            had,
            new,
            lambda surplus: functions.untag_resource(Resource=arn, TagKeys=surplus),
            lambda: functions.tag_resource(Resource=arn, Tags=making.all_tags(new)),
        )

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
        making.expect(statement)
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
