"""What can go wrong while a state is evaluated, under the names and texts of AWS."""

RUNTIME = "States.Runtime"
TIMEOUT = "States.Timeout"
DATA_LIMIT = "States.DataLimitExceeded"
INTRINSIC_FAILURE = "States.IntrinsicFailure"
RESULT_PATH_MATCH_FAILURE = "States.ResultPathMatchFailure"
REFERENCE_PATH_CONFLICT = "States.ReferencePathConflict"
QUERY_EVALUATION = "States.QueryEvaluationError"

# Every name of AWS's own ("Error names" of the developer guide, and those above).
NAMES = [
    "States.ALL",
    "States.BranchFailed",
    DATA_LIMIT,
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.Http.Socket",
    INTRINSIC_FAILURE,
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    QUERY_EVALUATION,
    REFERENCE_PATH_CONFLICT,
    RESULT_PATH_MATCH_FAILURE,
    "States.ResultWriterFailed",
    RUNTIME,
    "States.TaskFailed",
    TIMEOUT,
]

# Bytes of UTF-8 that an input or a result may have ("Service quotas" of the developer guide).
PAYLOAD_LIMIT = 262_144

# Characters of an error and of a cause (SensitiveError and SensitiveCause of the API model).
LONGEST_ERROR = 256
LONGEST_CAUSE = 32_768


class EvaluationError(Exception):
    """A path, a template or a field that cannot be evaluated.

    `message` is AWS's sentence without the words that name the state; whoever runs the state
    puts "An error occurred while executing the state 'S' (entered at the event id #n). " before it.
    `location` is the field of a JSONata state that it happened in, such as "Output/total".
    """

    def __init__(self, message: str, error: str = RUNTIME, location: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.error = error
        self.location = location


class StateFailure(Exception):
    """A state that failed: the error name and the cause that Retry, Catch and the history see.

    Either may be None, as a Fail state without them has it. What is longer than the API model
    allows is cut.
    """

    def __init__(self, error: str | None, cause: str | None = None) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error if error is None else error[:LONGEST_ERROR]
        self.cause = cause if cause is None else cause[:LONGEST_CAUSE]
