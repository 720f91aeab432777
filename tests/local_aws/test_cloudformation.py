import io
import json
import re
import zipfile

import pytest
from botocore.exceptions import ClientError

from helpers.local_aws import ACCOUNT, REGION

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}

EVERYTHING = """
AWSTemplateFormatVersion: 2010-09-09
Description: one of each
Parameters:
  Suffix: {Type: String, Default: ""}
  Retention: {Type: Number, Default: 7}
Conditions:
  Mailed: !Not [!Equals [!Ref Suffix, ""]]
Resources:
  Photos:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}
      PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: true}
      NotificationConfiguration:
        EventBridgeConfiguration: {EventBridgeEnabled: true}
      Tags: [{Key: kind, Value: photos}]
  Riders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: Username, AttributeType: S}]
      KeySchema: [{AttributeName: Username, KeyType: HASH}]
  Rejections:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: Rejections}
  Mail:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Rejections, Protocol: sqs, Endpoint: !GetAtt Inbox.Arn}
  OnlyMailed:
    Type: AWS::SNS::Topic
    Condition: Mailed
  Inbox:
    Type: AWS::SQS::Queue
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {Service: [lambda.amazonaws.com, states.amazonaws.com]}
            Action: sts:AssumeRole
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
      Policies:
        - PolicyName: Put
          PolicyDocument:
            Version: 2012-10-17
            Statement:
              - {Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Riders.Arn}
  More:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: More
      Roles: [!Ref Role]
      PolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Action: "sns:Publish", Resource: !Ref Rejections}]
  Hello:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Timeout: "20"
      Environment: {Variables: {TABLE: !Ref Riders}}
      Code:
        ZipFile: |
          import os
          def handler(event, context): return os.environ["TABLE"]
  FromS3:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: cfn-artifacts, S3Key: code.zip}
  MayInvoke:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Hello
      Principal: s3.amazonaws.com
      SourceArn: !GetAtt Photos.Arn
  HelloLogs:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub /aws/lambda/${Hello}
      RetentionInDays: !Ref Retention
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: !Sub Workflow${Suffix}
      RoleArn: !GetAtt Role.Arn
      DefinitionSubstitutions: {Function: !GetAtt Hello.Arn}
      Definition:
        StartAt: Call
        States: {Call: {Type: Task, Resource: "${Function}", End: true}}
      Tags: [{Key: kind, Value: machine}]
Outputs:
  Bucket: {Value: !Ref Photos}
  BucketArn: {Value: !GetAtt Photos.Arn}
  Table: {Value: !Ref Riders, Description: the riders}
  Topic: {Value: !Ref Rejections}
  RoleArn: {Value: !GetAtt Role.Arn}
  FunctionArn: {Value: !GetAtt Hello.Arn}
  LogsArn: {Value: !GetAtt HelloLogs.Arn}
  MachineArn: {Value: !Ref Machine}
  MachineName: {Value: !GetAtt Machine.Name}
  MachineRevision: {Value: !GetAtt Machine.StateMachineRevisionId}
  Joined: {Value: !Join ["-", [!Ref "AWS::Region", !Select [1, !Split [",", "a,b"]]]]}
  OnlyMailed: {Condition: Mailed, Value: !Ref OnlyMailed}
"""

BUCKET = {"Resources": {"Photos": {"Type": "AWS::S3::Bucket"}}}


@pytest.fixture
def cfn(client):
    cloudformation = client("cloudformation")
    yield cloudformation
    for stack in cloudformation.describe_stacks()["Stacks"]:
        cloudformation.delete_stack(StackName=stack["StackName"])


@pytest.fixture(scope="module", autouse=True)
def artifacts(client):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return 'from S3'")
    s3 = client("s3")
    s3.create_bucket(Bucket="cfn-artifacts")
    s3.put_object(Bucket="cfn-artifacts", Key="code.zip", Body=content.getvalue())


