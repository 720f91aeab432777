"""How fast items and histories become tables, as ratios against peers and against the limit.

    python benchmarks/tables.py [--json]

A server of our own gives ready answers on loopback. Peers, ours and the limit (signed HTTP and
`json.loads`, the result dropped) take turns in random order within one process; each ratio is the
median over all rounds of the client's CPU time, with the 10th and the 90th percentile. Memory,
imports and first tables are measured in processes of their own. Exits with 1 below a goal.
"""

import contextlib
import gc
import io
import json
import os
import random
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from canned_pages import REGION

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SECONDS = 23  # for the rounds
PAUSE = 43  # milliseconds that one partition of DynamoDB takes for a page of 1 MB
KEYS = {
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "secret",
    "region_name": REGION,
}
Measure = Callable[[], Any]
Ratio = tuple[float, float, float]  # median, 10th and 90th percentile

# what is compared, peer, contender, limit or None, times the peer at least, times the limit at most
GOALS = [
    ("10,000 simple items", "awswrangler", "ours", "limit", 6.0, 1.8),
    ("10,000 simple items", "boto3", "ours", None, 4.0, None),
    ("1,000 rich items", "awswrangler", "ours", "limit", 4.5, 2.2),
    ("1,000 rich items", "boto3", "ours", None, 3.5, None),
    ("10 items", "awswrangler", "ours", None, 3.0, None),
    ("1,000 events", "json_normalize", "ours", None, 5.0, None),
    ("25,000 events", "json_normalize", "ours", None, 10.0, None),
    ("25,000 events", "json_normalize", "our visits", None, 5.0, None),
]


