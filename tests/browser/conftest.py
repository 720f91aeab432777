"""A JupyterLab as a newcomer gets it, on a copy of the checkout, and a browser to drive it."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from everything import find_chromium

from helpers.launch.rehearsal import copy_checkout
from helpers.local_aws import server

DEAD_PROXY = "http://127.0.0.1:9"
CHROMIUM_OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@dataclass(frozen=True)
class Lab:
    """An open JupyterLab: its address without the path, its token, and the checkout it serves."""

    address: str
    token: str
    root: Path

    @property
    def home(self) -> Path:
        """The workshop folder of the copy."""
        return self.root / ".workshop"

    def url(self, path: str, workspace: str = "tests") -> str:
        """Return the address of a file in JupyterLab; each workspace opens with no other file."""
        return f"{self.address}/lab/workspaces/{workspace}/tree/{path}?token={self.token}"


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Open a copy of the checkout with start.py, in a folder with a blank, behind a dead proxy."""
    root = tmp_path_factory.mktemp("lab") / "wild rydes"
    copy_checkout(root)
    environment = {k: text for k, text in os.environ.items() if not k.startswith("WORKSHOP_")}
    environment.update(HTTP_PROXY=DEAD_PROXY, http_proxy=DEAD_PROXY, HTTPS_PROXY=DEAD_PROXY)
    environment.update(AWS_PROFILE="somebody", AWS_ENDPOINT_URL=DEAD_PROXY)
    output = root.parent / "start.txt"
    with output.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, "start.py", "--no-browser"],
            cwd=root,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield wait_for_lab(process, output, root)
    finally:
        process.terminate()
        process.wait(30)
        server.stop(root / ".workshop")


def wait_for_lab(process: "subprocess.Popen[bytes]", output: Path, root: Path) -> Lab:
    """Return the JupyterLab once start.py says where it is open."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        said = output.read_text(encoding="utf-8")
        if found := re.search(r"open: (http://127\.0\.0\.1:\d+)/\S+\?token=(\w+)", said):
            return Lab(found[1], found[2], root)
        time.sleep(0.2)
    raise AssertionError(f"start.py did not open JupyterLab:\n{output.read_text()}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start a headless Chromium; without one, tests fail in CI and are skipped elsewhere."""
    program = find_chromium()
    if program is None:
        sentence = "no Chromium found: install it, or name it in the variable CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """Open an empty page of its own, 1440 by 900 pixels."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()
