"""SNS posts to HTTP endpoints after its answer, as on AWS, and not again when it is restored."""

import logging
import types
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from helpers.local_aws.keeping.turn import is_replaying

log = logging.getLogger(__name__)

TIMEOUT = 15  # seconds; what SNS waits for an endpoint


def plug_in() -> None:
    """Have moto's SNS post from a thread of its own: its own turn would keep all others waiting."""
    from moto.sns import models

    from helpers.local_aws.moto_services import expect

    requests: Any = vars(models).get("requests")
    expect(hasattr(requests, "post"), "sns.models (requests)")
    threads = ThreadPoolExecutor(4, "sns-http")

    def post(url: str, **options: Any) -> None:
        if not is_replaying():
            threads.submit(_post, requests, url, options)

    models.requests = types.SimpleNamespace(post=post)  # type: ignore[assignment]


def _post(requests: Any, url: str, options: dict[str, Any]) -> None:
    try:
        requests.post(url, timeout=TIMEOUT, **options)
    except OSError as error:  # what requests raises
        log.info("SNS could not post to %s: %s", url, error)
