"""Take AWS's answers as the JSON they are, where botocore's parser would cost most of the time.

botocore walks each answer a second time against its model of the service. For what is read by the
thousand (items, events) that is most of the time spent. Its event `before-parse` hands us the body
instead. The client stays an ordinary one: credentials, retries, endpoint and errors are botocore's,
and a botocore without that event (before 1.36) parses the answer itself.
"""

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from botocore import xform_name

Decode = Callable[[bytes], dict[str, Any]]
_wanted: ContextVar[Decode | None] = ContextVar("raw answers are wanted", default=None)
_hooked: "WeakKeyDictionary[Any, set[str]]" = WeakKeyDictionary()
RAW = "RawAnswer"  # the member that marks an answer as one that botocore did not parse


def call(
    client: Any, operation: str, request: dict[str, Any], decode: Decode | None = None
) -> dict[str, Any]:
    """Call an operation, such as "Scan", and return its answer as JSON, unparsed where that works.

    `RAW in answer` tells. Binary values are then base64 texts, and times numbers of seconds; or
    the answer is what `decode` makes of the body.

    Raises:
        ClientError: as always.
    """
    _hook(client, operation)
    method: Callable[..., dict[str, Any]] = getattr(client, xform_name(operation))
    token = _wanted.set(decode or decoded)
    try:
        return method(**request)
    finally:
        _wanted.reset(token)


def decoded(text: bytes | str | msgspec.Raw) -> Any:
    """Return what a JSON text says.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:  # it is stricter than the standard library: NaN, lone surrogates
        return json.loads(text if isinstance(text, str) else bytes(text))


@contextmanager
def no_collection() -> Iterator[None]:
    """Pause the garbage collector while many small values are made that all stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _take_body(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    decode = _wanted.get()
    if decode is not None and response_dict["status_code"] < 300:
        customized_response_dict.update(decode(response_dict["body"]))
        customized_response_dict[RAW] = True
        response_dict["body"] = b"{}"


def _hook(client: Any, operation: str) -> None:
    """Ask the client once for the bodies of an operation's answers."""
    if not hasattr(client, "meta") or operation in _hooked.setdefault(client, set()):
        return
    _hooked[client].add(operation)
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"before-parse.{service}.{operation}", _take_body)
