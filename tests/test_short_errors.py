"""In a notebook an error of AWS shows the learner's lines and AWS's sentence, nothing between."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

SET_UP = "from helpers import connect\nworkshop = connect()"
OF_AWS = "def ask():\n    return workshop.s3.head_bucket(Bucket='nobody-made-it')\nask()"
OF_BOTO3 = "workshop.s3.head_bucket(Buckets='misspelt')"
NO_TEXT = "workshop.sfn.start_execution(stateMachineArn='arn', input={'userId': 'u'})"
OF_THE_LEARNER = "import json\njson.loads('{')"


def _errors(*cells: str) -> list[Any]:
    """Run the cells in a kernel; return the error output of each but the first."""
    mark = {"tags": ["raises-exception"]}
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell, metadata=mark) for cell in cells]
    NotebookClient(notebook, kernel_name="python3", store_widget_state=False).execute()
    return [cell.outputs[0] for cell in notebook.cells[1:]]


def test_only_the_lines_of_the_cell_are_shown(workshop_home: Path) -> None:
    of_aws, of_boto3, no_text, of_the_learner = _errors(
        SET_UP, OF_AWS, OF_BOTO3, NO_TEXT, OF_THE_LEARNER
    )
    assert no_text["traceback"][-1] == "→ `input` takes a JSON text: `input=json.dumps(…)`"
    shown = "\n".join(of_aws["traceback"])
    assert of_aws["ename"] == "ClientError" and "404" in of_aws["evalue"]
    assert "nobody-made-it" in shown and "botocore/client.py" not in shown
    shown = "\n".join(of_boto3["traceback"])
    assert "Unknown parameter in input" in shown and "botocore" not in shown.split("\n", 1)[1]
    assert "json/decoder.py" in "\n".join(of_the_learner["traceback"])


def test_an_aws_that_was_stopped_is_one_sentence_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path))
    stop = "from helpers.local_aws import server\nfrom helpers.places import workshop_folder\n"
    (asked,) = _errors(SET_UP, f"{stop}server.stop(workshop_folder())\n{OF_AWS}")
    assert asked["ename"] == "EndpointConnectionError"
    assert len(asked["traceback"]) == 2 and "workshop = connect()" in asked["traceback"][1]


def test_a_refused_definition_shows_what_was_meant_beneath_the_words_of_aws(
    workshop_home: Path,
) -> None:
    create = """
definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Nxet": "B"}, "B": {"Type": "Fail"}}}
import json
workshop.sfn.create_state_machine(
    name="m", definition=json.dumps(definition), roleArn="arn:aws:iam::000000000000:role/r"
)"""
    keep = (
        f"try:\n    {create.strip().replace(chr(10), chr(10) + '    ')}\nexcept Exception as e:\n"
    )
    keep += "    words = str(e)\nassert 'Nxet' in words and 'mean' not in words\n1/0"
    refused, kept = _errors(SET_UP, create, keep)
    shown = refused["traceback"]
    assert "Field 'Nxet' is not supported at /States/A" in shown[-2]
    assert shown[-1] == "→ `Nxet`: did you mean `Next`? (at /States/A)"
    assert kept["ename"] == "ZeroDivisionError"
