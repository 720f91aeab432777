"""How CloudFormation's answers show stacks, resources and changes."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.cloudformation.stack import Resource, Stack
from helpers.local_aws.cloudformation.template import references

Shown = dict[str, Any]


@dataclass
class ChangeSet:
    """A change that was worked out and waits to be executed."""

    name: str
    stack: Stack
    kind: str
    request: Shown
    changes: list[dict[str, Any]]
    status: str = "CREATE_COMPLETE"
    execution_status: str = "AVAILABLE"
    reason: str | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = ""

    def __post_init__(self) -> None:
        where = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}"
        self.id = f"{where}:changeSet/{self.name}/{uuid.uuid4()}"


def of_stack(stack: Stack) -> Shown:
    """Return what names the stack in every answer."""
    return {"StackId": stack.id, "StackName": stack.name}


def summary(stack: Stack) -> Shown:
    """Return the stack as ListStacks shows it."""
    return {
        **of_stack(stack),
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason if stack.reason != "User Initiated" else None,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


def described(stack: Stack) -> Shown:
    """Return the stack as DescribeStacks shows it."""
    declared = stack.template.get("Parameters") or {}
    return {
        **summary(stack),
        "Description": stack.template.get("Description"),
        "Parameters": [
            {
                "ParameterKey": name,
                "ParameterValue": "****" if declared[name].get("NoEcho") else value,
            }
            for name, value in stack.parameters.items()
        ],
        "Capabilities": stack.capabilities,
        "Outputs": stack.outputs,
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        "NotificationARNs": stack.options.get("NotificationARNs") or [],
        "RoleARN": stack.options.get("RoleARN"),
        "TimeoutInMinutes": stack.options.get("TimeoutInMinutes"),
        "DisableRollback": bool(stack.options.get("DisableRollback")),
        "EnableTerminationProtection": bool(stack.options.get("EnableTerminationProtection")),
        "RollbackConfiguration": {},
    }


def shown(stack: Stack) -> list[Resource]:
    """Return the resources that something happened to."""
    return [one for one in stack.resources.values() if one.status]


def resource(resource: Resource) -> Shown:
    """Return a resource as all the operations about resources show it."""
    return {
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id or None,
        "ResourceType": resource.type,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.reason,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }


def change(action: str, name: str, kind: str, physical: str | None = None) -> Shown:
    """Return one change of a change set."""
    about: Shown = {
        "Action": action,
        "LogicalResourceId": name,
        "ResourceType": kind,
        "PhysicalResourceId": physical,
    }
    if action == "Modify":
        about["Replacement"] = "False"
    return {"Type": "Resource", "ResourceChange": about}


def changes(stack: Stack, changed: Stack) -> list[Shown]:
    """Return the changes from a stack to what it is to be, by their templates and parameters."""
    old, new = stack.template["Resources"], changed.template["Resources"]
    other = {
        name
        for name in {*stack.parameters, *changed.parameters}
        if stack.parameters.get(name) != changed.parameters.get(name)
    }
    changes = []
    for name, resource in new.items():
        if name not in old:
            changes.append(change("Add", name, resource["Type"]))
        elif resource != old[name] or other & set(references(resource)):
            present = stack.resources.get(name)
            physical = present.physical_id if present else None
            changes.append(change("Modify", name, resource["Type"], physical))
    for name, resource in old.items():
        if name not in new and name in stack.resources:
            physical = stack.resources[name].physical_id
            changes.append(change("Remove", name, resource["Type"], physical))
    return changes


def change_set_summary(made: ChangeSet) -> Shown:
    """Return a change set as ListChangeSets shows it."""
    return {
        **of_stack(made.stack),
        "ChangeSetName": made.name,
        "ChangeSetId": made.id,
        "CreationTime": made.created,
        "ExecutionStatus": made.execution_status,
        "Status": made.status,
        "StatusReason": made.reason,
        "Description": made.request.get("Description"),
    }
