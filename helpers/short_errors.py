"""AWS's errors in a notebook: the learner's lines and AWS's sentence, nothing between."""

from types import TracebackType
from typing import Any

from botocore.exceptions import ClientError


def shorten_aws_errors() -> None:
    """Show a ClientError without the frames of libraries; does nothing outside of IPython."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((ClientError,), _show)


def _show(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    frames: TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:
    """Show the error in the way IPython does, with the frames of cells only."""
    error.__cause__ = error.__context__ = None
    lines = shell.InteractiveTB.structured_traceback(kind, error, _in_cells(frames), tb_offset=0)
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
