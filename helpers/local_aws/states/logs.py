"""What executions write to CloudWatch Logs, by the level of the machine's loggingConfiguration.

Source: "Using CloudWatch Logs to log execution history in Step Functions" of the developer guide.
"""

import hashlib
import time
from collections.abc import Callable
from typing import Any

from helpers.asl.payload import json_text
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.log_delivery import LogDelivery, LogLine
from helpers.local_aws.states.store import Event, Execution

_FATAL = {"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"}
_DATA = {
    "input",
    "inputDetails",
    "output",
    "outputDetails",
    "parameters",
    "assignedVariables",
    "assignedVariablesDetails",
}


def shown_at(level: str, event_type: str) -> bool:
    """Return whether events of a type are logged at a level: ALL, ERROR, FATAL or OFF."""
    if level == "ERROR":
        failed = event_type.endswith(("Failed", "Aborted", "TimedOut"))
        return failed or event_type == "FailStateEntered"
    return level == "ALL" or (level == "FATAL" and event_type in _FATAL)


class Logs:
    """Delivers to the log groups of one embedded AWS."""

    def __init__(self, clients: Callable[..., Any]) -> None:
        self._clients = clients
        self._delivery = LogDelivery(clients, makes_groups=False)

    def check(self, configuration: dict[str, Any]) -> None:
        """Refuse a configuration whose log group is not there.

        Raises:
            ServiceError: InvalidLoggingConfiguration.
        """
        for group in _groups(configuration):
            found = self._clients("logs").describe_log_groups(logGroupNamePrefix=group)
            if group not in [item["logGroupName"] for item in found["logGroups"]]:
                raise ServiceError(
                    "InvalidLoggingConfiguration",
                    "Invalid Logging Configuration: Log Destination not found.",
                )

    def writer(self, execution: Execution) -> Callable[[Event], None] | None:
        """Return what takes the events of an execution; None when nothing is logged."""
        configuration = execution.revision.logging
        groups, level = _groups(configuration), configuration["level"]
        if level == "OFF" or not groups:
            return None
        with_data = configuration.get("includeExecutionData", False)
        minute = time.strftime("%Y-%m-%d-%H-%M", time.gmtime(execution.started))
        shard = hashlib.sha256(execution.arn.encode()).hexdigest()[:8]
        stream = f"states/{execution.revision.name}/{minute}/{shard}"

        def write(event: Event) -> None:
            if shown_at(level, event.type):
                text = json_text(_record(event, execution, with_data))
                moment = round(event.timestamp * 1000)
                for group in groups:
                    self._delivery.write(LogLine(group, stream, moment, text))

        return write

    def close(self) -> None:
        """Deliver what waits, and end."""
        self._delivery.close()


def _groups(configuration: dict[str, Any]) -> list[str]:
    """Return the names of the log groups of a loggingConfiguration."""
    arns = [
        destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        for destination in configuration.get("destinations", [])
    ]
    return [arn.partition(":log-group:")[2].removesuffix(":*") for arn in arns]


def _record(event: Event, execution: Execution, with_data: bool) -> dict[str, Any]:
    """Return an event as the log has it: numbers are texts (recorded)."""
    details = event.details or {}
    if not with_data:
        details = {name: value for name, value in details.items() if name not in _DATA}
    return {
        "id": str(event.id),
        "type": event.type,
        "details": details,
        "previous_event_id": str(event.previous),
        "event_timestamp": str(round(event.timestamp * 1000)),
        "execution_arn": execution.arn,
        "redrive_count": str(execution.redrive_count),
    }
