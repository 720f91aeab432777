import pytest

from helpers.asl import dataflow_jsonpath as dataflow
from helpers.asl.failures import EvaluationError
from helpers.asl.intrinsics import Randomness
from helpers.asl.paths import Scope

RANDOM = Randomness(lambda: "id")
INPUT = {"photo": {"key": "a.jpg"}, "user": "ann"}


def scope(value=INPUT, **variables):
    return Scope(value, {"State": {"Name": "S"}}, variables)


@pytest.mark.parametrize(
    ("state", "selected"),
    [
        ({}, INPUT),
        ({"InputPath": "$.photo"}, {"key": "a.jpg"}),
        ({"InputPath": None}, {}),
        ({"InputPath": "$$.State"}, {"Name": "S"}),
        ({"InputPath": "$v"}, 7),
    ],
)
def test_input_path_selects_what_the_state_works_on(state, selected):
    assert dataflow.after_input_path(state, scope(v=7)) == selected


def test_parameters_fill_in_paths_and_keep_the_rest():
    state = {
        "Parameters": {
            "Key.$": "$.photo.key",
            "State.$": "$$.State.Name",
            "Text.$": "States.Format('for {}', $.user)",
            "Nested": [{"User.$": "$.user"}, "$.user", 1, None],
            "Static": "$.user",
        }
    }
    assert dataflow.after_parameters(state, scope(), RANDOM) == {
        "Key": "a.jpg",
        "State": "S",
        "Text": "for ann",
        "Nested": [{"User": "ann"}, "$.user", 1, None],
        "Static": "$.user",
    }


def test_parameters_that_lead_nowhere_name_the_field_and_the_input():
    state = {"Parameters": {"Key.$": "$.photo.size"}}
    with pytest.raises(EvaluationError) as error:
        dataflow.after_parameters(state, scope({"photo": {}}), RANDOM)
    assert error.value.message == (
        "The JSONPath '$.photo.size' specified for the field 'Key.$' could not be found in the "
        "input '{\"photo\":{}}'"
    )


def test_result_selector_works_on_the_result():
    state = {"ResultSelector": {"id.$": "$.Payload.id"}}
    result = {"Payload": {"id": 1}, "StatusCode": 200}
    assert dataflow.after_result_selector(state, scope(result), RANDOM) == {"id": 1}


@pytest.mark.parametrize(
    ("state", "output"),
    [
        ({}, "result"),
        ({"ResultPath": "$"}, "result"),
        ({"ResultPath": None}, INPUT),
        (
            {"ResultPath": "$.photo.size"},
            {"photo": {"key": "a.jpg", "size": "result"}, "user": "ann"},
        ),
        ({"ResultPath": "$.new.place"}, {**INPUT, "new": {"place": "result"}}),
    ],
)
def test_result_path_puts_the_result_into_the_input(state, output):
    assert dataflow.after_result_path(state, INPUT, "result") == output
    assert INPUT == {"photo": {"key": "a.jpg"}, "user": "ann"}


def test_output_path_selects_what_is_handed_on():
    assert dataflow.after_output_path({"OutputPath": "$.user"}, scope()) == "ann"
    assert dataflow.after_output_path({"OutputPath": None}, scope()) == {}
    with pytest.raises(EvaluationError, match=r"Invalid path '\$\.x' : No results for path"):
        dataflow.after_output_path({"OutputPath": "$.x"}, scope())


def test_the_items_of_a_map_are_an_array():
    assert dataflow.items({"ItemsPath": "$.list"}, scope({"list": [1, 2]}), RANDOM) == [1, 2]
    with pytest.raises(EvaluationError, match='Reference path "\\$.list" must point to array.'):
        dataflow.items({"ItemsPath": "$.list"}, scope({"list": "text"}), RANDOM)
    with pytest.raises(EvaluationError, match='Unable to apply step "list"') as error:
        dataflow.items({"ItemsPath": "$.list"}, scope({}), RANDOM)
    assert error.value.error == "States.ReferencePathConflict"


def test_item_selector_sees_the_input_and_the_item():
    state = {"ItemSelector": {"item.$": "$$.Map.Item.Value", "user.$": "$.user"}}
    context = {"Map": {"Item": {"Index": 0, "Value": "x"}}}
    surroundings = Scope(INPUT, context, {})
    assert dataflow.item_input(state, surroundings, "x", RANDOM) == {"item": "x", "user": "ann"}
    assert dataflow.item_input({}, surroundings, "x", RANDOM) == "x"


@pytest.mark.parametrize("value", [3, "3", 3.0])
def test_a_number_may_be_written_as_text(value):
    assert dataflow.number_at("$.n", "MaxConcurrencyPath", scope({"n": value})) == 3


@pytest.mark.parametrize(("value", "shown"), [("x", "x"), ({}, "{}"), (1.5, "1.5"), (True, "true")])
def test_a_number_that_is_none_is_shown(value, shown):
    with pytest.raises(EvaluationError) as error:
        dataflow.number_at("$.n", "TimeoutSecondsPath", scope({"n": value}))
    assert error.value.message == (
        f'The TimeoutSecondsPath field refers to value "{shown}" which is not a valid integer: $.n'
    )