def create(cfn, template, name="riders", **options):
    text = template if isinstance(template, str) else json.dumps(template)
    options.setdefault("Capabilities", ["CAPABILITY_IAM"])
    return cfn.create_stack(StackName=name, TemplateBody=text, **options)["StackId"]


def update(cfn, template, name="riders", **options):
    text = template if isinstance(template, str) else json.dumps(template)
    options.setdefault("Capabilities", ["CAPABILITY_IAM"])
    return cfn.update_stack(StackName=name, TemplateBody=text, **options)["StackId"]


def stack(cfn, name="riders"):
    return cfn.describe_stacks(StackName=name)["Stacks"][0]


def outputs(cfn, name="riders"):
    return {one["OutputKey"]: one["OutputValue"] for one in stack(cfn, name).get("Outputs", [])}


def events(cfn, name="riders", of=None):
    """Return (resource, status) oldest first."""
    pages = cfn.get_paginator("describe_stack_events").paginate(StackName=name)
    found = [
        (event["LogicalResourceId"], event["ResourceStatus"])
        for page in pages
        for event in page["StackEvents"]
    ][::-1]
    return [status for name, status in found if name == of] if of else found


def reason(cfn, logical_id, status, name="riders"):
    for event in cfn.describe_stack_events(StackName=name)["StackEvents"]:
        if (event["LogicalResourceId"], event["ResourceStatus"]) == (logical_id, status):
            return event["ResourceStatusReason"]
    raise AssertionError(f"{logical_id} never became {status}")