@contextlib.contextmanager
def canned(pause: float = 0) -> Iterator[str]:
    """Serve the ready answers until the end of the block; give the endpoint."""
    command = [sys.executable, str(HERE / "canned_server.py"), str(pause)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.terminate()


class Contenders:
    """Ours, the peers and the limit on one endpoint."""

    def __init__(self, endpoint: str) -> None:
        import boto3
        import urllib3
        from botocore.auth import SigV4Auth
        from botocore.credentials import Credentials

        self.session = boto3.Session(**KEYS)
        options = {"endpoint_url": endpoint}
        self.dynamodb = self.session.client("dynamodb", **options)
        self.resource = self.session.resource("dynamodb", **options)
        self.sfn = self.session.client("stepfunctions", **options)
        self.endpoint = endpoint
        credentials = Credentials(KEYS["aws_access_key_id"], KEYS["aws_secret_access_key"])
        self.signer = SigV4Auth(credentials, "dynamodb", KEYS["region_name"])
        self.pool = urllib3.PoolManager()

    def ours(self, table: str) -> Any:
        """Read a table with `items`."""
        from helpers import items

        return items(self.dynamodb, table)

    def awswrangler(self, table: str) -> Any:
        """Read it with the AWS SDK for pandas."""
        import awswrangler

        warnings.simplefilter("ignore")  # it warns of each Scan
        awswrangler.config.dynamodb_endpoint_url = self.endpoint
        return awswrangler.dynamodb.read_items(
            table, allow_full_scan=True, boto3_session=self.session, use_threads=False
        )

    def boto3(self, table: str) -> Any:
        """Read it with a resource of boto3, and make a DataFrame of its items."""
        import pandas as pd

        request: dict[str, Any] = {}
        found: list[dict[str, Any]] = []
        while True:
            answer = self.resource.Table(table).scan(**request)
            found += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return pd.DataFrame(found)
            request = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def limit(self, table: str) -> None:
        """Read the pages and their JSON, and drop them."""
        request: dict[str, Any] = {"TableName": table}
        gc.disable()
        try:
            while True:
                answer = json.loads(self._post("DynamoDB_20120810.Scan", request))
                if "LastEvaluatedKey" not in answer:
                    return
                request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        finally:
            gc.enable()

    def our_history(self, count: int) -> Any:
        """Read a history with `history`."""
        from helpers import history

        return history(self.sfn, _execution(count))

    def our_visits(self, count: int) -> Any:
        """Read it as a table of visits to states."""
        from helpers import history

        return history(self.sfn, _execution(count), visits=True)

    def json_normalize(self, count: int) -> Any:
        """Read it with boto3 and `pandas.json_normalize`."""
        import pandas as pd

        pages = self.sfn.get_paginator("get_execution_history").paginate(
            executionArn=_execution(count), PaginationConfig={"PageSize": 1000}
        )
        table = pd.json_normalize([event for page in pages for event in page["events"]])
        table["timestamp"] = pd.to_datetime(table["timestamp"], utc=True)
        return table

    def _post(self, target: str, request: dict[str, Any]) -> bytes:
        from botocore.awsrequest import AWSRequest

        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
        body = json.dumps(request).encode()
        signed = AWSRequest("POST", f"{self.endpoint}/", headers, body)
        self.signer.add_auth(signed)
        return bytes(
            self.pool.request("POST", signed.url, body=body, headers=dict(signed.headers)).data
        )


def _execution(count: int) -> str:
    return f"arn:aws:states:{REGION}:canned:execution:canned:events-{count}"


def rounds(endpoint: str) -> dict[str, dict[str, list[float]]]:
    """Return the CPU seconds of each contender in each comparison, round by round."""
    their = Contenders(endpoint)
    jobs: list[tuple[str, str, Measure, int]] = []  # the last: run it in each n-th round
    tables = {
        "10,000 simple items": "simple-10000",
        "1,000 rich items": "rich-1000",
        "10 items": "simple-10",
    }
    compared = {(goal[0], who) for goal in GOALS for who in goal[1:4] if who}
    for name, who in sorted(compared):
        if name in tables:
            read, table = getattr(their, who), tables[name]
            jobs.append((name, who, lambda read=read, table=table: read(table), 1))  # type: ignore[misc]
    for count, every in ((1_000, 1), (25_000, 4)):
        name = f"{count:,} events"
        jobs.append((name, "ours", lambda c=count: their.our_history(c), every))  # type: ignore[misc]
        if (name, "our visits") in compared:
            jobs.append((name, "our visits", lambda c=count: their.our_visits(c), every))  # type: ignore[misc]
        jobs.append((name, "json_normalize", lambda c=count: their.json_normalize(c), every))  # type: ignore[misc]
    for _, _, job, _ in jobs:
        job()  # the server makes its pages, Python its imports
    gc.collect()
    gc.freeze()
    spent: dict[str, dict[str, list[float]]] = {}
    begun, number = time.monotonic(), 0
    while time.monotonic() - begun < SECONDS or number < 5:
        turn = [job for job in jobs if number % job[3] == 0]
        random.shuffle(turn)
        for name, who, job, _ in turn:
            gc.collect()
            before = time.process_time()
            job()
            took = time.process_time() - before
            spent.setdefault(name, {}).setdefault(who, []).append(took)
        number += 1
    return spent


def ratio(one: list[float], other: list[float]) -> Ratio:
    """Return how many times `other` is in `one`: median, 10th and 90th percentile over rounds."""
    found = sorted(a / b for a, b in zip(one, other, strict=True))
    return statistics.median(found), found[len(found) // 10], found[-1 - len(found) // 10]


def in_a_process(what: str, *words: str) -> float:
    """Return what a measurement in a process of its own prints.

    It keeps the bytecode of what it imports, as Python does by itself, and as libraries bring it.
    """
    command = [sys.executable, str(HERE / "tables.py"), what, *words]
    env = {name: said for name, said in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return float(done.stdout)


def alone(what: str, endpoint: str) -> float:
    """Measure something that needs a fresh interpreter."""
    if what.startswith("memory"):
        their = Contenders(endpoint)
        who = getattr(their, what.removeprefix("memory-"))
        who("simple-10")
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
        before = _kilobytes("VmRSS")
        table = who("simple-100000")
        assert len(table) == 100_000
        return _kilobytes("VmHWM") - before
    before_ = time.process_time()
    if what == "import-helpers":
        import helpers  # noqa: F401
    elif what == "import-libraries":
        import boto3  # noqa: F401
        import ipywidgets  # noqa: F401
        import pandas  # noqa: F401
    elif what == "first-ours":
        import boto3 as aws

        from helpers import items

        client = aws.Session(**KEYS).client("dynamodb", endpoint_url=endpoint)
        items(client, "simple-10")._repr_mimebundle_()
    elif what == "first-plain":
        import boto3 as aws
        import pandas as pd

        table = aws.Session(**KEYS).resource("dynamodb", endpoint_url=endpoint).Table("simple-10")
        pd.DataFrame(table.scan()["Items"])._repr_html_()
    return time.process_time() - before_


def _kilobytes(what: str) -> float:
    """Return a figure of this process's memory (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line for line in lines if line.startswith(what)).split()[1])


def pairs(one: str, other: str, endpoint: str, times: int) -> Ratio:
    """Return the ratio of two measurements in processes of their own, taken in turns."""
    found: dict[str, list[float]] = {one: [], other: []}
    for what in found:
        in_a_process(what, endpoint)  # it makes the bytecode
    for _ in range(times):
        for what in random.sample([one, other], 2):
            found[what].append(in_a_process(what, endpoint))
    return ratio(found[one], found[other])


def paged() -> Ratio:
    """Return how long 100,000 items take at DynamoDB's speed, against its own time in sequence."""
    with canned(PAUSE) as slow:
        their = Contenders(slow)
        their.ours("simple-10")
        took = []
        for _ in range(4):
            before = time.monotonic()
            their.ours("simple-100000")
            took.append(time.monotonic() - before)
    floor = 23 * PAUSE / 1000  # 23 pages
    return ratio(took[1:], [floor] * 3)  # the first one waits for the server to make its pages


def measured() -> list[tuple[str, Ratio, str, float, bool]]:
    """Return each goal: what, its ratio, "at least" or "at most", the goal, whether it is met."""
    results: list[tuple[str, Ratio, str, float, bool]] = []

    def add(what: str, found: Ratio, kind: str, goal: float) -> None:
        met = found[0] >= goal if kind == "at least" else found[0] <= goal
        results.append((what, found, kind, goal, met))

    with canned() as endpoint, contextlib.redirect_stdout(io.StringIO()):
        spent = rounds(endpoint)
        for name, peer, ours, limit, least, most in GOALS:
            whose = "" if ours == "ours" else f", {ours}"
            add(
                f"{name}{whose}: times as fast as {peer}",
                ratio(spent[name][peer], spent[name][ours]),
                "at least",
                least,
            )
            if limit and most:
                add(
                    f"{name}: times the limit",
                    ratio(spent[name][ours], spent[name][limit]),
                    "at most",
                    most,
                )
        peaks = [[in_a_process(f"memory-{whose}", endpoint)] for whose in ("ours", "boto3")]
        memory = ratio(*peaks)
        add("100,000 items: memory, times that of boto3", memory, "at most", 0.7)
        add("100,000 items at 43 ms a page, times the service's time", paged(), "at most", 1.4)
        imports = pairs("import-helpers", "import-libraries", endpoint, 3)
        add("import helpers, times boto3 + pandas + ipywidgets", imports, "at most", 0.1)
        first = pairs("first-ours", "first-plain", endpoint, 9)
        add("the first table of 10 items, times plain boto3 + pandas", first, "at most", 1.05)
    return results


def main() -> int:
    """Measure, print, and return the exit code."""
    results = measured()
    if "--json" in sys.argv:
        rows = [
            dict(zip(("what", "ratio", "kind", "goal", "met"), r, strict=True)) for r in results
        ]
        print(json.dumps(rows, indent=2))
    else:
        for what, (middle, low, high), kind, goal, met in results:
            mark = "ok  " if met else "MISS"
            print(f"{mark} {what}: {middle:.2f} [{low:.2f} to {high:.2f}] ({kind} {goal:g})")
    return 0 if all(met for *_, met in results) else 1


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if len(sys.argv) > 1 and not sys.argv[1].startswith("--"):
        with contextlib.redirect_stdout(io.StringIO()):  # the line of progress
            found = alone(sys.argv[1], sys.argv[2])
        print(found)
        sys.exit()
    if os.environ.get("BENCHMARK_PEERS") != "ready":
        from contenders import python_with

        peers = os.environ | {"BENCHMARK_PEERS": "ready"}
        sys.exit(subprocess.run([python_with("awswrangler"), *sys.argv], env=peers).returncode)
    sys.exit(main())
