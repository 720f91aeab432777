"""moto, the library that answers for S3, DynamoDB, SNS, SQS, IAM, Logs and the rest.

`MotoServices` is a WSGI application that loads each of moto's services when it is first used.
What we replace inside moto is assigned in `load`, each guarded by an assertion on the thing that
it replaces: a moto that changed there says so when it starts, and not in a learner's cell.
"""

import contextlib
import inspect
import os
import secrets
import threading
from collections.abc import Callable, Iterable
from functools import cache, wraps
from pathlib import Path
from typing import Any

from helpers.errors import WorkshopError
from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.keeping import changes, determinism
from helpers.local_aws.keeping.moto_state import MotoState
from helpers.local_aws.signing import Environ, Signer, StartResponse

# moto reads these when it is imported, and the account at each call.
os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"


class _Unlocked(contextlib.nullcontext[None]):
    """A lock that locks nobody out."""

    def acquire(self) -> None:
        """Do nothing."""

    def release(self) -> None:
        """Do nothing."""


# moto's models are plain dictionaries: what many executions use at once goes in single file here.
# Not the services that wait. What changes something has its turn besides (keeping/).
_ONE_AT_A_TIME: dict[str, Any] = {
    service: threading.RLock() for service in ("dynamodb", "iam", "logs", "s3")
}
_NOBODY = _Unlocked()
_PRESERVED = "moto.preserved_header_names"
_MOST_HOSTS = 200  # whose service is remembered

# werkzeug compiles routes with `ast`, which in CPython 3.11 fails when two threads do so at once
# ("SystemError: AST constructor recursion depth mismatch").
_COMPILING = threading.RLock()


def expect(condition: bool, what: str) -> None:
    """Raise a WorkshopError that names the part of moto that is no longer as we know it."""
    if not condition:
        from importlib.metadata import version

        raise WorkshopError(
            f"moto {version('moto')} changed in {what}, which the embedded AWS replaces · "
            "install the version that constraints.txt names: pip install -r constraints.txt"
        )


def original(owner: Any, name: str) -> Any:
    """Return the function of moto that stands at `owner.name`, or stood there before we did.

    Our replacements are made with functools.wraps, so that this finds it.
    """
    found = vars(owner).get(name)
    expect(callable(found), f"{getattr(owner, '__qualname__', owner.__name__)}.{name}")
    return inspect.unwrap(found)  # type: ignore[arg-type]


class MotoServices:
    """One WSGI application for all of moto's services, each loaded when first asked for."""

    def __init__(self, state: MotoState, extensions: dict[str, Callable[[], None]]) -> None:
        """Take what keeps the state, and what extends a service, run before that is loaded."""
        self._state = state
        self._extensions = extensions
        self._applications: dict[str, Any] = {}
        self._dispatcher: Any = None
        self._backends: dict[str, str | None] = {}
        self._lock = threading.RLock()

    def __call__(
        self, environ: Environ, start_response: StartResponse, who: Signer
    ) -> Iterable[bytes]:
        """Answer a request that `who` signed, with the service of that name."""
        environ["RAW_URI"] = environ.get("REQUEST_URI", "")
        environ[_PRESERVED] = environ.get("workshop.header_names", {})
        application = self._application(environ, who)
        lock = _ONE_AT_A_TIME.get(who.service, _NOBODY)
        operation = changes.operation(environ)
        if changes.only_reads(environ, operation):
            with lock:
                return application(environ, start_response)
        return self._state.perform(environ, start_response, operation, application, lock)

    @property
    def folder(self) -> Path:
        """The folder that the state is kept in."""
        return self._state.folder

    def restore(self, repeat: Callable[[Environ], None]) -> str:
        """Bring back what was kept; return a sentence when it could not be used, else "".

        Args:
            repeat: answers a request again.
        """
        return self._state.restore(self.load, repeat)

    def close(self) -> None:
        """Keep all that the services hold."""
        self._state.close()

    def load(self, service: str) -> None:
        """Load a service of moto by its name there ("s3", "awslambda") before it is asked for."""
        with self._lock:
            if self._dispatcher is None:
                self._dispatcher = _dispatcher()
            if service in self._applications:
                return
            if extend := self._extensions.get(service):
                extend()
            with _COMPILING:
                self._applications[service] = self._dispatcher.create_app(service)
            determinism.settle()

    def reset(self) -> None:
        """Empty every service that was used, and what was kept of it."""
        self._state.reset()

    def _application(self, environ: Environ, who: Signer) -> Any:
        if self._dispatcher is None:
            with self._lock:
                self._dispatcher = self._dispatcher or _dispatcher()
        host = None
        if "HTTP_AUTHORIZATION" in environ:
            host = self._dispatcher.infer_service_region_host(environ, environ["PATH_INFO"])
        region = who.region or REGION
        name = self._backend_of(host or f"{who.service}.{region}.amazonaws.com")
        if name is None:
            raise NotImplementedError(f"The embedded AWS has no service named {who.service!r}.")
        if name not in self._applications:
            self.load(name)
        return self._applications[name]

    def _backend_of(self, host: str) -> str | None:
        """Return the name of moto's service for a host; moto lists its folder to find it."""
        if host not in self._backends:
            if len(self._backends) >= _MOST_HOSTS:
                self._backends.clear()
            self._backends[host] = self._dispatcher.get_backend_for_host(host)
        return self._backends[host]


