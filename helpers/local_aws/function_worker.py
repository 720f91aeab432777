"""One execution environment of a Lambda function: imports the handler, answers invocations.

Run as a script by function_process.py, in the folder of the function's code. It reads a line of
JSON about an invocation and then the payload's bytes from standard input; it writes a line of JSON
and the answer's bytes to what was standard output when it started. What the handler prints or logs
goes to a log file. When standard input ends, the embedded AWS is gone, and so are we, at once.

Names and texts of errors are those of AWS's own runtime for Python. Standard library only.
Source: https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
"""

import contextlib
import decimal
import importlib
import io
import json
import logging
import os
import queue
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, BinaryIO

_NO_BREAK_SPACE = "\u00a0"
_invocation = SimpleNamespace(request_id="")


class RuntimeFault(Exception):
    """An error that the runtime, not the handler, reports: such as `Runtime.ImportModuleError`."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.trace = trace or []


class LambdaContext:
    """The second argument of a handler.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    def __init__(self, about: dict[str, Any]) -> None:
        self.aws_request_id: str = about["request_id"]
        self.invoked_function_arn: str = about["invoked_function_arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.tenant_id = None
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        given = about.get("client_context")
        self.client_context = None
        if given:
            self.client_context = SimpleNamespace(
                custom=given.get("custom"),
                env=given.get("env"),
                client=SimpleNamespace(**(given.get("client") or {})),
            )
        self._deadline = time.time() + about["seconds"]

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds that are left before the function is ended."""
        return max(0, int((self._deadline - time.time()) * 1000))

    def log(self, message: object) -> None:
        """Write `message` to the function's log."""
        print(message)

    def __repr__(self) -> str:
        shown = ("aws_request_id", "log_group_name", "log_stream_name", "function_name")
        return f"LambdaContext([{','.join(f'{name}={getattr(self, name)}' for name in shown)}])"


def main() -> None:
    """Import the handler, say that it is there, and answer invocations until the end of input."""
    begin = time.perf_counter()
    requests, answers = _take_over_the_streams(os.environ.pop("WORKSHOP_FUNCTION_LOG"))
    _set_up_logging()
    try:
        handler = _import_handler(os.environ["_HANDLER"])
    except RuntimeFault as fault:
        _fail_to_start(answers, _error(fault.kind, str(fault), fault.trace, ""))
    except Exception as error:
        _fail_to_start(answers, _error_of(error, ""))
    _send(answers, {"ready": True, "milliseconds": (time.perf_counter() - begin) * 1000}, b"")
    while True:
        about, payload = requests.get()
        _invocation.request_id = about["request_id"]
        started = time.perf_counter()
        failed, content = _invoke(handler, payload, about)
        milliseconds = (time.perf_counter() - started) * 1000
        told = {"failed": failed, "milliseconds": milliseconds, "memory": _memory_used()}
        _send(answers, told, content)


def _take_over_the_streams(log: str) -> tuple["queue.SimpleQueue[Any]", BinaryIO]:
    """Keep the two pipes to ourselves; give the handler an empty input and the log as output."""
    sys.stdout.flush()
    incoming = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = io.TextIOWrapper(
        os.fdopen(1, "wb", 0, closefd=False), "utf-8", "backslashreplace", write_through=True
    )
    sys.stderr = sys.stdout
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(incoming, requests), daemon=True).start()
    return requests, answers


def _read(incoming: BinaryIO, requests: "queue.SimpleQueue[Any]") -> None:
    """Read invocations; end this process, whatever the handler does, when there are no more."""
    while line := incoming.readline():
        about = json.loads(line)
        requests.put((about, incoming.read(about["size"])))
    os._exit(0)


def _send(answers: BinaryIO, told: dict[str, Any], content: bytes) -> None:
    sys.stdout.flush()
    answers.write(json.dumps({**told, "size": len(content)}).encode() + b"\n" + content)
    answers.flush()


def _fail_to_start(answers: BinaryIO, error: dict[str, Any]) -> None:
    _log_error(error)
    _send(answers, {"ready": False}, _dumps(error))
    sys.exit(1)


