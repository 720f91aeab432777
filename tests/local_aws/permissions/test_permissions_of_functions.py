"""Handlers act as their function's role, and keys of AssumeRole as the role they are for."""

import io
import json
import time
import uuid
import zipfile

import boto3
import pytest
from botocore.exceptions import ClientError
from roles import ACCOUNT_ITSELF, EVERYTHING, make_role

from helpers.local_aws import ACCOUNT


@pytest.fixture
def role(client):
    """Return a function that makes a role, and gives its ARN."""

    def make(*allowed, **options):
        return make_role(client("iam"), f"role-{uuid.uuid4().hex[:8]}", *allowed, **options)

    return make


@pytest.fixture
def invoke(client):
    """Return a function that runs the lines of a handler as a role, and gives its answer."""

    def run(role_arn, *lines):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            body = "".join(f"    {line}\n" for line in lines)
            archive.writestr("index.py", f"import os, boto3\ndef handler(event, context):\n{body}")
        name = f"f-{uuid.uuid4().hex[:8]}"
        client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role_arn,
            Handler="index.handler",
            Code={"ZipFile": content.getvalue()},
            Timeout=20,
        )
        answer = client("lambda").invoke(FunctionName=name)
        client("lambda").delete_function(FunctionName=name)
        return json.loads(answer["Payload"].read()), name

    return run


@pytest.fixture
def bucket(client):
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    client("s3").create_bucket(Bucket=name)
    client("s3").put_object(Bucket=name, Key="k", Body=b"content")
    return name


def test_a_handler_without_get_object_is_denied_and_with_it_reads(role, invoke, bucket):
    read = f"return boto3.client('s3').get_object(Bucket='{bucket}', Key='k')['Body'].read(9)"
    poor = role()
    error, name = invoke(poor, read + ".decode()")
    assert error["errorType"] == "AccessDenied"
    assert error["errorMessage"] == (
        "An error occurred (AccessDenied) when calling the GetObject operation: User: "
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{poor.rpartition('/')[2]}/{name} is not authorized "
        f'to perform: s3:GetObject on resource: "arn:aws:s3:::{bucket}/k" because no '
        "identity-based policy allows the s3:GetObject action"
    )
    rich = role({"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"})
    assert invoke(rich, read + ".decode()")[0] == "content"


def test_a_handler_has_temporary_keys_of_its_own(role, invoke, running):
    arn = role()
    who, name = invoke(
        arn,
        "names = ('ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN')",
        "keys = [os.environ['AWS_' + name] for name in names]",
        "return [keys, boto3.client('sts').get_caller_identity()['Arn']]",
    )
    keys, identity = who
    assert identity == f"arn:aws:sts::{ACCOUNT}:assumed-role/{arn.rpartition('/')[2]}/{name}"
    assert keys[0].startswith("ASIA") and len(keys[0]) == 20
    assert not {running.access_key_id, running.secret_access_key} & set(keys)


def test_a_presigned_address_has_the_rights_of_who_signed_it(role, invoke, bucket):
    open_it = [
        "import urllib.request, urllib.error",
        f"wanted = dict(Bucket='{bucket}', Key='k')",
        "url = boto3.client('s3').generate_presigned_url('get_object', wanted)",
        "try: return urllib.request.urlopen(url).read().decode()",
        "except urllib.error.HTTPError as error: return error.code",
    ]
    assert invoke(role(), *open_it)[0] == 403
    assert invoke(role({"Action": "s3:Get*", "Resource": "*"}), *open_it)[0] == "content"


def test_a_function_is_not_made_with_a_role_that_lambda_cannot_assume(role, invoke):
    with pytest.raises(ClientError) as refused:
        invoke(role(trusts={"Service": "states.amazonaws.com"}), "return 1")
    assert "The role defined for the function cannot be assumed by Lambda." in str(refused.value)


def test_a_function_writes_logs_when_its_role_may(client, role, invoke):
    logs, basic = client("logs"), "service-role/AWSLambdaBasicExecutionRole"

    def groups(role_arn):
        _, name = invoke(role_arn, "print('said')")
        time.sleep(0.5)  # they are delivered a moment later
        found = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")
        return len(found["logGroups"])

    arn = role()
    assert groups(arn) == 0
    client("iam").attach_role_policy(
        RoleName=arn.rpartition("/")[2], PolicyArn=f"arn:aws:iam::aws:policy/{basic}"
    )
    assert groups(arn) == 1


def assumed(client, running, role_arn, **options):
    """Return the clients of who has assumed a role, and the answer."""
    answer = client("sts").assume_role(RoleArn=role_arn, RoleSessionName="me", **options)
    keys = answer["Credentials"]

    def make(service):
        return boto3.client(
            service,
            endpoint_url=running.endpoint,
            region_name=running.region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    return make, answer


def test_the_keys_of_assume_role_may_do_what_the_role_may(client, running, role, bucket):
    arn = role({"Action": "s3:ListBucket", "Resource": "*"}, trusts=ACCOUNT_ITSELF)
    make, answer = assumed(client, running, arn)
    name = arn.rpartition("/")[2]
    identity = make("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/me"
    assert identity["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert identity["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    assert make("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    with pytest.raises(ClientError) as refused:
        make("s3").put_object(Bucket=bucket, Key="new", Body=b"")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with pytest.raises(ClientError, match="lambda:CreateFunction|iam:CreateRole"):
        make("iam").create_role(RoleName="x", AssumeRolePolicyDocument="{}")


def test_a_role_is_assumed_only_by_those_whom_it_trusts(client, running, role):
    with pytest.raises(ClientError) as refused:
        client("sts").assume_role(RoleArn=role(), RoleSessionName="me")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    assert "is not authorized to perform: sts:AssumeRole on resource: arn" in str(refused.value)
    first = role(trusts=ACCOUNT_ITSELF)
    second, third = role(trusts={"AWS": first}), role(trusts=ACCOUNT_ITSELF)
    make, _ = assumed(client, running, first)
    make("sts").assume_role(RoleArn=second, RoleSessionName="me")
    with pytest.raises(ClientError, match="sts:AssumeRole"):
        make("sts").assume_role(RoleArn=third, RoleSessionName="me")


def test_an_external_id_must_be_the_one_that_the_trust_policy_names(client, running):
    iam, name = client("iam"), f"role-{uuid.uuid4().hex[:8]}"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ACCOUNT},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "secret"}},
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": statement})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    with pytest.raises(ClientError, match="AccessDenied"):
        assumed(client, running, arn)
    assumed(client, running, arn, ExternalId="secret")


def test_made_up_and_expired_keys_are_refused(running, role):
    from helpers.local_aws.json_protocol import ServiceError
    from helpers.local_aws.permissions.principals import Keys, Principal

    ours, theirs = Keys(running.secret_access_key), Keys("another secret")
    principal = Principal(role(EVERYTHING), "me")
    made, forged = ours.credentials(principal), theirs.credentials(principal)
    assert ours.principal(made.access_key_id, made.session_token) == principal
    for key_id, token in (
        (forged.access_key_id, forged.session_token),
        (forged.access_key_id, made.session_token),
        (made.access_key_id, "no token"),
    ):
        assert ours.principal(key_id, token) is None
        stranger = boto3.client(
            "dynamodb",
            endpoint_url=running.endpoint,
            region_name=running.region,
            aws_access_key_id=key_id,
            aws_secret_access_key="x",
            aws_session_token=token,
        )
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            stranger.list_tables()
    old = ours.credentials(principal, time.time() - 1)
    with pytest.raises(ServiceError, match="expired"):
        ours.principal(old.access_key_id, old.session_token)
