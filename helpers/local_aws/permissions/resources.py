"""What the operations of each service need: the IAM action, and the ARNs of what they touch.

Source: "Actions, resources, and condition keys for AWS services" of the service authorization
reference. Operations of services that are not here are decided for all resources (`*`).
"""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from helpers.local_aws import ACCOUNT, REGION

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """One action on one resource; the resource is "*" where the action has none.

    `context` are keys for conditions that the request itself gives, in lower case.
    """

    action: str
    resource: str
    context: dict[str, Any] = field(default_factory=dict, compare=False)


def asked(service: str, operation: str, given: Parameters) -> list[Ask]:
    """Return what an operation needs; the service by the name that requests are signed with."""
    find = _SERVICES.get(service)
    found = [] if find is None else list(find(operation, given))
    prefix = _PREFIXES.get(service, service)
    return found + _passed_roles(given) if found else [Ask(f"{prefix}:{operation}", "*")]


def arn(service: str, resource: str) -> str:
    """Return the ARN of a resource of this account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


# The prefix of actions where it is not the name that requests are signed with.
_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag", "email": "ses"}


def _passed_roles(given: Parameters) -> list[Ask]:
    """Return the permission to hand a role to a service, which those need who name one."""
    named = [given.get(name) for name in ("roleArn", "Role", "RoleArn")]
    named += [target.get("RoleArn") for target in _each(given, "Targets")]
    roles = [role for role in named if isinstance(role, str) and ":role/" in role]
    return [Ask("iam:PassRole", role) for role in roles]


def _each(given: Parameters, name: str) -> list[Parameters]:
    value = given.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _named(name: Any, service: str, kind: str) -> str:
    """Return the ARN of what a request names by its ARN or its name."""
    return str(name) if str(name).startswith("arn:") else arn(service, f"{kind}{name}")


def _lambda(operation: str, given: Parameters) -> Iterator[Ask]:
    action = "lambda:InvokeFunction" if operation.startswith("Invoke") else f"lambda:{operation}"
    name = given.get("FunctionName")
    if name is None:
        yield Ask(action, "*")
        return
    text = str(name)
    function = text if text.startswith("arn:") else text.rpartition("function:")[2]
    resource = _named(function, "lambda", "function:")
    qualifier = given.get("Qualifier")
    # Step Functions names $LATEST of its own accord; permission is asked without it.
    if qualifier and qualifier != "$LATEST" and resource.count(":") == 6:
        resource += f":{qualifier}"
    yield Ask(action, resource)


def _dynamodb(operation: str, given: Parameters) -> Iterator[Ask]:
    def table(name: Any) -> str:
        return _named(name, "dynamodb", "table/")

    if operation in ("BatchGetItem", "BatchWriteItem"):
        for name in given.get("RequestItems") or {}:
            yield Ask(f"dynamodb:{operation}", table(name))
    elif operation in ("TransactWriteItems", "TransactGetItems"):
        for item in _each(given, "TransactItems"):
            for kind, part in item.items():  # Put, Get, Update, Delete, ConditionCheck
                action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
                yield Ask(f"dynamodb:{action}", table(part.get("TableName")))
    elif operation in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"):
        listed = _each(given, "Statements") + _each(given, "TransactStatements") or [given]
        for part in listed:
            text = str(part.get("Statement", ""))
            verb = text.split(None, 1)[0].capitalize() if text.split() else "Select"
            name = re.search(r'(?:FROM|INTO|UPDATE)\s+"?([\w.-]+)', text, re.IGNORECASE)
            yield Ask(f"dynamodb:PartiQL{verb}", table(name[1] if name else "*"))
    elif "TableName" in given:
        index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
        yield Ask(f"dynamodb:{operation}", table(given["TableName"]) + index)
    elif "ResourceArn" in given:
        yield Ask(f"dynamodb:{operation}", str(given["ResourceArn"]))
    elif operation == "ListTables":
        yield Ask("dynamodb:ListTables", table("*"))


def _rekognition(operation: str, given: Parameters) -> Iterator[Ask]:
    if "CollectionId" in given:
        resource = arn("rekognition", f"collection/{given['CollectionId']}")
        yield Ask(f"rekognition:{operation}", resource)
    elif "ResourceArn" in given:
        yield Ask(f"rekognition:{operation}", str(given["ResourceArn"]))


def _sns(operation: str, given: Parameters) -> Iterator[Ask]:
    action = f"SNS:{operation.removesuffix('Batch')}"  # so it stands in messages
    if "SubscriptionArn" in given:
        yield Ask(action, str(given["SubscriptionArn"]).rpartition(":")[0])
    elif operation == "CreateTopic":
        yield Ask(action, arn("sns", str(given.get("Name"))))
    elif operation.startswith("List") and "TopicArn" not in given:
        yield Ask(action, arn("sns", "*"))
    else:
        names = ("TopicArn", "TargetArn", "ResourceArn", "PhoneNumber")
        yield Ask(action, str(next((given[name] for name in names if name in given), "*")))


def _sqs(operation: str, given: Parameters) -> Iterator[Ask]:
    # In lower case, as it stands in messages.
    action = f"sqs:{operation.removesuffix('Batch').lower()}"
    name = given.get("QueueName", str(given.get("QueueUrl", "")).rstrip("/").rpartition("/")[2])
    yield Ask(action, arn("sqs", str(name)))


def _events(operation: str, given: Parameters) -> Iterator[Ask]:
    def bus(name: Any) -> str:
        return _named(name or "default", "events", "event-bus/")

    if operation == "PutEvents":
        buses = dict.fromkeys(bus(entry.get("EventBusName")) for entry in _each(given, "Entries"))
        yield from (Ask("events:PutEvents", name) for name in buses or [bus(None)])
    elif "Rule" in given or operation.endswith("Rule"):
        of = given.get("EventBusName", "default")
        rule = given.get("Rule", given.get("Name"))
        on = "" if of == "default" else f"{str(of).rpartition('/')[2]}/"
        yield Ask(f"events:{operation}", arn("events", f"rule/{on}{rule}"))
    elif operation.endswith("EventBus"):
        yield Ask(f"events:{operation}", bus(given.get("Name")))
    elif "ResourceARN" in given:
        yield Ask(f"events:{operation}", str(given["ResourceARN"]))


def _states(operation: str, given: Parameters) -> Iterator[Ask]:
    action = f"states:{operation}"
    if operation.startswith("SendTask"):
        yield Ask(action, _machine_of(str(given.get("taskToken", ""))))
        return
    for name in (
        "stateMachineArn",
        "executionArn",
        "activityArn",
        "mapRunArn",
        "stateMachineAliasArn",
        "stateMachineVersionArn",
        "resourceArn",
    ):
        if name in given:
            yield Ask(action, str(given[name]))
            return
    kind = "activity" if operation.endswith(("Activity", "Activities")) else "stateMachine"
    yield Ask(action, arn("states", f"{kind}:{given.get('name', '*')}"))


def _machine_of(token: str) -> str:
    """Return the ARN of the state machine that a task token carries (states/tokens.py)."""
    try:
        content = base64.b64decode(token, validate=True)
    except ValueError:
        content = b""
    named = content[1 : 1 + content[0]].decode("ascii", "ignore") if content else ""
    return named if named.startswith("arn:") else arn("states", "stateMachine:*")


def _logs(operation: str, given: Parameters) -> Iterator[Ask]:
    group = given.get("logGroupName", given.get("logGroupIdentifier", ""))
    if str(group).startswith("arn:"):
        group = str(group).partition(":log-group:")[2].removesuffix(":*")
    stream = given.get("logStreamName", "")
    yield Ask(f"logs:{operation}", arn("logs", f"log-group:{group}:log-stream:{stream}"))


def _iam(operation: str, given: Parameters) -> Iterator[Ask]:
    for name, kind in (("RoleName", "role"), ("UserName", "user"), ("GroupName", "group")):
        if name in given:
            yield Ask(f"iam:{operation}", f"arn:aws:iam::{ACCOUNT}:{kind}/{given[name]}")
            return
    if "PolicyArn" in given:
        yield Ask(f"iam:{operation}", str(given["PolicyArn"]))
    elif "PolicyName" in given:
        yield Ask(f"iam:{operation}", f"arn:aws:iam::{ACCOUNT}:policy/{given['PolicyName']}")


def _sts(operation: str, given: Parameters) -> Iterator[Ask]:
    yield Ask(f"sts:{operation}", str(given.get("RoleArn", "*")))


def _cloudformation(operation: str, given: Parameters) -> Iterator[Ask]:
    if "StackName" in given:
        name = str(given["StackName"])
        resource = name if name.startswith("arn:") else arn("cloudformation", f"stack/{name}/*")
        yield Ask(f"cloudformation:{operation}", resource)


def _secrets(operation: str, given: Parameters) -> Iterator[Ask]:
    name = given.get("SecretId", given.get("Name"))
    if name is not None:
        yield Ask(f"secretsmanager:{operation}", _named(name, "secretsmanager", "secret:"))


def _ssm(operation: str, given: Parameters) -> Iterator[Ask]:
    names = given["Names"] if isinstance(given.get("Names"), list) else [given.get("Name")]
    for name in names:
        if isinstance(name, str) and "Parameter" in operation:
            yield Ask(f"ssm:{operation}", _named(name.lstrip("/"), "ssm", "parameter/"))


_SERVICES: dict[str, Callable[[str, Parameters], Iterator[Ask]]] = {
    "lambda": _lambda,
    "dynamodb": _dynamodb,
    "rekognition": _rekognition,
    "sns": _sns,
    "sqs": _sqs,
    "events": _events,
    "states": _states,
    "logs": _logs,
    "iam": _iam,
    "sts": _sts,
    "cloudformation": _cloudformation,
    "secretsmanager": _secrets,
    "ssm": _ssm,
}
