"""A stock moto server in a process of its own: the tests' stand-in for a real AWS account.

`python tests/stock_moto.py` prints its endpoint and serves until its standard input closes.
"""

import atexit
import os
import subprocess
import sys
import types
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def serve() -> Iterator[str]:
    """Yield the endpoint of an empty server; one process serves all tests of a run."""
    endpoint = _start()
    urllib.request.urlopen(f"{endpoint}/moto-api/reset", data=b"", timeout=30).close()
    yield endpoint


@cache
def _start() -> str:
    process = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # the embedded AWS, once imported, leaves its own settings for moto in the environment
        env={name: text for name, text in os.environ.items() if not name.startswith("MOTO_")},
    )
    assert process.stdout is not None
    atexit.register(process.communicate)  # closes its standard input, and waits
    return process.stdout.readline().strip()


class _Absent(Exception):
    """A name out of a package that is not installed."""


def _stand_in(name: str) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__path__ = []
    module.__dict__["__getattr__"] = lambda attribute: _Absent
    return module


def main() -> None:
    """Serve on a free port of the loopback address."""
    from moto.server import ThreadedMotoServer

    # moto's CloudFormation imports API Gateway, which imports a package that only it uses.
    for name in ("", ".validation", ".validation.exceptions"):
        sys.modules[f"openapi_spec_validator{name}"] = _stand_in(f"openapi_spec_validator{name}")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    print(f"http://127.0.0.1:{port}", flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
