"""Go on with the executions that ran when the process before this one died."""

from helpers.local_aws.states.executions import Executions
from helpers.local_aws.states.store import Store


def resume_all(executions: Executions, store: Store) -> None:
    """Let every execution go on from its last event, each in a thread of its own.

    One that had come to its end gets the status of its last event. The child executions of a
    Distributed Map go on with their parents; those without a running parent are aborted.
    """
    children = []
    for execution in store.running():
        if execution.map_run_arn is not None:
            children.append(execution)
            continue
        run, past = executions.relaunch(execution)
        if past.ended is None:
            executions.go_on(run, past)
    for child in children:
        map_run = store.map_run(child.map_run_arn or "")
        parent = store.execution(map_run.execution_arn) if map_run is not None else None
        if parent is None or parent.status != "RUNNING":
            run, past = executions.relaunch(child)
            if past.ended is None:
                run.abort(None, f"The map run execution [{child.map_run_arn}] had ended")
