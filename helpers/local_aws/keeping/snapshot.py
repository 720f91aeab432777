"""A snapshot: one file with a header and a content, authenticated, and replaced in one step.

8 bytes   what the file is
32 bytes  HMAC-SHA256 of all that follows
4 bytes   length of the header
header    JSON
content
"""

import hmac
import json
import struct
from pathlib import Path
from typing import Any

from helpers.local_aws.keeping.files import create
from helpers.local_aws.keeping.set_aside import Unreadable

_MAGIC = b"AWSSNAP1"


def write(path: Path, secret: bytes, header: dict[str, Any], content: bytes) -> None:
    """Write the file beside its place and then put it there.

    Raises:
        OSError: it could not be written; the one before is still there.
    """
    about = json.dumps(header).encode()
    rest = b"".join((struct.pack(">I", len(about)), about, content))
    new = path.with_name(path.name + ".new")
    with create(new) as file:
        file.write(_MAGIC + hmac.digest(secret, rest, "sha256"))
        file.write(rest)
    new.replace(path)


def read(path: Path, secret: bytes) -> tuple[dict[str, Any], bytes]:
    """Return header and content of a file that is proven to be ours.

    Raises:
        Unreadable: it is not.
    """
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise Unreadable("is no snapshot")
        code, rest = file.read(32), file.read()
    if not hmac.compare_digest(code, hmac.digest(secret, rest, "sha256")):
        raise Unreadable("was changed or damaged, or belongs to another folder")
    (length,) = struct.unpack_from(">I", rest)
    return json.loads(rest[4 : 4 + length]), rest[4 + length :]
