"""Step Functions over AWS JSON 1.0: the operations by name."""

from collections.abc import Callable, Iterable
from typing import Any

from helpers.local_aws.clients import Clients
from helpers.local_aws.database import Database
from helpers.local_aws.json_protocol import ServiceError, answer, check_input
from helpers.local_aws.states import definitions
from helpers.local_aws.states.activities import LONG_POLL, Activities
from helpers.local_aws.states.aliases import Aliases
from helpers.local_aws.states.executions import Executions
from helpers.local_aws.states.express import Express
from helpers.local_aws.states.integrations import Tasks
from helpers.local_aws.states.logs import Logs
from helpers.local_aws.states.machines import Machines
from helpers.local_aws.states.metrics import Metrics
from helpers.local_aws.states.resume import resume_all
from helpers.local_aws.states.runs import Runs
from helpers.local_aws.states.sqlite_store import SqliteStore
from helpers.local_aws.states.status_events import Offer, teller
from helpers.local_aws.states.tags import Tags
from helpers.local_aws.states.testing import StateTests
from helpers.local_aws.states.versions import Versions

SERVICE = "stepfunctions"
# The order in which AWS prints the values (recorded).
_ENUM_ORDER = {
    "ExecutionStatus": [
        "SUCCEEDED",
        "TIMED_OUT",
        "PENDING_REDRIVE",
        "ABORTED",
        "FAILED",
        "RUNNING",
    ]
}


class Application:
    """Step Functions of one embedded AWS, as a WSGI application."""

    def __init__(
        self, clients: Clients, database: Database, *, long_poll: float = LONG_POLL
    ) -> None:
        """Take what makes boto3 clients of this very AWS, `clients("lambda")`, and what keeps.

        `long_poll` is for how many seconds GetActivityTask waits for a task.
        """
        self._store = SqliteStore(database)
        self._logs = Logs(clients)
        self._machines = Machines(self._store, self._logs, clients)
        self._activities = Activities(self._store, long_poll=long_poll)
        tasks = Tasks(clients, self._activities, self._store)
        self._runs = runs = Runs(self._store, tasks, self._logs)
        self._executions = Executions(self._store, self._machines, runs)
        machines, executions = self._machines, self._executions
        activities, tokens = self._activities, tasks.tokens
        express, tags = Express(machines, executions, runs), Tags(self._store)
        versions, aliases = Versions(self._store, machines), Aliases(self._store, machines)
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "CreateStateMachine": machines.create,
            "UpdateStateMachine": machines.update,
            "ValidateStateMachineDefinition": definitions.validated,
            "TestState": StateTests(tasks).test,
            "DescribeStateMachine": machines.describe,
            "ListStateMachines": machines.list,
            "DeleteStateMachine": self._delete,
            "TagResource": tags.tag,
            "UntagResource": tags.untag,
            "ListTagsForResource": tags.list_tags,
            "StartExecution": express.start,
            "StartSyncExecution": express.start_sync,
            "PublishStateMachineVersion": versions.publish,
            "ListStateMachineVersions": versions.list,
            "DeleteStateMachineVersion": versions.delete,
            "CreateStateMachineAlias": aliases.create,
            "UpdateStateMachineAlias": aliases.update,
            "DescribeStateMachineAlias": aliases.describe,
            "ListStateMachineAliases": aliases.list,
            "DeleteStateMachineAlias": aliases.delete,
            "ListMapRuns": runs.map_runs.list,
            "DescribeMapRun": runs.map_runs.describe,
            "UpdateMapRun": runs.map_runs.update,
            "StopExecution": executions.stop,
            "RedriveExecution": executions.redrive,
            "DescribeExecution": executions.describe,
            "DescribeStateMachineForExecution": executions.describe_machine,
            "ListExecutions": executions.list,
            "GetExecutionHistory": executions.history,
            "SendTaskSuccess": tokens.success,
            "SendTaskFailure": tokens.failure,
            "SendTaskHeartbeat": tokens.heartbeat,
            "CreateActivity": activities.create,
            "DescribeActivity": activities.describe,
            "ListActivities": activities.list,
            "DeleteActivity": activities.delete,
            "GetActivityTask": activities.task,
        }

    def resume(self) -> None:
        """Go on with what ran when the process before this one died; call it once."""
        resume_all(self._runs, self._store)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        return answer(SERVICE, environ, start_response, self.perform)

    def perform(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Perform an operation of the API. What it tells is kept before it is told.

        Raises:
            ServiceError: as AWS; UnknownOperationException for what is not here yet.
        """
        perform = self._operations.get(operation)
        if perform is None:
            message = f"{operation} is not available in the embedded AWS yet."
            raise ServiceError("UnknownOperationException", message)
        check_input(SERVICE, operation, parameters, enum_order=_ENUM_ORDER)
        try:
            return perform(_given(parameters))
        finally:
            self._store.flush_shown()

    @property
    def metrics(self) -> Metrics:
        """What CloudWatch is told about executions."""
        return self._runs.metrics

    def tell_status_to(self, offer: Offer) -> None:
        """Tell EventBridge of each change of an execution's status."""
        self._runs.status_changed = teller(offer, self._executions.describe)

    def reset(self) -> None:
        """End what runs and forget everything."""
        self._runs.abort_all()
        self._activities.interrupt()
        self._logs.close()
        self.metrics.clear()
        self._store.clear()

    def close(self) -> None:
        """Let go of what runs."""
        self._runs.halt_all()
        self._activities.interrupt()
        self._logs.close()

    def _delete(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """DeleteStateMachine; what the machine still runs ends, too."""
        deleted = self._machines.delete(parameters)
        self._runs.abort_all(parameters["stateMachineArn"])
        return deleted


def _given(value: Any) -> Any:
    """Return a request without the members that are null: AWS takes them as not given."""
    if isinstance(value, dict):
        return {name: _given(item) for name, item in value.items() if item is not None}
    return [_given(item) for item in value] if isinstance(value, list) else value
