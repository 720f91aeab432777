"""boto3 clients for use inside the embedded AWS: the call goes to the front without a socket.

`Clients(front, permissions)` is what our services get as `clients`; `clients("s3")` is a full boto3
client whose HTTP request is answered by a function call (botocore's event `before-send`). It may do
everything; `clients("s3", role=principal)` may do what the role may. `clients.perform` calls one
operation, of some services past most of botocore (direct_calls.py).
"""

import io
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import boto3
from botocore import UNSIGNED, xform_name
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.client import BaseClient
from botocore.config import Config

from helpers.local_aws import direct_calls
from helpers.local_aws.permissions.decisions import CALLER_KEY, Permissions
from helpers.local_aws.permissions.principals import Principal
from helpers.local_aws.signing import WsgiApplication

# As whom the call is made that botocore is about to send; None for the account's own key.
_ACTING: ContextVar[Principal | None] = ContextVar("acting", default=None)


class Clients:
    """The clients of one embedded AWS, made when first asked for, kept, safe between threads."""

    def __init__(
        self,
        application: WsgiApplication,
        permissions: Permissions,
        *,
        endpoint: str,
        access_key_id: str,
        region: str,
    ) -> None:
        self.permissions = permissions
        self._application = application
        self._endpoint = endpoint
        self._key = access_key_id
        self._region = region
        self._lock = threading.Lock()
        self._session: Any = None
        self._kept: dict[tuple[str, bool], Any] = {}

    def __call__(
        self, service: str, *, parameter_validation: bool = True, role: Principal | None = None
    ) -> Any:
        """Return the client of `service` ("s3", "stepfunctions", …), which acts as `role`.

        Without `parameter_validation` the service itself, not botocore, says what is wrong.
        """
        client = self._client(service, parameter_validation)
        return client if role is None else _AsRole(client, role)

    def perform(
        self, service: str, operation: str, request: Any, *, role: Principal | None = None
    ) -> dict[str, Any]:
        """Return the response of an operation ("PutItem"), called as `role`.

        The service itself, not botocore, says what is wrong with the request.

        Raises:
            ClientError: the service refused.
        """
        if service not in direct_calls.SERVICES:
            client = self(service, parameter_validation=False, role=role)
            response: dict[str, Any] = getattr(client, xform_name(operation))(**request)
            return response
        credential = self._credential(service)
        acting = _ACTING.set(role)
        try:
            return direct_calls.perform(
                lambda request: self._call(request, credential),
                self._endpoint,
                service,
                operation,
                request,
            )
        finally:
            _ACTING.reset(acting)

    def _client(self, service: str, parameter_validation: bool) -> Any:
        kept = self._kept.get((service, parameter_validation))
        if kept is not None:
            return kept
        with self._lock:
            if (service, parameter_validation) not in self._kept:
                self._kept[service, parameter_validation] = self._make(
                    service, parameter_validation
                )
            return self._kept[service, parameter_validation]

    def _make(self, service: str, parameter_validation: bool) -> Any:
        if self._session is None:
            self._session = boto3.Session(region_name=self._region)
        client = self._session.client(
            service,
            endpoint_url=self._endpoint,
            config=Config(
                signature_version=UNSIGNED,
                user_agent="embedded-aws",  # botocore would compose one for each request
                parameter_validation=parameter_validation,
                inject_host_prefix=False,
                retries={"total_max_attempts": 1, "mode": "standard"},
                request_checksum_calculation="when_supported",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path"},
            ),
        )
        credential = self._credential(client.meta.service_model.signing_name)

        def answer(request: Any, **_: Any) -> AWSResponse:
            return self._call(request, credential)

        client.meta.events.register("before-send", answer)
        return client

    def _credential(self, signing_name: str) -> str:
        scope = f"{self._key}/20200101/{self._region}/{signing_name}/aws4_request"
        return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"

    def _call(self, request: Any, credential: str) -> AWSResponse:
        environ = _environ(request)
        environ["HTTP_AUTHORIZATION"] = credential
        if principal := _ACTING.get():
            environ[CALLER_KEY] = principal
        sent: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            sent.update(status=int(status.split(" ", 1)[0]), headers=headers)

        acting = _ACTING.set(None)  # what the service calls in turn is its own affair
        try:
            parts = self._application(environ, start_response)
            try:
                content = b"".join(parts)
            finally:
                getattr(parts, "close", lambda: None)()
        finally:
            _ACTING.reset(acting)
        headers: Any = HeadersDict()
        for name, value in sent["headers"]:
            headers[name] = value
        return AWSResponse(request.url, sent["status"], headers, _Raw(content))


@dataclass(frozen=True)
class ClientsOfRole:
    """The clients of an embedded AWS, all acting as one role."""

    clients: Clients
    role: Principal

    def __call__(self, service: str) -> Any:
        """Return the client of a service, see Clients."""
        return self.clients(service, role=self.role)

    def perform(self, service: str, operation: str, request: Any) -> dict[str, Any]:
        """Return the response of an operation, see Clients.perform."""
        return self.clients.perform(service, operation, request, role=self.role)


class _AsRole:
    """A client whose calls are made as a role; it shares all else with the client inside."""

    def __init__(self, client: Any, role: Principal) -> None:
        self._client = client
        self._role = role

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        if not callable(value):
            return value

        def call(*arguments: Any, **options: Any) -> Any:
            acting = _ACTING.set(self._role)
            try:
                return value(*arguments, **options)
            finally:
                _ACTING.reset(acting)

        return call

    def get_paginator(self, operation_name: str) -> Any:
        """Return a paginator that asks for each page as the role."""
        client: Any = self
        return BaseClient.get_paginator(client, operation_name)


class _Raw(io.BytesIO):
    """The body of an answer, as botocore expects it from urllib3."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        while chunk := self.read(65536):
            yield chunk


def _environ(request: Any) -> dict[str, Any]:
    """Turn botocore's prepared request into a WSGI environ."""
    url = urlsplit(request.url)
    body = request.body
    if hasattr(body, "read"):
        body = body.read()
    content = body.encode() if isinstance(body, str) else bytes(body or b"")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "REQUEST_URI": (url.path or "/") + (f"?{url.query}" if url.query else ""),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content),
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    names: dict[str, str] = {}
    for name, value in request.headers.items():
        if name.lower() == "transfer-encoding":
            continue
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        environ[key] = text
        if "_" in name:
            names[key] = name
    environ["CONTENT_LENGTH"] = str(len(content))
    environ["workshop.header_names"] = names
    return environ
