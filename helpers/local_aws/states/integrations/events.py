"""`events:putEvents`: a Detail that is no string is sent as its JSON."""

import json
from typing import Any

from helpers.asl.failures import StateFailure
from helpers.asl.payload import json_text
from helpers.asl.resources import Resource
from helpers.local_aws.states.integrations.calls import (
    HEADERS,
    Clients,
    Names,
    Work,
    as_result,
    as_text,
    perform,
    request_for,
    with_metadata,
)

_NAMES = Names("EventBridge", "AmazonCloudWatchEvents", "AmazonEventBridgeException")


def prepare(clients: Clients, resource: Resource, parameters: Any) -> Work:
    """Return the call.

    Raises:
        RefusedParameters: a field that the action does not have, or of another type.
    """
    sent = dict(parameters)
    if isinstance(sent.get("Entries"), list):
        sent["Entries"] = [_entry(entry) for entry in sent["Entries"]]
    model, request = request_for("events", "putEvents", sent)

    def work() -> dict[str, Any]:
        response = perform(clients, "events", model.name, _readable(request), _NAMES)
        result = as_result(model.output_shape, response)
        if result.get("FailedEntryCount"):
            told = {name: result[name] for name in ("Entries", "FailedEntryCount")}
            raise StateFailure("EventBridge.FailedEntry", json_text(told))
        return with_metadata(result, response, HEADERS)

    return work


def _readable(request: dict[str, Any]) -> dict[str, Any]:
    """Return the request, with a Detail that is JSON but no object made unreadable.

    EventBridge calls such a Detail malformed (recorded); moto would accept it.
    """
    entries = [
        entry | {"Detail": "{"} if _is_no_object(entry.get("Detail")) else entry
        for entry in request.get("Entries", [])
    ]
    return request | {"Entries": entries} if entries else request


def _is_no_object(detail: str | None) -> bool:
    try:
        return bool(detail) and not isinstance(json.loads(detail or ""), dict)
    except ValueError:
        return False


def _entry(entry: Any) -> Any:
    if isinstance(entry, dict) and "Detail" in entry:
        return {**entry, "Detail": as_text(entry["Detail"])}
    return entry
