"""Go on with the executions that ran when the process before this one died."""

from helpers.local_aws.states.child_executions import ABORTED
from helpers.local_aws.states.runs import Runs
from helpers.local_aws.states.store import Execution, Store


def resume_all(runs: Runs, store: Store) -> None:
    """Let every execution go on from its last event, each in a thread of its own.

    One that had come to its end gets the status of its last event. The child executions of a
    Distributed Map go on with their parents; those without a running parent are aborted, and so
    is their map run.
    """
    running = store.running()
    tops = [runs.relaunch(one) for one in running if one.map_run_arn is None]
    for _, past in tops:
        runs.reopen_tokens(past)
    managed = _managed_map_runs(runs, store)
    for child in running:
        if child.map_run_arn is None:
            continue
        if child.map_run_arn in managed:
            # Whoever has its token may speak before the map run has come to it.
            runs.reopen_tokens(runs.past(child))
        else:
            _abort(runs, child)
    for run, past in tops:
        if past.ended is None:
            runs.go_on(run, past)


def _managed_map_runs(runs: Runs, store: Store) -> set[str]:
    """Return the ARNs of the map runs that go on; the others that ran have been aborted."""
    managed: set[str] = set()
    for map_run in store.running_map_runs():
        parent = store.execution(map_run.execution_arn)  # an Express one leaves no record
        if (
            parent is not None
            and parent.status == "RUNNING"
            and (parent.map_run_arn is None or parent.map_run_arn in managed)
        ):
            managed.add(map_run.arn)
            continue
        map_run.status, map_run.stopped = "ABORTED", runs.clock()
        runs.map_runs.save(map_run)
    return managed


def _abort(runs: Runs, child: Execution) -> None:
    """End a child execution whose map run has ended."""
    assert child.map_run_arn is not None
    map_run = runs.map_runs.find(child.map_run_arn)
    run, _ = runs.relaunch(child)
    run.abort(None, ABORTED.format(map_run.arn))  # unless it has ended
    map_run.move(child.item_count or 0, "running", child.status)
    runs.map_runs.save(map_run)
