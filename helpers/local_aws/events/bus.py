"""The event buses that moto keeps, and what happens to an event that comes to one."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.events.patterns import InvalidPattern, Pattern, check, matches
from helpers.local_aws.events.schedules import is_schedule
from helpers.local_aws.events.target_inputs import Event, target_input
from helpers.local_aws.events.targets import NEEDS_ROLE, Targets
from helpers.local_aws.keeping import new_uuid, now
from helpers.local_aws.moto_services import expect, original

DEFAULT = "default"
_MOST_BUSES = 5  # that an event is handed on to: two rules may send it in a circle
_MOST_ENTRIES = 10
_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+")


class Buses:
    """All event buses of one embedded AWS."""

    def __init__(self, targets: Targets) -> None:
        self.targets = targets
        self.backends: Any = None  # moto's, by account and region, from `plug_in` on

    def publish(self, event: Event, bus: str = DEFAULT, *, passed: int = 0) -> None:
        """Give an event to the targets of the rules that it matches."""
        for rule in self.rules(bus, event["region"]):
            if is_enabled(rule) and matches_rule(rule, event):
                self.reach(rule, event, passed=passed)

    def offer(
        self,
        source: str,
        detail_type: str,
        resources: list[str],
        detail: Callable[[], dict[str, Any]],
        region: str = REGION,
    ) -> None:
        """Publish an event of a service of AWS, if there is a rule that may match it.

        Args:
            source: such as "aws.s3".
            detail_type: such as "Object Created".
            resources: the ARNs that it is about.
            detail: makes the event's detail; called only when it is wanted.
            region: where it happened.
        """
        head = {"source": source, "detail-type": detail_type}
        if any(_may_match(rule, head) for rule in self.rules(DEFAULT, region)):
            self.publish(new_event(source, detail_type, resources, detail(), region))

    def rules(self, bus: str = DEFAULT, region: str = REGION) -> list[Any]:
        """Return moto's rules of a bus; none while nobody has asked for EventBridge."""
        if self.backends is None:
            return []
        found = self.backends[ACCOUNT][region].event_buses.get(bus)
        return list(found.rules.values()) if found else []

    def reach(self, rule: Any, event: Event, *, passed: int = 0) -> None:
        """Give an event to the targets of a rule.

        Args:
            rule: moto's.
            event: the whole event.
            passed: how many buses handed it on before.
        """
        about = {
            "aws.events.rule-arn": rule.arn,
            "aws.events.rule-name": rule.name,
            "aws.events.event.ingestion-time": _moment(now()),
        }
        for target in list(rule.targets):
            _, _, service, region, _, resource = target["Arn"].split(":", 5)
            if service != "events":
                self.targets.send(target, event, about)
            elif resource.startswith("event-bus/"):
                if passed < _MOST_BUSES:
                    bus = resource.removeprefix("event-bus/")
                    self.publish({**event, "region": region}, bus, passed=passed + 1)
            elif resource == ":":  # moto's target for an archive
                archive = json.loads(target_input(target, event, about))["archive-arn"]
                rule._send_to_events_archive(archive.partition(":archive/")[2], event)
            else:
                self.targets.send(target, event, about)


def new_event(
    source: str,
    detail_type: str,
    resources: list[str],
    detail: dict[str, Any],
    region: str = REGION,
    *,
    seconds: float | None = None,
) -> Event:
    """Return a new event; `seconds` since 1970 is when it happened, now when it is not given."""
    return {
        "version": "0",
        "id": new_uuid(),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": _moment(now() if seconds is None else seconds),
        "region": region,
        "resources": resources,
        "detail": detail,
    }


def is_enabled(rule: Any) -> bool:
    """Return whether a rule is on."""
    return bool(rule.state != "DISABLED")


def matches_rule(rule: Any, event: Event) -> bool:
    """Return whether an event matches a rule; one with a schedule only matches none."""
    pattern = rule.event_pattern.get_pattern()
    return bool(pattern) and matches(pattern, event)


