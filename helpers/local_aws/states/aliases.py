"""The operations on aliases: names for one or two versions of a state machine."""

import time
from collections.abc import Callable
from typing import Any

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import names
from helpers.local_aws.states.machines import Machines
from helpers.local_aws.states.store import Alias, StateMachine, Store

Parameters = dict[str, Any]
Routing = list[dict[str, Any]]
_MISSING = "Request references a resource that does not exist."


class Aliases:
    """Aliases of the state machines of one store."""

    def __init__(
        self, store: Store, machines: Machines, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._machines = machines
        self._clock = clock

    def create(self, request: Parameters) -> dict[str, Any]:
        """CreateStateMachineAlias. The same request again is answered like the first.

        Raises:
            ServiceError: ValidationException for the routes, ConflictException, ResourceNotFound.
        """
        machine, routes = self._routes(request["routingConfiguration"])
        name, description = request["name"], request.get("description", "")
        now = self._clock()
        alias = machine.aliases.get(name)
        if alias is None:
            alias = Alias(f"{machine.arn}:{name}", name, description, routes, now, now)
            machine.aliases[name] = alias
            self._store.save_machine(machine)
        elif (alias.routes, alias.description) != (routes, description):
            raise ServiceError(
                "ConflictException",
                "Failed to create alias because an alias with the same name and a different "
                "routing configuration already exists.",
            )
        return {"stateMachineAliasArn": alias.arn, "creationDate": alias.created}

    def update(self, request: Parameters) -> dict[str, Any]:
        """UpdateStateMachineAlias. Running executions go on with the version they have."""
        machine, alias = self._find(request["stateMachineAliasArn"])
        if "routingConfiguration" in request:
            other, routes = self._routes(request["routingConfiguration"])
            if other.arn != machine.arn:
                raise ServiceError("ResourceNotFound", _MISSING)
            alias.routes = routes
        alias.description = request.get("description", alias.description)
        alias.updated = self._clock()
        self._store.save_machine(machine)
        return {"updateDate": alias.updated}

    def describe(self, request: Parameters) -> dict[str, Any]:
        """DescribeStateMachineAlias."""
        _, alias = self._find(request["stateMachineAliasArn"])
        routes = [
            {"stateMachineVersionArn": arn, "weight": weight}
            for arn, weight in alias.routes.items()
        ]
        answer = {
            "stateMachineAliasArn": alias.arn,
            "name": alias.name,
            "routingConfiguration": routes,
            "creationDate": alias.created,
            "updateDate": alias.updated,
        }
        return answer | ({"description": alias.description} if alias.description else {})

    def list(self, request: Parameters) -> dict[str, Any]:
        """ListStateMachineAliases: those of a machine, or those that refer to a version."""
        arn = request["stateMachineArn"]
        machine, version = self._machines.found(arn)
        aliases = [
            alias
            for alias in machine.aliases.values()
            if version is None or version.arn in alias.routes
        ]
        shown, token = names.page(aliases, request, f"aliases {arn}")
        listed = [
            {"stateMachineAliasArn": alias.arn, "creationDate": alias.created} for alias in shown
        ]
        return {"stateMachineAliases": listed} | ({"nextToken": token} if token else {})

    def delete(self, request: Parameters) -> dict[str, Any]:
        """DeleteStateMachineAlias."""
        machine, alias = self._find(request["stateMachineAliasArn"])
        del machine.aliases[alias.name]
        self._store.save_machine(machine)
        return {}

    def _find(self, arn: str) -> tuple[StateMachine, Alias]:
        names.check_arn(arn, "stateMachine")
        machine_arn, name = names.unqualified(arn)
        machine = self._store.machine(machine_arn)
        alias = machine.aliases.get(name) if machine is not None else None
        if machine is None or alias is None:
            raise ServiceError("ResourceNotFound", _MISSING, resourceName=arn)
        return machine, alias

    def _routes(self, configuration: Routing) -> tuple[StateMachine, dict[str, int]]:
        """Return the machine that a routingConfiguration is for, and the weight of each version.

        Raises:
            ServiceError: ValidationException, ResourceNotFound.
        """
        arns = [route["stateMachineVersionArn"] for route in configuration]
        told = f"Received: [{', '.join(arns)}]"
        for arn in arns:
            names.check_arn(arn, "stateMachine")
        if not all(names.unqualified(arn)[1].isdigit() for arn in arns):
            raise _invalid(f"Routing configuration must contain state machine version ARNs. {told}")
        if len(set(arns)) < len(arns):
            message = "Routing configuration must contain distinct state machine version ARNs."
            raise _invalid(f"{message} {told}")
        weights = [route["weight"] for route in configuration]
        if sum(weights) != 100:
            raise _invalid(
                f"Sum of routing configuration weights must equal 100. Received: {weights}"
            )
        machine = self._store.machine(names.unqualified(arns[0])[0])
        known = {version.arn for version in machine.versions.values()} if machine else set()
        missing = [arn for arn in arns if arn not in known]
        if machine is None or missing:
            raise ServiceError("ResourceNotFound", _MISSING, resourceName=(missing or arns)[0])
        return machine, dict(zip(arns, weights, strict=True))


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
