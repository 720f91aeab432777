"""Policy documents are evaluated as the IAM user guide says."""

import pytest
from roles import document

from helpers.local_aws.permissions.policies import Verdict, statements, trusted, verdict

ALLOWED, NOT_ALLOWED, DENIED = Verdict.ALLOWED, Verdict.NOT_ALLOWED, Verdict.DENIED
TABLE = "arn:aws:dynamodb:us-east-1:1:table/riders"


def said(*found, action="dynamodb:PutItem", resource=TABLE, **context):
    return verdict(statements(document(*found)), action, resource, context)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Action": "dynamodb:PutItem", "Resource": TABLE}, ALLOWED),
        ({"Action": ["s3:*", "DynamoDB:put*"], "Resource": "*"}, ALLOWED),
        ({"Action": "dynamodb:Put?tem", "Resource": "*"}, ALLOWED),
        ({"Action": "*", "Resource": ["arn:aws:dynamodb:*:*:table/rid*"]}, ALLOWED),
        ({"Action": "dynamodb:Get*", "Resource": "*"}, NOT_ALLOWED),
        ({"Action": "*", "Resource": TABLE + "/index/*"}, NOT_ALLOWED),
        ({"Action": "*", "Resource": TABLE.upper()}, NOT_ALLOWED),
        ({"Action": "*", "Resource": TABLE.replace("table", "tabl.")}, NOT_ALLOWED),
        ({"NotAction": "iam:*", "Resource": "*"}, ALLOWED),
        ({"NotAction": "dynamodb:*", "Resource": "*"}, NOT_ALLOWED),
        ({"Action": "*", "NotResource": "arn:aws:s3:::*"}, ALLOWED),
        ({"Action": "*", "NotResource": TABLE}, NOT_ALLOWED),
        ({"Effect": "Deny", "Action": "*", "Resource": "*"}, DENIED),
    ],
)
def test_actions_and_resources_are_patterns(statement, expected):
    assert said(statement) is expected


def test_deny_wins_in_any_order_and_only_for_what_it_names():
    everything = {"Action": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": TABLE}
    assert said(everything, deny) is said(deny, everything) is DENIED
    assert said(everything, deny, action="dynamodb:GetItem") is ALLOWED


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
        ({"StringEquals": {"AWS:requestedregion": ["eu-west-1", "us-east-1"]}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, False),
        ({"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}, True),
        ({"StringLike": {"aws:RequestedRegion": "us-*"}}, True),
        ({"StringEquals": {"none": "x"}}, False),
        ({"StringNotEquals": {"none": "x"}}, True),
        ({"StringEqualsIfExists": {"none": "x"}}, True),
        ({"Null": {"none": "true", "aws:RequestedRegion": "false"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"Bool": {"aws:SecureTransport": False}}, False),
        ({"NumericLessThan": {"aws:EpochTime": 1000}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "no date"}}, False),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/machine*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:*role/machine"}}, False),
        ({"ForAnyValue:StringEquals": {"keys": ["b", "c"]}}, True),
        ({"ForAllValues:StringEquals": {"keys": ["b", "c"]}}, False),
        ({"ForAllValues:StringEquals": {"none": "x"}}, True),
        ({"NoSuchOperator": {"aws:RequestedRegion": "us-east-1"}}, False),
        ({"StringLike": {"aws:RequestedRegion": "us-*"}, "Bool": {"none": "true"}}, False),
    ],
)
def test_a_statement_counts_when_its_conditions_hold(condition, expected):
    context = {
        "aws:requestedregion": "us-east-1",
        "aws:securetransport": True,
        "aws:epochtime": 999,
        "aws:currenttime": "2026-11-01T12:00:00+00:00",
        "aws:sourceip": "127.0.0.1",
        "aws:principalarn": "arn:aws:iam::1:role/machine-of-riders",
        "keys": ["a", "b"],
    }
    statement = {"Action": "*", "Resource": "*", "Condition": condition}
    assert (said(statement, **context) is ALLOWED) == expected


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", {"root"}),
        ({"AWS": "*"}, {"root"}),
        ({"AWS": ["someone", "root"]}, {"root"}),
        ({"Service": "root"}, set()),
    ],
)
def test_a_trust_policy_names_who_may_assume_its_role(principal, expected):
    policy = statements(document({"Principal": principal, "Action": "sts:AssumeRole"}))
    found = trusted(policy, {"AWS": {"root", "*"}}, {})
    assert bool(found) == bool(expected)
    assert not trusted(
        [*policy, *statements(document({"Principal": principal, "Action": "*"}, Effect="Deny"))],
        {"AWS": {"root", "*"}},
        {},
    )