def physical(cfn, logical_id, name="riders"):
    resources = cfn.describe_stack_resources(StackName=name)["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}[logical_id]


def refused(action, *arguments, **options):
    with pytest.raises(ClientError) as caught:
        action(*arguments, **options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def retention(client, function_name):
    """Ask for one group by its name: that of a deleted function comes back with late lines."""
    name = f"/aws/lambda/{function_name}"
    found = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return next(group["retentionInDays"] for group in found if group["logGroupName"] == name)


def test_one_of_each_is_made_works_and_is_gone_again(cfn, client):
    stack_id = create(cfn, EVERYTHING)
    cfn.get_waiter("stack_create_complete").wait(StackName="riders")
    found = outputs(cfn)
    assert re.fullmatch(r"riders-photos-[a-z0-9]{12}", found["Bucket"])
    assert found["BucketArn"] == f"arn:aws:s3:::{found['Bucket']}"
    assert re.fullmatch(r"riders-Riders-[A-Za-z0-9]{12}", found["Table"])
    assert found["Topic"].startswith(f"arn:aws:sns:{REGION}:{ACCOUNT}:riders-Rejections-")
    assert found["RoleArn"].startswith(f"arn:aws:iam::{ACCOUNT}:role/riders-Role-")
    assert found["LogsArn"].startswith(f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/")
    assert found["LogsArn"].endswith(":*")
    assert found["MachineArn"] == f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:Workflow"
    assert found["MachineName"] == "Workflow"
    assert found["MachineRevision"]
    assert found["Joined"] == f"{REGION}-b"
    assert "OnlyMailed" not in found

    s3 = client("s3")
    configuration = s3.get_bucket_notification_configuration(Bucket=found["Bucket"])
    assert "EventBridgeConfiguration" in configuration
    block = s3.get_public_access_block(Bucket=found["Bucket"])
    assert block["PublicAccessBlockConfiguration"]["BlockPublicAcls"] is True
    tags = s3.get_bucket_tagging(Bucket=found["Bucket"])["TagSet"]
    assert {"Key": "kind", "Value": "photos"} in tags
    functions = client("lambda")
    answer = functions.invoke(FunctionName=found["FunctionArn"])
    assert json.loads(answer["Payload"].read()) == found["Table"]
    answer = functions.invoke(FunctionName=physical(cfn, "FromS3"))
    assert json.loads(answer["Payload"].read()) == "from S3"
    assert retention(client, physical(cfn, "Hello")) == 7
    machine = client("stepfunctions").describe_state_machine(stateMachineArn=found["MachineArn"])
    assert json.loads(machine["definition"])["States"]["Call"]["Resource"] == found["FunctionArn"]
    names = client("iam").list_role_policies(RoleName=physical(cfn, "Role"))["PolicyNames"]
    assert sorted(names) == ["More", "Put"]

    cfn.delete_stack(StackName="riders")
    cfn.get_waiter("stack_delete_complete").wait(StackName="riders")
    gone = cfn.describe_stacks(StackName=stack_id)["Stacks"][0]
    assert gone["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError):
        s3.head_bucket(Bucket=found["Bucket"])
    with pytest.raises(ClientError):
        functions.get_function(FunctionName=found["FunctionArn"])
    with pytest.raises(ClientError):
        client("iam").get_role(RoleName=found["RoleArn"].rpartition("/")[2])


def test_every_resource_tells_what_happens_to_it(cfn):
    create(cfn, BUCKET, ClientRequestToken="mine")
    assert events(cfn) == [
        ("riders", "CREATE_IN_PROGRESS"),
        ("Photos", "CREATE_IN_PROGRESS"),
        ("Photos", "CREATE_IN_PROGRESS"),
        ("Photos", "CREATE_COMPLETE"),
        ("riders", "CREATE_COMPLETE"),
    ]
    newest = cfn.describe_stack_events(StackName="riders")["StackEvents"]
    assert newest[1]["PhysicalResourceId"] == physical(cfn, "Photos")
    assert newest[2]["ResourceStatusReason"] == "Resource creation Initiated"
    assert {event["ClientRequestToken"] for event in newest} == {"mine"}


def test_a_resource_that_fails_is_named_with_the_reason_and_all_is_undone(cfn, client):
    template = json.loads(json.dumps(BUCKET))
    template["Resources"]["Broken"] = {
        "Type": "AWS::Lambda::Function",
        "DependsOn": "Photos",
        "Properties": {
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": f"arn:aws:iam::{ACCOUNT}:role/nobody",
            "Code": {"ZipFile": "x = 1"},
        },
    }
    create(cfn, template)
    assert stack(cfn)["StackStatus"] == "ROLLBACK_COMPLETE"
    why = reason(cfn, "Broken", "CREATE_FAILED")
    assert "cannot be assumed by Lambda" in why
    assert "(Service: Lambda, Status Code: 400" in why
    assert reason(cfn, "riders", "ROLLBACK_IN_PROGRESS") == (
        "The following resource(s) failed to create: [Broken]. Rollback requested by user."
    )
    assert events(cfn, of="Photos")[-2:] == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    names = [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]]
    assert not [name for name in names if name.startswith("riders-photos")]
    code, message = refused(update, cfn, BUCKET)
    assert (code, message) == (
        "ValidationError",
        f"Stack:{stack(cfn)['StackId']} is in ROLLBACK_COMPLETE state and can not be updated.",
    )


def test_a_waiter_for_a_stack_that_failed_says_so(cfn):
    create(
        cfn, {"Resources": {"Bad": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "B"}}}}
    )
    with pytest.raises(Exception, match="ROLLBACK_COMPLETE"):
        cfn.get_waiter("stack_create_complete").wait(
            StackName="riders", WaiterConfig={"Delay": 1, "MaxAttempts": 1}
        )


def test_an_update_without_a_change_is_refused(cfn):
    create(cfn, BUCKET, Tags=[{"Key": "a", "Value": "1"}])
    same = json.dumps(BUCKET, indent=3)
    options = {"Tags": [{"Key": "a", "Value": "1"}]}
    assert refused(update, cfn, same, **options) == (
        "ValidationError",
        "No updates are to be performed.",
    )
    assert stack(cfn)["StackStatus"] == "CREATE_COMPLETE"
    update(cfn, BUCKET, Tags=[{"Key": "a", "Value": "2"}])
    assert stack(cfn)["StackStatus"] == "UPDATE_COMPLETE"


def test_an_update_changes_adds_and_removes(cfn, client):
    create(cfn, EVERYTHING)
    before = outputs(cfn)
    changed = EVERYTHING.replace('Type: Task, Resource: "${Function}"', "Type: Pass")
    changed = changed.replace('Timeout: "20"', "Timeout: 30").replace(
        "OnlyMailed:\n", "Other:\n", 1
    )
    changed = changed.replace("    Condition: Mailed\n", "").replace(
        "  OnlyMailed: {Condition: Mailed, Value: !Ref OnlyMailed}\n", ""
    )
    changed = re.sub(r"  MayInvoke:.*?(?=  HelloLogs:)", "", changed, flags=re.DOTALL)
    update(cfn, changed, Parameters=[{"ParameterKey": "Retention", "ParameterValue": "3"}])
    assert stack(cfn)["StackStatus"] == "UPDATE_COMPLETE", events(cfn)
    after = outputs(cfn)
    assert after["Bucket"] == before["Bucket"]
    assert after["MachineRevision"] != before["MachineRevision"]
    machine = client("stepfunctions").describe_state_machine(stateMachineArn=after["MachineArn"])
    assert json.loads(machine["definition"])["States"]["Call"]["Type"] == "Pass"
    function = client("lambda").get_function_configuration(FunctionName=after["FunctionArn"])
    assert function["Timeout"] == 30
    assert retention(client, physical(cfn, "Hello")) == 3
    assert physical(cfn, "Other").startswith("arn:aws:sns:")
    assert events(cfn, of="MayInvoke")[-1] == "DELETE_COMPLETE"
    assert events(cfn, of="Photos").count("UPDATE_IN_PROGRESS") == 0
    assert events(cfn, of="Machine")[-2:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    cfn.get_waiter("stack_update_complete").wait(StackName="riders")


def test_a_change_that_cannot_be_made_in_place_makes_a_new_resource(cfn, client):
    table = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
    }
    template = {"Resources": {"Riders": {"Type": "AWS::DynamoDB::Table", "Properties": table}}}
    create(cfn, template)
    old = physical(cfn, "Riders")
    table["AttributeDefinitions"][0]["AttributeName"] = "b"
    table["KeySchema"][0]["AttributeName"] = "b"
    update(cfn, template)
    new = physical(cfn, "Riders")
    assert new != old
    assert "creation of a new physical resource" in reason(cfn, "Riders", "UPDATE_IN_PROGRESS") or (
        "Initiated" in reason(cfn, "Riders", "UPDATE_IN_PROGRESS")
    )
    names = client("dynamodb").list_tables()["TableNames"]
    assert new in names
    assert old not in names


def test_an_update_that_fails_goes_back_to_what_was(cfn, client):
    good = json.loads(json.dumps(BUCKET))
    good["Resources"]["Topic"] = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "old"}}
    create(cfn, good)
    bad = json.loads(json.dumps(good))
    bad["Resources"]["Topic"]["Properties"]["DisplayName"] = "new"
    bad["Resources"]["Bad"] = {
        "Type": "AWS::S3::Bucket",
        "DependsOn": "Topic",
        "Properties": {"BucketName": "Not_A_Name"},
    }
    update(cfn, bad)
    assert stack(cfn)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert reason(cfn, "Bad", "CREATE_FAILED")
    assert reason(cfn, "riders", "UPDATE_ROLLBACK_IN_PROGRESS") == (
        "The following resource(s) failed to create: [Bad]. "
    )
    attributes = client("sns").get_topic_attributes(TopicArn=physical(cfn, "Topic"))["Attributes"]
    assert attributes["DisplayName"] == "old"
    resources = cfn.list_stack_resources(StackName="riders")["StackResourceSummaries"]
    assert {one["LogicalResourceId"] for one in resources} == {"Photos", "Topic"}
    good["Resources"]["Topic"]["Properties"]["DisplayName"] = "newer"
    update(cfn, good)
    assert stack(cfn)["StackStatus"] == "UPDATE_COMPLETE"


