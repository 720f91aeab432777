"""How to pickle what in moto's backends cannot be by itself, or would be too large."""

import copyreg
import functools
import sys
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from helpers.local_aws.keeping.bodies import Bodies

_SMALL = 4096  # bytes of a body that need no file of their own


class _Body:
    """Stands for the body of an S3 object in a pickle."""

    def __init__(self, token: str) -> None:
        self.token = token


def reducers(bodies: Bodies, tokens: set[str]) -> dict[type, Callable[[Any], Any]]:
    """Return what makes a pickle of a thing, by its type.

    Args:
        bodies: where the bodies of S3's objects go.
        tokens: gets those that the objects name.
    """
    found: dict[type, Callable[[Any], Any]] = {
        type(threading.Lock()): lambda _: (threading.Lock, ()),
        type(threading.RLock()): lambda _: (threading.RLock, ()),
        threading.Condition: lambda _: (threading.Condition, ()),
        weakref.WeakValueDictionary: _reduce_weak,
        _Body: lambda body: (read_body, (body.token,)),
    }
    kinds: list[type] = [defaultdict, *defaultdict.__subclasses__()]
    for kind in kinds:
        found[kind] = _reduce_defaultdict
    for kind in dict.__subclasses__():
        if kind.__module__.startswith("moto."):
            found[kind] = _reduce_mapping
    if dynamodb := sys.modules.get("moto.dynamodb.models.dynamo_type"):
        kind = dynamodb.LimitedSizeDict  # of which there are many; it weighs itself at each key
        found[kind] = lambda values: (_mapping, (kind, dict(values)))
    if s3 := sys.modules.get("moto.s3.models"):

        def reduce_object(key: Any) -> tuple[Any, ...]:
            return copyreg.__newobj__, (type(key),), _key_state(key, bodies, tokens)  # type: ignore[attr-defined]

        found[s3.FakeKey] = reduce_object
    if iam := sys.modules.get("moto.iam.models"):
        found[iam.AWSManagedPolicy] = lambda policy: (
            managed_policy,
            (policy.account_id, policy.partition, policy.arn),
            {"attachment_count": policy.attachment_count},
        )
    if "moto.kms.utils" in sys.modules:
        from cryptography.hazmat.bindings._rust import openssl

        found[openssl.rsa.RSAPrivateKey] = found[openssl.ec.ECPrivateKey] = _reduce_key
    return found


def _reduce_key(key: Any) -> tuple[Any, ...]:
    from cryptography.hazmat.primitives import serialization

    written = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return _private_key, (written,)


def _private_key(written: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(written, None)


def _reduce_defaultdict(values: Any) -> tuple[Any, ...]:
    """Pickle a `defaultdict(lambda: {})` as a `defaultdict(dict)`."""
    factory = values.default_factory
    if getattr(factory, "__name__", "") == "<lambda>":
        made = factory()
        nested = isinstance(made, defaultdict)
        factory = functools.partial(defaultdict, made.default_factory) if nested else type(made)
    state = getattr(values, "__dict__", None) or None
    return _defaultdict, (type(values), factory), state, None, iter(list(values.items()))


def _defaultdict(kind: type, factory: Any) -> Any:
    made: Any = defaultdict.__new__(kind)
    made.default_factory = factory
    return made


def _reduce_mapping(values: Any) -> tuple[Any, ...]:
    """Pickle what is really in a dictionary of moto's, whose own methods show other than that."""
    state = (dict(dict.items(values)), getattr(values, "__dict__", {}))
    return copyreg.__newobj__, (type(values),), state, None, None, _fill  # type: ignore[attr-defined]


def _mapping(kind: type, content: dict[Any, Any]) -> Any:
    made: Any = dict.__new__(kind)
    dict.update(made, content)
    return made


def _fill(values: Any, state: tuple[dict[Any, Any], dict[str, Any]]) -> None:
    content, attributes = state
    dict.update(values, content)
    getattr(values, "__dict__", {}).update(attributes)


def _reduce_weak(values: Any) -> tuple[Any, ...]:
    return weakref.WeakValueDictionary, (), None, None, iter(list(values.items()))


def _key_state(key: Any, bodies: Bodies, tokens: set[str]) -> dict[str, Any]:
    """Return what FakeKey.__setstate__ takes, with the body in a file when it is large."""
    if key.contentsize <= _SMALL or key.disposed:
        state: dict[str, Any] = key.__getstate__()
        return state
    token = vars(key).get("kept_as")
    if token not in bodies:
        token = key.kept_as = bodies.add(key.value)
    tokens.add(token)
    state = {**vars(key), "value": _Body(token)}
    del state["_value_buffer"], state["lock"]
    return state


def managed_policy(account: str, partition: str, arn: str) -> Any:
    """Return one of the policies that AWS manages, which moto has by itself."""
    from moto.iam.models import iam_backends

    return iam_backends[account][partition].managed_policies[arn]


def read_body(token: str) -> bytes:
    """Stand in a pickle for what reads the body of an S3 object."""
    raise AssertionError(f"{token}: the unpickler reads it")
