"""Run the solutions of the notebooks from top to bottom, away from a learner's work.

Everything happens in a temporary copy of the checkout, with an embedded AWS of its own, and the
notebooks run in the order in which a learner reads them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from helpers.errors import WorkshopError
from helpers.launch import lab
from helpers.local_aws import server
from helpers.places import ROOT

COPIED = ("helpers", "data", "notebooks", ".jupyter", "start.py", "pyproject.toml")
CELL_SECONDS = 300
BAR = 24


@dataclass(frozen=True)
class Cell:
    """A code cell: its number in the notebook, the heading above it, and how long it took."""

    number: int
    heading: str
    seconds: float


@dataclass(frozen=True)
class Run:
    """How a notebook ran. `problem` is empty when every cell did what it should."""

    name: str
    seconds: float
    slowest: Cell
    failed: Cell | None = None
    problem: str = ""

    def __str__(self) -> str:
        line = f"{self.name:<38} {'FAILED' if self.problem else 'ok':>6} {self.seconds:6.1f} s"
        if self.failed is None:
            slowest = f"{self.slowest.seconds:.1f} s, under “{self.slowest.heading}”"
            return line + (
                f"\n    {self.problem}" if self.problem else f"   slowest cell {slowest}"
            )
        where = f"cell {self.failed.number}, under “{self.failed.heading}”"
        return f"{line}\n    {where}: {self.problem}"


def rehearse(only: str | None = None) -> int:
    """Run every solution, or the one whose number is `only`; print how; return the exit code.

    Raises:
        WorkshopError: There is no such notebook, or the embedded AWS does not start.
    """
    names = [path.name for path in solutions(ROOT, only)]
    with tempfile.TemporaryDirectory(prefix="wild-rydes-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "checkout"
        copy_checkout(copy)
        with stage(copy):
            if only is not None:
                catch_up(copy, only)
            runs = []
            for index, name in enumerate(names):
                path = copy / "notebooks" / "solutions" / name
                run = run_notebook(path, Progress(name, index, len(names)))
                print(run, flush=True)
                runs.append(run)
    failed = sum(1 for run in runs if run.problem)
    seconds = sum(run.seconds for run in runs)
    print(f"{len(runs) - failed} of {len(runs)} notebooks ran to the end, in {seconds:.0f} s.")
    return 1 if failed else 0


def solutions(root: Path, only: str | None = None) -> list[Path]:
    """Return the solutions in reading order.

    Raises:
        WorkshopError: None has this number.
    """
    every = sorted((root / "notebooks" / "solutions").glob("[0-9]*.ipynb"))
    chosen = [path for path in every if only is None or path.name.startswith(f"{only}_")]
    if not chosen:
        numbers = ", ".join(path.name.partition("_")[0] for path in every)
        raise WorkshopError(f"There is no notebook {only} · use one of {numbers or 'none'}")
    return chosen


def copy_checkout(destination: Path) -> None:
    """Copy what the notebooks need into `destination`: no environment, nothing of a learner's."""
    destination.mkdir(parents=True)
    skip = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, destination / name, ignore=skip)
        else:
            shutil.copy2(source, destination / name)


@contextmanager
def stage(copy: Path) -> Iterator[None]:
    """Be at home in `copy`: Jupyter, the kernels, the embedded AWS, which is ended afterwards."""
    home = copy / ".workshop"
    before = dict(os.environ)
    ours = {key: text for key, text in lab.surroundings(home).items() if "WORKSHOP_" not in key}
    ours.update(PYTHONPATH=str(copy), WORKSHOP_HOME=str(home))
    os.environ.clear()
    os.environ.update(ours)
    try:
        yield
    finally:
        server.stop(home)
        os.environ.clear()
        os.environ.update(before)


def catch_up(copy: Path, section: str) -> None:
    """Bring the embedded AWS of `copy` to where a section starts; 00 and 99 start anywhere.

    Raises:
        WorkshopError: It cannot be brought there.
    """
    if section == "00":
        return
    code = f"from helpers import connect; w = connect(); w.deploy(); w.catch_up({section!r})"
    if section == "99":
        code = "from helpers import connect; connect().deploy()"
    print(f"Bringing the AWS to where {section} starts …", flush=True)
    done = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True)
    if done.returncode != 0:
        raise WorkshopError((done.stderr.strip().splitlines() or ["it said nothing"])[-1])


class Progress:
    """A bar of the cells done, on a terminal; nothing where no line can be overwritten."""

    def __init__(self, name: str, index: int, count: int) -> None:
        self.name, self.index, self.count = name, index, count
        self.shown = sys.stdout.isatty()

    def show(self, share: float) -> None:
        """Draw the bar of all notebooks; `share` of this one is done (0 to 1)."""
        if self.shown:
            filled = round(BAR * (self.index + share) / self.count)
            bar = "#" * filled + "." * (BAR - filled)
            print(f"\r[{bar}] {self.name:<40}", end="", flush=True)

    def clear(self) -> None:
        """Wipe the bar."""
        if self.shown:
            print("\r" + " " * (BAR + 44) + "\r", end="", flush=True)


def run_notebook(path: Path, progress: Progress) -> Run:
    """Run the notebook at `path` in a kernel of its own; nothing is written back."""
    notebook = nbformat.read(path, as_version=4)
    started: dict[int, float] = {}
    seconds: dict[int, float] = {}

    def begin(cell: Any, cell_index: int) -> None:
        progress.show(cell_index / len(notebook.cells))
        started[cell_index] = time.perf_counter()

    def end(cell: Any, cell_index: int, execute_reply: Any) -> None:
        seconds[cell_index] = time.perf_counter() - started[cell_index]

    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=CELL_SECONDS,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=begin,
        on_cell_executed=end,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    before = time.perf_counter()
    problem, failed = "", None
    try:
        client.execute()
    except Exception as error:  # whatever stops a notebook is what is to be reported
        index = max(started, default=0)
        failed = cell_at(notebook, index, time.perf_counter() - started.get(index, before))
        problem = sentence(error)
    finally:
        progress.clear()
    slowest = max(seconds, key=seconds.__getitem__, default=0)
    return Run(
        name=path.stem,
        seconds=time.perf_counter() - before,
        slowest=cell_at(notebook, slowest, seconds.get(slowest, 0.0)),
        failed=failed,
        problem=problem,
    )


def cell_at(notebook: Any, index: int, seconds: float) -> Cell:
    """Return the code cell at `index`, with the last heading above it."""
    heading = "the beginning"
    for cell in notebook.cells[:index]:
        if cell.cell_type == "markdown":
            titles = [line for line in cell.source.splitlines() if line.startswith("#")]
            heading = titles[-1].lstrip("# ") if titles else heading
    number = sum(1 for cell in notebook.cells[: index + 1] if cell.cell_type == "code")
    return Cell(number, heading, seconds)


def sentence(error: Exception) -> str:
    """Return what went wrong, without a traceback."""
    if isinstance(error, CellTimeoutError):
        return f"the cell was not done within {CELL_SECONDS} seconds"
    if isinstance(error, DeadKernelError):
        return "the kernel died"
    name, value = getattr(error, "ename", type(error).__name__), getattr(error, "evalue", error)
    return f"{name}: {value}"