def test_a_bucket_that_is_not_empty_stays_and_says_why(cfn, client):
    template = json.loads(json.dumps(BUCKET))
    template["Resources"]["Topic"] = {"Type": "AWS::SNS::Topic"}
    stack_id = create(cfn, template)
    bucket = physical(cfn, "Photos")
    client("s3").put_object(Bucket=bucket, Key="left", Body=b"x")
    cfn.delete_stack(StackName="riders")
    assert stack(cfn)["StackStatus"] == "DELETE_FAILED"
    assert stack(cfn)["StackStatusReason"] == (
        "The following resource(s) failed to delete: [Photos]. "
    )
    why = reason(cfn, "Photos", "DELETE_FAILED")
    assert "The bucket you tried to delete is not empty" in why
    assert "(Service: S3, Status Code: 409" in why
    assert events(cfn, of="Topic")[-1] == "DELETE_COMPLETE"
    client("s3").delete_object(Bucket=bucket, Key="left")
    cfn.delete_stack(StackName="riders")
    assert cfn.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_what_somebody_else_deleted_is_no_hindrance(cfn, client):
    stack_id = create(cfn, BUCKET)
    client("s3").delete_bucket(Bucket=physical(cfn, "Photos"))
    cfn.delete_stack(StackName="riders")
    assert cfn.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_a_resource_to_retain_is_kept(cfn, client):
    template = json.loads(json.dumps(BUCKET))
    template["Resources"]["Photos"]["DeletionPolicy"] = "Retain"
    stack_id = create(cfn, template)
    bucket = physical(cfn, "Photos")
    cfn.delete_stack(StackName="riders")
    assert cfn.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    client("s3").delete_bucket(Bucket=bucket)


