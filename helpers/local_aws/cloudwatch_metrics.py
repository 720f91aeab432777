"""CloudWatch's statistics: what moto is asked, over what was put and what our services tell.

moto counts periods from the first value it finds, compares some dimensions only, and knows no
percentiles. Source: GetMetricData and GetMetricStatistics of the CloudWatch API reference.
"""

import inspect
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Protocol

from helpers.local_aws.moto_services import expect, original

Dimensions = tuple[tuple[str, str], ...]

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")
_LISTED_FOR = 14 * 24 * 3600  # seconds: ListMetrics shows what had data within two weeks


@dataclass(frozen=True, slots=True)
class Values:
    """One value, or what is known of several."""

    seconds: float  # since 1970
    unit: str | None
    total: float
    count: float
    low: float
    high: float


def one_value(seconds: float, unit: str | None, value: float) -> Values:
    """Return a single value."""
    return Values(seconds, unit, value, 1, value, value)


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of a metric, or several of one minute."""

    name: str
    dimensions: Dimensions
    values: Values


class Source(Protocol):
    """What tells the metrics of one namespace."""

    def samples(
        self, start: float, end: float, name: str = "", dimensions: Dimensions | None = None
    ) -> Iterable[Sample]:
        """Return the samples of a time."""


def data_points(
    values: Iterable[Values], start: float, period: int, statistics: list[str]
) -> list[tuple[float, dict[str, float], str | None]]:
    """Return (time, statistics, unit) for each period that has values, the earliest first.

    Args:
        values: all of them at or after `start`.
        start: where the first period begins, in seconds since 1970.
        period: in seconds.
        statistics: Sum, Average, Minimum, Maximum, SampleCount, p0 to p100.
    """
    periods: dict[int, list[Values]] = {}
    for one in values:
        periods.setdefault(int((one.seconds - start) // period), []).append(one)
    points = []
    for number, inside in sorted(periods.items()):
        found = {name: statistic(name, inside) for name in statistics}
        present = {name: value for name, value in found.items() if value is not None}
        points.append((start + number * period, present, inside[0].unit))
    return points


def statistic(name: str, values: list[Values]) -> float | None:
    """Return a statistic of some values, None when it cannot be told.

    Percentiles need the single values: sums have none, unless all of them were the same.
    """
    count = sum(one.count for one in values)
    if name == "SampleCount":
        return count
    if name == "Sum":
        return sum(one.total for one in values)
    if name == "Average":
        return sum(one.total for one in values) / count if count else None
    if name == "Minimum":
        return min(one.low for one in values)
    if name == "Maximum":
        return max(one.high for one in values)
    match = _PERCENTILE.fullmatch(name)
    if match is None or any(one.low != one.high for one in values):
        return None
    single = sorted(one.low for one in values for _ in range(int(one.count)))
    place = (len(single) - 1) * float(match[1]) / 100
    below, above = single[math.floor(place)], single[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


def plug_in(sources: dict[str, Callable[[], Source]]) -> None:
    """Give moto's CloudWatch our statistics and the metrics of our own services.

    Args:
        sources: namespace -> what returns the source of its metrics.
    """
    from moto.cloudwatch import models
    from moto.cloudwatch.exceptions import InvalidParameterValue, ValidationError

    backend = models.CloudWatchBackend
    get_metric_data = original(backend, "get_metric_data")
    own = vars(backend).get("aws_metric_data")
    expect(isinstance(own, property), "cloudwatch.models (metrics of services)")
    provided: Any = inspect.unwrap(own.fget)  # type: ignore[union-attr, arg-type]
    names = original(backend, "get_all_metrics").__code__.co_names
    expect({"metric_data", "aws_metric_data"} <= set(names), "cloudwatch.models (all metrics)")
    expect({"sum", "min", "max", "sample_count"} <= _fields(models), "cloudwatch.models (sets)")

    def kept(self: Any, namespace: str, name: str, wanted: set[tuple[str, str]]) -> Iterator[Any]:
        """Yield what moto has of one metric."""
        for datum in [*self.metric_data, *provided(self)]:
            if (datum.namespace, datum.name) == (namespace, name) and wanted == {
                (one.name, one.value) for one in datum.dimensions
            }:
                yield datum

    def values(
        self: Any,
        metric: dict[str, Any],
        start: float,
        end: float,
        resolution: int,
        unit: str | None,
    ) -> Iterator[Values]:
        namespace, name = metric["Namespace"], metric["MetricName"]
        dimensions = {(one["Name"], one["Value"]) for one in metric.get("Dimensions") or []}
        found: Iterable[Values]
        if namespace in sources:
            samples = sources[namespace]().samples(start, end, name, tuple(dimensions))
            found = (sample.values for sample in samples)
        else:
            found = map(_of_datum, kept(self, namespace, name, dimensions))
        for one in found:
            seconds = one.seconds // resolution * resolution
            if start <= seconds < end and unit in (None, one.unit):
                yield replace(one, seconds=seconds)

    @wraps(get_metric_data)
    def get_data(
        self: Any,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        if start_time > end_time:
            raise ValidationError("The parameter EndTime must be greater than StartTime.")
        if start_time == end_time:
            raise ValidationError("The parameter StartTime must not equal parameter EndTime.")
        results: dict[str, dict[str, Any]] = {}
        for query in (query for query in queries if "MetricStat" in query):
            asked = query["MetricStat"]
            period, stat = int(asked["Period"]), asked["Stat"]
            start, resolution = _beginning(start_time, period)
            end, unit = _seconds(end_time), asked.get("Unit")
            found = values(self, asked["Metric"], start, end, resolution, unit)
            points = data_points(found, start, period, [stat])
            shown = [(_moment(when), told[stat]) for when, told, _ in points if stat in told]
            if scan_by == "TimestampDescending":
                shown.reverse()
            name = f"{asked['Metric']['MetricName']} {stat}"
            numbers, times = [value for _, value in shown], [when for when, _ in shown]
            results[query["Id"]] = _result(query, name, numbers, times)
        measured = dict(results)
        for query in (query for query in queries if "Expression" in query):
            expression = query["Expression"]
            if expression.startswith("SELECT"):
                shown_query = {**query, "ReturnData": True}
                (answer,) = get_metric_data(self, [shown_query], start_time, end_time, scan_by)
            elif expression in measured:
                same = measured[expression]
                answer = _result(query, query["Id"], same["values"], same["timestamps"])
            else:
                raise NotImplementedError(f"The embedded AWS cannot compute {expression!r}.")
            results[query["Id"]] = answer
        return [results[query["Id"]] for query in queries if query.get("ReturnData", True)]

    def get_metric_statistics(
        self: Any,
        namespace: str,
        metric_name: str,
        start_time: datetime,
        end_time: datetime,
        period: int,
        stats: list[str],
        dimensions: list[dict[str, str]],
        unit: str | None = None,
    ) -> list[dict[str, Any]]:
        if start_time >= end_time:
            raise InvalidParameterValue(
                "The parameter StartTime must be less than the parameter EndTime."
            )
        start, resolution = _beginning(start_time, period)
        metric = {"Namespace": namespace, "MetricName": metric_name, "Dimensions": dimensions}
        found = values(self, metric, start, _seconds(end_time), resolution, unit)
        return [
            {"Timestamp": _moment(when), "Unit": unit_of, **told}
            for when, told, unit_of in data_points(found, start, period, stats)
        ]

    def aws_metric_data(self: Any) -> list[Any]:
        """Return moto's, and one value of each metric of ours: enough for ListMetrics."""
        listed = provided(self)
        now = datetime.now(UTC).timestamp()
        for namespace, source in sources.items():
            seen = {
                (sample.name, sample.dimensions)
                for sample in source().samples(now - _LISTED_FOR, now + 1)
            }
            for name, dimensions in sorted(seen):
                pairs = [{"Name": key, "Value": text} for key, text in dimensions]
                listed.append(models.MetricDatum(namespace, name, 0, pairs, _moment(now)))
        return listed

    replaced: Any = backend
    replaced.get_metric_data = get_data
    replaced.get_metric_statistics = wraps(original(backend, "get_metric_statistics"))(
        get_metric_statistics
    )
    replaced.aws_metric_data = property(wraps(provided)(aws_metric_data))


