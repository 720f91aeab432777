"""Schedule expressions of rules: `rate(5 minutes)` and `cron(0 10 * * ? *)`, in UTC.

Source: "Setting a schedule pattern for scheduled rules" of the EventBridge user guide.
"""

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((.+)\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_FIRST_YEAR, _LAST_YEAR = 1970, 2199

Days = Callable[[date], bool]


def is_schedule(expression: str) -> bool:
    """Return whether `expression` is one."""
    try:
        next_time(expression, datetime(_LAST_YEAR, 12, 31, tzinfo=UTC))
    except ValueError:
        return False
    return True


def next_time(expression: str, after: datetime) -> datetime | None:
    """Return when a rule fires next, None when never again.

    Args:
        expression: the schedule.
        after: when it fired last, or was made.

    Raises:
        ValueError: this is no schedule expression.
    """
    if match := _RATE.fullmatch(expression):
        number = int(match[1])
        if number < 1 or (number == 1) == bool(match[3]):  # "1 minute", but "2 minutes"
            raise ValueError(f"{expression} is no schedule")
        try:
            return after + number * _UNITS[match[2]]
        except OverflowError:  # after the year 9999
            return None
    minutes, hours, is_day = _cron(expression)
    moment = (after + timedelta(minutes=1)).replace(second=0, microsecond=0)
    day = moment.date()
    while day.year <= _LAST_YEAR:
        if is_day(day):
            for hour in hours:
                for minute in minutes:
                    found = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                    if found >= moment:
                        return found
        day += timedelta(days=1)
    return None


@lru_cache(256)
def _cron(expression: str) -> tuple[list[int], list[int], Days]:
    match = _CRON.fullmatch(expression)
    fields = match[1].split() if match else []
    if len(fields) != 6 or (fields[2] == "?") == (fields[4] == "?"):
        raise ValueError(f"{expression} is no schedule")
    minutes, hours = _numbers(fields[0], 0, 59), _numbers(fields[1], 0, 23)
    months = _numbers(fields[3], 1, 12, _MONTHS)
    years = _numbers(fields[5], _FIRST_YEAR, _LAST_YEAR)
    days = _month_days(fields[2]) if fields[4] == "?" else _week_days(fields[4])

    def is_day(day: date) -> bool:
        return day.month in months and day.year in years and days(day)

    return sorted(minutes), sorted(hours), is_day


def _numbers(field: str, low: int, high: int, names: list[str] | None = None) -> set[int]:
    """Return the numbers that a field names: `*`, `1,3`, `MON-FRI`, `0/15`, `10-50/20`."""
    found: set[int] = set()
    for part in field.upper().split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = low, high
        else:
            start = _number(first, names)
            end = _number(last, names) if dash else high if step else start
        if not (low <= start <= high and low <= end <= high):
            raise ValueError(f"{field} is out of range")
        if end < start:  # FRI-MON
            found |= {*range(start, high + 1), *range(low, end + 1)}
        else:
            found |= set(range(start, end + 1, int(step) if step else 1))
    return found


def _number(text: str, names: list[str] | None) -> int:
    return names.index(text) + 1 if names and text in names else int(text)


def _month_days(field: str) -> Days:
    """Return what tells whether a day is one of the month's: `15`, `L` the last, `3W` a weekday."""
    if field == "L":
        return lambda day: day.day == _length(day)
    if match := re.fullmatch(r"(\d+|L)W", field):
        return lambda day: (
            day.day
            == _nearest_weekday(
                day.replace(
                    day=_length(day) if match[1] == "L" else min(int(match[1]), _length(day))
                )
            )
        )
    numbers = _numbers(field, 1, 31)
    return lambda day: day.day in numbers


def _week_days(field: str) -> Days:
    """Return what tells whether a day is one of the week's: `MON-FRI`, `3#2` the 2nd, `6L`."""
    if match := re.fullmatch(r"(\w+)#([1-5])", field.upper()):
        wanted, number = _number(match[1], _DAYS), int(match[2])
        return lambda day: _week_day(day) == wanted and (day.day - 1) // 7 + 1 == number
    if match := re.fullmatch(r"(\w+)L", field.upper()):
        wanted = _number(match[1], _DAYS)
        return lambda day: _week_day(day) == wanted and day.day + 7 > _length(day)
    numbers = {7} if field.upper() == "L" else _numbers(field, 1, 7, _DAYS)
    return lambda day: _week_day(day) in numbers


def _week_day(day: date) -> int:
    return day.isoweekday() % 7 + 1  # 1 is Sunday


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date) -> int:
    """Return the day of the month that is a weekday and nearest to `day`, in the same month."""
    ahead = {5: -1, 6: 1}.get(day.weekday(), 0)
    if not 1 <= day.day + ahead <= _length(day):
        ahead = 2 if ahead < 0 else -2
    return day.day + ahead
