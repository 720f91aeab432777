"""What every resource type of a stack has in common, and the register of those that we make.

A type is a subclass of `ResourceType` in one of the modules `resources_*`. It makes, changes and
deletes the thing through the service's own API, so that a stack fails as the service fails.
"""

import secrets
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError

Properties = dict[str, Any]


@dataclass
class Making:
    """One resource while it is made, changed or deleted.

    `physical_id` is set as soon as the thing exists, so that a failure later on can undo it.
    `expect` is told before, so that not even the death of the process in between loses it.
    """

    clients: Callable[..., Any]
    stack_name: str
    logical_id: str
    tags: dict[str, str] = field(default_factory=dict)
    physical_id: str = ""
    expect: Callable[[str], None] = lambda _: None

    def name(self, limit: int = 255) -> str:
        """Return a new physical name as CloudFormation forms it, of at most `limit` characters."""
        room = limit - 14
        logical = self.logical_id[: max(24, room - len(self.stack_name))]
        stack = self.stack_name[: room - len(logical)].rstrip("-")
        return f"{stack}-{logical}-{random_letters()}"

    def all_tags(self, properties: Properties) -> dict[str, str]:
        """Return the stack's tags and the resource's own, which win."""
        own = properties.get("Tags") or []
        if isinstance(own, dict):
            return {**self.tags, **own}
        return {**self.tags, **{tag["Key"]: tag["Value"] for tag in own}}

    def tag_list(self, properties: Properties, key: str = "Key", value: str = "Value") -> list:
        """Return all tags as a list of pairs, as most APIs want them."""
        return [{key: name, value: text} for name, text in self.all_tags(properties).items()]

    def renew_tags(
        self,
        had: Iterable[str],
        properties: Properties,
        untag: Callable[[list[str]], Any],
        tag: Callable[[], Any],
    ) -> None:
        """Give the resource all its tags, and no others.

        Args:
            had: the keys that it has now.
            properties: as they are to be.
            untag: takes these keys away.
            tag: sets all tags.
        """
        tags = self.all_tags(properties)
        if surplus := sorted(set(had) - set(tags)):
            untag(surplus)
        if tags:
            tag()


class ResourceType:
    """How one type of resource is made, changed and deleted."""

    type: ClassVar[str]
    attributes: ClassVar[tuple[str, ...]] = ()
    properties: ClassVar[frozenset[str]] = frozenset()  # those that we can make
    immutable: ClassVar[frozenset[str]] = frozenset()  # a change of these needs a new resource
    named_by: ClassVar[str] = ""  # the property that holds the name, where there is one

    def create(self, making: Making, properties: Properties) -> None:
        """Make the resource; set `making.physical_id`."""
        raise NotImplementedError

    def update(self, making: Making, old: Properties, new: Properties) -> None:
        """Change the resource in place."""
        raise NotImplementedError

    def delete(self, making: Making, properties: Properties) -> None:
        """Delete the resource."""
        raise NotImplementedError

    def find(self, making: Making, properties: Properties) -> None:
        """Set `making.physical_id`, which is what was expected, to what it became."""

    def attribute_values(self, making: Making, properties: Properties) -> dict[str, Any]:
        """Return what GetAtt gives, by attribute."""
        return {}

    def ref(self, making: Making) -> str:
        """Return what Ref gives."""
        return making.physical_id

    def unsupported(self, properties: Properties) -> list[str]:
        """Return the properties that we would have to ignore."""
        return sorted(name for name in properties if name not in self.properties)

    def needs_replacement(self, old: Properties, new: Properties) -> bool:
        """Tell whether the change from `old` to `new` needs a new physical resource."""
        return any(old.get(name) != new.get(name) for name in self.immutable)


TYPES: dict[str, ResourceType] = {}


def register(kind: type[ResourceType]) -> type[ResourceType]:
    """Enter a type in the register (a class decorator)."""
    TYPES[kind.type] = kind()
    return kind


def random_letters(length: int = 12) -> str:
    """Return the random end of a physical name."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


def failure_reason(error: Exception, kind: str) -> str:
    """Return the status reason for what a service answered, as CloudFormation words it.

    Args:
        error: what was raised.
        kind: the type of the resource, which names the service.
    """
    if isinstance(error, ClientError):
        about = error.response["Error"]
        meta = error.response["ResponseMetadata"]
        text = f"{about.get('Message') or about['Code']} (Service: {kind.split('::')[1]}, "
        text += f"Status Code: {meta.get('HTTPStatusCode', 400)}, "
        text += f"Request ID: {meta.get('RequestId', '')})"
        code = _HANDLER_CODES.get(about["Code"], "GeneralServiceException")
    elif isinstance(error, BotoCoreError):
        text, code = str(error), "InvalidRequest"
    elif isinstance(error, KeyError):
        return f"Property {error.args[0]} cannot be empty."
    else:
        return str(error)
    token = "-".join(secrets.token_hex(size) for size in (4, 2, 2, 2, 6))
    return (
        f'Resource handler returned message: "{text}" '
        f"(RequestToken: {token}, HandlerErrorCode: {code})"
    )


_HANDLER_CODES = {
    "BucketAlreadyExists": "AlreadyExists",
    "BucketAlreadyOwnedByYou": "AlreadyExists",
    "EntityAlreadyExists": "AlreadyExists",
    "ResourceAlreadyExistsException": "AlreadyExists",
    "ResourceConflictException": "AlreadyExists",
    "ResourceInUseException": "AlreadyExists",
    "StateMachineAlreadyExists": "AlreadyExists",
    "InvalidParameterValueException": "InvalidRequest",
    "InvalidParameterValue": "InvalidRequest",
    "InvalidDefinition": "InvalidRequest",
    "ValidationException": "InvalidRequest",
    "NoSuchEntity": "NotFound",
    "ResourceNotFoundException": "NotFound",
}

_GONE = {
    "404",
    "NoSuchBucket",
    "NoSuchEntity",
    "NotFound",
    "NotFoundException",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
}


def is_gone(error: Exception) -> bool:
    """Tell whether a deletion failed only because there is nothing to delete."""
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in _GONE


def text(value: Any) -> str:
    """Return a scalar of a template as the text that APIs want."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def whole(value: Any) -> int:
    """Return a number of a template, which may stand there as text.

    Raises:
        ValueError: it is no number.
    """
    return int(value)


def only(properties: Properties, *names: str) -> Properties:
    """Return the named properties that are there."""
    return {name: properties[name] for name in names if name in properties}
