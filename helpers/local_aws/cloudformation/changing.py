"""The operations that create, update and delete a stack.

They are answered when the change is done, or after `PATIENCE` seconds, so that boto3's waiters,
which ask every 30 seconds, need not wait.
"""

import copy
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from helpers.local_aws.cloudformation import proposals
from helpers.local_aws.cloudformation.lifecycle import Lifecycle
from helpers.local_aws.cloudformation.proposals import Parameters
from helpers.local_aws.cloudformation.stack import Stack
from helpers.local_aws.cloudformation.store import Stacks
from helpers.local_aws.cloudformation.template import refuse

log = logging.getLogger(__name__)

PATIENCE = 25  # seconds


class Changing:
    """Changes stacks; each operation is a method of its name."""

    def __init__(self, stacks: Stacks, clients: Callable[..., Any]) -> None:
        self.lock = threading.RLock()
        self._stacks = stacks
        self._clients = clients

    def _do_CreateStack(self, asked: Parameters) -> Parameters:
        with self.lock:
            self._stacks.refuse_existing(asked["StackName"])
            stack = proposals.new_stack(asked, asked["StackName"], self._clients)
            self._stacks.add(stack)
            self.begin(stack, "CREATE_IN_PROGRESS", asked)
        on_failure = asked.get("OnFailure", "ROLLBACK")
        if asked.get("DisableRollback"):
            on_failure = "DO_NOTHING"
        self.run(stack, lambda: self.lifecycle(stack).create(on_failure))
        return {"StackId": stack.id}

    def _do_UpdateStack(self, asked: Parameters) -> Parameters:
        with self.lock:
            stack = self._stacks.live(asked["StackName"], "Stack [{}] does not exist")
            before = copy.deepcopy(stack)
            changed = proposals.changed_stack(stack, asked, self._clients)
            if not proposals.differs(before, changed):
                raise refuse("No updates are to be performed.")
            proposals.apply(stack, changed)
            self.begin(stack, "UPDATE_IN_PROGRESS", asked)
        self.run(stack, lambda: self.lifecycle(stack).update(before))
        return {"StackId": stack.id}

    def _do_DeleteStack(self, asked: Parameters) -> None:
        with self.lock:
            stack = self._stacks.find(asked["StackName"])
            if stack is None or stack.status == "DELETE_COMPLETE":
                return
            if stack.options.get("EnableTerminationProtection"):
                raise refuse(
                    f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
                )
            proposals.refuse_busy(stack)
            used = self._stacks.importers(stack)
            if used:
                raise refuse(used)
            self.begin(stack, "DELETE_IN_PROGRESS", asked)
        retain = set(asked.get("RetainResources") or [])
        self.run(stack, lambda: self.lifecycle(stack).delete(retain))

    def _do_UpdateTerminationProtection(self, asked: Parameters) -> Parameters:
        stack = self._stacks.live(asked["StackName"], "Stack [{}] does not exist")
        stack.options["EnableTerminationProtection"] = asked["EnableTerminationProtection"]
        self._stacks.save(stack)
        return {"StackId": stack.id}

    def begin(self, stack: Stack, status: str, asked: Parameters) -> None:
        """Set the first status of a change, with the token of the request."""
        stack.token = asked.get("ClientRequestToken")
        if status.startswith("UPDATE"):
            stack.updated = datetime.now(UTC)
        stack.becomes(status, "User Initiated")

    def run(self, stack: Stack, action: Callable[[], None]) -> None:
        """Do `action` to `stack` in a thread of its own, whatever becomes of the request."""

        def act() -> None:
            try:
                action()
            except Exception:
                log.exception("%s of %s broke off", stack.status, stack.name)
                word = stack.status.split("_")[0]
                stack.becomes(f"{word}_FAILED", "Internal Failure: server.log tells more")

        thread = threading.Thread(target=act, name="stack", daemon=True)
        thread.start()
        thread.join(PATIENCE)

    def lifecycle(self, stack: Stack) -> Lifecycle:
        """Return what carries out changes of `stack`."""
        return Lifecycle(stack, self._clients, self._stacks.imported)
