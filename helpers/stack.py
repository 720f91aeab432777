"""Deploy, read and delete the CloudFormation stack, and fill its outputs into a definition."""

import json
import re
import secrets
import time
from dataclasses import dataclass
from html import escape
from typing import Any

from botocore.exceptions import ClientError

from helpers import buckets, packages
from helpers.errors import WorkshopError
from helpers.places import DEFINITIONS, STACK
from helpers.stack_progress import Progress, event_ids, failure, resources, settle

TEMPLATE = STACK / "template.yaml"

_NO_CHANGE = "No updates are to be performed"
# Parameters that keep the value they had, when a deploy does not give another.
_KEPT = ("EmailForNotification",)
# A stack in one of these can only be deleted (CloudFormation, "Stack status codes").
_STILLBORN = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


@dataclass(frozen=True)
class Deployment:
    """What a deploy did: `change` is "created", "updated" or "unchanged"."""

    stack_name: str
    change: str
    outputs: dict[str, str]
    seconds: float

    def __repr__(self) -> str:
        lines = [f"{self._headline()}:"]
        return "\n".join(lines + [f"  {name}: {value}" for name, value in self.outputs.items()])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:left'>{escape(value)}</td></tr>"
            for name, value in self.outputs.items()
        )
        caption = escape(self._headline())
        return f"<table><caption style='text-align:left'>{caption}</caption>{rows}</table>"

    def _headline(self) -> str:
        if self.change == "unchanged":
            return f"The stack {self.stack_name} is up to date. {_NO_CHANGE}. Its outputs"
        took = f"in {self.seconds:.0f} s"
        return f"The stack {self.stack_name} is {self.change} {took}. Its outputs"


def deploy(
    cloudformation: Any,
    s3: Any,
    stack_name: str,
    parameters: dict[str, str],
    *,
    tags: dict[str, str],
    wheels: bool,
    progress: Progress | None = None,
    timeout: float = 900,
) -> Deployment:
    """Create the stack, or update it to the template as it is now; wait until that is done.

    Args:
        cloudformation: The client.
        s3: The client; takes the functions' code.
        stack_name: The stack's name.
        parameters: Of the template, but for those that say where the code is.
        tags: For the stack, which passes them on to its resources, and for the code's bucket.
        wheels: Whether the functions need packages built for Lambda (see helpers/packages.py).
        progress: Told a short sentence every few seconds.
        timeout: Seconds to wait.

    Raises:
        WorkshopError: A resource failed (which one, and why), or time ran out.
    """
    started = time.monotonic()
    stack = find(cloudformation, stack_name)
    if stack and stack["StackStatus"].endswith("_IN_PROGRESS"):
        settle(cloudformation, stack["StackId"], progress=progress, timeout=timeout)
        stack = find(cloudformation, stack_name)
    if stack and stack["StackStatus"] in _STILLBORN:
        delete(cloudformation, s3, stack_name, tags=tags, progress=progress, timeout=timeout)
        stack = None
    before = {p["ParameterKey"]: p["ParameterValue"] for p in (stack or {}).get("Parameters", [])}
    kept = {name: before[name] for name in _KEPT if name in before}
    bucket = packages.ensure_bucket(s3, tags)
    keys = packages.upload(s3, bucket, wheels=wheels)
    parameters = {**kept, **parameters, "ArtifactsBucket": bucket, **_code(keys)}
    request = {
        "StackName": stack_name,
        "TemplateBody": TEMPLATE.read_text(encoding="utf-8"),
        "Parameters": _pairs(parameters, "Parameter"),
        "Tags": _pairs(tags),
        "Capabilities": ["CAPABILITY_IAM"],
        "ClientRequestToken": f"workshop-{secrets.token_hex(8)}",
    }
    seen = event_ids(cloudformation, stack["StackId"]) if stack else set()
    change = "updated" if stack else "created"
    try:
        if stack:
            stack_id = cloudformation.update_stack(**request)["StackId"]
        else:
            stack_id = cloudformation.create_stack(**request)["StackId"]
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if not (stack and _NO_CHANGE in message):
            raise WorkshopError(
                f"CloudFormation refused to deploy {stack_name} · {message}"
            ) from error
        change = "unchanged"
    else:
        status = settle(cloudformation, stack_id, progress=progress, timeout=timeout)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            reason = failure(cloudformation, stack_id, seen)
            raise WorkshopError(f"{stack_name} was not deployed ({status}) · {reason}")
    seconds = time.monotonic() - started
    return Deployment(stack_name, change, outputs(cloudformation, stack_name), seconds)


