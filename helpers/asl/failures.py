"""What can go wrong while a state is evaluated, under the names and texts of AWS."""

RUNTIME = "States.Runtime"
TIMEOUT = "States.Timeout"
DATA_LIMIT = "States.DataLimitExceeded"
INTRINSIC_FAILURE = "States.IntrinsicFailure"
RESULT_PATH_MATCH_FAILURE = "States.ResultPathMatchFailure"
REFERENCE_PATH_CONFLICT = "States.ReferencePathConflict"

# Bytes of UTF-8 that an input or a result may have ("Service quotas" of the developer guide).
PAYLOAD_LIMIT = 262_144


class EvaluationError(Exception):
    """A path, a template or a field that cannot be evaluated.

    `message` is AWS's sentence without the words that name the state; whoever runs the state
    puts "An error occurred while executing the state 'S' (entered at the event id #n). " before it.
    """

    def __init__(self, message: str, error: str = RUNTIME) -> None:
        super().__init__(message)
        self.message = message
        self.error = error


class StateFailure(Exception):
    """A state that failed: the error name and the cause that Retry, Catch and the history see.

    Either may be None, as a Fail state without them has it.
    """

    def __init__(self, error: str | None, cause: str | None = None) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
