"""What EventBridge is told when the status of an execution changes.

Source: "Automating Step Functions event delivery with EventBridge" of the developer guide.
"""

import json
from collections.abc import Callable
from typing import Any

SOURCE = "aws.states"
DETAIL_TYPE = "Step Functions Execution Status Change"
_MOST_DATA = 248 * 1024  # bytes of input and output together, escaped

_NOTHING: dict[str, Any] = dict.fromkeys(
    [
        "executionArn",
        "stateMachineArn",
        "name",
        "status",
        "startDate",
        "stopDate",
        "input",
        "output",
        "stateMachineVersionArn",
        "stateMachineAliasArn",
        "redriveCount",
        "redriveDate",
        "redriveStatus",
        "redriveStatusReason",
        "inputDetails",
        "outputDetails",
        "error",
        "cause",
    ]
)

# (source, detail-type, resources, what makes the detail): publishes if a rule may want it
Offer = Callable[[str, str, list[str], Callable[[], dict[str, Any]]], None]
Describe = Callable[[dict[str, Any]], dict[str, Any]]


def teller(offer: Offer, describe: Describe) -> Callable[[str], None]:
    """Return what is called with the ARN of an execution whose status has changed.

    Args:
        offer: hands an event to EventBridge; it asks for the detail when a rule may want it.
        describe: DescribeExecution, which has the same information.
    """

    def tell(arn: str) -> None:
        offer(SOURCE, DETAIL_TYPE, [arn], lambda: detail(describe({"executionArn": arn})))

    return tell


def detail(described: dict[str, Any]) -> dict[str, Any]:
    """Return the detail of an event for DescribeExecution's answer: dates are milliseconds."""
    told = _NOTHING | {name: value for name, value in described.items() if name in _NOTHING}
    for name in ("startDate", "stopDate", "redriveDate"):
        if told[name] is not None:
            told[name] = round(told[name] * 1000)
    output_size = _escaped(told["output"])
    if _escaped(told["input"]) + output_size > _MOST_DATA:
        told |= {"input": None, "inputDetails": {"included": False}}
    if output_size > _MOST_DATA:
        told |= {"output": None, "outputDetails": {"included": False}}
    return told


def _escaped(text: str | None) -> int:
    return len(json.dumps(text)) if text else 0
