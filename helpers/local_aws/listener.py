"""waitress on loopback: the sockets and threads under the front.

waitress drops headers with an underscore in their name, since WSGI cannot tell it from a dash. S3
metadata keys (`Metadata={"user_id": …}`) have them, so they are kept here, and their spelling is
handed on as `workshop.header_names`.
"""

import contextlib
import re
import select
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server
from waitress.task import WSGITask

from helpers.errors import WorkshopError
from helpers.local_aws.signing import WsgiApplication

# Handlers call back while their own invocation waits, so there must be threads to spare.
THREADS = 64
# Kernels, terminals and warm handlers keep theirs open; waitress would stop at 100 and hear nobody.
CONNECTIONS = 400
_ANSWERED_METADATA = re.compile(rb"^X-Amz-Meta-[^:]*", re.M)
_METADATA = re.compile(rb"^(x-amz-meta-[^:\s]*_[^:\s]*):[ \t]*(.*?)[ \t]*\r?$", re.I | re.M)


class _Parser(HTTPRequestParser):
    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if not self.chunked and not self.content_length:
            self.expect_continue = False  # nothing follows; waitress would wait for it for ever
        self.metadata_names = {}
        if b"x-amz-meta-" not in header_plus.lower():
            return
        for name, value in _METADATA.findall(header_plus):
            key = name.upper().replace(b"-", b"_").decode("latin-1")
            if key not in self.headers:
                self.metadata_names[f"HTTP_{key}"] = name.decode("latin-1")
                self.headers[key] = value.decode("latin-1")


class _Task(WSGITask):
    def build_response_header(self) -> bytes:
        """Write metadata names in lower case, as S3 does; waitress capitalises every header."""
        return _ANSWERED_METADATA.sub(
            lambda match: match[0].lower(), super().build_response_header()
        )

    def get_environment(self) -> dict[str, Any]:
        environ = super().get_environment()
        environ["workshop.header_names"] = getattr(self.request, "metadata_names", {})
        return environ


class _Channel(HTTPChannel):
    parser_class = _Parser
    task_class = _Task


def bind(port: int) -> socket.socket:
    """Return a socket bound to `port` of 127.0.0.1 (0: any free one).

    Raises:
        WorkshopError: another program has the port.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform == "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        raise WorkshopError(
            f"Port {port} of 127.0.0.1 cannot be used ({error}) · "
            "leave out --port to get a free one, or name another: --port 4567"
        ) from None
    return listening


def _allow_open_files(count: int) -> None:
    """Raise this process's limit of open files, which is 256 on macOS."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = count if hard == resource.RLIM_INFINITY else min(count, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Listener:
    """A production WSGI server on one bound socket, ended by `stop` from any thread."""

    def __init__(self, listening: socket.socket, application: WsgiApplication) -> None:
        _allow_open_files(CONNECTIONS * 2)
        self._server: Any = create_server(
            application,
            sockets=[listening],
            threads=THREADS,
            connection_limit=CONNECTIONS,
            ident=None,
            clear_untrusted_proxy_headers=True,
            channel_request_lookahead=0,
            asyncore_use_poll=hasattr(select, "poll"),
        )
        self._server.channel_class = _Channel
        self._stopping = threading.Event()

    def run(self, at_end: Callable[[], None]) -> None:
        """Serve until `stop` is called or Ctrl-C; then call `at_end`."""
        loop = self._server.asyncore.loop
        poll = self._server.adj.asyncore_use_poll
        try:
            while not self._stopping.is_set():
                loop(timeout=1, use_poll=poll, map=self._server._map, count=1)
        except KeyboardInterrupt:
            pass
        finally:
            at_end()
            self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=2)
            self._server.close()

    def stop(self) -> None:
        """End `run` soon, after the answer to the present request was sent."""

        def end() -> None:
            self._stopping.set()
            self._server.pull_trigger()

        threading.Timer(0.05, end).start()
