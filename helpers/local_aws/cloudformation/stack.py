"""A stack: what it is made of, what happened to it, and what each resource gives.

Plain data; `lifecycle.py` creates, updates and deletes it.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.cloudformation.evaluation import Evaluation
from helpers.local_aws.cloudformation.resources import TYPES, Making, Properties
from helpers.local_aws.cloudformation.template import refuse

STACK_TYPE = "AWS::CloudFormation::Stack"


@dataclass
class Resource:
    """One resource of a stack, as it is now."""

    logical_id: str
    type: str
    physical_id: str = ""
    properties: Properties = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    status: str = ""
    reason: str | None = None
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    deletion_policy: str = "Delete"
    expected_id: str = ""  # what physical_id will be, set before the thing is made


@dataclass
class Stack:
    """A stack with its template, its resources and its events (oldest first)."""

    name: str
    template_text: str
    template: dict[str, Any]
    parameters: dict[str, str]
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    status: str = ""
    reason: str | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime | None = None
    deleted: datetime | None = None
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: list[dict[str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    token: str | None = None  # of the request that is being carried out
    leftovers: list[Resource] = field(default_factory=list)  # to be deleted after an update
    keep: Callable[[dict[str, Any] | None], None] = lambda _: None  # a new event, or no event

    def __post_init__(self) -> None:
        if not self.id:
            where = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}"
            self.id = f"{where}:stack/{self.name}/{uuid.uuid4()}"

    def becomes(self, status: str, reason: str | None = None) -> None:
        """Set the status of the stack, with its event."""
        self.status, self.reason = status, reason
        self._event(self.name, self.id, STACK_TYPE, status, reason, str(uuid.uuid4()))

    def resource_becomes(self, resource: Resource, status: str, reason: str | None = None) -> None:
        """Set the status of one resource, with its event."""
        resource.status, resource.reason, resource.timestamp = status, reason, datetime.now(UTC)
        event_id = f"{resource.logical_id}-{status}-{datetime.now(UTC).isoformat()}"
        if not status.endswith("IN_PROGRESS"):
            event_id = f"{resource.logical_id}-{uuid.uuid4()}"
        self._event(
            resource.logical_id, resource.physical_id, resource.type, status, reason, event_id
        )

    def _event(
        self, logical: str, physical: str, kind: str, status: str, reason: str | None, id_: str
    ) -> None:
        event = {
            "StackId": self.id,
            "EventId": id_,
            "StackName": self.name,
            "LogicalResourceId": logical,
            "PhysicalResourceId": physical,
            "ResourceType": kind,
            "Timestamp": datetime.now(UTC),
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
            "ClientRequestToken": self.token,
        }
        self.events.append(event)
        self.keep(event)

    def making(self, resource: Resource, clients: Callable[..., Any]) -> Making:
        """Return what a resource type needs to act on `resource`."""

        def expect(physical_id: str) -> None:
            resource.expected_id = physical_id
            self.keep(None)

        return Making(
            clients, self.name, resource.logical_id, dict(self.tags), resource.physical_id, expect
        )

    def evaluation(self, imported: Callable[[str], str]) -> Evaluation:
        """Return the evaluation of the stack's template over its resources as they are now."""
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::NotificationARNs": self.options.get("NotificationARNs") or [],
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "AWS::StackId": self.id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        return Evaluation(
            self.template, self.parameters, pseudo, self._ref, self._attribute, imported
        )

    def _ref(self, name: str) -> Any:
        resource = self._existing(name)
        return TYPES[resource.type].ref(Making(_no_clients, "", name, {}, resource.physical_id))

    def _attribute(self, name: str, attribute: str) -> Any:
        resource = self._existing(name)
        if attribute not in resource.attributes:
            raise refuse(_no_attribute(name, attribute))
        return resource.attributes[attribute]

    def _existing(self, name: str) -> Resource:
        resource = self.resources.get(name)
        if resource is None or not resource.physical_id:
            raise refuse(f"Unresolved resource dependencies [{name}] in the template")
        return resource


def check_attributes(template: dict[str, Any], used: list[tuple[str, str]]) -> None:
    """Refuse a GetAtt of an attribute that the type of the resource does not have."""
    for name, attribute in used:
        resource = template["Resources"].get(name)
        kind = TYPES.get(resource["Type"]) if resource else None
        if kind is not None and attribute not in kind.attributes:
            raise refuse(_no_attribute(name, attribute))


def _no_attribute(name: str, attribute: str) -> str:
    return (
        f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
    )


def _no_clients(*_: Any) -> Any:
    raise AssertionError("Ref asks no service")
