"""A log file that never grows beyond its bound: the older half goes when it is full."""

import io
import threading
from pathlib import Path


class BoundedLog(io.TextIOBase):
    """A text stream that appends to a file and keeps it below `limit` bytes.

    The file is opened for each write, so that it can be emptied or read on any system meanwhile.
    """

    def __init__(self, path: Path, limit: int = 1_000_000) -> None:
        self._path = path
        self._limit = limit
        self._lock = threading.Lock()

    def writable(self) -> bool:
        """Tell that this stream is for writing."""
        return True

    def write(self, text: str) -> int:
        """Append `text`; a disk that is full stops no request."""
        content = text.encode("utf-8", "replace")[-self._limit // 2 :]
        with self._lock:
            try:
                with self._path.open("ab") as file:
                    file.write(content)
                    size = file.tell()
                if size > self._limit:
                    newest = self._path.read_bytes()[-self._limit // 2 :]
                    self._path.write_bytes(newest[newest.find(b"\n") + 1 :])
            except OSError:
                return 0
        return len(text)
