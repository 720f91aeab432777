"""How many answers recorded on real AWS ours equals: `python benchmarks/recordings.py [--json]`.

Plays every case beside this checkout (`../shared/aws_recordings`) and prints, by area, how many are
equal and how many have the same outcome; `tests/local_aws/states/recordings_player.py` says what
these mean. What is not equal is listed with the reason. Exits with 1 below a goal.
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
sys.path[:0] = [str(ROOT), str(TESTS), str(TESTS / "local_aws" / "states")]

import recordings_player as player  # noqa: E402
from workbench import opened  # noqa: E402

# Percent: equal, same outcome.
GOALS = {"executions": (96, 99), "all kinds": (92, 98)}
EACH_AREA = 80


def main(arguments: list[str] | None = None) -> int:
    """Play, print, and return 1 below a goal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    options = parser.parse_args(arguments)
    if not player.FOLDER.is_dir():
        print("There are no recordings beside this checkout.", file=sys.stderr)
        return 1
    cases = player.load()
    with tempfile.TemporaryDirectory() as home, opened(Path(home)) as bench:
        verdicts = {verdict.case: verdict for verdict in player.play_all(cases, bench)}
    areas: dict[str, list[Any]] = defaultdict(list)
    for name, case in cases.items():
        areas[case["feature"].partition("/")[0]].append(verdicts[name])
        if case["kind"] == "execution":
            areas["executions"].append(verdicts[name])
        areas["all kinds"].append(verdicts[name])
    counts = {name: _count(found) for name, found in areas.items()}
    missed = [name for name, count in counts.items() if not _reaches(name, *count)]
    unequal = [verdict for verdict in verdicts.values() if not verdict.equal]
    if options.json:
        listed = [vars(verdict) for verdict in unequal]
        print(json.dumps({"counts": counts, "missed": missed, "unequal": listed}, indent=1))
    else:
        _print(counts, missed, unequal)
    return 1 if missed else 0


def _count(verdicts: list[Any]) -> tuple[int, int, int]:
    """Return how many are equal, have the same outcome, and are there."""
    equal = sum(verdict.equal for verdict in verdicts)
    return equal, sum(verdict.same_outcome for verdict in verdicts), len(verdicts)


def _reaches(name: str, equal: int, same_outcome: int, total: int) -> bool:
    wanted_equal, wanted_same = GOALS.get(name, (EACH_AREA, 0))
    return 100 * equal >= wanted_equal * total and 100 * same_outcome >= wanted_same * total


def _print(counts: dict[str, tuple[int, int, int]], missed: list[str], unequal: list[Any]) -> None:
    print(f"{'area':24}{'equal':>8}{'same':>8}{'of':>8}")
    for name, (equal, same, total) in sorted(counts.items(), key=lambda item: item[0] in GOALS):
        below = "  BELOW ITS GOAL" if name in missed else ""
        print(f"{name:24}{equal:8}{same:8}{total:8}{below}")
    for verdict in unequal:
        same = "same outcome" if verdict.same_outcome else "another outcome"
        print(f"\n{verdict.case} ({same})\n  {verdict.why}")


if __name__ == "__main__":
    sys.exit(main())