def _compile_routes_in_single_file() -> None:
    """Have one thread at a time compile the routes of a service, which moto does when asked."""
    from moto.core.routing import ServiceOperationRouter

    compile_routes = original(ServiceOperationRouter, "_get_router")

    @wraps(compile_routes)
    def _get_router(self: Any, protocol: str) -> Any:
        if protocol in self._routers:
            return self._routers[protocol]
        with _COMPILING:
            return compile_routes(self, protocol)

    ServiceOperationRouter._get_router = _get_router  # type: ignore[method-assign]


def _spare_each_request() -> None:
    """Have moto look up the operations of a service once, and draw ids of requests quickly."""
    from moto.core import responses

    names = original(responses, "method_names_from_class")
    original(responses, "gen_amzn_requestid_long")
    responses.method_names_from_class = cache(names)  # type: ignore[assignment]

    def gen_amzn_requestid_long(headers: dict[str, Any] | None = None) -> str:
        request_id = secrets.token_hex(26).upper()
        if headers is not None:
            headers["x-amzn-requestid"] = request_id
        return request_id

    responses.gen_amzn_requestid_long = gen_amzn_requestid_long  # type: ignore[assignment]


def _dispatcher() -> Any:
    """Import moto's server and check the parts of it that we build upon."""
    from moto.core.config import default_user_config
    from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY
    from moto.core.responses import BaseResponse
    from moto.moto_server import werkzeug_app

    dispatcher = getattr(werkzeug_app, "DomainDispatcherApplication", None)
    expect(
        hasattr(dispatcher, "infer_service_region_host")
        and hasattr(dispatcher, "get_backend_for_host")
        and hasattr(werkzeug_app, "create_backend_app"),
        "moto_server.werkzeug_app (dispatching by service)",
    )
    expect(werkzeug_app.DISABLE_GLOBAL_CORS is True, "settings (MOTO_DISABLE_GLOBAL_CORS)")
    expect(PRESERVED_HEADER_NAMES_ENVIRON_KEY == _PRESERVED, "core.request (header names)")
    expect(hasattr(BaseResponse, "get_current_account"), "core.responses (the account)")
    expect({"lambda", "iam"} <= set(default_user_config), "core.config (Lambda, IAM)")
    _compile_routes_in_single_file()
    _spare_each_request()
    default_user_config["lambda"] = {"use_docker": False}  # our own runner, see functions.py
    default_user_config["iam"] = {"load_aws_managed_policies": True}  # templates attach them
    return werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)
