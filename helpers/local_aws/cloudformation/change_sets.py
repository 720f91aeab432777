"""Change sets: a change of a stack that is worked out first and executed later."""

import copy
from collections.abc import Callable
from typing import Any

from helpers.local_aws.cloudformation import describing, proposals
from helpers.local_aws.cloudformation.changing import Changing
from helpers.local_aws.cloudformation.proposals import Parameters
from helpers.local_aws.cloudformation.store import Stacks
from helpers.local_aws.json_protocol import ServiceError

_NO_CHANGE = (
    "The submitted information didn't contain changes. "
    "Submit different information to create a change set."
)


class ChangeSets:
    """The change sets of all stacks; each operation is a method of its name."""

    def __init__(self, stacks: Stacks, changing: Changing, clients: Callable[..., Any]) -> None:
        self._stacks = stacks
        self._changing = changing
        self._clients = clients
        self._lock = changing.lock

    def _do_CreateChangeSet(self, asked: Parameters) -> Parameters:
        with self._lock:
            kind = asked.get("ChangeSetType", "UPDATE")
            if kind == "CREATE":
                found = self._stacks.find(asked["StackName"])
                if found is None or found.status != "REVIEW_IN_PROGRESS":
                    self._stacks.refuse_existing(asked["StackName"])
                stack = proposals.new_stack(asked, asked["StackName"], self._clients)
                if found is not None and found.status == "REVIEW_IN_PROGRESS":
                    stack.id = found.id
                self._stacks.add(stack)
                stack.becomes("REVIEW_IN_PROGRESS", "User Initiated")
                changes = [
                    describing.change("Add", name, one["Type"])
                    for name, one in stack.template["Resources"].items()
                ]
            else:
                stack = self._stacks.live(asked["StackName"], "Stack [{}] does not exist")
                changed = proposals.changed_stack(stack, asked, self._clients)
                changes = describing.changes(stack, changed)
            made = describing.ChangeSet(asked["ChangeSetName"], stack, kind, asked, changes)
            if kind != "CREATE" and not proposals.differs(stack, changed):
                made.status, made.execution_status = "FAILED", "UNAVAILABLE"
                made.reason = _NO_CHANGE
            self._stacks.save_change_set(made)
            return {"Id": made.id, "StackId": stack.id}

    def _change_set(self, asked: Parameters) -> describing.ChangeSet:
        name, stack = asked["ChangeSetName"], asked.get("StackName")
        for made in reversed(self._stacks.change_sets.values()):
            if made.id == name or made.name == name and stack in (made.stack.name, made.stack.id):
                return made
        raise ServiceError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)

    def _do_DescribeChangeSet(self, asked: Parameters) -> Parameters:
        made = self._change_set(asked)
        return {
            **describing.change_set_summary(made),
            "Changes": made.changes,
            "Capabilities": made.request.get("Capabilities") or [],
        }

    def _do_ListChangeSets(self, asked: Parameters) -> Parameters:
        stack = self._stacks.get(asked["StackName"])
        of_it = [made for made in self._stacks.change_sets.values() if made.stack is stack]
        return {"Summaries": [describing.change_set_summary(made) for made in of_it]}

    def _do_DeleteChangeSet(self, asked: Parameters) -> None:
        with self._lock:
            self._stacks.delete_change_set(self._change_set(asked).id)

    def _do_ExecuteChangeSet(self, asked: Parameters) -> None:
        made = self._change_set(asked)
        if made.execution_status != "AVAILABLE":
            raise ServiceError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{made.id}] cannot be executed in its current status of "
                f"[{made.status}]",
            )
        with self._lock:
            stack, before = made.stack, copy.deepcopy(made.stack)
            made.execution_status = "EXECUTE_COMPLETE"
            self._stacks.save_change_set(made)
            if made.kind == "CREATE":
                self._changing.begin(stack, "CREATE_IN_PROGRESS", asked)
            else:
                proposals.apply(stack, proposals.changed_stack(stack, made.request, self._clients))
                self._changing.begin(stack, "UPDATE_IN_PROGRESS", asked)
        if made.kind == "CREATE":
            self._changing.run(stack, lambda: self._changing.lifecycle(stack).create("ROLLBACK"))
        else:
            self._changing.run(stack, lambda: self._changing.lifecycle(stack).update(before))
