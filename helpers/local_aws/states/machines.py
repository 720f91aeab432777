"""The operations on state machines: create, update, describe, list, delete."""

import dataclasses
import random
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from helpers.asl import variables
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import acting, names
from helpers.local_aws.states.definitions import checked_definition
from helpers.local_aws.states.logs import Logs
from helpers.local_aws.states.store import Revision, StateMachine, Store, Version
from helpers.local_aws.states.tags import tags_of

Parameters = dict[str, Any]
_NO_LOGGING: dict[str, Any] = {"level": "OFF", "includeExecutionData": False}
_NO_TRACING = {"enabled": False}


class Machines:
    """State machines of one store."""

    def __init__(
        self,
        store: Store,
        logs: Logs,
        clients: Callable[..., Any],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._clients = clients
        self._logs = logs
        self._lock = threading.Lock()
        self._random = random.Random()
        self._clock = clock

    def create(self, request: Parameters) -> dict[str, Any]:
        """CreateStateMachine. The same request again is answered like the first.

        Raises:
            ServiceError: as AWS, see `facts` in each check.
        """
        _check_version_description(request)
        names.check_name(request["name"])
        names.check_arn(request["roleArn"])
        logging = self._logging(request.get("loggingConfiguration", _NO_LOGGING))
        machine_type = request.get("type", "STANDARD")
        parsed = checked_definition(request["definition"], machine_type)
        tags = tags_of(request.get("tags", []))
        machine = StateMachine(
            names.machine_arn(request["name"]),
            request["name"],
            request["definition"],
            parsed,
            request["roleArn"],
            machine_type,
            self._clock(),
            logging,
            request.get("tracingConfiguration", _NO_TRACING),
            revision_id=str(uuid.uuid4()),
            tags=tags,
        )
        existing = self._store.machine(machine.arn)
        if existing is None:
            acting.check_role(self._clients, machine.role_arn, machine.arn, machine.parsed)
            self._store.save_machine(machine)
        elif not _same(existing, machine):
            message = f"State Machine Already Exists: '{machine.arn}'"
            raise ServiceError("StateMachineAlreadyExists", message)
        kept = existing or machine
        answer = {"stateMachineArn": kept.arn, "creationDate": kept.created}
        return answer | self._published(kept, request)

    def update(self, request: Parameters) -> dict[str, Any]:
        """UpdateStateMachine. Running executions go on with the definition they have.

        An update that changes nothing keeps the revision (recorded).
        """
        _check_version_description(request)
        changes = {"definition", "roleArn", "loggingConfiguration", "tracingConfiguration"}
        if not changes & set(request):
            raise ServiceError(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the "
                "TracingConfiguration must be specified",
            )
        machine = self.find(request["stateMachineArn"])
        changed = StateMachine(**vars(machine))
        if "definition" in request:
            changed.parsed = checked_definition(request["definition"], machine.type)
            changed.definition = request["definition"]
        if "roleArn" in request:
            names.check_arn(request["roleArn"])
            changed.role_arn = request["roleArn"]
        acting.check_role(self._clients, changed.role_arn, machine.arn, changed.parsed)
        if "loggingConfiguration" in request:
            changed.logging = self._logging(request["loggingConfiguration"])
        changed.tracing = request.get("tracingConfiguration", machine.tracing)
        changed.updated = self._clock()
        if not _same(machine, changed):
            changed.revision_id = str(uuid.uuid4())
        self._store.save_machine(changed)
        answer = {"updateDate": changed.updated, "revisionId": changed.revision_id}
        return answer | self._published(changed, request)

    def describe(self, request: Parameters) -> dict[str, Any]:
        """DescribeStateMachine."""
        machine, version = self.found(request["stateMachineArn"])
        shown = version.revision if version else revision(machine)
        answer = {
            "stateMachineArn": version.arn if version else machine.arn,
            "name": machine.name,
            "status": "ACTIVE",
            "definition": shown.definition,
            "roleArn": shown.role_arn,
            "type": machine.type,
            "creationDate": version.created if version else machine.created,
            "loggingConfiguration": shown.logging,
            "tracingConfiguration": shown.tracing,
            **machine_details(shown.parsed),
        }
        if shown.revision_id:
            answer["revisionId"] = shown.revision_id
        if version and version.description:
            answer["description"] = version.description
        return answer

    def list(self, request: Parameters) -> dict[str, Any]:
        """ListStateMachines."""
        machines, token = names.page(self._store.machines(), request, "machines")
        listed = [
            {
                "stateMachineArn": machine.arn,
                "name": machine.name,
                "type": machine.type,
                "creationDate": machine.created,
            }
            for machine in machines
        ]
        return {"stateMachines": listed} | ({"nextToken": token} if token else {})

    def delete(self, request: Parameters) -> dict[str, Any]:
        """DeleteStateMachine; what is not there is deleted already."""
        names.check_arn(request["stateMachineArn"], "stateMachine")
        self._store.delete_machine(request["stateMachineArn"])
        return {}

    def find(self, arn: str) -> StateMachine:
        """Return the machine.

        Raises:
            ServiceError: InvalidArn, StateMachineDoesNotExist.
        """
        names.check_arn(arn, "stateMachine")
        machine = self._store.machine(arn)
        if machine is None:
            raise _does_not_exist(arn)
        return machine

    def found(self, arn: str) -> tuple[StateMachine, Version | None]:
        """Return the machine of an ARN, and the version when it is a version's.

        Raises:
            ServiceError: InvalidArn, StateMachineDoesNotExist.
        """
        names.check_arn(arn, "stateMachine")
        machine_arn, qualifier = names.unqualified(arn)
        machine = self._store.machine(machine_arn)
        if machine is None:
            raise _does_not_exist(arn)
        version = machine.versions.get(int(qualifier)) if qualifier.isdigit() else None
        if qualifier and version is None:
            raise _does_not_exist(arn)
        return machine, version

    def to_run(self, arn: str) -> Revision:
        """Return what an execution with this ARN will run: of a machine, a version, an alias.

        An alias chooses among its versions by their weights.

        Raises:
            ServiceError: InvalidArn, StateMachineDoesNotExist.
        """
        names.check_arn(arn, "stateMachine")
        machine_arn, qualifier = names.unqualified(arn)
        machine = self._store.machine(machine_arn)
        alias = machine.aliases.get(qualifier) if machine is not None else None
        if alias is None:
            machine, version = self.found(arn)
            return version.revision if version else revision(machine)
        (chosen,) = self._random.choices(list(alias.routes), list(alias.routes.values()))
        _, version = self.found(chosen)
        assert version is not None  # a version that an alias uses cannot be deleted
        return dataclasses.replace(version.revision, alias_arn=alias.arn)

    def publish(self, machine: StateMachine, description: str) -> Version:
        """Return the version of a machine as it stands: its newest one, or a new one."""
        with self._lock:
            newest = machine.versions.get(machine.last_version)
            if newest is not None and newest.of == machine.revision_id:
                return newest
            machine.last_version += 1
            arn = f"{machine.arn}:{machine.last_version}"
            ran = dataclasses.replace(revision(machine), version_arn=arn)
            version = Version(arn, machine.revision_id, ran, description, self._clock())
            machine.versions[machine.last_version] = version
            self._store.save_machine(machine)
            return version

    def _published(self, machine: StateMachine, request: Parameters) -> dict[str, str]:
        """Return the ARN of the version that the request wants to be published, if it does."""
        if not request.get("publish"):
            return {}
        version = self.publish(machine, request.get("versionDescription", ""))
        return {"stateMachineVersionArn": version.arn}

    def _logging(self, configuration: dict[str, Any]) -> dict[str, Any]:
        """Return the whole configuration.

        Raises:
            ServiceError: InvalidLoggingConfiguration.
        """
        whole = _whole_logging(configuration)
        self._logs.check(whole)
        return whole


def _shown_revision(machine: StateMachine) -> dict[str, str]:
    """Return the revisionId as AWS shows it: not before the first update (recorded)."""
    return {} if machine.updated is None else {"revisionId": machine.revision_id}


def machine_details(definition: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that both Describe operations add to a definition."""
    references = variables.references(definition)
    shown = {"variableReferences": references} if references else {}
    return {"encryptionConfiguration": {"type": "AWS_OWNED_KEY"}, **shown}


def revision(machine: StateMachine) -> Revision:
    """Return what an execution that starts now will run."""
    return Revision(
        machine.arn,
        machine.name,
        machine.definition,
        machine.parsed,
        machine.role_arn,
        _shown_revision(machine).get("revisionId"),
        machine.updated or machine.created,
        machine.logging,
        machine.tracing,
        machine.type,
    )


def _same(one: StateMachine, other: StateMachine) -> bool:
    """Return whether a second create asks for the machine that is there (tags do not count)."""

    def asked(machine: StateMachine) -> tuple[Any, ...]:
        return (
            machine.definition,
            machine.role_arn,
            machine.type,
            machine.logging,
            machine.tracing,
        )

    return asked(one) == asked(other)


def _whole_logging(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the whole configuration; any level but OFF needs one destination."""
    whole = _NO_LOGGING | configuration
    destinations = whole.get("destinations", [])
    if (whole["level"] != "OFF" and len(destinations) != 1) or len(destinations) > 1:
        raise ServiceError(
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Must specify exactly one Log Destination.",
        )
    return whole


def _does_not_exist(arn: str) -> ServiceError:
    return ServiceError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def _check_version_description(request: Parameters) -> None:
    if "versionDescription" in request and not request.get("publish"):
        raise ServiceError(
            "ValidationException", "Version description can only be set when publish is true"
        )
