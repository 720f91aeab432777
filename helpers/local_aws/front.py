"""The front of the embedded AWS: one WSGI application before all services.

It lets in only requests to this machine's own name, signed with this checkout's key (its id is
compared, which nobody else knows; the signature is not) or with temporary credentials of a role,
asks permissions/ whether the role may make them, and passes each to the service that the
signature names: `states`, `rekognition` and `cloudformation` are ours, `lambda` is moto's with our
runner (functions.py), the rest is moto's. What moto fails on is explained by faulty_requests.py.
Paths under `/_workshop/` are for server.py: health, reset and stop.
"""

import contextlib
import gc
import hmac
import importlib
import json
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from helpers.local_aws import (
    cloudwatch_metrics,
    faulty_requests,
    function_api,
    log_events,
    moto_mends,
    signing,
)
from helpers.local_aws.clients import Clients
from helpers.local_aws.database import FILE, Database
from helpers.local_aws.dynamodb import requests
from helpers.local_aws.events import bus, s3_events
from helpers.local_aws.events.bus import Buses
from helpers.local_aws.events.scheduler import Scheduler
from helpers.local_aws.events.targets import Targets
from helpers.local_aws.function_backend import plug_in
from helpers.local_aws.functions import Functions
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.keeping import is_replaying, long_polling, posting
from helpers.local_aws.keeping.moto_state import MotoState
from helpers.local_aws.moto_services import MotoServices
from helpers.local_aws.permissions import s3_missing, sts
from helpers.local_aws.permissions.decisions import CALLER_KEY, LAMBDA, Permissions
from helpers.local_aws.permissions.principals import CALLER, Principal
from helpers.local_aws.server import Server, environment, proof
from helpers.local_aws.signing import Environ, StartResponse

log = logging.getLogger(__name__)

# The services that are our own: signed name -> module with an `Application`.
OURS = {
    "cloudformation": "helpers.local_aws.cloudformation.api",
    "states": "helpers.local_aws.states.api",
    "rekognition": "helpers.local_aws.rekognition.api",
}


