import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.local_aws.cloudformation.evaluation import Evaluation
from helpers.local_aws.cloudformation.parameters import parameter_values
from helpers.local_aws.cloudformation.proposals import new_stack
from helpers.local_aws.cloudformation.template import creation_order, load
from helpers.local_aws.json_protocol import ServiceError

RESOURCES = {"Bucket": "the-bucket", "Table": "the-table"}
ATTRIBUTES = {("Bucket", "Arn"): "arn:aws:s3:::the-bucket", ("Table", "Stream.Arn"): "arn:stream"}

TEMPLATE = """
Parameters:
  Suffix: {Type: String, Default: ""}
  Names: {Type: CommaDelimitedList, Default: "a, b"}
  Size: {Type: Number, Default: 3}
Mappings:
  Sizes: {small: {memory: 128}}
Conditions:
  Plain: !Equals [!Ref Suffix, ""]
  Suffixed: !Not [!Condition Plain]
  Both: !And [!Condition Plain, !Not [!Condition Suffixed]]
  Either: !Or [!Condition Suffixed, !Condition Plain]
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Table: {Type: AWS::DynamoDB::Table}
"""


def value(yaml_text, **parameters):
    template = load(TEMPLATE)
    return Evaluation(
        template,
        parameter_values(template, parameters, {}),
        {"AWS::Region": "us-east-1", "AWS::StackName": "riders"},
        RESOURCES.__getitem__,
        lambda name, attribute: ATTRIBUTES[name, attribute],
        {"exported": "from elsewhere"}.__getitem__,
    ).value(load(f"Resources: {{X: {{Type: T, V: {yaml_text}}}}}")["Resources"]["X"]["V"])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!Ref Bucket", "the-bucket"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref Names", ["a", "b"]),
        ("!GetAtt Bucket.Arn", "arn:aws:s3:::the-bucket"),
        ("!GetAtt Table.Stream.Arn", "arn:stream"),
        ('{"Fn::GetAtt": [Bucket, Arn]}', "arn:aws:s3:::the-bucket"),
        (
            '!Sub "${Bucket}/${AWS::Region}/${Bucket.Arn}"',
            f"the-bucket/us-east-1/{ATTRIBUTES['Bucket', 'Arn']}",
        ),
        ('!Sub ["${one}-${Size}-${!Kept}", {one: !Ref Table}]', "the-table-3-${Kept}"),
        ('!Join ["-", [!Ref Table, b]]', "the-table-b"),
        ('!Select [1, !Split [":", "a:b:c"]]', "b"),
        ("!If [Plain, yes it is, no]", "yes it is"),
        ("!If [Suffixed, 1, !Ref AWS::NoValue]", None),
        ("{kept: 1, gone: !Ref AWS::NoValue}", {"kept": 1}),
        ("[1, !Ref AWS::NoValue, 2]", [1, 2]),
        ("!FindInMap [Sizes, small, memory]", 128),
        ("!Base64 hi", "aGk="),
        ("!ImportValue exported", "from elsewhere"),
        ("!GetAZs ''", ["us-east-1a", "us-east-1b", "us-east-1c"]),
        ("{'Fn::ToJsonString': {a: [1]}}", '{"a":[1]}'),
        ("{'Fn::Length': [1, 2]}", 2),
        ("{Version: 2012-10-17}", {"Version": "2012-10-17"}),
        ("!If [Both, 1, 2]", 1),
        ("!If [Either, 1, 2]", 1),
        (
            "{StringEquals: {'aws:SourceAccount': !Ref Bucket}}",
            {"StringEquals": {"aws:SourceAccount": "the-bucket"}},
        ),
        (
            "{Effect: Allow, Condition: {Bool: {a: 'true'}}}",
            {"Effect": "Allow", "Condition": {"Bool": {"a": "true"}}},
        ),
    ],
)
def test_functions_give_what_cloudformation_gives(expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("!FindInMap [Sizes, large, memory]", "Unable to get mapping for Sizes::large::memory"),
        ("!Select [7, [a]]", "the arguments of Fn::Select are not valid"),
        ("!Cidr [a, b, c]", "the function Fn::Cidr is not supported"),
        ("!If [Nowhere, 1, 2]", "Unresolved condition dependency Nowhere"),
    ],
)
def test_a_function_that_fails_is_named(expression, message):
    with pytest.raises(ServiceError, match=message):
        value(expression)


@pytest.mark.parametrize(
    ("about", "given", "message"),
    [
        ({"Type": "Number"}, "many", "Parameter 'P' must be a number."),
        ({"Type": "Number", "MaxValue": 3}, "4", "must be a number not greater than 3"),
        ({"Type": "String", "MinLength": 2}, "a", "must contain at least 2 characters"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A", r"must match pattern \[a-z\]\+"),
        (
            {"Type": "String", "AllowedPattern": "[a-z]+", "ConstraintDescription": "be small"},
            "A",
            "Parameter P failed to satisfy constraint: be small",
        ),
    ],
)
def test_a_parameter_that_is_not_as_declared_is_refused(about, given, message):
    with pytest.raises(ServiceError, match=message):
        parameter_values({"Parameters": {"P": about}}, {"P": given}, {})


def test_a_parameter_that_is_not_declared_is_refused():
    with pytest.raises(ServiceError, match=r"Parameters: \[Q\] do not exist in the template"):
        parameter_values({}, {"Q": "1"}, {})


def test_resources_come_after_what_they_need():
    resources = {
        "Policy": {"Properties": {"Arn": {"Fn::Sub": "${Bucket.Arn}/*"}}, "DependsOn": ["Role"]},
        "Role": {"Properties": {"Name": {"Fn::Join": ["", [{"Ref": "Table"}]]}}},
        "Bucket": {},
        "Table": {"DependsOn": "Bucket"},
    }
    assert creation_order(resources, {}) == ["Bucket", "Table", "Role", "Policy"]


def test_json_templates_are_read_too():
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}
    assert load(json.dumps(template, indent=2)) == template


FUNCTIONS = ["Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::If", "Fn::Select", "Condition"]
SCALARS = st.none() | st.booleans() | st.integers() | st.text("AT.${}:", max_size=6)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*FUNCTIONS, "A", "T", "Type", "Value"]), inner)
    ),
    max_leaves=8,
)
TEMPLATES = st.fixed_dictionaries(
    {"Resources": ANYTHING | st.just({"T": {"Type": "AWS::SNS::Topic"}})},
    optional={
        "Parameters": ANYTHING,
        "Conditions": ANYTHING,
        "Outputs": ANYTHING,
        "Mappings": ANYTHING,
    },
)


@given(TEMPLATES, ANYTHING)
def test_any_template_is_either_taken_or_refused_in_cloudformations_words(template, properties):
    resources = template["Resources"]
    if isinstance(resources, dict) and isinstance(resources.get("T"), dict):
        resources["T"]["Properties"] = properties
    try:
        new_stack({"TemplateBody": json.dumps(template)}, "any", clients=None)
    except ServiceError as refused:
        assert refused.code in ("ValidationError", "InsufficientCapabilitiesException")
