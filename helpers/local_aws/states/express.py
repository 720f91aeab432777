"""Express executions: they leave no history but what they write to CloudWatch Logs.

Source: "Choosing workflow type" of the developer guide.
"""

from typing import Any

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import names
from helpers.local_aws.states.executions import Executions, checked_input
from helpers.local_aws.states.machines import Machines
from helpers.local_aws.states.metrics import BILLED_MEMORY, billed_milliseconds
from helpers.local_aws.states.run import Run
from helpers.local_aws.states.runs import Runs
from helpers.local_aws.states.store import Execution, Revision, is_express

Parameters = dict[str, Any]


class Express:
    """StartExecution and StartSyncExecution of Express state machines."""

    def __init__(self, machines: Machines, executions: Executions, runs: Runs) -> None:
        self._machines = machines
        self._runs = runs
        self._executions = executions

    def start(self, request: Parameters) -> dict[str, Any]:
        """StartExecution, of machines of either type. A name may be used again with Express."""
        ran = self._machines.to_run(request["stateMachineArn"])
        if not is_express(ran):
            return self._executions.start(request, ran)
        run = self._launch(request, ran)
        self._runs.go_on(run)
        return {"executionArn": run.execution.arn, "startDate": run.execution.started}

    def start_sync(self, request: Parameters) -> dict[str, Any]:
        """StartSyncExecution: run, and tell how it ended.

        Raises:
            ServiceError: StateMachineTypeNotSupported, the machine is a STANDARD one; and as
                StartExecution.
        """
        ran = self._machines.to_run(request["stateMachineArn"])
        if not is_express(ran):
            raise ServiceError(
                "StateMachineTypeNotSupported",
                "This operation is not supported by this type of state machine",
            )
        run = self._launch(request, ran)
        self._runs.run_to_end(run)
        return _answer(run.execution, request.get("includedData", "ALL_DATA") == "ALL_DATA")

    def _launch(self, request: Parameters, ran: Revision) -> Run:
        name = request.get("name") or names.new_name()
        names.check_name(name)
        given = checked_input(request)
        arn = names.express_arn(ran.name, name, names.new_name())
        execution = Execution(arn, name, ran, given, self._runs.clock())
        execution.trace_header = request.get("traceHeader")
        return self._runs.launch(execution, self._runs.metrics.keeper(execution))


def _answer(execution: Execution, with_data: bool) -> dict[str, Any]:
    stopped = execution.stopped or execution.started
    answer: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.revision.machine_arn,
        "name": execution.name,
        "startDate": execution.started,
        "stopDate": stopped,
        "status": execution.status,
        "inputDetails": {"included": with_data},
        "outputDetails": {"included": with_data},
        "billingDetails": {
            "billedDurationInMilliseconds": billed_milliseconds(execution),
            "billedMemoryUsedInMB": BILLED_MEMORY,
        },
    }
    if with_data:
        answer["input"] = execution.input.text
        if execution.output is not None:
            answer["output"] = execution.output.text
    told = {
        "error": execution.error,
        "cause": execution.cause,
        "traceHeader": execution.trace_header,
    }
    return answer | {name: text for name, text in told.items() if text is not None}
