"""Serve the ready answers on loopback: `python benchmarks/canned_server.py [milliseconds a page]`.

It prints its port. It does next to nothing for an answer, so that clients are what is measured.
"""

import json
import re
import socket
import sys
import threading
import time
import zlib

from canned_pages import Page, history_pages, item_pages, rich, simple

_TABLE = re.compile(rb'"TableName"\s*:\s*"([a-z]+)-(\d+)"')
_START = re.compile(rb"page-(\d+)")
_LENGTH = re.compile(rb"[Cc]ontent-[Ll]ength:\s*(\d+)")
_TARGET = re.compile(rb"[Xx]-[Aa]mz-[Tt]arget:\s*\S+\.(\w+)")
_EXECUTION = re.compile(rb"events-(\d+)")
_MAKERS = {b"simple": simple, b"rich": rich}
_DESCRIBED = json.dumps(
    {"Table": {"KeySchema": [{"AttributeName": "Username", "KeyType": "HASH"}], "ItemCount": 0}}
).encode()

_ready: dict[bytes, list[Page]] = {}


def answer(operation: bytes, body: bytes) -> tuple[bytes, bytes, int]:
    """Return the two parts of an answer and its checksum."""
    found = _START.search(body)
    number = int(found[1]) if found else 0
    if operation == b"Scan":
        kind, count = _TABLE.search(body).groups()  # type: ignore[union-attr]
        pages = _ready.get(kind + count)
        if pages is None:
            pages = _ready.setdefault(kind + count, item_pages(_MAKERS[kind], int(count)))
        following = b',"LastEvaluatedKey":{"Username":{"S":"page-%d"}}}' % (number + 1)
    elif operation == b"GetExecutionHistory":
        count = _EXECUTION.search(body)[1]  # type: ignore[index]
        pages = _ready.get(count)
        if pages is None:
            pages = _ready.setdefault(count, history_pages(int(count)))
        following = b',"nextToken":"page-%d"}' % (number + 1)
    else:
        return _DESCRIBED, b"", zlib.crc32(_DESCRIBED)
    page = pages[number]
    end = following if number + 1 < len(pages) else b"}"
    return page.start, end, zlib.crc32(end, page.crc)


def serve(connection: socket.socket, pause: float) -> None:
    """Answer one connection until it is closed."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting = b""
    while True:
        while (end := waiting.find(b"\r\n\r\n")) < 0:
            more = connection.recv(65536)
            if not more:
                return
            waiting += more
        head = waiting[:end]
        length = int(_LENGTH.search(head)[1])  # type: ignore[index]
        while len(waiting) < end + 4 + length:
            waiting += connection.recv(65536)
        body, waiting = waiting[end + 4 : end + 4 + length], waiting[end + 4 + length :]
        start, rest, crc = answer(_TARGET.search(head)[1], body)  # type: ignore[index]
        time.sleep(pause)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
            b"Content-Length: %d\r\nx-amz-crc32: %d\r\nx-amzn-RequestId: canned\r\n\r\n"
            % (len(start) + len(rest), crc)
        )
        connection.sendall(start)
        if rest:
            connection.sendall(rest)


def main() -> None:
    """Serve until the process is ended."""
    pause = float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve, args=(connection, pause), daemon=True).start()


if __name__ == "__main__":
    main()