class Front:
    """All services of one embedded AWS behind one callable, and their life: reset and close."""

    def __init__(self, server: Server, home: Path, stop: Callable[[], None]) -> None:
        """Take the keys and address in `server`, and what ends the process."""
        self.server = server
        self.folder = home / "aws"
        self.database = Database(self.folder / FILE)
        self.permissions = Permissions(server.secret_access_key, lambda: self.moto.load("iam"))
        self.clients = Clients(
            self,
            self.permissions,
            endpoint=server.endpoint,
            access_key_id=server.access_key_id,
            region=server.region,
        )
        self.functions = Functions(
            self.folder / "functions", self.clients, self._environment_of_handler, self.permissions
        )
        self.buses = Buses(Targets(self.clients, is_replaying))
        self.scheduler = Scheduler(self.buses)
        self.moto = MotoServices(
            MotoState(self.folder / "moto", server.secret_access_key),
            {
                "dynamodb": moto_mends.mend_dynamodb,
                "iam": moto_mends.mend_iam,
                "logs": log_events.plug_in,
                "awslambda": self._extend_lambda,
                "cloudwatch": self._extend_cloudwatch,
                "events": self._extend_events,
                "s3": self._extend_s3,
                "sns": _extend_sns,
                "sqs": long_polling.plug_in,
            },
        )
        self._stop = stop
        self._lock = threading.RLock()
        self._ours: dict[str, Any] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        if not signing.is_loopback(environ.get("HTTP_HOST", "")):
            return signing.refuse_host(start_response)
        if environ["PATH_INFO"].startswith("/_workshop/"):
            return self._control(environ, start_response)
        who = signing.signer(environ)
        if who is None:
            return signing.refuse_unsigned(environ, start_response)
        try:
            caller = environ.get(CALLER_KEY) or self.permissions.caller(environ, who)
            if caller is not None:
                self.permissions.check(environ, who.service, caller)
            elif not self._knows(who.access_key_id):
                return signing.refuse_key(environ, start_response, who)
        except ServiceError as denied:
            status, code, message = denied.status, denied.code, denied.message
            return signing.error(environ, start_response, who.service, status, code, message)
        answering = CALLER.set(caller)
        try:
            return self._pass_on(environ, _without_browser_headers(start_response), who, caller)
        except NotImplementedError as missing:
            message = str(missing) or "The embedded AWS cannot do that."
            return signing.error(
                environ, start_response, who.service, 501, "NotImplemented", message
            )
        except (UnicodeDecodeError, json.JSONDecodeError) as fault:  # moto reads it as it comes
            return signing.error(
                environ, start_response, who.service, 400, "SerializationException", str(fault)
            )
        except Exception:
            if refusal := faulty_requests.fault(environ, who.service):
                return signing.error(
                    environ, start_response, who.service, 400, refusal.code, refusal.message
                )
            log.exception("%s %s failed", who.service, environ.get("HTTP_X_AMZ_TARGET", ""))
            message = "The request failed inside the embedded AWS; server.log says where."
            return signing.error(
                environ, start_response, who.service, 500, "InternalFailure", message
            )
        finally:
            CALLER.reset(answering)

    def _pass_on(
        self,
        environ: Environ,
        start_response: StartResponse,
        who: signing.Signer,
        caller: Principal | None,
    ) -> Iterable[bytes]:
        if who.service in OURS:
            return self.ours(who.service)(environ, start_response)
        if who.service == "lambda" and function_api.is_invocation(environ):
            self.moto.load("awslambda")
            return function_api.invoke(self.functions, environ, start_response)
        if who.service == "sts" and sts.answers(environ, caller):
            return sts.respond(self.permissions, caller, environ, start_response)
        if who.service == "s3" and caller is not None:
            asked = self.permissions.reason_against
            return s3_missing.hidden(
                asked, caller, environ, start_response, lambda start: self.moto(environ, start, who)
            )
        if who.service == "dynamodb":
            return requests.respond(
                environ, start_response, lambda inner, start: self.moto(inner, start, who)
            )
        if who.service != "iam":
            return self.moto(environ, start_response, who)
        try:
            return self.moto(environ, start_response, who)
        finally:
            self.permissions.forget()

    def ours(self, service: str) -> Any:
        """Return our own application for "states", "rekognition" …, made when first used."""
        if service not in self._ours:
            with self._lock:
                if service not in self._ours:
                    module = importlib.import_module(OURS[service])
                    application = module.Application(self.clients, self.database)
                    if service == "states":
                        application.tell_status_to(self.buses.offer)
                        application.resume()
                    self._ours[service] = application
        return self._ours[service]

    def _extend_cloudwatch(self) -> None:
        cloudwatch_metrics.plug_in({"AWS/States": lambda: self.ours("states").metrics})

    def _extend_events(self) -> None:
        bus.plug_in(self.buses, self.scheduler.rules_changed)
        self.scheduler.start()

    def _extend_s3(self) -> None:
        moto_mends.mend_s3()
        s3_events.plug_in(self.buses)

    def _extend_lambda(self) -> None:
        plug_in(
            self.functions, lambda role: self.permissions.is_trusted(role, LAMBDA), self.clients
        )

    def restore(self) -> str:
        """Bring back what was kept; return a sentence for each file that could not be used."""
        return " ".join(filter(None, (self.database.notice, self.moto.restore(self._repeat))))

    def _repeat(self, environ: Environ) -> None:
        """Answer a request of before once more, for what it does."""
        who = signing.signer(environ)
        if who is not None:
            parts = self.moto(environ, lambda *_: None, who)
            getattr(parts, "close", lambda: None)()
            if who.service == "iam":
                self.permissions.forget()

    def warm_up(self) -> None:
        """Load the services that the workshop uses, so that nobody waits for them later."""
        for service in ("sts", "s3", "iam", "dynamodb", "sns", "logs", "awslambda"):
            self.moto.load(service)
        for service in OURS:
            with contextlib.suppress(ImportError):
                self.ours(service)
        gc.freeze()  # it stays: no need to look through it for garbage, which takes 0.1 s

    def reset(self) -> None:
        """Empty every service and the folder that their state is kept in."""
        with self._lock:
            for application in self._ours.values():
                application.reset()
            self.functions.reset()
            self.moto.reset()
            self.permissions.forget()
            self.database.clear()
            for path in [*self.folder.iterdir()]:
                if path == self.moto.folder:  # which others may be writing to again
                    continue
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                elif not path.name.startswith(FILE):  # which is open, and empty
                    path.unlink()

    def close(self) -> None:
        """End what the services started, executions and workers; keep all that they hold."""
        with self._lock:
            self.scheduler.close()
            self.buses.targets.close()
            for application in self._ours.values():
                application.close()
            self.database.close()  # when nothing works any more that would write
            self.functions.close()
        self.moto.close()

    def _environment_of_handler(self, role_arn: str, function: str) -> dict[str, str]:
        """Return the variables with which a handler reaches us, as the role of its function."""
        made = self.permissions.keys.credentials(Principal(role_arn, function))
        return {
            **environment(self.server),
            "AWS_ACCESS_KEY_ID": made.access_key_id,
            "AWS_SECRET_ACCESS_KEY": made.secret_access_key,
            "AWS_SESSION_TOKEN": made.session_token,
        }

    def _knows(self, access_key_id: str) -> bool:
        return hmac.compare_digest(access_key_id.encode(), self.server.access_key_id.encode())

    def _control(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        """Answer server.py, which proves that it has the secret key and is given proof in turn."""
        command = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        nonce = environ.get("HTTP_X_WORKSHOP_NONCE", "")
        expected = proof(self.server.secret_access_key, f"{command} {nonce}")
        given = environ.get("HTTP_X_WORKSHOP_PROOF", "")
        if not nonce or not hmac.compare_digest(given.encode(), expected.encode()):
            return signing.refuse_unsigned(environ, start_response)
        if command == "POST /_workshop/reset":
            self.reset()
        elif command == "POST /_workshop/stop":
            self._stop()
        elif command != "GET /_workshop/health":
            return signing.refuse_unsigned(environ, start_response)
        body = {
            "pid": os.getpid(),
            "proof": proof(self.server.secret_access_key, f"answer {nonce}"),
        }
        content = json.dumps(body).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        start_response("200 OK", headers)
        return [content]


def _extend_sns() -> None:
    moto_mends.mend_sns()
    posting.plug_in()


def _without_browser_headers(start_response: StartResponse) -> StartResponse:
    """Leave out the headers that would let a web page read an answer or be known by a cookie."""

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        kept = [
            (name, value)
            for name, value in headers
            if name.lower() != "set-cookie" and not name.lower().startswith("access-control-")
        ]
        return start_response(status, kept, *rest)

    return start