def _fields(models: Any) -> set[str]:
    return set(vars(models.MetricAggregatedDatum("", "", 0, 0, 0, 0, [], None)))


def _result(
    query: dict[str, Any], label: str, numbers: list[float], times: list[datetime]
) -> dict[str, Any]:
    return {
        "id": query["Id"],
        "label": query.get("Label") or label,
        "values": numbers,
        "timestamps": times,
        "status_code": "Complete",
    }


def _beginning(start_time: datetime, period: int) -> tuple[float, int]:
    """Return where the first period begins, and to how many seconds times are rounded down.

    Source: StartTime of GetMetricStatistics: to whole minutes, or to parts of one for short periods
    """
    resolution = 60 if period % 60 == 0 else period if period in (5, 10, 30) else 1
    return _seconds(start_time) // resolution * resolution, resolution


def _of_datum(datum: Any) -> Values:
    seconds = _seconds(datum.timestamp)
    if hasattr(datum, "value"):
        return one_value(seconds, datum.unit, datum.value)
    return Values(seconds, datum.unit, datum.sum, datum.sample_count, datum.min, datum.max)


def _seconds(moment: datetime) -> float:
    """Return seconds since 1970; moto's times are UTC without saying so."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _moment(seconds: float) -> datetime:
    return datetime(1970, 1, 1) + timedelta(seconds=seconds)
