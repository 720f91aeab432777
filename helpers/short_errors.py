"""AWS's errors in a notebook: the learner's lines and AWS's sentence, nothing between."""

import re
from types import TracebackType
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    ParamValidationError,
)

from helpers.refused_definitions import suggested

_NOBODY_ANSWERS = (
    "Nobody answers there · run the cell with `workshop = connect()` again: it starts the embedded "
    "AWS, or says why a real account cannot be reached"
)

# boto3's words for a dictionary or a list where a text is wanted.
_NO_TEXT = re.compile(
    r"^Invalid type for parameter (\w+), value: .*, type: <class '(?:dict|list)'>, "
    r"valid types: <class 'str'>$",
    re.MULTILINE,
)


def shorten_aws_errors() -> None:
    """Show AWS's refusals without the frames of libraries; does nothing outside of IPython.

    boto3's own refusals too: a wrong parameter, and no answer at all.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((ClientError, BotoCoreError), _show)


def _show(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    frames: TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:
    """Show the error in the way IPython does, with the frames of cells only.

    Beneath AWS's words stands what a refused definition may have meant, and beneath boto3's where a
    text is wanted.
    """
    error.__cause__ = error.__context__ = None
    lines = shell.InteractiveTB.structured_traceback(kind, error, _in_cells(frames), tb_offset=0)
    if isinstance(error, ConnectionError | HTTPClientError):
        lines = [f"{kind.__name__}: {error}", _NOBODY_ANSWERS]
    lines += suggested(error)
    if isinstance(error, ParamValidationError):
        names = _NO_TEXT.findall(str(error))
        lines += [f"→ `{name}` takes a JSON text: `{name}=json.dumps(…)`" for name in names]
    shell._showtraceback(kind, error, lines)
    return lines


def _in_cells(frames: TracebackType | None) -> TracebackType | None:
    """Return the frames whose code stands in a cell; IPython keeps a cell's own name for each."""
    if frames is None:
        return None
    rest = _in_cells(frames.tb_next)
    if "__file__" in frames.tb_frame.f_globals:  # a module's code, a cell has no file
        return rest
    return TracebackType(rest, frames.tb_frame, frames.tb_lasti, frames.tb_lineno)
