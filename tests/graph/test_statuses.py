"""What a history says about each state."""

from histories import History, happy, refused

from helpers.graph.statuses import read


def words(history: History) -> dict[str, str]:
    return {name: run.status for name, run in read(history.events).states().items()}


def test_every_state_of_a_good_run_succeeded_and_the_others_are_not_mentioned() -> None:
    assert words(happy()) == dict.fromkeys(
        [
            *("FaceDetection", "CheckFaceDuplicate", "ParallelProcessing"),
            *("AddFaceToIndex", "Thumbnail", "PersistMetadata"),
        ],
        "succeeded",
    )


def test_a_refused_photo_shows_the_caught_state_and_the_way_it_took() -> None:
    trace = read(refused().events)
    assert words(refused()) == {
        "FaceDetection": "caught error",
        "PhotoDoesNotMeetRequirement": "succeeded",
    }
    assert set(trace.taken) == {
        (None, "FaceDetection"),
        ("FaceDetection", "PhotoDoesNotMeetRequirement"),
        ("PhotoDoesNotMeetRequirement", None),
    }


def test_a_running_execution_shows_where_it_is() -> None:
    history = happy()
    del history.events[14:]  # while AddFaceToIndex works
    assert words(history)["ParallelProcessing"] == "in progress"
    assert words(history)["AddFaceToIndex"] == "in progress"
    assert not read(history.events).over


def test_retries_are_counted_and_the_state_still_succeeds() -> None:
    history = History()
    history.enter("Task", "A", previous=0)
    history.attempt(error="Busy")
    history.attempt(error="Busy")
    history.attempt()
    history.leave("Task", "A")
    run = read(history.events).states()["A"]
    assert (run.status, run.retries) == ("succeeded", 2)


def test_a_state_that_waits_for_its_retry_is_in_progress() -> None:
    history = History()
    history.enter("Task", "A", previous=0)
    history.attempt(error="Busy")
    assert words(history) == {"A": "in progress"}


def test_a_failure_that_nobody_catches_fails_the_state_and_what_is_around_it() -> None:
    history = History()
    history.enter("Parallel", "Both", previous=0)
    forked = history.add("ParallelStateStarted")
    history.enter("Task", "Slow", forked)
    history.enter("Task", "Bad", forked)
    failed = history.attempt(error="Boom")
    history.add("ParallelStateFailed", failed)
    history.add("ExecutionFailed", error="Boom")
    assert words(history) == {"Both": "failed", "Bad": "failed", "Slow": "aborted"}


def test_a_parallel_whose_failure_is_caught_goes_on_with_the_catcher() -> None:
    history = History()
    history.enter("Parallel", "Both", previous=0)
    forked = history.add("ParallelStateStarted")
    history.enter("Task", "Slow", forked)
    history.enter("Fail", "Stop", forked)
    failed = history.add("ParallelStateFailed")
    history.leave("Parallel", "Both", failed)
    history.task("Repair")
    history.add("ExecutionSucceeded", output="{}")
    assert words(history) == {
        "Both": "caught error",
        "Slow": "aborted",
        "Stop": "failed",
        "Repair": "succeeded",
    }
    assert ("Both", "Repair") in read(history.events).taken


def test_a_fail_state_and_a_path_that_does_not_fit_are_failures() -> None:
    history = History()
    history.enter("Pass", "A", previous=0)
    history.add("ExecutionFailed", error="States.Runtime")
    assert words(history) == {"A": "failed"}
    history = History()
    history.enter("Fail", "Stop", previous=0)
    history.add("ExecutionFailed", error="Boom")
    assert words(history) == {"Stop": "failed"}


def test_a_stopped_execution_aborts_and_a_late_one_times_out_what_it_was_in() -> None:
    for end, status in (("ExecutionAborted", "aborted"), ("ExecutionTimedOut", "timed out")):
        history = History()
        history.enter("Wait", "Wait", previous=0)
        history.add(end, previous=0)
        assert words(history) == {"Wait": status}


def test_a_task_that_takes_too_long_timed_out() -> None:
    history = History()
    history.enter("Task", "A", previous=0)
    history.add("TaskScheduled")
    history.add("TaskTimedOut", error="States.Timeout")
    history.add("ExecutionFailed", error="States.Timeout")
    assert words(history) == {"A": "timed out"}


def test_the_iterations_of_a_map_are_counted_and_one_that_failed_is_seen() -> None:
    history = History()
    history.enter("Map", "Each", previous=0)
    started = history.add("MapStateStarted", length=3)
    begun = [
        history.add("MapIterationStarted", started, name="Each", index=index) for index in range(3)
    ]
    for index in range(2):
        last = history.task("Work", begun[index])
        history.add("MapIterationSucceeded", last, name="Each", index=index)
    history.enter("Task", "Work", begun[2])
    bad = history.attempt(error="Boom")
    running = read(history.events).states()["Each"].visits[0]
    assert (running.iterations_done, running.iterations) == (2, 3)
    history.add("MapIterationFailed", bad, name="Each", index=2)
    history.add("MapStateFailed", bad)
    history.leave("Map", "Each", bad)
    history.add("ExecutionSucceeded", output="{}")
    assert words(history) == {"Each": "caught error", "Work": "failed"}


def test_iterations_one_after_another_belong_to_the_map_and_not_to_each_other() -> None:
    history = History()
    history.enter("Map", "Each", previous=0)
    last = history.add("MapStateStarted", length=2)
    for index in range(2):
        history.add("MapIterationStarted", last, name="Each", index=index)
        last = history.task("Work")
        history.add("MapIterationSucceeded", last, name="Each", index=index)
    visits = read(history.events).states()["Work"].visits
    assert [visit.outer and visit.outer.name for visit in visits] == ["Each", "Each"]
    assert [visit.before for visit in visits] == [None, None]


def test_in_a_loop_the_last_visit_counts() -> None:
    history = History()
    history.task("Ask", previous=0, error="NotYet")
    history.task("Ask")
    history.add("ExecutionSucceeded", output="{}")
    run = read(history.events).states()["Ask"]
    assert (run.status, len(run.visits)) == ("succeeded", 2)


def test_a_visit_knows_how_long_it_took() -> None:
    visit = read(happy().events).visits[0]
    assert visit.seconds == 0.4


def test_the_success_of_a_parallel_is_its_own_and_not_that_of_its_last_branch() -> None:
    trace = read(happy().events)
    named = {
        event["type"]: trace.of_event[event["id"]].name
        for event in happy().events
        if event["type"] in ("ParallelStateStarted", "ParallelStateSucceeded")
    }
    assert named["ParallelStateSucceeded"] == named["ParallelStateStarted"] == "ParallelProcessing"
