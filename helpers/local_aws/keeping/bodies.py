"""What S3's objects hold: a file for each, written once, so that a snapshot need not repeat it.

A body never changes; an object that is put again has a new one.
"""

import hashlib
import secrets
from pathlib import Path

from helpers.local_aws.keeping.files import create
from helpers.local_aws.keeping.set_aside import Unreadable


class Bodies:
    """The files of a folder, by token; the hash of each stands in the snapshot that names it."""

    def __init__(self, folder: Path, hashes: dict[str, str] | None = None) -> None:
        """Take the folder, and token to SHA-256 (hexadecimal) of what is in it."""
        self._folder = folder
        self._hashes = dict(hashes or {})
        self._waiting: dict[str, bytes] = {}

    def __contains__(self, token: object) -> bool:
        return token in self._hashes or token in self._waiting

    def add(self, content: bytes) -> str:
        """Return the token of a new body; `write` brings it to disk."""
        token = secrets.token_hex(12)
        self._waiting[token] = content
        return token

    def read(self, token: str) -> bytes:
        """Return a body.

        Raises:
            Unreadable: it is gone or another.
        """
        try:
            content = (self._folder / token).read_bytes()
        except OSError:
            raise Unreadable(f"the body {token} of an S3 object is missing") from None
        if hashlib.sha256(content).hexdigest() != self._hashes.get(token):
            raise Unreadable(f"the body {token} of an S3 object was changed or damaged")
        return content

    def write(self, tokens: set[str]) -> dict[str, str]:
        """Bring to disk what is new, and return the hashes of `tokens`.

        Raises:
            OSError: they could not be written; what waits goes on waiting.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for token, content in list(self._waiting.items()):
            with create(self._folder / token) as file:
                file.write(content)
            self._hashes[token] = hashlib.sha256(content).hexdigest()
            del self._waiting[token]
        return {token: self._hashes[token] for token in tokens}

    def drop_all_but(self, tokens: set[str]) -> None:
        """Delete the bodies that no snapshot names any more."""
        for token in self._hashes.keys() - tokens:
            del self._hashes[token]
        for path in self._folder.iterdir():
            if path.name not in tokens:
                path.unlink(missing_ok=True)
