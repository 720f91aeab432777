"""Roles for tests: who may assume them, and what they may do."""

import json

from helpers.local_aws import ACCOUNT

EVERYTHING = {"Action": "*", "Resource": "*"}
SERVICES = {"Service": ["states.amazonaws.com", "lambda.amazonaws.com"]}
ACCOUNT_ITSELF = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def document(*statements, **more):
    """Return a policy document; a statement allows when it does not say otherwise."""
    said = [{"Effect": "Allow", **statement, **more} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": said})


def make_role(iam, name, *allowed, trusts=SERVICES):
    """Create a role that `trusts` may assume, with what is allowed; return its ARN."""
    trust = document({"Principal": trusts, "Action": "sts:AssumeRole"})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if allowed:
        allow(iam, name, *allowed)
    return arn


def allow(iam, name, *statements, policy="allowed"):
    """Give a role an inline policy, or replace it."""
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document(*statements))