def _import_handler(handler: str) -> Callable[[Any, Any], Any]:
    """Return the function that "folder/module.function" names."""
    root = os.environ["LAMBDA_TASK_ROOT"]
    layers = [path for path in os.environ.pop("WORKSHOP_LAYERS", "").split(os.pathsep) if path]
    sys.path[:0] = [root, *layers]
    module_name, dot, name = handler.rpartition(".")
    if not dot:
        message = f"Bad handler '{handler}': not enough values to unpack (expected 2, got 1)"
        raise RuntimeFault("Runtime.MalformedHandlerName", message)
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise RuntimeFault("Runtime.BuiltInModuleConflict", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise RuntimeFault("Runtime.ImportModuleError", message) from None
    except SyntaxError as error:
        where = f'  File "{_as_on_aws(error.filename or "")}" Line {error.lineno}\n    {error.text}'
        message = f"Syntax error in module '{module_name}': {error}"
        raise RuntimeFault("Runtime.UserCodeSyntaxError", message, [where]) from None
    try:
        return getattr(module, name)
    except AttributeError:
        message = f"Handler '{name}' missing on module '{module_name}'"
        raise RuntimeFault("Runtime.HandlerNotFound", message) from None


def _invoke(
    handler: Callable[[Any, Any], Any], payload: bytes, about: dict[str, Any]
) -> tuple[bool, bytes]:
    """Call the handler; return whether it failed, and the bytes of its result or its error."""
    try:
        event = json.loads(payload or b"{}")
        result = handler(event, LambdaContext(about))
        if isinstance(result, bytes):
            return False, result
        try:
            return False, _dumps(result)
        except Exception as error:
            message = f"Unable to marshal response: {error}"
            raise RuntimeFault("Runtime.MarshalError", message) from None
    except RuntimeFault as fault:
        failure = _error(fault.kind, str(fault), fault.trace, about["request_id"])
    except Exception as error:
        failure = _error_of(error, about["request_id"])
    _log_error(failure)
    return True, _dumps(failure)


def _error(kind: str, message: str, trace: list[str], request_id: str) -> dict[str, Any]:
    return {
        "errorMessage": message,
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": trace,
    }


def _error_of(error: Exception, request_id: str) -> dict[str, Any]:
    """Describe what a handler raised; the frames of this file are left out."""
    frames = [
        (_as_on_aws(frame.filename), frame.lineno, frame.name, frame.line)
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__
    ]
    trace = traceback.format_list(frames)  # type: ignore[arg-type]  # tuples print no carets
    return _error(type(error).__name__, str(error), trace, request_id)


def _as_on_aws(path: str) -> str:
    """Return where `path` would be on AWS: code in /var/task, libraries in /var/lang/lib."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for here, there in (
        (os.environ["LAMBDA_TASK_ROOT"], "/var/task"),
        (sysconfig.get_path("purelib"), f"/var/lang/lib/{version}/site-packages"),
        (sysconfig.get_path("stdlib"), f"/var/lang/lib/{version}"),
    ):
        if path.startswith(here + os.sep):
            return there + path[len(here) :].replace(os.sep, "/")
    return path


def _dumps(value: Any) -> bytes:
    return json.dumps(value, default=_json_value).encode()


def _json_value(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _log_error(error: dict[str, Any]) -> None:
    r"""Log an error as one record; \r stands for a line's end inside a record."""
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}"]
    lines.append("Traceback (most recent call last):")
    for entry in error["stackTrace"]:
        for line in entry.splitlines():
            text = line.lstrip(" ")
            lines.append(_NO_BREAK_SPACE * (len(line) - len(text)) + text)
    sys.stdout.write("\r".join(lines) + "\n")


class _OneRecord(logging.Formatter):
    """AWS's log format, in which a record of several lines stays one record."""

    converter = time.gmtime  # type: ignore[assignment]

    def format(self, record: logging.LogRecord) -> str:
        record.aws_request_id = _invocation.request_id
        return super().format(record).replace("\n", "\r")


def _set_up_logging() -> None:
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(
        _OneRecord(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s",
            "%Y-%m-%dT%H:%M:%S",
        )
    )
    logging.getLogger().addHandler(output)


def _memory_used() -> int:
    """Return the most memory that this process held, in MB; 0 where the system does not tell."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        status = open("/proc/self/status").read()  # noqa: PTH123, SIM115
        return int(status.split("VmHWM:")[1].split()[0]) // 1024
    with contextlib.suppress(ImportError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)
    return 0


if __name__ == "__main__":
    main()
