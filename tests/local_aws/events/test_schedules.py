"""Schedule expressions, by the examples of the EventBridge user guide."""

from datetime import UTC, datetime, timedelta

import pytest

from helpers.local_aws.events.schedules import is_schedule, next_time

NOW = datetime(2026, 11, 25, 22, 7, 30, tzinfo=UTC)  # a Wednesday


def following(expression, after=NOW):
    found = next_time(expression, after)
    return found and found.strftime("%Y-%m-%d %H:%M")


def test_a_rate_counts_from_the_last_time():
    assert next_time("rate(5 minutes)", NOW) == NOW + timedelta(minutes=5)
    assert next_time("rate(1 hour)", NOW) == NOW + timedelta(hours=1)
    assert next_time("rate(7 days)", NOW) == NOW + timedelta(days=7)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(* * * * ? *)", "2026-11-25 22:08"),
        ("cron(0 10 * * ? *)", "2026-11-26 10:00"),
        ("cron(0/15 * * * ? *)", "2026-11-25 22:15"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-26 18:00"),
        ("cron(0 8 1 * ? *)", "2026-12-01 08:00"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-11-25 22:10"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-11-26 08:00"),
        ("cron(0 9 ? * 2#1 *)", "2026-12-07 09:00"),  # the first Monday
        ("cron(0 9 L * ? *)", "2026-11-30 09:00"),
        ("cron(0 9 ? * 6L *)", "2026-11-27 09:00"),  # the last Friday
        ("cron(0 9 ? * L *)", "2026-11-28 09:00"),  # Saturday
        ("cron(0 9 28W * ? *)", "2026-11-27 09:00"),  # the 28th is a Saturday
        ("cron(0 9 1W * ? 2027)", "2027-01-01 09:00"),
        ("cron(0 12 29 FEB ? *)", "2028-02-29 12:00"),
        ("cron(15 12 ? JAN,JUN SAT 2027-2030)", "2027-01-02 12:15"),
    ],
)
def test_a_cron_expression_names_its_next_minute(expression, expected):
    assert following(expression) == expected


@pytest.mark.parametrize(
    "expression", ["cron(0 9 * * ? 2020)", "cron(0 9 30 2 ? *)", f"rate({10**12} days)"]
)
def test_a_schedule_may_never_come_again(expression):
    assert is_schedule(expression)
    assert next_time(expression, NOW) is None


@pytest.mark.parametrize(
    "expression",
    [
        "rate(5 minute)",
        "rate(1 minutes)",
        "rate(0 minutes)",
        "rate(5 seconds)",
        "cron(0 10 * * * *)",  # a day of the month and of the week
        "cron(0 10 ? * ? *)",
        "cron(61 * * * ? *)",
        "cron(0 10 * * ?)",
        "every day",
    ],
)
def test_what_is_no_schedule_is_refused(expression):
    assert not is_schedule(expression)
