"""The operations on the tags of state machines and activities."""

from typing import Any

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import names
from helpers.local_aws.states.store import Activity, StateMachine, Store

Parameters = dict[str, Any]
_MOST_TAGS = 50


class Tags:
    """Tags of what one store keeps."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def tag(self, request: Parameters) -> dict[str, Any]:
        """TagResource."""
        tagged = self._tagged(request["resourceArn"])
        together = tagged.tags | tags_of(request["tags"])
        if len(together) > _MOST_TAGS:
            raise _too_many(tagged.arn)
        tagged.tags = together
        self._save(tagged)
        return {}

    def untag(self, request: Parameters) -> dict[str, Any]:
        """UntagResource."""
        tagged = self._tagged(request["resourceArn"])
        gone = set(request["tagKeys"])
        tagged.tags = {key: text for key, text in tagged.tags.items() if key not in gone}
        self._save(tagged)
        return {}

    def list_tags(self, request: Parameters) -> dict[str, Any]:
        """ListTagsForResource."""
        tagged = self._tagged(request["resourceArn"])
        return {"tags": [{"key": key, "value": text} for key, text in tagged.tags.items()]}

    def _save(self, tagged: StateMachine | Activity) -> None:
        if isinstance(tagged, Activity):
            self._store.save_activity(tagged)
        else:
            self._store.save_machine(tagged)

    def _tagged(self, arn: str) -> StateMachine | Activity:
        names.check_arn(arn, "stateMachine", "activity")
        found = self._store.machine(arn) or self._store.activity(arn)
        if found is None:
            raise ServiceError("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)
        return found


def tags_of(tags: list[dict[str, str]]) -> dict[str, str]:
    """Return the tags of a request as a dictionary."""
    return {tag["key"]: tag.get("value", "") for tag in tags if "key" in tag}


def _too_many(arn: str) -> ServiceError:
    message = f"Too many tags: a resource may have {_MOST_TAGS}."
    return ServiceError("TooManyTags", message, resourceName=arn)
