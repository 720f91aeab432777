"""What a request wants of a stack: its template, parameters and tags, read and checked.

Everything that CloudFormation refuses before it makes anything is refused here.
"""

import copy
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from helpers.local_aws.cloudformation import (  # noqa: F401  (resources_* register types)
    resources_compute,
    resources_events,
    resources_identity,
    resources_messages,
    resources_states,
    resources_storage,
)
from helpers.local_aws.cloudformation.parameters import parameter_values
from helpers.local_aws.cloudformation.resources import TYPES
from helpers.local_aws.cloudformation.stack import Stack, check_attributes
from helpers.local_aws.cloudformation.template import (
    attributes_used,
    creation_order,
    load,
    references,
    refuse,
)
from helpers.local_aws.json_protocol import ServiceError

MAX_TEMPLATE = 51_200  # bytes, of a TemplateBody

Parameters = dict[str, Any]


def new_stack(asked: Parameters, name: str, clients: Callable[..., Any]) -> Stack:
    """Return the stack that a request to create one wants, all checked."""
    text = template_text(asked, clients)
    template = load(text)
    given = {
        one["ParameterKey"]: one.get("ParameterValue", "") for one in asked.get("Parameters") or []
    }
    stack = Stack(
        name,
        text,
        template,
        parameter_values(template, given, {}),
        {tag["Key"]: tag["Value"] for tag in asked.get("Tags") or []},
        asked.get("Capabilities") or [],
        {
            option: asked.get(option)
            for option in (
                "DisableRollback",
                "EnableTerminationProtection",
                "NotificationARNs",
                "RoleARN",
                "TimeoutInMinutes",
            )
        },
    )
    check(stack)
    return stack


def changed_stack(stack: Stack, asked: Parameters, clients: Callable[..., Any]) -> Stack:
    """Return the stack as `asked` wants it to be, all checked."""
    refuse_busy(stack)
    if stack.status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"):
        raise refuse(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
    text = stack.template_text
    if not asked.get("UsePreviousTemplate"):
        text = template_text(asked, clients)
    template = load(text)
    given = {}
    for one in asked.get("Parameters") or []:
        key = one["ParameterKey"]
        if one.get("UsePreviousValue"):
            if key not in stack.parameters:
                raise refuse(
                    f"Invalid input for parameter key {key}. Cannot specify usePreviousValue "
                    "as true for a parameter key not in the previous template"
                )
            given[key] = stack.parameters[key]
        else:
            given[key] = one.get("ParameterValue", "")
    changed = copy.deepcopy(stack)
    changed.template_text, changed.template = text, template
    changed.parameters = parameter_values(template, given, stack.parameters)
    changed.capabilities = asked.get("Capabilities") or []
    if asked.get("Tags") is not None:
        changed.tags = {tag["Key"]: tag["Value"] for tag in asked["Tags"]}
    check(changed)
    return changed


def differs(before: Stack, changed: Stack) -> bool:
    """Tell whether an update would change anything; what has failed is to be tried again."""
    if before.status.endswith("_FAILED"):
        return True
    return (before.template, before.parameters, before.tags) != (
        changed.template,
        changed.parameters,
        changed.tags,
    )


def apply(stack: Stack, changed: Stack) -> None:
    """Give `stack` the template, parameters and tags of `changed`."""
    stack.template_text, stack.template = changed.template_text, changed.template
    stack.parameters, stack.tags = changed.parameters, changed.tags
    stack.capabilities = changed.capabilities


def refuse_busy(stack: Stack) -> None:
    """Refuse a change of a stack that is being changed."""
    if stack.status.endswith("_IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS":
        raise refuse(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def template_text(asked: Parameters, clients: Callable[..., Any]) -> str:
    """Return the template that a request brings, or names by an address in S3."""
    body, url = asked.get("TemplateBody"), asked.get("TemplateURL")
    if body and url or not body and not url:
        raise refuse("Either Template URL or Template Body must be specified.")
    if body:
        if len(body.encode()) > MAX_TEMPLATE:
            raise refuse(
                "1 validation error detected: Value at 'templateBody' failed to satisfy "
                f"constraint: Member must have length less than or equal to {MAX_TEMPLATE}"
            )
        return str(body)
    address = urlsplit(str(url))
    bucket, _, key = unquote(address.path.lstrip("/")).partition("/")
    if ".s3" in (address.hostname or ""):
        first = (address.hostname or "").split(".s3")[0]
        bucket, key = first, unquote(address.path.lstrip("/"))
    s3 = clients("s3")
    try:
        return str(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
    except s3.exceptions.ClientError as error:
        raise refuse(f"S3 error: {error.response['Error']['Message']}") from None


def check(stack: Stack) -> None:
    """Refuse a template that could not be carried out, before anything is made."""
    template = stack.template
    if template.get("Transform"):
        raise refuse(
            f"The embedded AWS cannot apply the transform {template['Transform']}; "
            "write the resources themselves"
        )
    resources = template["Resources"]
    unknown = sorted({one["Type"] for one in resources.values()} - set(TYPES))
    if unknown:
        raise refuse(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    creation_order(resources, template.get("Parameters") or {})
    declared = set(resources) | set(template.get("Parameters") or {})
    outputs = template.get("Outputs") or {}
    lost = sorted(
        name
        for name in set(references(outputs))
        if name not in declared and not name.startswith("AWS::")
    )
    if lost:
        raise refuse(
            f"Template format error: Unresolved resource dependencies [{', '.join(lost)}] "
            "in the Outputs block of the template"
        )
    check_attributes(template, [*attributes_used(resources), *attributes_used(outputs)])
    for name, output in outputs.items():
        if not isinstance(output, dict) or "Value" not in output:
            raise refuse(
                f"Template format error: Every Outputs member must contain a Value object ({name})"
            )
    _check_capabilities(stack)


def _check_capabilities(stack: Stack) -> None:
    needed = None
    for resource in stack.template["Resources"].values():
        if resource["Type"] in resources_identity.NAMED_BY:
            named = resources_identity.NAMED_BY[resource["Type"]]
            if named and named in (resource.get("Properties") or {}):
                needed = "CAPABILITY_NAMED_IAM"
            needed = needed or "CAPABILITY_IAM"
    given = set(stack.capabilities)
    enough = {"CAPABILITY_NAMED_IAM"} | ({needed} if needed else given or {""})
    if needed and not given & enough:
        raise ServiceError(
            "InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]"
        )