@pytest.mark.parametrize("properties", [{}, {"RoleName": "a-name"}])
def test_roles_need_a_capability(cfn, properties):
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": TRUST} | properties,
    }
    template = {"Resources": {"Role": role}}
    needed = "CAPABILITY_NAMED_IAM" if properties else "CAPABILITY_IAM"
    assert refused(create, cfn, template, Capabilities=[]) == (
        "InsufficientCapabilitiesException",
        f"Requires capabilities : [{needed}]",
    )
    create(cfn, template, Capabilities=["CAPABILITY_NAMED_IAM"])
    assert stack(cfn)["StackStatus"] == "CREATE_COMPLETE"


RESOURCE = {"Type": "AWS::SNS::Topic"}
FAULTY = "Template format error: [/{}] Every {} object must contain a Type member."


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{", "Template format error: JSON not well-formed. (line 1, column 2)"),
        ("a: [", "Template format error: YAML not well-formed. (line 1, column 5)"),
        ("just text", "Template format error: unsupported structure."),
        ("Foo: 1", "Invalid template property or properties [Foo]"),
        (
            {"Resources": {}},
            "Template format error: At least one Resources member must be defined.",
        ),
        ({"Resources": {"A": 3}}, FAULTY.format("Resources/A", "Resources")),
        (
            {"Parameters": {"P": "x"}, "Resources": {"A": RESOURCE}},
            FAULTY.format("Parameters/P", "Parameters"),
        ),
        (
            {"Resources": {"A": RESOURCE | {"DependsOn": [{}]}}},
            "Template format error: [/Resources/A] is not well-formed.",
        ),
        ({"Resources": ["A"]}, "Template format error: [/Resources] must be an object."),
        (
            {"Resources": {"A": {"Type": "AWS::Foo::Bar"}}},
            "Template format error: Unrecognized resource types: [AWS::Foo::Bar]",
        ),
        (
            {"Resources": {"A": RESOURCE | {"Properties": {"DisplayName": {"Ref": "B"}}}}},
            "Template format error: Unresolved resource dependencies [B] in the Resources block of "
            "the template",
        ),
        (
            {"Resources": {"A": RESOURCE}, "Outputs": {"O": {"Value": {"Ref": "B"}}}},
            "Template format error: Unresolved resource dependencies [B] in the Outputs block of "
            "the template",
        ),
        (
            {"Resources": {"A": RESOURCE}, "Outputs": {"O": {"Value": {"Fn::GetAtt": "A.No"}}}},
            "Template error: resource A does not support attribute type No in Fn::GetAtt",
        ),
        (
            {"Resources": {"A": RESOURCE | {"DependsOn": "B"}, "B": RESOURCE | {"DependsOn": "A"}}},
            "Circular dependency between resources: [A, B]",
        ),
        (
            {"Parameters": {"P": {"Type": "String"}}, "Resources": {"A": RESOURCE}},
            "Parameters: [P] must have values",
        ),
        (
            {
                "Parameters": {"P": {"Type": "String", "Default": "x", "AllowedValues": ["y"]}},
                "Resources": {"A": RESOURCE},
            },
            "Parameter 'P' must be one of AllowedValues",
        ),
    ],
)
def test_a_faulty_template_is_refused_before_anything_is_made(cfn, template, message):
    assert refused(create, cfn, template) == ("ValidationError", message)
    assert refused(cfn.describe_stacks, StackName="riders") == (
        "ValidationError",
        "Stack with id riders does not exist",
    )


