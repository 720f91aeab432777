"""The functions' code as zip files, and the bucket that CloudFormation takes them from."""

import hashlib
import importlib.util
import io
import secrets
import shutil
import string
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from helpers import buckets
from helpers.errors import WorkshopError
from helpers.places import STACK

FUNCTIONS = STACK / "functions"
RUNTIME = "3.13"  # of the functions in template.yaml
WHEELS = {"thumbnail": ["Pillow"]}  # what a function imports that Lambda does not bring

# Amazon Linux 2023, which runs python3.13, has glibc 2.34: these wheels work there.
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64")
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip file knows no time before


def package(name: str, *, wheels: bool) -> bytes:
    """Return the zip file of one function; the same bytes for the same code.

    Args:
        name: The folder in data/stack/functions.
        wheels: Put in what Lambda does not bring, built for Lambda's platform. Downloads them.

    Raises:
        WorkshopError: The download failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        if wheels and name in WHEELS:
            _download(WHEELS[name], Path(folder))
        files = {path.relative_to(folder): path for path in Path(folder).rglob("*")}
        source = FUNCTIONS / name
        files |= {path.relative_to(source): path for path in source.rglob("*.py")}
        return _zip({p.as_posix(): f for p, f in files.items() if _belongs(p) and f.is_file()})


def upload(s3: Any, bucket: str, *, wheels: bool) -> dict[str, str]:
    """Put every function's zip file in the bucket; return their keys by the function's name.

    A key names the content: a changed function gets another key, which tells CloudFormation.
    """
    keys = {}
    for folder in sorted(path for path in FUNCTIONS.iterdir() if path.is_dir()):
        code = package(folder.name, wheels=wheels)
        keys[folder.name] = f"{folder.name}-{hashlib.sha256(code).hexdigest()[:16]}.zip"
        s3.put_object(Bucket=bucket, Key=keys[folder.name], Body=code)
    return keys


def ensure_bucket(s3: Any, tags: dict[str, str]) -> str:
    """Return the name of the bucket for the code of the stack that `tags` name; create it if new.

    Bucket names are shared by all accounts of the world, so the name ends at random and the bucket
    is found again by its tags.
    """
    found = find_bucket(s3, tags)
    if found:
        return found
    letters = string.ascii_lowercase + string.digits
    name = _prefix(s3) + "".join(secrets.choice(letters) for _ in range(12))
    region = s3.meta.region_name
    # us-east-1 is the region that must not be named.
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
    tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_set})
    return name


def find_bucket(s3: Any, tags: dict[str, str]) -> str | None:
    """Return the bucket for the code of the stack that `tags` name, or None."""
    return next(buckets.tagged(s3, _prefix(s3), tags), None)


def _prefix(s3: Any) -> str:
    return f"wildrydes-artifacts-{s3.meta.region_name}-"


def _belongs(path: Path) -> bool:
    """Tell whether a file is needed at run time."""
    beside = any(part == "__pycache__" or part.endswith(".dist-info") for part in path.parts)
    return not beside and not path.name.startswith(".") and path.suffix != ".pyi"


def _zip(files: dict[str, Path]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name].read_bytes())
    return out.getvalue()


def _download(projects: list[str], folder: Path) -> None:
    """Put wheels for Lambda into the folder, in the versions that are installed here."""
    wanted = [f"{project}=={version(project)}" for project in projects]
    try:
        subprocess.run(
            [*_installer(), "--target", str(folder), *wanted],
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )
    except subprocess.SubprocessError as error:
        said = getattr(error, "stderr", None) or str(error)
        raise WorkshopError(
            f"{', '.join(wanted)} for Lambda could not be downloaded · {said.strip()} · "
            "check the network (or the proxy), then deploy again"
        ) from error


def _installer() -> list[str]:
    """Return the command that installs for another platform: pip's, or uv's where pip is not."""
    if importlib.util.find_spec("pip"):
        platforms = [word for name in _PLATFORMS for word in ("--platform", name)]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        return [*pip, "--no-deps", "--only-binary=:all:", "--python-version", RUNTIME, *platforms]
    uv = shutil.which("uv")
    if uv:
        platform = ["--python-platform", "x86_64-manylinux_2_28", "--python-version", RUNTIME]
        return [uv, "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", *platform]
    raise WorkshopError(
        "pip is missing, which packs Pillow for Lambda · "
        f"run `{sys.executable} -m ensurepip`, then deploy again"
    )
