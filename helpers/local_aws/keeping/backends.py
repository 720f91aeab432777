"""moto's backends, which hold all its state, as bytes and back.

They are pickled together, because they share objects: a queue knows the functions that it feeds.
What is read back must have been authenticated before (snapshot.py): a pickle may do anything.
"""

import copyreg
import functools
import importlib
import io
import pickle
import sys
import threading
import types
import weakref
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from helpers.local_aws.keeping.bodies import Bodies

_SMALL = 4096  # bytes of a body that need no file of their own
# What a dictionary of backends is made with; S3's also knows who has which bucket.
_MADE_WITH = {"backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id"}

_copying = threading.local()  # `now`: this thread makes copies of what is held, to drop them

Place = tuple[str, str]  # module and name of a dictionary of backends


class _Body:
    """Stands for the body of an S3 object in a pickle."""

    def __init__(self, token: str) -> None:
        self.token = token


def held() -> set[str]:
    """Return the services that hold something, by moto's names: "s3", "awslambda"."""
    return {_service(module) for module, _ in _places().values()}


def dump(bodies: Bodies) -> tuple[bytes, set[str]]:
    """Return all backends as bytes, and the tokens of the bodies that they name.

    Raises:
        Exception: something in them cannot be pickled.
    """
    from moto.core.base_backend import BackendDict

    tokens: set[str] = set()
    reduced: dict[int, tuple[Any, ...]] = {}
    kept = []
    table: dict[type, Callable[[Any], Any]] = {
        **copyreg.dispatch_table,
        **_reducers(bodies, tokens),
    }
    places = _places()
    for dictionary in list(BackendDict._instances):  # type: ignore[misc]
        place = places[id(dictionary)]
        more = {name: value for name, value in vars(dictionary).items() if name not in _MADE_WITH}
        backends = []
        for account, region, backend in list(dictionary.iter_backends()):
            state = _state(backend)
            reduced[id(backend)] = (_backend_at, (*place, account, region), state, *_SET_STATE)
            table[type(backend)] = lambda backend: reduced[id(backend)]
            backends.append(backend)
        kept.append((place, more, backends))
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol=5)
    pickler.dispatch_table = table  # type: ignore[misc, assignment]
    pickler.dump(kept)
    return stream.getvalue(), tokens


def load(content: bytes, bodies: Bodies) -> None:
    """Put back what `dump` took.

    Raises:
        Exception: it is from classes that are no more, or a body is missing.
    """
    for place, more, _ in _Unpickler(io.BytesIO(content), bodies).load():
        _dictionary(*place).__dict__.update(more)


def check(content: bytes) -> None:
    """Prove that `load` could read this, without putting anything back.

    Raises:
        Exception: it could not.
    """
    _count_no_instances_of_copies()
    _copying.now = True
    try:
        _Unpickler(io.BytesIO(content), None).load()
    finally:
        _copying.now = False


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, bodies: Bodies | None) -> None:
        """Take the bodies to read; None reads none, and builds all apart from moto's own."""
        super().__init__(stream)
        self._here: dict[str, Any] = {}
        if bodies is not None:
            self._here[_read_body.__name__] = bodies.read
        else:
            self._here = {name.__name__: _apart for name in (_backend_at, _managed_policy)}
            self._here[_read_body.__name__] = lambda _: b""
            self._here[_set_state.__name__] = lambda *_: None

    def find_class(self, module: str, name: str) -> Any:
        if module == __name__ and name in self._here:
            return self._here[name]
        return super().find_class(module, name)


def _count_no_instances_of_copies() -> None:
    """Keep moto, which lists all instances of its models for ever, from listing copies too."""
    from moto.core.common_models import BaseModel

    if BaseModel.__new__.__module__ == __name__:
        return
    from helpers.local_aws.moto_services import expect

    expect("instances_tracked" in BaseModel.__new__.__code__.co_names, "core.common_models")
    original = BaseModel.__new__

    def __new__(cls: Any, *arguments: Any, **named: Any) -> Any:
        if getattr(_copying, "now", False):
            return object.__new__(cls)
        return original(cls, *arguments, **named)

    BaseModel.__new__ = __new__  # type: ignore[method-assign, assignment]


