"""Step Functions: our engine and its API.

    api.py            the operations by name; what each group of them does:
                      machines.py  versions.py  aliases.py  tags.py  definitions.py  not_yet.py
                      executions.py  express.py  redrive.py  map_runs.py  activities.py  tokens.py
                      testing.py (and testing_*.py): TestState
    runs.py           the executions that run now and their threads; resume.py goes on with those of
                      the process before
    run.py            one of them: its history and its end; line.py a line of work inside,
                      halt.py what stops it, progress.py how far it had come
    flow.py           state after state; visit.py one state, retries.py its Retry and Catch,
                      limits.py its time and size
    simple_states.py  task.py  parallel.py  map.py      what the types of states do
    task_past.py      tasks that had begun before; acting.py the role that they act as;
                      integrations/ what they call; words.py endings.py what they wait for
    groups.py         lines side by side
    distributed.py    the Distributed Map: item_reader.py, child_executions.py, map_run.py,
                      result_writer.py
    store.py          what is kept; sqlite_store.py keeps it in the tables of sqlite_tables.py,
                      written and read by records.py
    logs.py  metrics.py  status_events.py               what CloudWatch and EventBridge are told
    names.py  execution_answers.py                      ARNs, and answers in AWS's form

Nothing polls: who waits is woken. A line of work that cannot wait has no thread of its own.
"""
