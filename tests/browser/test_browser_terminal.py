"""A terminal of JupyterLab reaches the AWS that is chosen when it is opened."""

import json
import re
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
import websocket

Terminal = Callable[[str, str], str]


def ask(lab: Any, method: str, path: str) -> Any:
    request = urllib.request.Request(
        f"{lab.address}/{path}",
        data=b"{}" if method == "POST" else None,
        method=method,
        headers={"Authorization": f"token {lab.token}"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
        return json.loads(response.read() or b"null")


@pytest.fixture
def terminal(lab: Any) -> Any:
    """Open a terminal; return a function that types a line and reads until a pattern appears."""
    name = ask(lab, "POST", "api/terminals")["name"]
    connection = websocket.create_connection(
        f"{lab.address.replace('http', 'ws')}/terminals/websocket/{name}?token={lab.token}",
        timeout=60,
    )

    def read_until(pattern: str) -> str:
        text, deadline = "", time.monotonic() + 60
        while time.monotonic() < deadline:
            kind, *rest = json.loads(connection.recv())
            text += rest[0] if kind == "stdout" else ""
            if re.search(pattern, text):
                return text
        raise AssertionError(f"{pattern} did not appear in:\n{text}")

    def type_line(line: str, pattern: str) -> str:
        if line:
            connection.send(json.dumps(["stdin", line + "\r"]))
        return read_until(pattern)

    yield type_line
    connection.close()
    ask(lab, "DELETE", f"api/terminals/{name}")


def test_the_two_commands_of_the_workshop_reach_the_embedded_aws(terminal: Terminal) -> None:
    assert "(embedded AWS)" in terminal("", r"\$ ")
    command = "aws rekognition {}-collection --collection-id rider-photos"
    answer = r"(?s)\{.*\}|rror"
    terminal(command.format("create"), answer)  # another test may have made it
    for action in ("delete", "create", "delete"):
        assert '"StatusCode": 200' in terminal(command.format(action), answer), action


def test_python_in_a_terminal_is_the_workshops(terminal: Terminal) -> None:
    terminal("", r"\$ ")
    line = "python -c 'import helpers, boto3; print(\"from\", helpers.__file__)'"
    assert "wild rydes/helpers/__init__.py" in terminal(line, r"from [^\"]*\.py|rror")
