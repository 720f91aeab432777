"""The operations on published versions of state machines."""

from typing import Any

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import names
from helpers.local_aws.states.machines import Machines
from helpers.local_aws.states.store import StateMachine, Store

Parameters = dict[str, Any]
_FIRST = "INITIAL"  # what a revision is called before the first update


class Versions:
    """Versions of the state machines of one store."""

    def __init__(self, store: Store, machines: Machines) -> None:
        self._store = store
        self._machines = machines

    def publish(self, request: Parameters) -> dict[str, Any]:
        """PublishStateMachineVersion. The same revision again gives the same version.

        Raises:
            ServiceError: ConflictException, the machine stands at another revision.
        """
        machine = self._machines.find(request["stateMachineArn"])
        wanted, current = request.get("revisionId"), _revision_id(machine)
        if wanted not in (None, current):
            # Not recorded.
            raise ServiceError(
                "ConflictException",
                f"Failed to publish the State Machine version for revision {wanted}. "
                f"The current State Machine revision is {current}.",
            )
        version = self._machines.publish(machine, request.get("description", ""))
        return {"creationDate": version.created, "stateMachineVersionArn": version.arn}

    def list(self, request: Parameters) -> dict[str, Any]:
        """ListStateMachineVersions, the newest first; of no machine there are none.

        The API model has no StateMachineDoesNotExist here.
        """
        arn = request["stateMachineArn"]
        names.check_arn(arn, "stateMachine")
        machine = self._store.machine(arn)
        versions = machine.versions if machine else {}
        newest_first = [version for _, version in sorted(versions.items(), reverse=True)]
        shown, token = names.page(newest_first, request, f"versions {arn}")
        listed = [
            {"stateMachineVersionArn": version.arn, "creationDate": version.created}
            for version in shown
        ]
        return {"stateMachineVersions": listed} | ({"nextToken": token} if token else {})

    def delete(self, request: Parameters) -> dict[str, Any]:
        """DeleteStateMachineVersion; what is not there is deleted already.

        Raises:
            ServiceError: ConflictException, an alias refers to the version.
        """
        arn = request["stateMachineVersionArn"]
        names.check_arn(arn, "stateMachine")
        machine_arn, number = names.unqualified(arn)
        machine = self._store.machine(machine_arn)
        if machine is None or not number.isdigit():
            return {}
        users = [alias.name for alias in machine.aliases.values() if arn in alias.routes]
        if users:
            raise ServiceError(
                "ConflictException",
                "Version to be deleted must not be referenced by an alias. Current list of "
                f"aliases referencing this version: [{', '.join(users)}]",
            )
        machine.versions.pop(int(number), None)
        self._store.save_machine(machine)
        return {}


def _revision_id(machine: StateMachine) -> str:
    return _FIRST if machine.updated is None else machine.revision_id
