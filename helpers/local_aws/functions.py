"""Lambda: moto keeps the functions, this module really runs them.

`Functions` holds the warm worker processes (function_process.py), one for each invocation at a
time, and the code that they run, unpacked below the embedded AWS's folder. function_api.py takes
the requests; function_backend.py plugs this into moto. The handlers see the packages of this
environment (boto3, Pillow) and reach the embedded AWS through `AWS_ENDPOINT_URL`.
"""

import hashlib
import io
import json
import logging
import os
import shutil
import threading
import time
import uuid
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.local_aws import function_logs
from helpers.local_aws.function_process import Answer, FunctionProcess, stream_name
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.keeping import is_replaying
from helpers.local_aws.log_delivery import LogDelivery, LogLine
from helpers.local_aws.permissions.decisions import Permissions
from helpers.local_aws.permissions.principals import Principal
from helpers.local_aws.permissions.resources import Ask, arn

log = logging.getLogger(__name__)

MAX_ANSWER = 6291556  # bytes; 6 MB and a little, AWS's own number
MAX_RUNNING = 24  # environments at once; AWS would allow 1,000
MAX_IDLE = 8  # environments kept warm
BURST = 30  # seconds for which more of them stay warm
WAIT_FOR_A_PLACE = 60  # seconds


@dataclass(frozen=True)
class Invocation:
    """What Lambda answers to an invocation."""

    payload: bytes
    failed: bool
    log_tail: bytes  # the last 4 KB


