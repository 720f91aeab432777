"""`validate(definition)`: AWS's words, and ours beneath them."""

import json

from helpers import validate

REFUSED = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Nxet": "<b>", "End": True}}}
HINTED = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Result": {"userId": "u"}, "Next": "B"},
        "B": {"Type": "Pass", "InputPath": "$.userID", "End": True},
    },
}


def test_a_fault_is_told_in_the_words_of_aws_with_a_suggestion_beneath() -> None:
    found = validate(REFUSED)
    assert not found.ok
    assert repr(found) == (
        "✗ AWS would refuse this definition for 1 fault\n"
        "  Field 'Nxet' is not supported  (at /States/A)\n"
        "    → `Nxet`: did you mean `Next`?"
    )
    assert repr(validate(json.dumps(REFUSED))) == repr(found)


def test_a_text_that_is_no_json_is_not_repeated() -> None:
    assert repr(validate('{"StartAt": "A",\n}')) == (
        "✗ AWS would refuse this definition for 1 fault\n"
        "  Unexpected character ('}' (code 125)): was expecting double-quote to start field name"
        "  (at line 2, column 2)\n"
        "    → In JSON no comma stands after the last entry."
    )


def test_a_fault_of_the_whole_is_said_to_be_there() -> None:
    loop = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}
    assert "Workflow has no terminal state  (at the whole definition)" in repr(validate(loop))


def test_a_hint_is_no_fault() -> None:
    found = validate(HINTED)
    assert found.ok
    first, *_, last = repr(found).splitlines()
    assert first == "✓ AWS takes this definition. Look again at"
    assert last == "    → Did you mean `$.userId`?"


def test_a_definition_without_anything_to_say_is_one_line() -> None:
    found = validate({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    assert found.ok and repr(found) == "✓ Nothing is wrong with this definition"


def test_the_card_shows_names_as_they_are_written() -> None:
    card = validate({**REFUSED, "StartAt": "<i>"})._repr_html_()
    assert "&lt;i&gt;" in card and "<i>" not in card
