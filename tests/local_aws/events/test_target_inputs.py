"""What targets are given, by the examples of the EventBridge user guide."""

import json

import pytest

from helpers.local_aws.events.target_inputs import NoInput, target_input

EVENT = {
    "version": "0",
    "id": "7bf73129",
    "detail-type": "EC2 Instance State-change Notification",
    "time": "2015-11-11T21:29:54Z",
    "resources": ["arn:aws:ec2:us-east-1:1:instance/i-0123456789"],
    "detail": {"instance-id": "i-0123456789", "state": "RUNNING", "cpus": 2, "said": 'a "word"'},
}
PATHS = {
    "instance": "$.detail.instance-id",
    "state": "$.detail.state",
    "cpus": "$.detail.cpus",
    "first": "$.resources[0]",
    "all": "$.resources",
    "said": "$.detail.said",
    "gone": "$.detail.gone",
}
ABOUT = {"aws.events.rule-arn": "arn:rule", "aws.events.rule-name": "a-rule"}


def transformed(template):
    target = {"InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": template}}
    return target_input(target, EVENT, ABOUT)


def test_the_whole_event_is_the_input_when_nothing_else_is_said():
    assert json.loads(target_input({}, EVENT, ABOUT)) == EVENT


def test_a_constant_input_stands_as_it_is():
    assert target_input({"Input": '{"a": 1}'}, EVENT, ABOUT) == '{"a": 1}'


def test_a_part_of_the_event_is_the_input():
    assert target_input({"InputPath": "$.detail.cpus"}, EVENT, ABOUT) == "2"
    assert json.loads(target_input({"InputPath": "$.detail"}, EVENT, ABOUT)) == EVENT["detail"]
    assert target_input({"InputPath": "$.detail-type"}, EVENT, ABOUT).startswith('"EC2')


def test_a_path_that_leads_nowhere_gives_no_input():
    with pytest.raises(NoInput):
        target_input({"InputPath": "$.detail.gone"}, EVENT, ABOUT)


def test_a_star_leads_to_each_element_and_nowhere_in_what_has_none():
    for path, found in (("$.resources[*]", EVENT["resources"]), ("$.detail.cpus[*]", [])):
        assert json.loads(target_input({"InputPath": path}, EVENT, ABOUT)) == found


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"'),
        ('{"instance": <instance>, "n": <cpus>}', '{"instance": "i-0123456789", "n": 2}'),
        ('{"state": "<state>"}', '{"state": "RUNNING"}'),
        ('{"s": [9, <state>, true], "t": "Yes"}', '{"s": [9, "RUNNING", true], "t": "Yes"}'),
        ('{"a": "is \\"<instance>\\""}', '{"a": "is \\"i-0123456789\\""}'),
        ('{"a": <first>}', '{"a": "arn:aws:ec2:us-east-1:1:instance/i-0123456789"}'),
        ('{"a": <all>}', '{"a": ["arn:aws:ec2:us-east-1:1:instance/i-0123456789"]}'),
        ('{"a": "he said <said>"}', '{"a": "he said a \\"word\\""}'),
        ('{"rule": <aws.events.rule-name>}', '{"rule": "a-rule"}'),
        ('{"a": "<gone>"}', '{"a": ""}'),
    ],
)
def test_a_template_is_filled_in(template, text):
    assert transformed(template) == text


def test_the_event_itself_can_be_put_into_a_template():
    whole = json.loads(transformed('{"e": <aws.events.event.json>, "h": <aws.events.event>}'))
    assert whole["e"] == EVENT
    assert whole["h"] == {name: value for name, value in EVENT.items() if name != "detail"}