def find(cloudformation: Any, stack_name: str) -> dict[str, Any] | None:
    """Return what DescribeStacks says of the stack, or None when there is none."""
    try:
        return cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise


def is_deployed(cloudformation: Any, stack_name: str) -> bool:
    """Return whether the stack is there and whole."""
    stack = find(cloudformation, stack_name)
    return stack is not None and stack["StackStatus"] in _GOOD


def outputs(cloudformation: Any, stack_name: str) -> dict[str, str]:
    """Return the outputs of the stack, by name.

    Raises:
        WorkshopError: There is no such stack, or it is not whole.
    """
    stack = find(cloudformation, stack_name)
    if stack is None:
        raise WorkshopError(
            f"There is no stack {stack_name} yet · run workshop.deploy(), as notebook 00 does"
        )
    if stack["StackStatus"] not in _GOOD:
        raise WorkshopError(
            f"The stack {stack_name} is {stack['StackStatus']} · run workshop.deploy() again"
        )
    return {entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", [])}


def delete(
    cloudformation: Any,
    s3: Any,
    stack_name: str,
    *,
    tags: dict[str, str],
    progress: Progress | None = None,
    timeout: float = 900,
) -> list[str]:
    """Empty the stack's buckets, delete the stack and wait; return the resources it held.

    Returns an empty list when there is no stack.

    Raises:
        WorkshopError: The stack does not carry `tags`, so it is not ours; or a resource could not
            be deleted (which one, and why); or time ran out.
    """
    stack = find(cloudformation, stack_name)
    if stack is None:
        return []
    found = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}
    if not tags.items() <= found.items():
        raise WorkshopError(
            f"The stack {stack_name} does not carry the tags {tags}, so somebody else made it · "
            "delete it in the console if it is yours"
        )
    stack_id = stack["StackId"]
    held = [r for r in resources(cloudformation, stack_id) if r.get("PhysicalResourceId")]
    for resource in held:
        if resource["ResourceType"] == "AWS::S3::Bucket":
            buckets.empty(s3, resource["PhysicalResourceId"])
    seen = event_ids(cloudformation, stack_id)
    cloudformation.delete_stack(StackName=stack_id)
    status = settle(cloudformation, stack_id, progress=progress, timeout=timeout)
    if status != "DELETE_COMPLETE":
        reason = failure(cloudformation, stack_id, seen)
        raise WorkshopError(f"{stack_name} was not deleted ({status}) · {reason}")
    return [f"{resource['ResourceType']} {resource['PhysicalResourceId']}" for resource in held]


def load_definition(number: str, outputs: dict[str, str]) -> dict[str, Any]:
    """Return data/definitions/<number>.json with each `${Output}` filled in.

    Raises:
        WorkshopError: There is no such file, or it names an output that the stack does not have.
    """
    path = DEFINITIONS / f"{number}.json"
    if not path.is_file():
        there = ", ".join(sorted(p.stem for p in DEFINITIONS.glob("*.json")))
        raise WorkshopError(f"There is no definition {number!r} · take one of: {there}")
    text = path.read_text(encoding="utf-8")
    unknown = sorted(set(_PLACEHOLDER.findall(text)) - outputs.keys())
    if unknown:
        raise WorkshopError(
            f"{path.name} needs {', '.join(unknown)}, which the outputs do not have · "
            "pass workshop.outputs, or run workshop.deploy() again"
        )
    return json.loads(_PLACEHOLDER.sub(lambda match: json.dumps(outputs[match[1]])[1:-1], text))


_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


def _code(keys: dict[str, str]) -> dict[str, str]:
    """Return the template's parameters for the zip files: face_search -> FaceSearchCode."""
    return {name.title().replace("_", "") + "Code": key for name, key in keys.items()}


def _pairs(values: dict[str, str], prefix: str = "") -> list[dict[str, str]]:
    """Return the values as CloudFormation's lists of parameters or tags."""
    return [{f"{prefix}Key": key, f"{prefix}Value": value} for key, value in values.items()]
