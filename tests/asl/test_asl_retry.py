import pytest

from helpers.asl import retry


@pytest.mark.parametrize(
    ("names", "error", "expected"),
    [
        (["MyError"], "MyError", True),
        (["Other"], "MyError", False),
        (["States.ALL"], "MyError", True),
        (["States.ALL"], None, True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.DataLimitExceeded", True),
        (["States.ALL"], "States.Runtime", False),
        (["States.Runtime"], "States.Runtime", False),
        (["States.TaskFailed"], "MyError", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["States.Timeout"], "States.Timeout", True),
    ],
)
def test_which_names_cover_an_error(names, error, expected):
    assert retry.matches(names, error) is expected


def test_the_first_rule_that_covers_the_error_is_taken():
    rules = [{"ErrorEquals": ["A"]}, {"ErrorEquals": ["B", "C"]}, {"ErrorEquals": ["States.ALL"]}]
    assert [retry.find(rules, error) for error in ("C", "A", "D")] == [1, 0, 2]
    assert retry.find(rules[:2], "D") is None


def delays(retrier, count=4):
    return [retry.delay(retrier, attempts, lambda: 0.5) for attempts in range(count)]


def test_delays_grow_by_the_backoff_rate_up_to_their_limit():
    assert delays({}) == [1, 2, 4, 8]
    assert delays({"IntervalSeconds": 3, "BackoffRate": 1.5}, 3) == [3, 4.5, 6.75]
    assert delays({"IntervalSeconds": 2, "MaxDelaySeconds": 5}) == [2, 4, 5, 5]
    assert delays({"JitterStrategy": "FULL"}) == [0.5, 1, 2, 4]
    assert retry.delay({"MaxDelaySeconds": 9, "BackoffRate": 1e10}, 999, lambda: 1) == 9


def test_a_retrier_tries_three_times_unless_told_otherwise():
    assert [retry.may_retry({}, attempts) for attempts in range(4)] == [True, True, True, False]
    assert not retry.may_retry({"MaxAttempts": 0}, 0)
