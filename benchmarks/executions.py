"""How fast the embedded Step Functions is, beside moto and ministack.

`python benchmarks/executions.py` takes about four minutes.

    --json     print the figures as JSON
    --quick    fewer rounds, and 200 executions instead of 2,000 for the growth of memory

All three answer the same boto3 calls in turn, in one run, so that noise meets all of them. Exits
with 1 when a goal is missed. The first run installs the peers below `.workshop/benchmarks/`.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # the helpers, however this file was started

import learner  # noqa: E402
from contenders import Contender, embedded, ministack, moto  # noqa: E402
from workloads import Machines, definitions, in_turn  # noqa: E402

PEERS = ("moto", "ministack")


@dataclass(frozen=True)
class Goal:
    """A figure of ours against what it has to reach: at least, or at most."""

    what: str
    reached: float
    wanted: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.reached <= self.wanted if self.at_most else self.reached >= self.wanted

    def __str__(self) -> str:
        sign = "at most" if self.at_most else "at least"
        verdict = "ok    " if self.met else "MISSED"
        return f"{verdict} {self.what}: {self.reached:.2f} ({sign} {self.wanted:g})"


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args(arguments)
    rounds, growth_of = (3, 200) if options.quick else (9, 2000)
    with embedded() as ours, moto() as second, ministack() as third:
        machines = {one.name: Machines(one) for one in (ours, second, third)}
        latency = _latencies(machines, rounds)
        per_second = {at_once: _per_second(machines, at_once) for at_once in (1, 8)}
        growth = _growth(ours, machines["ours"], growth_of)
    start = _start()
    felt = learner.felt()
    goals = _goals(latency, per_second, growth, start, felt)
    if options.json:
        figures: dict[str, Any] = {
            "milliseconds": latency,
            "per_second": per_second,
            "megabytes_per_1000": growth,
            "start": start,
            "learner": felt,
            "goals": [asdict(goal) | {"met": goal.met} for goal in goals],
        }
        print(json.dumps(figures, indent=1))
    else:
        _print(latency, per_second, growth, start, felt, goals)
    return 0 if all(goal.met for goal in goals) else 1


def _latencies(machines: dict[str, Machines], rounds: int) -> dict[str, dict[str, float]]:
    """Return the median milliseconds of each workload, from start to end, for each contender."""
    found = {}
    for name in definitions(["f"] * 4):
        work = {who: partial(one.run, name) for who, one in machines.items()}
        in_turn(work, 1)
        times = in_turn(work, rounds if "Map" not in name else max(rounds // 3, 1))
        found[name] = {who: 1000 * statistics.median(taken) for who, taken in times.items()}
    return found


def _per_second(machines: dict[str, Machines], at_once: int) -> dict[str, float]:
    """Return how many workflows each contender ends per second: the median of three goes."""
    counts = {"ours": 60, "moto": 15, "ministack": 15}
    work = {
        who: partial(one.per_second, "workflow", counts[who] * (2 if at_once > 1 else 1), at_once)
        for who, one in machines.items()
    }
    in_turn(work, 1)  # as many environments as will be needed are warm after it
    return {who: statistics.median(rates) for who, rates in in_turn(work, 3).items()}


def _growth(ours: Contender, machines: Machines, count: int) -> float:
    """Return by how many megabytes the process grows with 1,000 executions of the workflow."""
    machines.per_second("workflow", 100, 4)
    before = ours.megabytes()
    machines.per_second("workflow", count, 4)
    return (ours.megabytes() - before) * 1000 / count


def _start() -> dict[str, float]:
    """Return the seconds from start to first answer, and the memory once it is warm and idle."""
    with tempfile.TemporaryDirectory(prefix="workshop-benchmark-") as home:
        started = time.perf_counter()
        with embedded(Path(home)) as ours:
            ours.client("stepfunctions").list_state_machines()
            seconds = time.perf_counter() - started
            time.sleep(5)  # it loads what the workshop will use while nobody waits
            return {"seconds": seconds, "megabytes": ours.megabytes()}


def _goals(
    latency: dict[str, dict[str, float]],
    per_second: dict[int, dict[str, float]],
    growth: float,
    start: dict[str, float],
    felt: dict[str, float],
) -> list[Goal]:
    workflow, items = latency["workflow"], latency["Map of 1000"]
    best = {n: max(rates[peer] for peer in PEERS) for n, rates in per_second.items()}
    return [
        Goal("workflow, times as fast as moto", workflow["moto"] / workflow["ours"], 4),
        Goal("workflow, times as fast as ministack", workflow["ministack"] / workflow["ours"], 15),
        Goal(
            "workflows per second, one by one, times the best", per_second[1]["ours"] / best[1], 5
        ),
        Goal("workflows per second, 8 at once, times the best", per_second[8]["ours"] / best[8], 3),
        Goal("Map of 1000, times the best", min(items[p] for p in PEERS) / items["ours"], 1),
        Goal("MB more per 1,000 executions", growth, 5, at_most=True),
        Goal("MB before the first deploy", start["megabytes"], 110, at_most=True),
        Goal("MB after it and a workshop", felt["megabytes after deploy"], 220, at_most=True),
        Goal("seconds from start to the first answer", start["seconds"], 1, at_most=True),
    ]


def _print(
    latency: dict[str, dict[str, float]],
    per_second: dict[int, dict[str, float]],
    growth: float,
    start: dict[str, float],
    felt: dict[str, float],
    goals: list[Goal],
) -> None:
    print(f"{'':28}{'ours':>10}{'moto':>10}{'ministack':>11}  ratios")
    rows = [(f"{name}, ms", found) for name, found in latency.items()]
    rows += [(f"workflows/s, {n} at once", found) for n, found in per_second.items()]
    for name, found in rows:
        ours = found["ours"]
        faster = [found[p] / ours if "ms" in name else ours / found[p] for p in PEERS]
        ratios = "  ".join(f"{ratio:.1f}" for ratio in faster)
        print(f"{name:28}{ours:10.1f}{found['moto']:10.1f}{found['ministack']:11.1f}  {ratios}")
    print(f"\nThe process grows by {growth:.1f} MB per 1,000 executions.")
    print(f"Start to first answer {start['seconds']:.2f} s; idle {start['megabytes']:.0f} MB.")
    print(
        "What a learner feels:",
        *(f"  {name}: {value:.0f}" for name, value in felt.items()),
        sep="\n",
    )
    print("\nGoals:", *goals, sep="\n")


if __name__ == "__main__":
    os.environ.pop("AWS_ENDPOINT_URL", None)
    sys.exit(main())
