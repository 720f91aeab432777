"""What the tests of keeping fill the services with, and how they compare them."""

import datetime
import io
import json
import re
import tempfile
import threading
import zipfile

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com", "AWS": "*"},
            }
        ],
    }
)
RIGHTS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
)
_PLAIN = (str, int, float, bytes, bool, type(None), datetime.datetime, datetime.date, re.Pattern)
_NOT_STATE = ("kept_as", "_DockerModel__docker_client")
_LOCKS = (type(threading.Lock()), type(threading.RLock()), threading.Condition)


def packed(code):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", code)
    return content.getvalue()


def picture():
    """Return all that moto's backends hold as plain values that can be compared."""
    from moto.core.base_backend import BackendDict

    return {
        (dictionary.service_name, account, region): _plain(vars(backend), ())
        for dictionary in BackendDict._instances
        for account, region, backend in dictionary.iter_backends()
        if account == "000000000000"
    }


def _plain(value, above):
    if isinstance(value, str):
        # SNS signs with a key that each start makes anew
        return re.sub(r'"Signature": "[^"]+"', "", value)
    if isinstance(value, (_PLAIN, type)):
        return value
    if isinstance(value, _LOCKS) or callable(value):
        return None
    if isinstance(value, tempfile.SpooledTemporaryFile):
        if value.closed:
            return None
        value.seek(0)
        return value.read()
    if id(value) in above:
        return f"{len(above) - above.index(id(value))} above"
    above = (*above, id(value))
    if isinstance(value, dict):
        return {
            str(key): _plain(one, above)
            for key, one in dict.items(value)
            if str(key) not in _NOT_STATE
        }
    if isinstance(value, (set, frozenset)):
        return sorted(repr(_plain(one, above)) for one in value)
    if isinstance(value, (list, tuple)) or hasattr(value, "__iter__") and not vars_of(value):
        return [_plain(one, above) for one in value]
    return type(value).__name__, _plain(vars_of(value), above)


def vars_of(value):
    return getattr(value, "__dict__", {})


def differences(before, after, path=""):
    """Return where two pictures differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        found = [f"{path}[{key}] on one side" for key in before.keys() ^ after.keys()]
        both = [key for key in before if key in after]
        return found + [
            one for key in both for one in differences(before[key], after[key], f"{path}[{key}]")
        ]
    if isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)):
        if len(before) != len(after):
            return [f"{path}: {len(before)} and {len(after)}"]
        return [
            one
            for number, (left, right) in enumerate(zip(before, after, strict=True))
            for one in differences(left, right, f"{path}[{number}]")
        ]
    return [] if before == after else [f"{path}: {before!r:.200} and {after!r:.200}"]
