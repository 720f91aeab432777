"""The stacks of one embedded AWS, found by name or id, and what they export."""

from typing import Any

from helpers.local_aws.cloudformation import records
from helpers.local_aws.cloudformation.describing import ChangeSet
from helpers.local_aws.cloudformation.interrupted import end_interrupted
from helpers.local_aws.cloudformation.stack import Stack
from helpers.local_aws.cloudformation.template import refuse
from helpers.local_aws.database import Database
from helpers.local_aws.json_protocol import ServiceError


class Stacks:
    """All stacks, the deleted ones too, which are found by their id only.

    They are in memory and, with each event, on disk.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.add_tables(records.TABLES)
        self.by_id: dict[str, Stack] = {}
        self.change_sets: dict[str, ChangeSet] = {}
        self._load()

    def _load(self) -> None:
        """Read what was kept, and end what was under way when the process died."""
        read = self._database.read
        for (record,) in read("SELECT record FROM cloudformation_stacks ORDER BY number"):
            stack = records.stack(record)
            self.by_id[stack.id] = stack
        query = "SELECT stack, record FROM cloudformation_events ORDER BY number"
        for stack_id, record in read(query):
            self.by_id[stack_id].events.append(records.event(record))
        for (record,) in read("SELECT record FROM cloudformation_change_sets ORDER BY number"):
            made = records.change_set(record, self.by_id)
            self.change_sets[made.id] = made
        for stack in self.by_id.values():
            self._keep_events(stack)
            end_interrupted(stack)
        self.flush()

    def add(self, stack: Stack) -> None:
        """Keep a new stack, or one that takes the place of another with its id."""
        self.by_id[stack.id] = stack
        self._keep_events(stack)
        self.save(stack)

    def save(self, stack: Stack) -> None:
        """Keep a stack as it is now, except for its events, which are kept as they happen."""
        self._database.write(records.write_stacks, (stack.id, records.of_stack(stack)))

    def save_change_set(self, made: ChangeSet) -> None:
        """Keep a new or changed change set."""
        self.change_sets[made.id] = made
        row = (made.id, records.of_change_set(made))
        self._database.write(records.write_change_sets, row)

    def delete_change_set(self, id_: str) -> None:
        """Forget a change set."""
        del self.change_sets[id_]
        self._database.write(records.write_change_sets, (id_, None))

    def flush(self) -> None:
        """Return when all that was kept so far survives the death of the process."""
        self._database.flush_shown()

    def clear(self) -> None:
        """Forget everything."""
        self.by_id.clear()
        self.change_sets.clear()
        self._database.erase(*records.EMPTY)

    def _keep_events(self, stack: Stack) -> None:
        """Let each event of a stack be kept, and the stack as it is then."""

        def keep(event: dict[str, Any] | None) -> None:
            if self.by_id.get(stack.id) is not stack:
                return  # forgotten meanwhile
            if event is not None:
                row = (stack.id, records.of_event(event))
                self._database.write(records.write_events, row)
            self.save(stack)
            if event is None:
                self.flush()

        stack.keep = keep

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
