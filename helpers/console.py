"""What a cell says and asks while it runs: a line of progress, and one question."""

from typing import TYPE_CHECKING

from helpers.errors import WorkshopError

if TYPE_CHECKING:
    from helpers.session import Workshop


class Line:
    """One line of progress that each sentence overwrites, and that leaves nothing behind."""

    def __init__(self) -> None:
        self._width = 0

    def show(self, sentence: str) -> None:
        """Write the sentence over the one before."""
        sentence = sentence if len(sentence) <= 100 else f"{sentence[:99]}…"
        print(f"\r{sentence:<{self._width}}", end="", flush=True)
        self._width = max(self._width, len(sentence))

    def clear(self) -> None:
        """Wipe the line."""
        if self._width:
            print("\r" + " " * self._width, end="\r", flush=True)


def ask_to_deploy(workshop: "Workshop") -> None:
    """Ask whether the stack may be made on a real account.

    Raises:
        WorkshopError: The answer was not yes, or nobody could be asked.
    """
    question = (
        f"This makes the stack {workshop.stack_name} on a REAL account: {workshop.account} in "
        f"{workshop.region}. The whole workshop costs less than 0.10 US dollars, most of it for "
        "Rekognition (0.001 for each photo looked at). Notebook 99 removes everything.\n"
        "Type yes to go on: "
    )
    try:
        answer = input(question)
    except (EOFError, OSError, NotImplementedError) as error:
        raise WorkshopError(
            f"Nobody can be asked here whether to deploy on the real account {workshop.account} "
            f"in {workshop.region} · say workshop.deploy(confirm=True)"
        ) from error
    if answer.strip().lower() not in ("yes", "y"):
        raise WorkshopError("Nothing was made · run the cell again and type yes to deploy")
