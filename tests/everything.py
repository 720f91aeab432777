"""Run all that CI runs: `python3 start.py test`, which installs the tools and then runs this file.

Arguments go to pytest, whose closing line comes last but for the names of what failed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import start


def main(arguments: list[str]) -> int:
    """Run format, lint, types and tests, each to its end; return the exit code."""
    if find_chromium() is None:
        install_chromium()
    steps = {
        "format": ["ruff", "format", "--check", "."],
        "lint": ["ruff", "check", "."],
        "types": ["mypy"],
        "tests": ["pytest", *arguments],
    }
    failed = []
    for name, words in steps.items():
        print(f"{name}: {' '.join(words)}", flush=True)
        if subprocess.call([sys.executable, "-m", *words]) != 0:
            failed.append(name)
    if failed:
        print("Failed: " + ", ".join(failed), flush=True)
    return 1 if failed else 0


def find_chromium() -> str | None:
    """Return the path of a Chromium or Chrome, or None; CHROMIUM names one that we'd not find."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    programs = [shutil.which(name) for name in (os.environ.get("CHROMIUM"), *names) if name]
    programs.append("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    programs.append("/Applications/Chromium.app/Contents/MacOS/Chromium")
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if base := os.environ.get(variable):
            programs.append(base + r"\Google\Chrome\Application\chrome.exe")
            programs.append(base + r"\Microsoft\Edge\Application\msedge.exe")
    return next((path for path in programs if path and Path(path).is_file()), None)


def install_chromium() -> None:
    """Install Debian's Chromium where we may; otherwise the browser tests say what they miss."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
    try:
        start.run_shown("Reading the list of Debian's packages", ["apt-get", "update"])
        start.run_shown("Installing Chromium", [*install, "fonts-dejavu-core"])
    except start.Problem as problem:
        print(problem, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
