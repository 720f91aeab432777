"""Delete all that the workshop made on the chosen AWS, and say what is gone and what is left."""

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from helpers import buckets, packages, stack
from helpers.errors import WorkshopError
from helpers.faces import delete_collection
from helpers.stack_progress import Progress

if TYPE_CHECKING:
    from helpers.session import Workshop


@dataclass(frozen=True)
class CleanedUp:
    """What was deleted, and what is still there."""

    deleted: tuple[str, ...]
    left: tuple[str, ...]

    def __repr__(self) -> str:
        lines = []
        for title, entries in self._parts():
            lines += [title, *(f"  · {entry}" for entry in entries)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return "".join(
            f"<p><b>{escape(title)}</b></p><ul>"
            + "".join(f"<li>{escape(entry)}</li>" for entry in entries)
            + "</ul>"
            for title, entries in self._parts()
        )

    def _parts(self) -> list[tuple[str, tuple[str, ...]]]:
        gone = f"Deleted: {len(self.deleted)}" if self.deleted else "There was nothing to delete."
        left = "Still there:" if self.left else "Nothing of the workshop is left."
        return [(gone, self.deleted), (left, self.left)]


def clean_up(workshop: "Workshop", *, progress: Progress | None = None) -> CleanedUp:
    """Delete the stack, the collection and the bucket of code; quietly when they are gone.

    The stack and the bucket are deleted only where they carry the workshop's tags. The learner
    made the collection, so its name is what makes it ours.
    What could not be deleted, and why, is told in the answer's `left`.
    """
    deleted: list[str] = []
    left: list[str] = []
    try:
        deleted += stack.delete(
            workshop.cloudformation,
            workshop.s3,
            workshop.stack_name,
            tags=workshop.tags,
            progress=progress,
        )
    except WorkshopError as error:
        left.append(str(error))
    if deleted:
        deleted.append(f"the stack {workshop.stack_name}")
    if delete_collection(workshop.rekognition, workshop.collection_id):
        deleted.append(f"the collection {workshop.collection_id}")
    bucket = packages.find_bucket(workshop.s3, workshop.tags)
    if bucket:
        buckets.delete(workshop.s3, bucket)
        deleted.append(f"the bucket of code {bucket}")
    return CleanedUp(tuple(deleted), tuple(left))