def _apart(*_: Any) -> Any:
    return types.SimpleNamespace()


def _read_body(token: str) -> bytes:
    raise AssertionError(f"{token}: the unpickler reads it")


def _reducers(bodies: Bodies, tokens: set[str]) -> dict[type, Callable[[Any], Any]]:
    """Return how to pickle what would not by itself, or would be too large."""
    reducers: dict[type, Callable[[Any], Any]] = {
        type(threading.Lock()): lambda _: (threading.Lock, ()),
        type(threading.RLock()): lambda _: (threading.RLock, ()),
        threading.Condition: lambda _: (threading.Condition, ()),
        weakref.WeakValueDictionary: _reduce_weak,
        _Body: lambda body: (_read_body, (body.token,)),
    }
    kinds: list[type] = [defaultdict, *defaultdict.__subclasses__()]
    for kind in kinds:
        reducers[kind] = _reduce_defaultdict
    for kind in dict.__subclasses__():
        if kind.__module__.startswith("moto."):
            reducers[kind] = _reduce_mapping
    if s3 := sys.modules.get("moto.s3.models"):

        def reduce_object(key: Any) -> tuple[Any, ...]:
            return copyreg.__newobj__, (type(key),), _key_state(key, bodies, tokens)  # type: ignore[attr-defined]

        reducers[s3.FakeKey] = reduce_object
    if iam := sys.modules.get("moto.iam.models"):
        reducers[iam.AWSManagedPolicy] = lambda policy: (
            _managed_policy,
            (policy.account_id, policy.partition, policy.arn),
            {"attachment_count": policy.attachment_count},
        )
    if "moto.kms.utils" in sys.modules:
        from cryptography.hazmat.bindings._rust import openssl

        reducers[openssl.rsa.RSAPrivateKey] = reducers[openssl.ec.ECPrivateKey] = _reduce_key
    return reducers


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


def _state(backend: Any) -> dict[str, Any]:
    """Return what a backend holds, without the many policies that AWS itself manages in IAM."""
    state = dict(vars(backend))
    if "aws_managed_policies" in state:
        theirs = {id(policy) for policy in state.pop("aws_managed_policies")}
        policies = state.pop("managed_policies")
        state["managed_policies"] = {
            arn: policy for arn, policy in policies.items() if id(policy) not in theirs
        }
    return state


def _set_state(backend: Any, state: dict[str, Any]) -> None:
    if hasattr(backend, "aws_managed_policies"):
        state["managed_policies"] = {**backend.managed_policies, **state["managed_policies"]}
    vars(backend).update(state)


_SET_STATE = (None, None, _set_state)


def _managed_policy(account: str, partition: str, arn: str) -> Any:
    from moto.iam.models import iam_backends

    return iam_backends[account][partition].managed_policies[arn]


def _backend_at(module: str, name: str, account: str, region: str) -> Any:
    return _dictionary(module, name)[account][region]


def _dictionary(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _places() -> dict[int, Place]:
    """Return where each dictionary of backends in use stands, by its id."""
    from moto.core.base_backend import BackendDict

    used = {id(dictionary) for dictionary in BackendDict._instances}  # type: ignore[misc]
    return {
        id(value): (module_name, name)
        for module_name, module in list(sys.modules.items())
        if module_name.startswith("moto.") and module_name.endswith(".models")
        for name, value in list(vars(module).items())
        if id(value) in used and name.endswith("_backends")
    }


def _service(module: str) -> str:
    name = module.split(".")[1]
    return {"awslambda_simple": "awslambda"}.get(name, name)
