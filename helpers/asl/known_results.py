"""Shapes that are known before anything runs: answers of services, the context object.

Members are those of the recorded answers and of the API models of the services.
"""

from typing import Any

from helpers.asl import resources
from helpers.asl.shapes import ANYTHING, SCALAR, Shape, an_object

_SDK = {
    "SdkHttpMetadata": an_object(
        {"AllHttpHeaders": ANYTHING, "HttpHeaders": ANYTHING, "HttpStatusCode": SCALAR}
    ),
    "SdkResponseMetadata": an_object({"RequestId": SCALAR}),
}
_DYNAMODB = {"ConsumedCapacity": ANYTHING}
_CHANGED = {**_DYNAMODB, "Attributes": ANYTHING, "ItemCollectionMetrics": ANYTHING}

# service and action of an optimised integration -> the members of its answer
_ANSWERS: dict[tuple[str, str], dict[str, Shape]] = {
    ("lambda", "invoke"): {
        "Payload": ANYTHING,
        **dict.fromkeys(["ExecutedVersion", "StatusCode", "FunctionError", "LogResult"], SCALAR),
    },
    ("sns", "publish"): dict.fromkeys(["MessageId", "SequenceNumber"], SCALAR),
    ("sqs", "sendMessage"): dict.fromkeys(
        [
            "MessageId",
            "SequenceNumber",
            "MD5OfMessageBody",
            "MD5OfMessageAttributes",
            "MD5OfMessageSystemAttributes",
        ],
        SCALAR,
    ),
    ("events", "putEvents"): {"Entries": ANYTHING, "FailedEntryCount": SCALAR},
    ("states", "startExecution"): dict.fromkeys(["ExecutionArn", "StartDate"], SCALAR),
    ("dynamodb", "getItem"): {**_DYNAMODB, "Item": ANYTHING},
    ("dynamodb", "putItem"): _CHANGED,
    ("dynamodb", "updateItem"): _CHANGED,
    ("dynamodb", "deleteItem"): _CHANGED,
}

ERROR_OUTPUT = an_object({"Error": SCALAR, "Cause": SCALAR})

# Source: "Context object" of the developer guide.
CONTEXT = an_object(
    {
        "Execution": an_object(
            {
                "Input": ANYTHING,
                **dict.fromkeys(["Id", "Name", "RoleArn", "StartTime"], SCALAR),
                **dict.fromkeys(["RedriveCount", "RedriveTime"], SCALAR),
            }
        ),
        "State": an_object(dict.fromkeys(["EnteredTime", "Name", "RetryCount"], SCALAR)),
        "StateMachine": an_object(dict.fromkeys(["Id", "Name"], SCALAR)),
        "Task": an_object({"Token": SCALAR}),
        "Map": an_object(
            {
                "Item": an_object(
                    {"Value": ANYTHING, **dict.fromkeys(["Index", "Key", "Source"], SCALAR)}
                )
            }
        ),
    }
)


def of_task(state: dict[str, Any]) -> Shape:
    """Return the shape of a Task's result; anything, where the service may answer anything."""
    arn = state.get("Resource")
    resource = resources.parse(arn) if isinstance(arn, str) else None
    if resource is None or resource.pattern:
        return ANYTHING
    members = _ANSWERS.get((resource.service, resource.action))
    return ANYTHING if members is None else an_object({**members, **_SDK})
