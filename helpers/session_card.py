"""What `connect()` says: which AWS, under which names, and what it still holds from earlier."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from helpers import stack
from helpers.launch.terminal import elsewhere as terminals_elsewhere
from helpers.places import workshop_folder

if TYPE_CHECKING:
    from helpers.session import Workshop

T = TypeVar("T")
Stack = dict[str, Any]

_NAMES = {"embedded": "Embedded AWS", "aws": "REAL AWS account"}
_EMPTY_IT = "python3 start.py reset"


@dataclass(frozen=True)
class Card:
    """The lines of the card, as pairs of a name and a value, and what to mind."""

    title: str
    rows: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]

    @classmethod
    def of(cls, workshop: "Workshop") -> "Card":
        """Ask the chosen AWS, and write down what a learner should know."""
        try:
            deployed = stack.find(workshop.cloudformation, workshop.stack_name)
            status = deployed["StackStatus"] if deployed else "not deployed yet"
        except ClientError as error:
            deployed, status = None, f"CloudFormation says {error.response['Error']['Code']}"
        rows = (
            ("account", workshop.account),
            ("region", workshop.region),
            ("stack", f"{workshop.stack_name} ({status})"),
            ("collection", workshop.collection_id),
            ("learner", workshop.learner or "no name given"),
        )
        remarks = [_held(workshop, deployed), _terminals(workshop)]
        return cls(_NAMES[workshop.backend], rows, tuple(filter(None, remarks)))

    def headline(self) -> str:
        """Return the card as one line, with the remarks below."""
        facts = dict(self.rows)
        line = f"{self.title} · account {facts['account']} · {facts['region']} · {facts['stack']}"
        return "\n".join([line, *self.remarks])

    def text(self) -> str:
        """Return the card as plain text."""
        width = max(len(name) for name, _ in self.rows)
        lines = [f"  {name:<{width}}  {value}" for name, value in self.rows]
        return "\n".join([self.title, *lines, *self.remarks])

    def html(self) -> str:
        """Return the card as HTML."""
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:left'>{escape(value)}</td></tr>"
            for name, value in self.rows
        )
        remarks = "".join(f"<p>{escape(remark)}</p>" for remark in self.remarks)
        return f"<p><b>{escape(self.title)}</b></p><table>{rows}</table>{remarks}"


def _held(workshop: "Workshop", deployed: Stack | None) -> str:
    """Say what the embedded AWS keeps from earlier, and how to empty it."""
    if workshop.backend != "embedded":
        return ""
    outputs = {o["OutputKey"]: o["OutputValue"] for o in (deployed or {}).get("Outputs", [])}
    counts = {"face": _answer(lambda: _faces(workshop))}
    if "RiderPhotoDDBTable" in outputs:
        counts["item"] = _answer(lambda: _items(workshop, outputs["RiderPhotoDDBTable"]))
        machine = outputs["RiderPhotoProcessingStateMachineArn"]
        counts["execution"] = _answer(lambda: _executions(workshop, machine))
    held = [f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items() if count]
    if not held:
        return ""
    return f"It still holds {', '.join(held)} from earlier. To empty it: {_EMPTY_IT}"


def _faces(workshop: "Workshop") -> int:
    answer = workshop.rekognition.describe_collection(CollectionId=workshop.collection_id)
    return answer["FaceCount"]


def _items(workshop: "Workshop", table: str) -> int:
    pages = workshop.dynamodb.get_paginator("scan").paginate(TableName=table, Select="COUNT")
    return sum(page["Count"] for page in pages)


def _executions(workshop: "Workshop", machine: str) -> int:
    pages = workshop.sfn.get_paginator("list_executions").paginate(stateMachineArn=machine)
    return sum(len(page["executions"]) for page in pages)


def _terminals(workshop: "Workshop") -> str:
    """Warn when terminals of JupyterLab were opened while another AWS was chosen."""
    count = terminals_elsewhere(workshop_folder(), workshop.backend)
    if not count:
        return ""
    which = "An open terminal speaks" if count == 1 else f"{count} open terminals speak"
    return (
        f"{which} to another AWS (its prompt says which). Close it and open a new one: "
        "new terminals speak to the AWS that is chosen now."
    )


def _answer(question: Callable[[], T]) -> T | None:
    """Return the answer; None where the thing asked about is not there."""
    try:
        return question()
    except ClientError:
        return None
