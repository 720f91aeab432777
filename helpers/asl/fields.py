"""Which fields a state may and must have, and what their values look like.

Source: https://states-language.net/#state-type-table, the pages of each state in the developer
guide, and the refusals that AWS gave to users.
"""

from typing import Any

STATE_TYPES = ["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"]

JSONPATH = "JSONPath"
JSONATA = "JSONata"
LANGUAGES = [JSONPATH, JSONATA]
MACHINE_TYPES = ["STANDARD", "EXPRESS"]


def query_language(state: dict[str, Any], machine: dict[str, Any]) -> str:
    """Return a state's query language: its own, else the machine's, else JSONPath."""
    return state.get("QueryLanguage") or machine.get("QueryLanguage") or JSONPATH


MACHINE = {"Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"}
FLOW = {"Comment", "StartAt", "States", "ProcessorConfig"}

_COMMON = {"Type", "Comment", "QueryLanguage"}
_MOVE = {"Next", "End"}
_ERRORS = {"Retry", "Catch"}
_IN_OUT = {"InputPath", "OutputPath"}
_RESULT = {"ResultSelector", "ResultPath"}
_MAP_JSONATA = {"Items"}
_TOLERANCE = {"ToleratedFailureCount", "ToleratedFailurePercentage"}

ANY_LANGUAGE: dict[str, set[str]] = {
    "Task": _COMMON
    | _MOVE
    | _ERRORS
    | {"Resource", "TimeoutSeconds", "HeartbeatSeconds", "Credentials", "Assign"},
    "Wait": _COMMON | _MOVE | {"Seconds", "Timestamp", "Assign"},
    "Pass": _COMMON | _MOVE | {"Assign"},
    "Succeed": _COMMON,
    "Fail": _COMMON | {"Error", "Cause"},
    "Choice": _COMMON | {"Choices", "Default", "Assign"},
    "Parallel": _COMMON | _MOVE | _ERRORS | {"Branches", "Assign"},
    "Map": _COMMON
    | _MOVE
    | _ERRORS
    | _TOLERANCE
    | {
        "ItemProcessor",
        "Iterator",
        "ItemReader",
        "ItemSelector",
        "ItemBatcher",
        "ResultWriter",
        "MaxConcurrency",
        "Label",
        "Assign",
    },
}
JSONPATH_ONLY: dict[str, set[str]] = {
    "Task": _IN_OUT | _RESULT | {"Parameters", "TimeoutSecondsPath", "HeartbeatSecondsPath"},
    "Wait": _IN_OUT | {"SecondsPath", "TimestampPath"},
    "Pass": _IN_OUT | {"Parameters", "ResultPath", "Result"},
    "Succeed": _IN_OUT,
    "Fail": {"ErrorPath", "CausePath"},
    "Choice": _IN_OUT,
    "Parallel": _IN_OUT | _RESULT | {"Parameters"},
    "Map": _IN_OUT
    | _RESULT
    | {"Parameters", "ItemsPath", "MaxConcurrencyPath"}
    | {f"{field}Path" for field in _TOLERANCE},
}
JSONATA_ONLY: dict[str, set[str]] = {
    "Task": {"Arguments", "Output"},
    "Wait": {"Output"},
    "Pass": {"Output"},
    "Succeed": {"Output"},
    "Fail": set(),
    "Choice": {"Output"},
    "Parallel": {"Arguments", "Output"},
    "Map": {"Output"} | _MAP_JSONATA,
}


def all_of(kind: str) -> set[str]:
    """Return the fields that a state of a type may have in either query language."""
    return ANY_LANGUAGE[kind] | JSONPATH_ONLY[kind] | JSONATA_ONLY[kind]


REQUIRED: dict[str, list[str]] = {
    "Task": ["Resource"],
    "Choice": ["Choices"],
    "Parallel": ["Branches"],
}

# Groups of which a state has exactly one field, or at most one, in AWS's order.
_NEXT_END = ["Next", "End"]
EXACTLY_ONE: dict[str, list[list[str]]] = {
    "Task": [_NEXT_END],
    "Pass": [_NEXT_END],
    "Wait": [_NEXT_END, ["SecondsPath", "Seconds", "TimestampPath", "Timestamp"]],
    "Parallel": [_NEXT_END],
    "Map": [_NEXT_END, ["ItemProcessor", "Iterator"]],
}
AT_MOST_ONE: dict[str, list[list[str]]] = {
    "Task": [
        ["TimeoutSeconds", "TimeoutSecondsPath"],
        ["HeartbeatSeconds", "HeartbeatSecondsPath"],
    ],
    "Fail": [["Error", "ErrorPath"], ["Cause", "CausePath"]],
    "Map": [
        ["ItemSelector", "Parameters"],
        ["MaxConcurrency", "MaxConcurrencyPath"],
        ["ToleratedFailureCount", "ToleratedFailureCountPath"],
        ["ToleratedFailurePercentage", "ToleratedFailurePercentagePath"],
    ],
}

# Fields of one JSON type, and that type in Python.
TYPES: dict[str, tuple[str, type]] = {
    "Next": ("String", str),
    "End": ("Boolean", bool),
    "Default": ("String", str),
    "Error": ("String", str),
    "Cause": ("String", str),
    "Comment": ("String", str),
    "ItemProcessor": ("Object", dict),
    "Iterator": ("Object", dict),
}

TEMPLATES = ["Parameters", "ResultSelector", "ItemSelector"]
PATHS = ["InputPath", "OutputPath"]
REFERENCE_PATHS = [
    "ResultPath",
    "SecondsPath",
    "TimestampPath",
    "ItemsPath",
    "MaxConcurrencyPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
]
EXPRESSIONS = ["ErrorPath", "CausePath"]

# Whole numbers and their limits.
NUMBERS: dict[str, tuple[int, int]] = {
    "TimeoutSeconds": (1, 99_999_999),
    "HeartbeatSeconds": (1, 99_999_999),
    "Seconds": (0, 99_999_999),
    "MaxConcurrency": (0, 2**31 - 1),
    "ToleratedFailureCount": (0, 2**31 - 1),
}
MACHINE_TIMEOUT = (0, 99_999_999)
BACKOFF_RATE = (1, 99_999_999)
JITTER = ["NONE", "FULL"]
RETRIER_NUMBERS: dict[str, tuple[int, int]] = {
    "IntervalSeconds": (0, 99_999_999),
    "MaxAttempts": (0, 99_999_999),
    "MaxDelaySeconds": (1, 31_622_400),
}
RETRIER = {
    "ErrorEquals",
    "IntervalSeconds",
    "BackoffRate",
    "MaxAttempts",
    "MaxDelaySeconds",
    "JitterStrategy",
    "Comment",
}
RULE_KINDS = ["And", "Or", "Not", "Variable", "Condition"]
RULE = {*RULE_KINDS, "Next", "Comment", "Assign", "Output"}
CATCHER = {"ErrorEquals", "Next", "ResultPath", "Assign", "Output", "Comment"}
# Fields of a catcher or of a rule that only one query language has.
RULE_LANGUAGE = {
    "Output": JSONATA,
    "Condition": JSONATA,
    **dict.fromkeys(["ResultPath", "And", "Or", "Not", "Variable"], JSONPATH),
}
LONGEST_NAME = 80  # characters of a state's name
