"""As whom an execution calls services: its machine's role, or the role of a state's Credentials.

Source: "Accessing resources in other AWS accounts" and "Creating an IAM role for your state
machine" of the developer guide.
"""

from dataclasses import dataclass
from typing import Any

from helpers.asl.definition import states
from helpers.asl.failures import StateFailure
from helpers.asl.paths import Scope
from helpers.asl.retry import TASK_FAILED
from helpers.local_aws.clients import ClientsOfRole
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.permissions.decisions import STATES
from helpers.local_aws.permissions.principals import of_service
from helpers.local_aws.permissions.refusals import sentence
from helpers.local_aws.permissions.resources import Ask, arn
from helpers.local_aws.states.integrations.calls import Clients
from helpers.local_aws.states.visit import Visit

_SYNC = "arn:aws:states:::states:startExecution.sync"
_RULE = arn("events", "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")


def credentials(visit: Visit, scope: Scope) -> str | None:
    """Return the ARN of the role that the state's Credentials name, None without Credentials."""
    if "Credentials" not in visit.state:
        return None
    named = visit.language.credentials(visit.state, scope, visit.randomness)
    return str(named.get("RoleArn"))


def as_machine(visit: Visit) -> Clients:
    """Return the clients that act as the machine's role.

    Raises:
        StateFailure: States.TaskFailed, Step Functions may not assume the role (any more).
    """
    clients, revision = _clients(visit), visit.line.run.execution.revision
    role, machine = revision.role_arn, revision.machine_arn.partition("/")[0]
    if not clients.permissions.is_trusted(role, STATES, machine):
        message = f"The principal {STATES} is not authorized to assume the provided role."
        raise StateFailure(TASK_FAILED, message)
    return ClientsOfRole(clients, of_service(role))


def as_task(visit: Visit, role_arn: str | None) -> Clients:
    """Return the clients that act as a Task's role, which the machine's role assumes.

    Raises:
        StateFailure: States.TaskFailed, it may not (recorded).
    """
    acting = as_machine(visit)
    if role_arn is None:
        return acting
    clients, own = _clients(visit), visit.line.run.execution.revision.role_arn
    if not clients.permissions.may_assume(of_service(own), role_arn):
        message = f"The role {own} is not authorized to assume the task state's role, {role_arn}."
        raise StateFailure(TASK_FAILED, message)
    return ClientsOfRole(clients, of_service(role_arn))


@dataclass(frozen=True)
class ClientsOfTask:
    """The clients of a Task. Its role is assumed with each call, which fails where it may not."""

    visit: Visit
    role_arn: str | None

    def __call__(self, service: str) -> Any:
        """Return the client of a service, see `as_task`."""
        return as_task(self.visit, self.role_arn)(service)

    def perform(self, service: str, operation: str, request: Any) -> dict[str, Any]:
        """Return the response of an operation, see `as_task`."""
        return as_task(self.visit, self.role_arn).perform(service, operation, request)


def refusal(visit: Visit, ask: Ask) -> str:
    """Return why the machine's role may not do something that Step Functions does itself, or ""."""
    principal = of_service(visit.line.run.execution.revision.role_arn)
    reason = _clients(visit).permissions.reason_against(principal, ask)
    return sentence(principal.arn, ask, reason) if reason else ""


def check_role(clients: Any, role_arn: str, machine_arn: str, definition: dict[str, Any]) -> None:
    """Refuse a role that Step Functions could not work with.

    It must be there and trust Step Functions. Where a task waits for an execution (`.sync`), it
    must be allowed the rule by which Step Functions hears of its end.
    Source: "Call other AWS services … (.sync)" of the developer guide.

    Raises:
        ServiceError: AccessDeniedException, as CreateStateMachine answers (reported by users).
    """
    if not clients.permissions.is_trusted(role_arn, STATES, machine_arn):
        raise ServiceError(
            "AccessDeniedException",
            f"Neither the global service principal {STATES}, nor the regional one is authorized "
            "to assume the provided role.",
        )
    if any(_waits(place.state) for place in states(definition)):
        for action in ("PutTargets", "PutRule", "DescribeRule"):
            ask = Ask(f"events:{action}", _RULE)
            if clients.permissions.reason_against(of_service(role_arn), ask):
                message = f"'{role_arn}' is not authorized to create managed-rule."
                raise ServiceError("AccessDeniedException", message)


def _waits(state: dict[str, Any]) -> bool:
    return str(state.get("Resource", "")).startswith(_SYNC)


def _clients(visit: Visit) -> Any:
    return visit.line.run.tasks.clients
