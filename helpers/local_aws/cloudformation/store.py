"""The stacks of one embedded AWS, found by name or id, and what they export."""

from helpers.local_aws.cloudformation.stack import Stack
from helpers.local_aws.cloudformation.template import refuse
from helpers.local_aws.json_protocol import ServiceError


class Stacks:
    """All stacks, the deleted ones too, which are found by their id only."""

    def __init__(self) -> None:
        self.by_id: dict[str, Stack] = {}

    def add(self, stack: Stack) -> None:
        """Keep a new stack, or one that takes the place of another with its id."""
        self.by_id[stack.id] = stack

    def find(self, name_or_id: str) -> Stack | None:
        """Return a stack by id, or the one of that name that is not deleted."""
        if name_or_id in self.by_id:
            return self.by_id[name_or_id]
        for stack in self.by_id.values():
            if stack.name == name_or_id and stack.status != "DELETE_COMPLETE":
                return stack
        return None

    def get(self, name_or_id: str, message: str = "Stack with id {} does not exist") -> Stack:
        """Return a stack; refuse, with `message`, when there is none."""
        stack = self.find(name_or_id)
        if stack is None:
            raise refuse(message.format(name_or_id))
        return stack

    def live(self, name_or_id: str, message: str) -> Stack:
        """Return a stack that is there; refuse one that is deleted or only under review."""
        stack = self.get(name_or_id, message)
        if stack.status in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS"):
            raise refuse(message.format(name_or_id))
        return stack

    def refuse_existing(self, name: str) -> None:
        """Refuse a name that a stack has already."""
        stack = self.find(name)
        if stack is not None and stack.status != "DELETE_COMPLETE":
            raise ServiceError("AlreadyExistsException", f"Stack [{name}] already exists")

    def exports(self) -> dict[str, tuple[Stack, str]]:
        """Return what is exported: name -> (stack, value)."""
        return {
            output["ExportName"]: (stack, output["OutputValue"])
            for stack in self.by_id.values()
            for output in stack.outputs
            if "ExportName" in output
        }

    def imported(self, name: str) -> str:
        """Return the value of an export; refuse an unknown one."""
        exports = self.exports()
        if name not in exports:
            raise refuse(f"No export named {name} found.")
        return exports[name][1]

    def importers(self, stack: Stack) -> str | None:
        """Return why `stack` cannot be deleted while others import from it; None when it can."""
        for output in stack.outputs:
            name = output.get("ExportName")
            for other in self.by_id.values():
                alive = other is not stack and other.status != "DELETE_COMPLETE"
                if name and alive and f"'Fn::ImportValue': '{name}'" in repr(other.template):
                    return f"Export {name} cannot be deleted as it is in use by {other.name}"
        return None