def _may_match(rule: Any, head: Event) -> bool:
    pattern = rule.event_pattern.get_pattern()
    asked = {name: pattern[name] for name in head if name in pattern}
    return bool(pattern) and is_enabled(rule) and matches(asked, head)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plug_in(buses: Buses, rules_changed: Callable[[], None]) -> None:
    """Give moto's EventBridge our matching and our targets.

    Args:
        buses: what events are published to.
        rules_changed: is told when a rule was put or switched.
    """
    from moto.events.exceptions import InvalidEventPatternException, ValidationException
    from moto.events.models import EventPattern, EventsBackend, Replay, Rule, events_backends
    from moto.events.responses import EventsHandler

    put_events, put_rule, put_targets, enable_rule = (
        original(EventsBackend, name)
        for name in ("put_events", "put_rule", "put_targets", "enable_rule")
    )
    sends = "send_to_targets"
    expect(sends in put_events.__code__.co_names, "events (PutEvents)")
    expect(sends in Replay.replay_events.__code__.co_names and sends in vars(Rule), "events.Rule")
    expect("_send_to_events_archive" in vars(Rule), "events.models (archives)")
    expect("get_pattern" in vars(EventPattern), "events.models.EventPattern")
    expect("test_event_pattern" in vars(EventsHandler), "events.responses (TestEventPattern)")

    def checked_pattern(text: str) -> Pattern:
        try:
            pattern = json.loads(text)
            check(pattern)
        except InvalidPattern as reason:
            raise InvalidEventPatternException(reason=str(reason)) from None
        except ValueError:
            raise InvalidEventPatternException(reason="Invalid JSON") from None
        return pattern

    @wraps(put_events)
    def publish_entries(self: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(events) > _MOST_ENTRIES:
            raise ValidationException(
                "1 validation error detected: Value '[PutEventsRequestEntry]' at 'entries' failed "
                "to satisfy constraint: Member must have length less than or equal to 10"
            )
        return [_put(buses, self.region_name, entry) for entry in events]

    def send_to_targets(self: Any, original_event: Event, transform_input: bool = True) -> None:
        if is_enabled(self) and matches_rule(self, original_event):
            buses.reach(self, original_event)

    @wraps(put_rule)
    def put_checked_rule(self: Any, name: str, *given: Any, **named: Any) -> Any:
        expression = named.get("scheduled_expression")
        if expression and not is_schedule(expression):
            raise ValidationException("Parameter ScheduleExpression is not valid.")
        if pattern := named.get("event_pattern"):
            checked_pattern(pattern)
        rule = put_rule(self, name, *given, **named)
        rules_changed()
        return rule

    @wraps(enable_rule)
    def enable_and_tell(self: Any, *given: Any, **named: Any) -> Any:
        found = enable_rule(self, *given, **named)
        rules_changed()
        return found

    @wraps(put_targets)
    def put_checked_targets(
        self: Any, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
    ) -> None:
        for target in targets:
            arn = str(target["Arn"])
            if not _ARN.fullmatch(arn):
                reason = "Reason: Provided Arn is not in correct format."
                raise ValidationException(f"Parameter {arn} is not valid. {reason}")
            if arn.split(":")[2] in NEEDS_ROLE and not target.get("RoleArn"):
                raise ValidationException(f"RoleArn is required for target {arn}.")
        put_targets(self, name, event_bus_arn, targets)

    def test_event_pattern(self: Any) -> tuple[str, dict[str, Any]]:
        pattern = checked_pattern(self._get_param("EventPattern"))
        try:
            event = json.loads(self._get_param("Event"))
        except ValueError:
            raise ValidationException("Parameter Event is not valid.") from None
        return json.dumps({"Result": matches(pattern, event)}), self.response_headers

    def update_event_bus(self: Any) -> tuple[str, dict[str, Any]]:
        found = self.events_backend.describe_event_bus(self._get_param("Name"))
        found.description = self._get_param("Description")
        found.kms_key_identifier = self._get_param("KmsKeyIdentifier")
        found.dead_letter_config = self._get_param("DeadLetterConfig")
        found.last_modified_time = now()
        return json.dumps({"Arn": found.arn, "Name": found.name}), self.response_headers

    EventsBackend.put_events = publish_entries  # type: ignore[method-assign]
    EventsBackend.put_rule = put_checked_rule  # type: ignore[method-assign]
    EventsBackend.enable_rule = enable_and_tell  # type: ignore[method-assign]
    EventsBackend.put_targets = put_checked_targets  # type: ignore[method-assign]
    EventsHandler.update_event_bus = update_event_bus  # type: ignore[attr-defined]
    EventsHandler.test_event_pattern = test_event_pattern  # type: ignore[assignment, method-assign]
    Rule.send_to_targets = send_to_targets  # type: ignore[method-assign, assignment]
    buses.backends = events_backends


def _put(buses: Buses, region: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Publish one entry of PutEvents; return what the answer says about it.

    An event for a bus that does not exist is dropped, and its id is told all the same (as on AWS).
    """
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            reason = f"Reason: {name} is a required argument."
            return _refusal("InvalidArgument", f"Parameter {name} is not valid. {reason}")
    if entry["Source"].startswith("aws."):
        return _refusal("NotAuthorizedForSourceException", "Not authorized for the source.")
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return _refusal("MalformedDetail", "Detail is malformed.")
    event = new_event(
        entry["Source"],
        entry["DetailType"],
        entry.get("Resources") or [],
        detail,
        region,
        seconds=float(entry["Time"]) if entry.get("Time") else None,
    )
    bus = entry.get("EventBusName") or DEFAULT  # or its ARN
    buses.publish(event, bus.rpartition("/")[2])
    return {"EventId": event["id"]}


def _refusal(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}
