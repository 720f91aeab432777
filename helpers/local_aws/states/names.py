"""ARNs, names and page tokens: made here, and refused here in AWS's words."""

import base64
import json
import random
import re
import uuid
from typing import Any

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.json_protocol import ServiceError

_ARN = re.compile(r"arn:aws[\w-]*:[\w-]+:[\w-]*:\d*:(.+)", re.DOTALL)
_ILLEGAL_IN_NAME = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")


def machine_arn(name: str) -> str:
    """Return the ARN of the state machine with this name."""
    return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"


def activity_arn(name: str) -> str:
    """Return the ARN of the activity with this name."""
    return f"arn:aws:states:{REGION}:{ACCOUNT}:activity:{name}"


def execution_arn(machine_name: str, name: str) -> str:
    """Return the ARN of an execution."""
    return f"arn:aws:states:{REGION}:{ACCOUNT}:execution:{machine_name}:{name}"


def express_arn(machine_name: str, name: str, run: str) -> str:
    """Return the ARN of an Express execution; `run` tells those of the same name apart."""
    return f"arn:aws:states:{REGION}:{ACCOUNT}:express:{machine_name}:{name}:{run}"


def unqualified(arn: str) -> tuple[str, str]:
    """Return a machine's ARN without its version or alias, and that ("" when it has none)."""
    parts = arn.split(":")
    return ":".join(parts[:7]), ":".join(parts[7:])


def execution_of(arn: str) -> str:
    """Return an execution's ARN without the version or alias of its machine."""
    parts = arn.split(":")
    qualified = len(parts) == 9 and parts[5] == "execution"
    return ":".join([*parts[:7], parts[8]]) if qualified else arn


def new_name() -> str:
    """Return a name for who has none: a UUID, as AWS gives. It is no secret, so it comes fast."""
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def check_name(name: str) -> None:
    """Refuse a name with characters that AWS does not allow.

    Raises:
        ServiceError: InvalidName.
    """
    if _ILLEGAL_IN_NAME.search(name):
        raise ServiceError("InvalidName", f"Invalid Name: '{name}'")


def check_arn(arn: str, *kinds: str) -> None:
    """Refuse what is no ARN, and an ARN of Step Functions of another kind than `kinds`.

    Raises:
        ServiceError: InvalidArn.
    """
    if not arn.startswith("arn:"):
        raise ServiceError("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arn}'")
    match = _ARN.fullmatch(arn)
    if match is None:
        raise ServiceError("InvalidArn", f"Invalid Arn: 'Invalid ARN: {arn}'")
    kind = match.group(1).partition(":")[0]
    if kinds and kind not in kinds:
        message = f"Invalid Arn: 'Resource type not valid in this context: {kind}'"
        raise ServiceError("InvalidArn", message)


def page(
    items: list[Any], parameters: dict[str, Any], owner: str, *, default: int = 100
) -> tuple[list[Any], str | None]:
    """Return one page of `items` and the token of the next one, None after the last.

    Raises:
        ServiceError: InvalidToken.
    """
    start = page_start(parameters, owner)
    count = page_size(parameters, default)
    more = start + count < len(items)
    return items[start : start + count], page_token(owner, start + count) if more else None


def page_size(parameters: dict[str, Any], default: int = 100) -> int:
    """Return how many results a page has; 0 asks for the default."""
    return int(parameters.get("maxResults") or default)


def page_start(parameters: dict[str, Any], owner: str) -> int:
    """Return where the page of `nextToken` starts.

    Raises:
        ServiceError: InvalidToken, it is none of ours or of another list.
    """
    token = parameters.get("nextToken")
    if token is None:
        return 0
    try:
        of, start = json.loads(base64.urlsafe_b64decode(token.encode()))
        if of != owner or not isinstance(start, int) or start < 0:
            raise ValueError(token)
    except (ValueError, TypeError):
        raise ServiceError("InvalidToken", "Invalid Token: 'Invalid token'") from None
    return start


def page_token(owner: str, start: int) -> str:
    """Return the token of the page that starts at number `start`."""
    return base64.urlsafe_b64encode(json.dumps([owner, start]).encode()).decode()
