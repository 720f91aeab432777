"""The process that analyses faces: `python -m helpers.local_aws.rekognition.worker`.

It reads pictures from standard input and writes answers to standard output, each with its length in
front (four bytes, big endian). An answer is a JSON object: `{"faces": […]}`, or
`{"refused": {"code": …, "message": …}}`, or `{"broken": "why"}` for a picture that broke the
analysis, or `{"unavailable": "why"}` where faces cannot be analysed at all. It loads its models at
once, and ends when its standard input does.
"""

import contextlib
import json
import os
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from typing import IO, Any

LENGTH = struct.Struct(">I")


def send(stream: IO[bytes], content: bytes) -> None:
    """Write one message."""
    stream.write(LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one message; None at the end of the stream, also in the middle of a message."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    content = stream.read(length)
    return content if len(content) == length else None


def main() -> None:
    """Answer pictures until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server; then the pipe closes
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2 if sys.stderr else os.open(os.devnull, os.O_WRONLY), 1)
    answer = _ready()
    while (content := receive(sys.stdin.buffer)) is not None:
        with contextlib.suppress(BrokenPipeError):  # the server is gone; so is our input
            send(answers, json.dumps(answer(content)).encode())


def _ready() -> Callable[[bytes], dict[str, Any]]:
    """Load the models; return what answers a picture, and keeps nothing of it."""
    from helpers.local_aws.rekognition.analysis import analyse
    from helpers.local_aws.rekognition.decoding import Refused
    from helpers.local_aws.rekognition.detector import Detector, Unavailable

    try:
        detector = Detector()
    except Unavailable as error:
        why = str(error)
        return lambda content: {"unavailable": why}

    def answer(content: bytes) -> dict[str, Any]:
        try:
            return {"faces": analyse(detector, content)}
        except Refused as refused:
            return {"refused": {"code": refused.code, "message": refused.message}}
        except Exception as error:  # a picture must not cost the others their process
            traceback.print_exc()
            return {"broken": f"the analysis of this picture broke off ({error!r:.200})"}

    return answer


if __name__ == "__main__":
    main()
