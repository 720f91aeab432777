"""The Resource of a Task state, read into its parts."""

import re
from dataclasses import dataclass
from functools import lru_cache

_FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:[\w-]+:function:[\w-]+(:[\w$.-]+)?", re.ASCII)
_ACTIVITY = re.compile(r"arn:aws[\w-]*:states:[a-z0-9-]+:\d{12}:activity:\S+", re.ASCII)
_INTEGRATION = re.compile(
    r"arn:aws[\w-]*:states:[a-z0-9-]*:(?:\d{12})?:"
    r"((?:aws-sdk:)?[A-Za-z0-9-]+):([A-Za-z0-9]+)(?:\.(sync:2|sync|waitForTaskToken))?",
    re.ASCII,
)


NOT_RECOGNIZED = (
    "The resource provided {} is not recognized. The value is not a valid resource ARN, or the "
    "resource is not available in this region."
)


@dataclass(frozen=True)
class Resource:
    """What a Task calls.

    `kind` is "function" (a plain Lambda ARN), "activity" or "integration". For an integration
    `service` is such as "lambda" or "aws-sdk:s3", `action` such as "invoke", `pattern` "" for
    request-response, else "sync", "sync:2" or "waitForTaskToken".
    """

    arn: str
    kind: str
    service: str = ""
    action: str = ""
    pattern: str = ""

    @property
    def name(self) -> str:
        """The action as events name it: with its pattern."""
        return f"{self.action}.{self.pattern}" if self.pattern else self.action


# The optimised integrations of AWS; "*" stands for any action.
# Source: "Integrating services" of the developer guide.
OPTIMISED: dict[str, set[str]] = {
    "apigateway": {"invoke"},
    "athena": {
        "startQueryExecution",
        "stopQueryExecution",
        "getQueryExecution",
        "getQueryResults",
    },
    "batch": {"submitJob"},
    "bedrock": {"invokeModel", "createModelCustomizationJob"},
    "codebuild": {"startBuild", "stopBuild", "batchDeleteBuilds", "batchGetReports"},
    "dynamodb": {"getItem", "putItem", "updateItem", "deleteItem"},
    "ecs": {"runTask"},
    "eks": {"*"},
    "elasticmapreduce": {"*"},
    "emr-containers": {"*"},
    "emr-serverless": {"*"},
    "events": {"putEvents"},
    "glue": {"startJobRun"},
    "databrew": {"startJobRun"},
    "http": {"invoke"},
    "lambda": {"invoke"},
    "mediaconvert": {"createJob"},
    "sagemaker": {"*"},
    "sns": {"publish"},
    "sqs": {"sendMessage"},
    "states": {"startExecution"},
}

# Services that never wait for a job, and those that never wait for a token.
_NO_SYNC = {"lambda", "sns", "sqs", "dynamodb", "events", "apigateway", "http"}
_NO_TOKEN = {
    "athena",
    "batch",
    "codebuild",
    "elasticmapreduce",
    "emr-containers",
    "emr-serverless",
    "glue",
    "databrew",
    "mediaconvert",
    "sagemaker",
    "dynamodb",
    "http",
}


def exists(resource: Resource) -> bool:
    """Return whether AWS has such a resource; any action of any SDK service passes."""
    if resource.kind != "integration":
        return True
    if resource.service.startswith("aws-sdk:"):
        return not resource.pattern.startswith("sync")
    actions = OPTIMISED.get(resource.service, set())
    if resource.action not in actions and "*" not in actions:
        return False
    if resource.pattern == "sync:2":
        return resource.service == "states"
    if resource.pattern == "sync":
        return resource.service not in _NO_SYNC
    return resource.pattern != "waitForTaskToken" or resource.service not in _NO_TOKEN


@lru_cache(maxsize=1024)
def parse(arn: str) -> Resource | None:
    """Return the parts of a Resource, or None when it is none that Step Functions knows."""
    if _FUNCTION.fullmatch(arn):
        return Resource(arn, "function")
    if _ACTIVITY.fullmatch(arn):
        return Resource(arn, "activity")
    match = _INTEGRATION.fullmatch(arn)
    if match is None:
        return None
    return Resource(arn, "integration", match.group(1), match.group(2), match.group(3) or "")
