"""The embedded AWS and its peers, each in an environment and a process of its own.

The peers are installed on first use below `.workshop/benchmarks/`, and kept there.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from helpers.local_aws import REGION
from helpers.local_aws import server as servers
from helpers.places import ROOT

HERE = Path(__file__).resolve().parent
PEERS = {
    "moto": ["moto[awslambda,dynamodb,iam,s3,stepfunctions]>=5.2.5,<5.3", "flask", "flask-cors"],
    "awswrangler": ["awswrangler>=3.17,<4", "-e", str(ROOT)],
    "ministack": ["ministack>=1.5.33,<2"],
}
START_SECONDS = 60


@dataclass(frozen=True)
class Contender:
    """A running AWS: makes clients, and tells how much memory its process holds."""

    name: str
    pid: int
    client: Callable[[str], Any]

    def megabytes(self) -> float:
        """Return the resident memory of the process itself, without its workers (Linux)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024


@contextmanager
def embedded(home: Path | None = None) -> Iterator[Contender]:
    """Run our embedded AWS with a home of its own."""
    own = Path(tempfile.mkdtemp(prefix="workshop-benchmark-")) if home is None else home
    server = servers.start(own)
    try:
        yield Contender(
            "ours",
            server.pid,
            _clients(server.endpoint, server.access_key_id, server.secret_access_key),
        )
    finally:
        servers.stop(own)
        if home is None:
            shutil.rmtree(own, ignore_errors=True)


@contextmanager
def moto() -> Iterator[Contender]:
    """Run moto with the least that runs Lambda handlers."""
    python = python_with("moto")
    with _running(lambda port: [python, str(HERE / "moto_with_functions.py"), str(port)]) as ran:
        yield Contender("moto", ran[0], ran[1])


@contextmanager
def ministack() -> Iterator[Contender]:
    """Run ministack as it ships."""
    python = python_with("ministack")
    with _running(lambda port: [python, "-m", "ministack.app"], GATEWAY_PORT="{port}") as ran:
        yield Contender("ministack", ran[0], ran[1])


def python_with(peer: str) -> str:
    """Return the Python of a peer's environment, made on first use."""
    folder = ROOT / ".workshop" / "benchmarks" / peer
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "ready").exists():
        print(f"Installing {peer} for the comparison (once).", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PEERS[peer]], check=True, stderr=subprocess.DEVNULL)
        (folder / "ready").touch()
    return str(python)


@contextmanager
def _running(command: Callable[[int], list[str]], **variables: str) -> Iterator[tuple[int, Any]]:
    """Run a peer's server until the end of the block; give its pid and its clients."""
    port = _free_port()
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    environment |= {name: text.format(port=port) for name, text in variables.items()}
    environment["BIND_HOST"] = "127.0.0.1"
    with tempfile.TemporaryDirectory(prefix="workshop-peer-") as folder:
        log = Path(folder, "log")
        with log.open("wb") as said:
            process = subprocess.Popen(
                command(port), cwd=folder, env=environment, stdout=said, stderr=said
            )
        clients = _clients(f"http://127.0.0.1:{port}", "123456789012", "secret")
        try:
            _wait_until_it_answers(clients, process, log)
            yield process.pid, clients
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_it_answers(clients: Any, process: Any, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            clients("stepfunctions").list_state_machines()
            return
        except (BotoCoreError, ClientError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(
                    f"The peer did not start: {error}\n{log.read_text()[-2000:]}"
                ) from None
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _clients(endpoint: str, key: str, secret: str) -> Callable[[str], Any]:
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name=REGION)
    kept: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in kept:
            config = Config(
                retries={"total_max_attempts": 1},
                inject_host_prefix=False,
                max_pool_connections=50,
                read_timeout=120,
            )
            kept[service] = session.client(service, endpoint_url=endpoint, config=config)
        return kept[service]

    return client