class Functions:
    """The execution environments of all functions of one embedded AWS."""

    def __init__(
        self,
        folder: Path,
        clients: Callable[[str], Any],
        environment: Callable[[str, str], dict[str, str]],
        permissions: Permissions,
    ) -> None:
        """Take the folder for unpacked code, the clients for logs, and how handlers reach AWS.

        `environment` gives the variables for a role's ARN and a function's name.
        """
        self._folder = folder
        self._environment = environment
        self._permissions = permissions
        self._idle: dict[str, list[FunctionProcess]] = {}
        self._running: set[FunctionProcess] = set()
        self._lock = threading.Lock()
        self._unpacking = threading.Lock()
        self._places = threading.BoundedSemaphore(MAX_RUNNING)
        self._inner_places = threading.BoundedSemaphore(MAX_RUNNING)
        self._logs = LogDelivery(clients, makes_groups=True)
        self._later = ThreadPoolExecutor(8, "event-invocation")
        self._number = 0
        self._cooling: threading.Timer | None = None
        shutil.rmtree(folder, ignore_errors=True)

    def invoke(
        self,
        function: Any,
        payload: bytes,
        client_context: dict[str, Any] | None = None,
        *,
        by_handler: bool = False,
    ) -> Invocation:
        """Run one invocation of `function`, a moto LambdaFunction.

        Args:
            function: what to run.
            payload: the event, JSON.
            client_context: what the SDK of a phone would tell.
            by_handler: a handler asks for it. Such have places of their own: the one who asks
                keeps its place until this one has answered.

        Raises:
            ServiceError: TooManyRequestsException when no environment became free in a minute.
        """
        request_id = str(uuid.uuid4())
        if not (function.run_time or "").startswith("python"):
            text = f"The embedded AWS runs Python handlers only, not {function.run_time}."
            return self._refused("Runtime.InvalidRuntime", text)
        about = {
            "request_id": request_id,
            "invoked_function_arn": function.function_arn,
            "client_context": client_context,
        }
        places = self._inner_places if by_handler else self._places
        if not places.acquire(timeout=WAIT_FOR_A_PLACE):
            raise ServiceError("TooManyRequestsException", "Rate Exceeded.", 429)
        try:
            key = _key(function)
            process = self._take(function, key)
            cold = process.init_milliseconds is None
            answer = process.call(payload, about, float(function.timeout or 3))
            said = process.take_log()
            self._give_back(process, key)
        finally:
            places.release()
        init = process.init_milliseconds if cold else None
        records = function_logs.lines(
            said, answer, request_id, str(function.version), int(function.memory_size), init
        )
        if self._may_log(function):
            now = int(time.time() * 1000)
            for record in records:
                self._logs.write(LogLine(function.logs_group_name, process.stream, now, record))
        return Invocation(*_within_limit(answer), "\n".join([*records, ""]).encode()[-4096:])

    def invoke_later(self, function: Any, payload: bytes) -> None:
        """Run one invocation without waiting for it; AWS would repeat a failed one, we do not."""
        self.later(self._invoke_logged, function, payload)

    def later(self, run: Callable[..., None], *arguments: Any) -> None:
        """Call `run` in a thread; not when a request of before is repeated, which had it run."""
        if not is_replaying():
            self._later.submit(run, *arguments)

    def prepare(self, function: Any) -> None:
        """Start an environment now: it imports the handler while nobody waits."""
        if (function.run_time or "").startswith("python"):
            self.later(self._prepare, function)

    def retire(self, name: str) -> None:
        """End the idle environments of the function `name`, whose code or settings changed."""
        with self._lock:
            keys = [key for key in self._idle if key.split("\n")[0] == name]
            processes = [process for key in keys for process in self._idle.pop(key)]
        for process in processes:
            process.kill()

    def reset(self) -> None:
        """End every environment and forget all code."""
        with self._lock:
            processes = [process for idle in self._idle.values() for process in idle]
            processes += self._running
            self._idle.clear()
            if self._cooling is not None:
                self._cooling.cancel()
                self._cooling = None
        for process in processes:
            process.kill()
        self._logs.forget()
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """End every environment, for good."""
        self._later.shutdown(wait=False, cancel_futures=True)
        self.reset()

    def _prepare(self, function: Any) -> None:
        try:
            with self._lock:
                if self._idle.get(_key(function)) or self.idle_count() >= MAX_IDLE:
                    return
            self._give_back(self._take(function, _key(function)), _key(function))
        except Exception:
            log.exception("%s could not be made ready", function.function_name)

    def idle_count(self) -> int:
        """Return how many environments are warm and wait."""
        return sum(map(len, self._idle.values()))

    def _invoke_logged(self, function: Any, payload: bytes) -> None:
        try:
            self.invoke(function, payload)
        except Exception:
            log.exception("the event for %s was lost", function.function_name)

    def _may_log(self, function: Any) -> bool:
        """Return whether the function's role lets Lambda write its logs; else there are none."""
        principal = Principal(function.role, function.function_name)
        resource = arn("logs", f"log-group:{function.logs_group_name}:log-stream:*")
        actions = ("logs:CreateLogStream", "logs:PutLogEvents")
        return not any(
            self._permissions.reason_against(principal, Ask(action, resource)) for action in actions
        )

    def _refused(self, kind: str, text: str) -> Invocation:
        return Invocation(json.dumps({"errorType": kind, "errorMessage": text}).encode(), True, b"")

    def _take(self, function: Any, key: str) -> FunctionProcess:
        """Return a warm environment of this very version of the function, or start one."""
        with self._lock:
            while idle := self._idle.get(key):
                process = idle.pop()
                if process.alive:
                    self._running.add(process)
                    return process
        process = self._start(function)
        with self._lock:
            self._running.add(process)
        return process

    def _give_back(self, process: FunctionProcess, key: str) -> None:
        """Keep the environment warm, if nothing has ended it."""
        with self._lock:
            kept = process in self._running and process.alive
            self._running.discard(process)
            if kept:
                process.idle_since = time.monotonic()
                self._idle.setdefault(key, []).append(process)
                self._cool_down()
        if not kept:
            process.kill()

    def _cool_down(self) -> None:
        """See that what is idle beyond MAX_IDLE ends after the burst; the lock is held."""
        if self.idle_count() > MAX_IDLE and self._cooling is None:
            self._cooling = threading.Timer(BURST, self._end_surplus)
            self._cooling.daemon = True
            self._cooling.start()

    def _end_surplus(self) -> None:
        """End the environments that have been idle for longest, but for MAX_IDLE of them."""
        surplus = []
        before = time.monotonic() - BURST
        with self._lock:
            self._cooling = None
            oldest_first = sorted(
                (one.idle_since, key) for key, idle in self._idle.items() for one in idle
            )
            for since, key in oldest_first[:-MAX_IDLE]:
                if since <= before:
                    surplus.append(self._idle[key].pop(0))
            self._cool_down()
        for one in surplus:
            one.kill()

    def _start(self, function: Any) -> FunctionProcess:
        code = self._unpacked(function.code_bytes)
        layers = [self._unpacked(content) / "python" for content in _layers(function)]
        with self._lock:
            self._number += 1
            number = self._number
        stream = stream_name(str(function.version))
        environment = {
            **self._environment(function.role, function.function_name),
            "TZ": ":UTC",
            "_HANDLER": function.handler,
            "LAMBDA_TASK_ROOT": str(code),
            "WORKSHOP_LAYERS": os.pathsep.join(map(str, layers)),
            "AWS_CONFIG_FILE": os.devnull,  # the learner's own AWS is not the handler's
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            **{name: str(value) for name, value in (function.environment_vars or {}).items()},
        }
        return FunctionProcess(environment, code, self._folder / f"{number}.log")

    def _unpacked(self, content: bytes) -> Path:
        """Return the folder that holds the files of the zip `content`."""
        folder = self._folder / hashlib.sha256(content).hexdigest()[:12]
        with self._unpacking:
            if not folder.exists():
                new = folder.with_suffix(".new")
                shutil.rmtree(new, ignore_errors=True)
                new.mkdir(parents=True)
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    archive.extractall(new)
                new.rename(folder)
        return folder


def _within_limit(answer: Answer) -> tuple[bytes, bool]:
    if len(answer.payload) <= MAX_ANSWER:
        return answer.payload, answer.failed
    text = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
    error = {"errorMessage": text, "errorType": "Function.ResponseSizeTooLarge"}
    return json.dumps(error).encode(), True


def _key(function: Any) -> str:
    """Return what tells the environments of one version of a function from those of another."""
    settings = [
        str(function.version),
        function.code_sha_256,
        function.handler,
        function.run_time,
        function.memory_size,
        function.role,
        function.environment_vars,
        [layer["Arn"] for layer in function.layers],
    ]
    return f"{function.function_name}\n{json.dumps(settings, sort_keys=True, default=str)}"


def _layers(function: Any) -> list[bytes]:
    """Return the zips of a function's layers, the last first: it wins."""
    from moto.awslambda.utils import get_backend

    backend = get_backend(function.account_id, function.region)
    versions = [backend.layers_versions_by_arn(layer["Arn"]) for layer in function.layers]
    return [version.code_bytes for version in reversed(versions) if version]
