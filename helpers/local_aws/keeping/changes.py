"""Which requests change something, and how they are written down.

A request that is not known to read only counts as a change.
"""

import io
import json
import re
import struct
from typing import Any

from helpers.local_aws.keeping.turn import Turn
from helpers.local_aws.signing import Environ

_READING = re.compile(
    "(BatchGet|Describe|Filter|Get|Head|List|Lookup|Query|Scan|Search|Select)(?![a-z])"
)
# moto keeps what these answer, and asks for it later: iterators, identities.
_KEEPING = {"GetShardIterator", "GetRecords", "GetId", "GetOpenIdTokenForDeveloperIdentity"}
# Repeating them would make another key: their outcome is kept before it is answered.
UNREPEATABLE = {"CreateKey", "ReplicateKey", "CreateKeyPair", "CreateKeysAndCertificate"}
_ACTION = re.compile(r"(?:^|&)Action=(\w+)")
_PLAIN = (
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "REQUEST_URI",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
)


def read_body(environ: Environ) -> bytes:
    """Return the body of a request, and leave it to be read again."""
    length = environ.get("CONTENT_LENGTH")
    stream = environ["wsgi.input"]
    body: bytes = stream.read(int(length)) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def operation(environ: Environ) -> str:
    """Return the name of the API operation; "" when only method and path tell it, as in REST."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rpartition(".")[2]
    if match := _ACTION.search(environ.get("QUERY_STRING", "")):
        return match[1]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        match = _ACTION.search(read_body(environ).decode("latin-1"))
        return match[1] if match else ""
    path = environ["PATH_INFO"]  # Smithy's RPC protocols: /service/Name/operation/Name
    return path.rpartition("/")[2] if "/operation/" in path else ""


def only_reads(environ: Environ, name: str) -> bool:
    """Tell whether a request of the operation `name` is known to change nothing."""
    if name:
        return bool(_READING.match(name)) and name not in _KEEPING
    return environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS")


def encode(turn: Turn, environ: Environ, body: bytes) -> bytes:
    """Return the record of a request: what `decode` gives back."""
    kept = {name: environ[name] for name in _PLAIN if name in environ}
    kept.update((name, environ[name]) for name in environ if name.startswith("HTTP_"))
    about = {
        "time": turn.moment,
        "seed": turn.seed,
        "operation": turn.operation,
        "environ": kept,
        "names": environ.get("workshop.header_names", {}),
    }
    text = json.dumps(about).encode()
    return b"".join((struct.pack(">I", len(text)), text, body))


def decode(record: bytes) -> tuple[Turn, dict[str, Any]]:
    """Return the turn to repeat a request in, and its WSGI environ."""
    (length,) = struct.unpack_from(">I", record)
    about = json.loads(record[4 : 4 + length])
    environ = {
        **about["environ"],
        "workshop.header_names": about["names"],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(record[4 + length :]),
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    turn = Turn(about["time"], about["seed"], replayed=True, operation=about["operation"])
    return turn, environ
