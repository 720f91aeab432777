"""Timestamps of the Amazon States Language: RFC 3339 with `T` and an offset or `Z`."""

import datetime
import re
from functools import lru_cache

_FORM = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)


@lru_cache(maxsize=1024)
def parse(text: str) -> tuple[int, int]:
    """Return seconds since 1970 and nanoseconds, to compare and to wait for.

    Raises:
        ValueError: not such a timestamp, or no such day or hour.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no RFC 3339 timestamp")
    offset = match.group(3).replace("Z", "+00:00")
    moment = datetime.datetime.fromisoformat(match.group(1) + offset)
    return int(moment.timestamp()), int((match.group(2) or "0").ljust(9, "0"))


def is_timestamp(text: str) -> bool:
    """Return whether `text` is such a timestamp."""
    try:
        parse(text)
    except ValueError:
        return False
    return True


def write(seconds: float) -> str:
    """Write a time as the context object has it: UTC with milliseconds."""
    whole, microseconds = divmod(round(seconds * 1_000_000), 1_000_000)
    return f"{_second(whole)}.{microseconds // 1000:03d}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    """Write a whole second: the states of many executions are entered in the same one."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
