"""Go on with the executions that ran when the process before this one died."""

from helpers.local_aws.states.child_executions import ABORTED
from helpers.local_aws.states.executions import Executions
from helpers.local_aws.states.store import Execution, Store


def resume_all(executions: Executions, store: Store) -> None:
    """Let every execution go on from its last event, each in a thread of its own.

    One that had come to its end gets the status of its last event. The child executions of a
    Distributed Map go on with their parents; those without a running parent are aborted, and so
    is their map run.
    """
    running = store.running()
    tops = [executions.relaunch(one) for one in running if one.map_run_arn is None]
    for _, past in tops:
        executions.reopen_tokens(past)
    managed = _managed_map_runs(executions, store)
    for child in running:
        if child.map_run_arn is None:
            continue
        if child.map_run_arn in managed:
            # Whoever has its token may speak before the map run has come to it.
            executions.reopen_tokens(executions.past(child))
        else:
            _abort(executions, child)
    for run, past in tops:
        if past.ended is None:
            executions.go_on(run, past)


def _managed_map_runs(executions: Executions, store: Store) -> set[str]:
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
        map_run.status, map_run.stopped = "ABORTED", executions.clock()
        executions.map_runs.save(map_run)
    return managed


def _abort(executions: Executions, child: Execution) -> None:
    """End a child execution whose map run has ended."""
    assert child.map_run_arn is not None
    map_run = executions.map_runs.find(child.map_run_arn)
    run, _ = executions.relaunch(child)
    run.abort(None, ABORTED.format(map_run.arn))  # unless it has ended
    map_run.move(child.item_count or 0, "running", child.status)
    executions.map_runs.save(map_run)
