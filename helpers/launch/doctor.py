"""Say READY, or what is missing, in words that can be sent to an instructor.

Nothing private is in them: no name, no path, no host, no account, no key, no text of an error.
"""

import importlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

from helpers import settings
from helpers.errors import WorkshopError
from helpers.launch.terminal import chosen_backend
from helpers.local_aws import server
from helpers.places import NOTEBOOKS, PHOTOS, workshop_folder

MODULES = {
    **{"jupyterlab": "JupyterLab", "ipywidgets": "ipywidgets", "pandas": "pandas"},
    **{"boto3": "boto3", "moto": "moto", "waitress": "waitress", "PIL": "Pillow"},
    **{"numpy": "numpy", "jsonpath": "python-jsonpath", "flask": "Flask", "yaml": "PyYAML"},
}
NAMED = ("jupyterlab", "boto3", "awscli")
ENOUGH_BYTES = 200_000_000
RUN_AGAIN = "delete the folder .venv, then run python3 start.py again"


def examine() -> int:
    """Print one READY line, or what is missing and its remedies; return the exit code."""
    print("Examining this computer …", file=sys.stderr, flush=True)
    facts = [f"Python {platform.python_version()}", f"{platform.system()} {platform.machine()}"]
    facts += [f"{name} {version}" for name in NAMED if (version := _version(name))]
    problems = [*_packages(), *_files(), *_faces(), *_command_line()]
    if not problems:
        problems += _embedded_aws(facts)
        problems += _real_aws(facts)
    if problems:
        print("NOT READY\n" + "\n".join(f"- {problem}" for problem in problems))
        print(" · ".join(facts))
        return 1
    print(" · ".join(["READY", *facts]))
    return 0


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _packages() -> list[str]:
    problems = []
    for module, package in MODULES.items():
        try:
            importlib.import_module(module)
        except Exception as error:  # a broken library fails in its own way
            problems.append(f"{package} does not import ({type(error).__name__}) · {RUN_AGAIN}")
    return problems


def _files() -> list[str]:
    problems = []
    if not list(NOTEBOOKS.glob("[0-9]*.ipynb")) or not list(PHOTOS.glob("*.jpg")):
        problems.append("The notebooks or the photos are missing · unpack or clone it all again")
    home = workshop_folder()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
        free = shutil.disk_usage(home).free
    except OSError:
        return [*problems, "The folder .workshop cannot be written · move the workshop elsewhere"]
    if free < ENOUGH_BYTES:
        problems.append(f"Only {free / 1e6:.0f} MB of disk are free · free 200 MB or more")
    return problems


def _faces() -> list[str]:
    try:
        importlib.import_module("dlib")
        return []
    except ModuleNotFoundError:
        return [
            "Face analysis is not to be had for this kind of computer · take another one, or a "
            "real AWS account: python3 start.py --backend aws"
        ]
    except Exception as error:  # a library of the system may be missing
        return [f"Face analysis does not load ({type(error).__name__}) · {RUN_AGAIN}"]


def _command_line() -> list[str]:
    try:
        done = subprocess.run(["aws", "--version"], capture_output=True, timeout=60, check=False)
        works = done.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        works = False
    return [] if works else [f"The AWS command line (aws) does not run · {RUN_AGAIN}"]


def _embedded_aws(facts: list[str]) -> list[str]:
    """Start an embedded AWS in a folder of its own and ask it something, as boto3 does."""
    without_aws = {name: os.environ[name] for name in os.environ if not name.startswith("AWS_")}
    question = "import boto3; boto3.client('sts').get_caller_identity()"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder) / ".workshop"
        try:
            before = time.perf_counter()
            running = server.start(home)
            seconds = time.perf_counter() - before
            answered = subprocess.run(
                [sys.executable, "-c", question],
                env={**without_aws, **server.environment(running)},
                capture_output=True,
                timeout=60,
                check=False,
            )
        except (WorkshopError, subprocess.TimeoutExpired, OSError):
            return [
                "The embedded AWS does not start · close other programs, restart the computer; "
                "a firewall must let Python listen on 127.0.0.1"
            ]
        finally:
            server.stop(home)
    if answered.returncode != 0:
        return ["The embedded AWS does not answer boto3 · a firewall or proxy is in between"]
    facts.append(f"embedded AWS starts in {seconds:.1f} s")
    return []


def _real_aws(facts: list[str]) -> list[str]:
    """Where a real account is chosen, see whether one can sign in; say nothing about which."""
    try:
        if chosen_backend() != "aws":
            return []
    except WorkshopError:  # it names the place of the file
        return [
            "Which AWS was chosen cannot be read · delete the file .workshop/settings.json; unset "
            "the variable WORKSHOP_BACKEND"
        ]
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    chosen = settings.read()
    try:
        session = boto3.Session(profile_name=chosen.profile, region_name=chosen.region)
        config = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg]
        session.client("sts", config=config).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return [
            f"Signing in to the real AWS fails ({type(error).__name__}) · run aws configure, or "
            "aws sso login, or go back: python3 start.py --backend embedded"
        ]
    facts.append("signed in to a real AWS account")
    return []
