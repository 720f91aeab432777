"""moto's backends, which hold all its state, as bytes and back.

They are pickled together, because they share objects: a queue knows the functions that it feeds.
What is read back must have been authenticated before (snapshot.py): a pickle may do anything.
"""

import copyreg
import importlib
import io
import pickle
import sys
import threading
import types
from typing import Any

from helpers.local_aws.keeping import reducers
from helpers.local_aws.keeping.bodies import Bodies

# What a dictionary of backends is made with; S3's also knows who has which bucket.
_MADE_WITH = {"backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id"}

_copying = threading.local()  # `now`: this thread makes copies of what is held, to drop them

Place = tuple[str, str]  # module and name of a dictionary of backends


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
    table = {**copyreg.dispatch_table, **reducers.reducers(bodies, tokens)}
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
        self._here: dict[Any, Any] = {}
        if bodies is not None:
            self._here[_name(reducers.read_body)] = bodies.read
        else:
            for made_by_moto in (_backend_at, reducers.managed_policy):
                self._here[_name(made_by_moto)] = _apart
            self._here[_name(reducers.read_body)] = lambda _: b""
            self._here[_name(_set_state)] = lambda *_: None

    def find_class(self, module: str, name: str) -> Any:
        return self._here.get((module, name)) or super().find_class(module, name)


def _name(function: Any) -> tuple[str, str]:
    return function.__module__, function.__name__


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


def _backend_at(module: str, name: str, account: str, region: str) -> Any:
    return _dictionary(module, name)[account][region]


def _dictionary(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _places() -> dict[int, Place]:
    """Return where each dictionary of backends in use stands, by its id."""
    from moto.core.base_backend import BackendDict

    used = {id(dictionary) for dictionary in BackendDict._instances}  # type: ignore[misc]
    found: dict[int, Place] = {}
    for module_name, module in list(sys.modules.items()):
        if not (module_name.startswith("moto.") and module_name.endswith(".models")):
            continue
        for name, value in list(vars(module).items()):
            if id(value) in used and name.endswith("_backends"):
                is_its_own = value.backend.__module__ == module_name  # others import it
                if is_its_own or id(value) not in found:
                    found[id(value)] = (module_name, name)
    return found


def _service(module: str) -> str:
    name = module.split(".")[1]
    return {"awslambda_simple": "awslambda"}.get(name, name)