def test_a_property_that_is_missing_fails_by_name(cfn):
    create(cfn, {"Resources": {"Role": {"Type": "AWS::IAM::Role"}}})
    assert reason(cfn, "Role", "CREATE_FAILED") == (
        "Property AssumeRolePolicyDocument cannot be empty."
    )


def test_a_fault_of_our_own_ends_in_a_status_and_not_in_a_hang(cfn):
    export = {"O": {"Value": "x", "Export": 7}}
    create(cfn, {"Resources": {"T": RESOURCE}, "Outputs": export})
    assert stack(cfn)["StackStatus"].endswith("FAILED")


def test_a_property_that_we_cannot_make_fails_by_name(cfn):
    properties = {"WebsiteConfiguration": {"IndexDocument": "index.html"}}
    create(cfn, {"Resources": {"Site": {"Type": "AWS::S3::Bucket", "Properties": properties}}})
    assert reason(cfn, "Site", "CREATE_FAILED") == (
        "The embedded AWS cannot make the property WebsiteConfiguration of AWS::S3::Bucket."
    )


def test_a_stack_of_that_name_is_made_once(cfn):
    create(cfn, BUCKET)
    assert refused(create, cfn, BUCKET) == (
        "AlreadyExistsException",
        "Stack [riders] already exists",
    )
    assert refused(update, cfn, BUCKET, name="others") == (
        "ValidationError",
        "Stack [others] does not exist",
    )
    cfn.delete_stack(StackName="others")


def test_names_are_formed_within_the_limits_of_each_service(cfn):
    name = "a-" + "very-" * 15 + "long-name"
    template = {"Resources": {"P" * 40: {"Type": "AWS::S3::Bucket"}}}
    create(cfn, template, name=name)
    bucket = physical(cfn, "P" * 40, name)
    assert len(bucket) <= 63
    assert bucket == bucket.lower()
    assert stack(cfn, name)["StackStatus"] == "CREATE_COMPLETE"


