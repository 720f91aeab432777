"""Run the embedded AWS: `python -m helpers.local_aws [--port N] [--fresh] [--home DIR]`.

In the foreground it prints `AWS_ENDPOINT_URL=…`, the keys and the region as NAME=value lines once
it answers, so that any client can be pointed at it, and ends at Ctrl-C. server.py starts it with
`--background`.
"""

import argparse
import contextlib
import logging
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from helpers.errors import WorkshopError
from helpers.local_aws import server as servers
from helpers.local_aws.bounded_log import BoundedLog
from helpers.places import workshop_folder


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; return the exit code."""
    options = _options(arguments)
    home = options.home.resolve()
    try:
        if options.background:  # whoever started us holds the lock
            with servers.alone(home):
                return _serve(home, options, contextlib.ExitStack())
        with contextlib.ExitStack() as starting:
            starting.enter_context(servers.starting(home))
            if running := servers.find(home):
                return _say_that_it_runs(running, home, options.fresh)
            with servers.alone(home):
                return _serve(home, options, starting)
    except WorkshopError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.local_aws", description="Run the embedded AWS on 127.0.0.1."
    )
    parser.add_argument("--port", type=int, help="port to answer on (else: any free one)")
    parser.add_argument("--fresh", action="store_true", help="begin empty")
    parser.add_argument(
        "--home", type=Path, default=workshop_folder(), help="folder of its keys, log and state"
    )
    parser.add_argument("--background", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _say_that_it_runs(running: servers.Server, home: Path, fresh: bool) -> int:
    print(f"The embedded AWS already runs (process {running.pid}).", file=sys.stderr)
    if fresh:
        servers.reset(home)
        print("It is empty now.", file=sys.stderr)
    _print_values(running)
    return 0


def _print_values(running: servers.Server) -> None:
    values = servers.environment(running)
    for name in values:
        if name.startswith("AWS_"):
            print(f"{name}={values[name]}")
    sys.stdout.flush()


def _serve(home: Path, options: argparse.Namespace, starting: contextlib.ExitStack) -> int:
    """Bind the port, say so in server.json, and serve; `starting` is held until it answers."""
    from helpers.local_aws import listener

    _forget_the_learners_aws()
    _log_to(home / "server.log", options.background)
    if options.fresh:
        servers.remove_state(home)
    listening = _bind(home, options.port)
    running = servers.identity(home, f"http://127.0.0.1:{listening.getsockname()[1]}")

    from helpers.local_aws.front import Front

    front = Front(running, home, stop=lambda: serving.stop())
    serving = listener.Listener(listening, front)
    _stop_at_signals(serving)
    if notice := front.restore():
        running = replace(running, notice=notice)
        if not options.background:
            print(notice, file=sys.stderr)
    servers.write(home, running)
    starting.close()
    logging.getLogger(__name__).info("answering at %s", running.endpoint)
    if not options.background:
        _print_values(running)
    threading.Thread(target=front.warm_up, daemon=True).start()
    try:
        serving.run(at_end=front.close)
    finally:
        servers.write(home, replace(running, pid=0))
    return 0


def _forget_the_learners_aws() -> None:
    """Keep this process and its workers from the profile and the keys of a real account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


def _bind(home: Path, port: int | None) -> Any:
    """Bind `port`; when none is asked for, the one before, so that open terminals keep working."""
    from helpers.local_aws import listener

    before = servers.read(home)
    if port is None and before is not None:
        with contextlib.suppress(WorkshopError):
            return listener.bind(before.port)
    return listener.bind(port or 0)


def _stop_at_signals(serving: Any) -> None:
    for name in ("SIGTERM", "SIGBREAK", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: serving.stop())


def _log_to(path: Path, background: bool) -> None:
    stream = BoundedLog(path)
    logging.basicConfig(
        stream=stream,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for noisy in ("botocore", "boto3", "urllib3", "waitress", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    if background:
        sys.stdout = sys.stderr = stream


if __name__ == "__main__":
    sys.exit(main())
