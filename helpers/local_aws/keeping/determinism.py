"""Has moto ask the present turn for the time and for randomness, whatever it would ask itself.

moto draws nearly all its randomness from one object, and the time from one module; the rest are
the names `time`, `datetime`, `os` and `uuid` in its modules, which get twins of these modules that
ask the turn first. Outside of a turn all of them answer as ever.
"""

import datetime as datetimes
import os
import sys
import time as times
import types
import uuid
from typing import Any

from helpers.local_aws.keeping import turn

_ZONE_OF_UTC = datetimes.UTC
_seen: set[str] = set()


class _DatetimeKind(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetimes.datetime)


class _Datetime(datetimes.datetime, metaclass=_DatetimeKind):
    """datetime.datetime, whose present is the turn's; it makes ordinary datetimes."""

    def __new__(cls, *args: Any, **named: Any) -> Any:
        return datetimes.datetime(*args, **named)

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetimes.datetime.fromtimestamp(turn.now(), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return datetimes.datetime.fromtimestamp(turn.now(), _ZONE_OF_UTC).replace(tzinfo=None)


def _twin(module: types.ModuleType, **replaced: Any) -> types.ModuleType:
    twin = types.ModuleType(module.__name__)
    twin.__dict__.update(vars(module))
    twin.__dict__.update(replaced)
    return twin


def _urandom(size: int) -> bytes:
    chance = turn.random()
    return os.urandom(size) if chance is None else chance.randbytes(size)


def _uuid4() -> uuid.UUID:
    return uuid.UUID(turn.new_uuid())


_TWINS = {
    "datetime": (datetimes, _twin(datetimes, datetime=_Datetime)),
    "datetime class": (datetimes.datetime, _Datetime),
    "os": (os, _twin(os, urandom=_urandom)),
    "time": (times, _twin(times, time=turn.now)),
    "uuid": (uuid, _twin(uuid, uuid4=_uuid4)),
    "uuid4": (uuid.uuid4, _uuid4),
}
_BY_IDENTITY = {id(original): twin for original, twin in _TWINS.values()}


def settle() -> None:
    """Replace the sources of time and chance in all modules of moto that were loaded since."""
    _settle_randomness()
    for name in [name for name in sys.modules if name.startswith("moto.") and name not in _seen]:
        module = sys.modules.get(name)
        if module is None:
            continue
        _seen.add(name)
        if name.startswith("moto.core.") and name != "moto.core.utils":
            continue  # reads and writes times, makes none
        for variable, value in list(vars(module).items()):
            twin = _BY_IDENTITY.get(id(value))
            if twin is not None:
                setattr(module, variable, twin)


def _settle_randomness() -> None:
    from moto.core.base_backend import AccountSpecificBackend
    from moto.core.utils import utcnow
    from moto.moto_api._internal import mock_random
    from moto.moto_api._internal.moto_random import MotoRandom

    if type(mock_random) is not MotoRandom:
        return
    from helpers.local_aws.moto_services import expect

    expect("datetime" in utcnow.__code__.co_names, "core.utils.utcnow")
    expect("backend" in AccountSpecificBackend.__getitem__.__code__.co_names, "core.base_backend")

    class Chance(MotoRandom):
        def random(self) -> float:
            chance = turn.random()
            return super().random() if chance is None else chance.random()

        def getrandbits(self, k: int, /) -> int:
            chance = turn.random()
            return super().getrandbits(k) if chance is None else chance.getrandbits(k)

    mock_random.__class__ = Chance
    original = AccountSpecificBackend.__getitem__

    def __getitem__(self: Any, region_name: str) -> Any:
        """Make a backend from randomness of its own: a reading request may be first to ask."""
        if dict.__contains__(self, region_name):
            return dict.__getitem__(self, region_name)
        with turn.chance_of(f"{self.service_name} {self.account_id} {region_name}"):
            return original(self, region_name)

    AccountSpecificBackend.__getitem__ = __getitem__  # type: ignore[method-assign]