def test_the_template_and_its_parameters_can_be_read_again(cfn):
    text = "Parameters: {Secret: {Type: String, NoEcho: true}}\n"
    text += "Resources: {T: {Type: AWS::SNS::Topic}}\n"
    secret = {"ParameterKey": "Secret", "ParameterValue": "s"}
    create(cfn, text, Parameters=[secret], Tags=[{"Key": "workshop", "Value": "w"}])
    assert cfn.get_template(StackName="riders")["TemplateBody"] == text
    about = stack(cfn)
    assert about["Parameters"] == [{"ParameterKey": "Secret", "ParameterValue": "****"}]
    assert about["Tags"] == [{"Key": "workshop", "Value": "w"}]
    previous = {"ParameterKey": "Secret", "UsePreviousValue": True}
    assert refused(
        cfn.update_stack, StackName="riders", UsePreviousTemplate=True, Parameters=[previous]
    ) == ("ValidationError", "No updates are to be performed.")
    assert cfn.validate_template(TemplateBody=text)["Parameters"][0]["NoEcho"] is True


def test_another_stack_can_import_what_one_exports(cfn):
    exporting = {
        "Resources": {"T": RESOURCE},
        "Outputs": {"O": {"Value": {"Ref": "T"}, "Export": {"Name": "the-topic"}}},
    }
    create(cfn, exporting)
    queue = {
        "Type": "AWS::SNS::Subscription",
        "Properties": {
            "TopicArn": {"Fn::ImportValue": "the-topic"},
            "Protocol": "sqs",
            "Endpoint": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q",
        },
    }
    create(cfn, {"Resources": {"S": queue}}, name="importing")
    assert stack(cfn, "importing")["StackStatus"] == "CREATE_COMPLETE"
    assert refused(cfn.delete_stack, StackName="riders")[0] == "ValidationError"
    assert [one["Name"] for one in cfn.list_exports()["Exports"]] == ["the-topic"]
    cfn.delete_stack(StackName="importing")


def test_change_sets_create_and_update_a_stack(cfn):
    def change(name, template, kind):
        cfn.create_change_set(
            StackName="riders",
            ChangeSetName=name,
            TemplateBody=json.dumps(template),
            ChangeSetType=kind,
        )
        return cfn.describe_change_set(StackName="riders", ChangeSetName=name)

    made = change("first", BUCKET, "CREATE")
    assert made["Status"] == "CREATE_COMPLETE"
    assert [one["ResourceChange"]["Action"] for one in made["Changes"]] == ["Add"]
    assert stack(cfn)["StackStatus"] == "REVIEW_IN_PROGRESS"
    cfn.execute_change_set(StackName="riders", ChangeSetName="first")
    cfn.get_waiter("stack_create_complete").wait(StackName="riders")
    same = change("same", BUCKET, "UPDATE")
    assert same["Status"] == "FAILED"
    assert "didn't contain changes" in same["StatusReason"]
    template = json.loads(json.dumps(BUCKET))
    template["Resources"]["T"] = RESOURCE
    change("second", template, "UPDATE")
    cfn.execute_change_set(StackName="riders", ChangeSetName="second")
    assert stack(cfn)["StackStatus"] == "UPDATE_COMPLETE"
    assert physical(cfn, "T")


def test_a_failed_stack_that_is_deleted_can_be_made_again(cfn):
    bad = {"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "B"}}}}
    create(cfn, bad)
    cfn.delete_stack(StackName="riders")
    create(cfn, BUCKET)
    assert stack(cfn)["StackStatus"] == "CREATE_COMPLETE"
    statuses = [one["StackStatus"] for one in cfn.list_stacks()["StackSummaries"]]
    assert "DELETE_COMPLETE" in statuses


def test_a_function_that_was_changed_elsewhere_is_no_hindrance_to_an_update(cfn, client):
    create(cfn, EVERYTHING)
    machine = outputs(cfn)["MachineArn"]
    mine = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    client("stepfunctions").update_state_machine(stateMachineArn=machine, definition=mine)
    update(cfn, EVERYTHING.replace('Timeout: "20"', "Timeout: 30"))
    assert stack(cfn)["StackStatus"] == "UPDATE_COMPLETE"
    about = client("stepfunctions").describe_state_machine(stateMachineArn=machine)
    assert about["definition"] == mine
