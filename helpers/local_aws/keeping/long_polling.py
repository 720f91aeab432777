"""SQS consumers that wait for messages let others have their turns meanwhile.

moto waits inside ReceiveMessage. Here the request waits apart, and is written down again when
there is a message, with the time at which it takes it.
"""

import time
from functools import wraps
from typing import Any

from helpers.local_aws.keeping import turn as turns

_LOOK_AGAIN = 0.05  # seconds: a message may become visible without anybody saying so


def plug_in() -> None:
    """Have moto's SQS wait for messages apart from its turn."""
    from moto.sqs.models import Queue, SQSBackend

    from helpers.local_aws.moto_services import expect, original

    receive_at_once: Any = original(SQSBackend, "receive_message")
    names = ("self", "queue_name", "count", "wait_seconds_timeout", "visibility_timeout")
    expect(
        receive_at_once.__code__.co_varnames[:5] == names, "sqs.models.SQSBackend.receive_message"
    )
    expect(hasattr(Queue, "wait_for_messages"), "sqs.models.Queue.wait_for_messages")

    @wraps(receive_at_once)
    def receive_message(
        self: Any,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> Any:
        def receive() -> Any:
            return receive_at_once(
                self, queue_name, count, 0, visibility_timeout, message_attribute_names
            )

        turn = turns.present()
        if not wait_seconds_timeout or turn is None or turn.operation != "ReceiveMessage":
            return receive()
        deadline = time.monotonic() + int(wait_seconds_timeout)
        waited = False
        while True:
            queue = self.get_queue(queue_name)
            if _receivable(queue):
                if waited:
                    turn.write_again()
                if messages := receive():
                    return messages
            left = deadline - time.monotonic()
            if left <= 0 or turn.replayed:
                return []
            with turn.apart():
                if not queue.messages:
                    queue.wait_for_messages(min(left, _LOOK_AGAIN))
                else:  # all in flight: those of a FIFO group
                    time.sleep(min(left, _LOOK_AGAIN))
            turn.move_to_now()
            waited = True

    SQSBackend.receive_message = receive_message  # type: ignore[method-assign]


def _receivable(queue: Any) -> bool:
    """Tell whether a message can be taken from `queue`, or moved to its dead-letter queue."""
    taken = queue.pending_messages
    busy = {message.group_id for message in taken if message.group_id and not message.visible}
    return any(message in taken or message.group_id not in busy for message in queue.messages)
