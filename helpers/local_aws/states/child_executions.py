"""The child executions of a map run: begun as there is room, kept, gone on with, begun again."""

import dataclasses
import threading
from typing import Any

from helpers.asl import definition
from helpers.asl.failures import RUNTIME, StateFailure
from helpers.asl.paths import Scope
from helpers.asl.payload import Payload, json_text
from helpers.local_aws.states import item_reader, names
from helpers.local_aws.states.halt import Halted
from helpers.local_aws.states.map_run import MapRun
from helpers.local_aws.states.progress import Progress
from helpers.local_aws.states.run import Run
from helpers.local_aws.states.store import Execution, Revision, is_express
from helpers.local_aws.states.visit import Visit

MOST_AT_ONCE = 40  # threads; AWS runs up to 10,000 child executions at once
_THRESHOLD = (
    "States.ExceedToleratedFailureThreshold",
    "The specified tolerated failure threshold was exceeded",
)
ABORTED = "The map run execution [{}] which was managing this resource was aborted"  # recorded
_UNKNOWN = (
    "The embedded AWS ended while this Express execution ran: what it had done cannot be known, "
    "and it was not repeated; redrive the parent execution to run it again."
)


class Children:
    """The child executions of one map run."""

    def __init__(
        self,
        visit: Visit,
        scope: Scope,
        run: MapRun,
        items: list[Any],
        known: list[Execution],
        is_redriven: bool,
    ) -> None:
        """Take what the map run needs.

        Args:
            visit: the Map state.
            scope: after InputPath.
            run: the map run.
            items: all of them.
            known: the child executions that had begun before.
            is_redriven: those of them that did not succeed begin again.
        """
        self.visit = visit
        self.run_of_map = run
        self.runs = visit.line.run.children
        inputs = [self._item_input(scope, index, item) for index, item in enumerate(items)]
        self.batches = item_reader.batches(visit, scope, inputs)
        self.revision = self._revision()
        self.threads = definition.blocks(self.revision.parsed)
        self.running: dict[str, tuple[Run, int]] = {}
        self.known = {child.item_index or 0: child for child in known}
        self.pending: dict[int, str] = {}  # those to begin again, and how they had ended
        run.plan([size for _, size in self.batches])
        self._take_over(is_redriven)

    def run(self) -> list[Execution]:
        """Run all child executions and return them.

        Raises:
            StateFailure: more have failed than are tolerated.
            Halted: the work must stop.
        """
        children = []
        with self.visit.line.halt.waking(self._wake):
            for index, (value, size) in enumerate(self.batches):
                child, past = self.known.get(index), None
                if child is not None and child.status not in ("RUNNING", "PENDING_REDRIVE"):
                    children.append(child)
                    continue
                self._wait_for_room()
                if child is None:
                    run = self._launch(index, value, size)
                    self._move(size, "pending", "running")
                else:
                    run, past = self._relaunch(index, child, size)
                children.append(run.execution)
                if run.has_ended:
                    self._count_end(run)
                elif self.threads:
                    threading.Thread(
                        target=self._run_child, args=(run, past), daemon=True, name="child"
                    ).start()
                else:
                    self._run_child(run, past)
            self._wait_for_room(all_done=True)
        return children

    def _take_over(self, is_redriven: bool) -> None:
        """Count those that had begun, and let those wait that begin again."""
        for index, (_, size) in enumerate(self.batches):
            child = self.known.get(index)
            if child is None or child.status == "RUNNING":
                continue
            unsuccessful = child.status != "SUCCEEDED"
            if child.status == "PENDING_REDRIVE":  # since before the process died
                self.pending[index] = "FAILED"
            elif is_redriven and unsuccessful:
                if self.runs.can_begin_again(child):
                    self.pending[index] = child.status
                    self.runs.put(child, "PENDING_REDRIVE")
                else:
                    self.run_of_map.executions["failuresNotRedrivable"] += 1
                    self.run_of_map.items["failuresNotRedrivable"] += size
            self._move(size, "pending", child.status)

    def _wait_for_room(self, all_done: bool = False) -> None:
        """Wait until another child execution may start, or until all have ended."""
        run, line = self.run_of_map, self.visit.line

        def ready() -> bool:
            limit = min(run.max_concurrency or MOST_AT_ONCE, MOST_AT_ONCE)
            room = len(self.running) < (1 if all_done else limit)
            return room or run.is_beyond_tolerance() or line.halt.is_raised

        with run.changed:
            run.changed.wait_for(ready)
            beyond, halted = run.is_beyond_tolerance(), line.halt.is_raised
        if halted and line.run.is_left:
            raise Halted
        if beyond or halted:
            self._stop()
            if halted:
                raise Halted
            raise StateFailure(*_THRESHOLD)

    def _launch(self, index: int, value: Any, size: int) -> Run:
        """Return a child execution as it begins."""
        name, clock = names.new_name(), self.visit.line.run.clock
        arn = names.execution_arn(self.revision.name, name)
        if is_express(self.revision):
            name = f"{name}:{names.new_name()}"  # recorded
            arn = names.express_arn(self.revision.name, *name.split(":"))
        execution = Execution(arn, name, self.revision, Payload(value), clock())
        execution.map_run_arn = self.run_of_map.arn
        execution.item_index, execution.item_count = index, size
        return self._running(self.runs.launch_child(execution), size)

    def _relaunch(self, index: int, child: Execution, size: int) -> tuple[Run, Progress | None]:
        """Return a child execution that goes on, or begins again, and how far it had come."""
        begins_again, past = child.status == "PENDING_REDRIVE", None
        self.pending.pop(index, None)
        if not is_express(child.revision):
            again = self.runs.begin_again if begins_again else self.runs.relaunch
            run, past = again(child)
        else:
            if begins_again:  # from its first state, under its own name (recorded)
                child.started, child.status = self.visit.line.run.clock(), "RUNNING"
                child.redrive_count += 1
                child.stopped = child.error = child.cause = None
            run = self.runs.launch_child(child, is_new=False)
            if not begins_again:
                run.fail(StateFailure(RUNTIME, _UNKNOWN), 1)
        self._move(size, "pendingRedrive" if begins_again else "pending", "running")
        return self._running(run, size), past

    def _running(self, run: Run, size: int) -> Run:
        with self.run_of_map.changed:
            self.running[run.execution.arn] = run, size
        return run

    def _run_child(self, run: Run, past: Progress | None) -> None:
        """Run a child execution to its end and count it."""
        try:
            self.runs.run_to_end(run, past)
        finally:
            self._count_end(run)

    def _count_end(self, run: Run) -> None:
        with self.run_of_map.changed:
            _, size = self.running.pop(run.execution.arn, (run, None))
        if size is not None and not self.visit.line.run.is_left:
            self._move(size, "running", run.execution.status)

    def _move(self, size: int, source: str, status: str) -> None:
        """Count a child execution with `size` items under another heading."""
        self.run_of_map.move(size, source, status)
        self.runs.map_runs.save(self.run_of_map)

    def _stop(self) -> None:
        """Abort what still runs; what was to begin again stays as it was."""
        cause = ABORTED.format(self.run_of_map.arn)
        with self.run_of_map.changed:
            left = list(self.running.values())
        for run, _ in left:
            run.abort(None, cause)
            self._count_end(run)
        for index, child in self.known.items():
            if child.status == "RUNNING":  # since before the process died
                run, past = self._relaunch(index, child, self.batches[index][1])
                run.abort(None, cause)
                self._run_child(run, past)  # which lets go of its tokens
        for index, status in self.pending.items():
            self.runs.put(self.known[index], status)
            self._move(self.batches[index][1], "pendingRedrive", status)

    def _wake(self) -> None:
        with self.run_of_map.changed:
            self.run_of_map.changed.notify_all()

    def _item_input(self, scope: Scope, index: int, item: Any) -> Any:
        visit = self.visit
        context = {**scope.context, "Map": {"Item": {"Index": index, "Value": item}}}
        inner = Scope(scope.input, context, scope.variables)
        return visit.language.item_input(visit.state, inner, item, visit.randomness)

    def _revision(self) -> Revision:
        """Return what the child executions run: the flow inside, as a machine of its own."""
        ran = self.visit.line.run.execution.revision
        flow = self.visit.state.get("ItemProcessor") or self.visit.state["Iterator"]
        languages = {k: v for k, v in ran.parsed.items() if k == "QueryLanguage"}
        machine_arn = self.run_of_map.machine_arn
        return dataclasses.replace(
            ran,
            machine_arn=machine_arn,
            name=machine_arn.partition(":stateMachine:")[2],
            definition=json_text(flow),
            parsed={**languages, **flow},
            type=flow["ProcessorConfig"].get("ExecutionType", "STANDARD"),
            version_arn=None,
            alias_arn=None,
        )
