# ruff: noqa: E501  (AWS's sentences stand unbroken)
"""Tasks: real functions, tables, topics and queues of the embedded AWS."""

import json
import time
import uuid

import pytest

from helpers.local_aws import ACCOUNT, REGION, functions


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def task(resource, **fields):
    return {"Type": "Task", "Resource": resource, "End": True, **fields}


def types(events):
    return [event["type"] for event in events]


INVOKE = "arn:aws:states:::lambda:invoke"


@pytest.fixture(scope="module")
def echo(bench):
    return bench.function("return event")


@pytest.fixture(scope="module")
def broken(bench):
    body = "class FaceError(Exception): pass\nraise FaceError('no face')"
    return bench.function(body)


@pytest.fixture(scope="module")
def table(bench):
    name = f"t-{uuid.uuid4().hex[:8]}"
    bench.clients("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def test_a_plain_function_gets_the_input_and_gives_the_result(bench, echo):
    told, events = bench.run(machine(S=task(echo, Parameters={"x.$": "$.n"})), {"n": 1})
    assert json.loads(told["output"]) == {"x": 1}
    assert [(e["previousEventId"], e["type"]) for e in events[2:6]] == [
        (2, "LambdaFunctionScheduled"),
        (3, "LambdaFunctionStarted"),
        (4, "LambdaFunctionSucceeded"),
        (5, "TaskStateExited"),
    ]
    assert events[2]["lambdaFunctionScheduledEventDetails"] == {
        "resource": echo,
        "input": '{"x":1}',
        "inputDetails": {"truncated": False},
    }
    assert not any(key.endswith("Details") for key in events[3])
    assert events[4]["lambdaFunctionSucceededEventDetails"] == {
        "output": '{"x":1}',
        "outputDetails": {"truncated": False},
    }


def test_lambda_invoke_gives_the_payload_and_the_metadata(bench, echo):
    parameters = {"FunctionName": echo, "Payload.$": "$"}
    told, events = bench.run(machine(S=task(INVOKE, Parameters=parameters)), {"n": 1})
    output = json.loads(told["output"])
    assert set(output) == {
        "ExecutedVersion",
        "Payload",
        "SdkHttpMetadata",
        "SdkResponseMetadata",
        "StatusCode",
    }
    assert (output["Payload"], output["ExecutedVersion"]) == ({"n": 1}, "$LATEST")
    assert output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    scheduled = events[2]["taskScheduledEventDetails"]
    assert json.loads(scheduled.pop("parameters")) == {"FunctionName": echo, "Payload": {"n": 1}}
    assert scheduled == {"resource": "invoke", "resourceType": "lambda", "region": REGION}
    assert events[3]["taskStartedEventDetails"] == {"resource": "invoke", "resourceType": "lambda"}
    assert set(events[4]["taskSucceededEventDetails"]) == {
        "output",
        "outputDetails",
        "resource",
        "resourceType",
    }


def test_the_class_of_an_exception_is_the_error_that_catch_meets(bench, broken):
    catch = [
        {"ErrorEquals": ["Other"], "Next": "Wrong"},
        {"ErrorEquals": ["FaceError"], "ResultPath": "$.error", "Next": "Caught"},
        {"ErrorEquals": ["States.ALL"], "Next": "Wrong"},
    ]
    state = {"Type": "Task", "Resource": broken, "Catch": catch, "Next": "Wrong"}
    definition = machine(S=state, Caught={"Type": "Succeed"}, Wrong={"Type": "Fail"})
    told, events = bench.run(definition, {"n": 1})
    output = json.loads(told["output"])
    assert (output["n"], output["error"]["Error"]) == (1, "FaceError")
    cause = json.loads(output["error"]["Cause"])
    assert list(cause) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert cause["errorMessage"] == "no face"
    assert types(events)[4:7] == ["LambdaFunctionFailed", "TaskStateExited", "SucceedStateEntered"]


def test_an_uncaught_exception_fails_the_execution_under_its_name(bench, broken):
    parameters = {"FunctionName": broken}
    told, events = bench.run(machine(S=task(INVOKE, Parameters=parameters)))
    assert told["error"] == "FaceError"
    assert '"errorMessage":"no face","errorType":"FaceError"' in told["cause"]
    assert types(events)[-2:] == ["TaskFailed", "ExecutionFailed"]
    assert events[-2]["taskFailedEventDetails"]["resourceType"] == "lambda"


def test_a_retry_repeats_the_three_events_of_the_task(bench, broken):
    retry = [{"ErrorEquals": ["FaceError"], "IntervalSeconds": 0, "MaxAttempts": 2}]
    parameters = {"Try.$": "$$.State.RetryCount"}
    told, events = bench.run(machine(S=task(broken, Retry=retry, Parameters=parameters)))
    once = ["LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionFailed"]
    assert types(events) == ["ExecutionStarted", "TaskStateEntered", *once * 3, "ExecutionFailed"]
    assert [event["previousEventId"] for event in events[1:]] == [0, *range(2, len(events))]
    scheduled = [e for e in events if e["type"] == "LambdaFunctionScheduled"]
    tries = [json.loads(e["lambdaFunctionScheduledEventDetails"]["input"]) for e in scheduled]
    assert tries == [{"Try": 0}, {"Try": 1}, {"Try": 2}]


def test_a_task_that_takes_too_long_times_out(bench):
    slow = bench.function("import time; time.sleep(3)")
    catch = [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}]
    state = task(INVOKE, Parameters={"FunctionName": slow}, TimeoutSeconds=1, Catch=catch)
    definition = machine(S=state, Late={"Type": "Succeed"})
    started = time.monotonic()
    told, events = bench.run(definition)
    assert time.monotonic() - started < 2.5
    assert json.loads(told["output"]) == {"Error": "States.Timeout", "Cause": ""}
    timed_out = next(event for event in events if event["type"] == "TaskTimedOut")
    assert timed_out["taskTimedOutEventDetails"] == {
        "error": "States.Timeout",
        "resource": "invoke",
        "resourceType": "lambda",
    }
    assert events[2]["taskScheduledEventDetails"]["timeoutInSeconds"] == 1


def test_a_function_that_is_not_there_has_awss_error(bench):
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nothing"
    error, cause = bench.failure(machine(S=task(INVOKE, Parameters={"FunctionName": arn})))
    assert error == "Lambda.ResourceNotFoundException"
    assert cause.startswith(f"Function not found: {arn}:$LATEST (Service: AWSLambda; ")
    assert "; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: " in cause
    assert cause.endswith("; Proxy: null)")


def test_items_are_put_read_updated_and_deleted(bench, table):
    key = {"id": {"S.$": "$.id"}}
    definition = machine(
        Put={
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {"TableName": table, "Item": {**key, "n": {"N": "1"}}},
            "ResultPath": None,
            "Next": "Update",
        },
        Update={
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:updateItem",
            "Parameters": {
                "TableName": table,
                "Key": key,
                "UpdateExpression": "SET n = n + :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}},
                "ReturnValues": "ALL_NEW",
            },
            "ResultSelector": {"n.$": "$.Attributes.n.N"},
            "ResultPath": "$.updated",
            "Next": "Get",
        },
        Get={
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:getItem",
            "Parameters": {"TableName": table, "Key": key},
            "ResultPath": "$.got",
            "Next": "Delete",
        },
        Delete=task(
            "arn:aws:states:::dynamodb:deleteItem",
            Parameters={"TableName": table, "Key": key},
            ResultPath="$.deleted",
        ),
    )
    output = bench.output(definition, {"id": "x"})
    assert output["updated"] == {"n": "2"}
    assert output["got"]["Item"] == {"id": {"S": "x"}, "n": {"N": "2"}}
    assert set(output["deleted"]) == {"SdkHttpMetadata", "SdkResponseMetadata"}
    assert bench.clients("dynamodb").scan(TableName=table)["Count"] == 0


@pytest.mark.parametrize(
    ("parameters", "error", "cause"),
    [
        ({"TableName": "nothing", "Item": {"id": {"S": "x"}}}, "DynamoDB.ResourceNotFoundException", "Requested resource not found (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ResourceNotFoundException; "),
        ({"TableName": "TABLE", "Item": None}, "DynamoDB.AmazonDynamoDBException", "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ValidationException; "),
        ({"TableName": "/x", "Item": {"id": {"S": "x"}}}, "DynamoDB.AmazonDynamoDBException", "1 validation error detected: Value '/x' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+ (Service: AmazonDynamoDBv2; "),
        ({"TableName": "TABLE", "Item": {"id": {"S": "x"}}, "ConditionExpression": "attribute_exists(id)"}, "DynamoDB.ConditionalCheckFailedException", "The conditional request failed (Service: AmazonDynamoDBv2; "),
    ],
)  # fmt: skip
def test_dynamodb_refuses_in_its_own_words(bench, table, parameters, error, cause):
    named = {k: table if v == "TABLE" else v for k, v in parameters.items()}
    state = task("arn:aws:states:::dynamodb:putItem", **{"Parameters": named})
    told = bench.failure(machine(S=state))
    assert told[0] == error
    assert told[1].startswith(cause)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"TableName": "t", "Itm": {}}, "[The field 'Itm' is not supported by Step Functions]"),
        ({"TableName": "t", "Item": "x"}, "[The value of the field 'Item' has an invalid format]"),
        ({"TableName": "t", "Item": {"id": {"N": 5}}}, "[The value of the field 'N' has an invalid format]"),
    ],
)  # fmt: skip
def test_wrong_parameters_do_not_start_the_task(bench, parameters, sentence):
    state = task("arn:aws:states:::dynamodb:putItem", Parameters=parameters)
    told, events = bench.run(machine(S=state))
    text = json.dumps(parameters, separators=(",", ":"))
    assert (told["error"], told["cause"]) == (
        "States.Runtime",
        "An error occurred while executing the state 'S' (entered at the event id #2). The "
        f"Parameters '{text}' could not be used to start the Task: {sentence}",
    )
    assert types(events) == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]


def test_a_message_reaches_a_queue_through_a_topic(bench):
    sns, sqs = bench.clients("sns"), bench.clients("sqs")
    topic = sns.create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
    url = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = queue["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    parameters = {"TopicArn": topic, "Message": {"photo.$": "$.photo"}}
    state = task("arn:aws:states:::sns:publish", Parameters=parameters)
    output = bench.output(machine(S=state), {"photo": "a.jpg"})
    assert set(output) == {"MessageId", "SdkHttpMetadata", "SdkResponseMetadata"}
    body = sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]
    assert json.loads(json.loads(body)["Message"]) == {"photo": "a.jpg"}


def test_a_topic_that_is_not_there_has_awss_error(bench):
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:nothing"
    parameters = {"TopicArn": arn, "Message": "x"}
    state = task("arn:aws:states:::sns:publish", Parameters=parameters)
    error, cause = bench.failure(machine(S=state))
    assert error == "SNS.NotFoundException"
    assert cause.startswith(
        "Topic does not exist (Service: AmazonSNS; Status Code: 404; Error Code: NotFound; "
    )


def test_a_message_is_sent_to_a_queue(bench):
    sqs = bench.clients("sqs")
    url = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    parameters = {"QueueUrl": url, "MessageBody.$": "$.text"}
    definition = machine(S=task("arn:aws:states:::sqs:sendMessage", Parameters=parameters))
    assert "MD5OfMessageBody" in bench.output(definition, {"text": "hello"})
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"
    error, cause = bench.failure(definition, {"text": None})
    assert error == "SQS.AmazonSQSException"
    assert cause.startswith(
        "The request must contain the parameter MessageBody. (Service: AmazonSQS; Status Code: 400; Error Code: MissingParameter; "
    )


def test_a_queue_that_is_not_there_has_awss_error(bench):
    parameters = {"QueueUrl": "http://127.0.0.1/000/none", "MessageBody": "x"}
    for resource, error in (
        ("sqs:sendMessage", "SQS.QueueDoesNotExistException"),
        ("aws-sdk:sqs:sendMessage", "Sqs.QueueDoesNotExistException"),
    ):
        state = task(f"arn:aws:states:::{resource}", Parameters=parameters)
        assert bench.failure(machine(S=state))[0] == error


def test_an_item_may_hold_binary_data(bench, table):
    item = {"id": {"S": "binary"}, "picture": {"B": "hello"}}
    state = task("arn:aws:states:::dynamodb:putItem", Parameters={"TableName": table, "Item": item})
    bench.output(machine(S=state))
    stored = bench.clients("dynamodb").get_item(TableName=table, Key={"id": {"S": "binary"}})
    assert stored["Item"]["picture"]["B"] == b"hello"
    bench.clients("dynamodb").delete_item(TableName=table, Key={"id": {"S": "binary"}})


def test_any_action_of_a_service_can_be_called(bench, table):
    bucket = f"b-{uuid.uuid4().hex[:8]}"
    definition = machine(
        Make={
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:createBucket",
            "Parameters": {"Bucket": bucket},
            "ResultPath": None,
            "Next": "Put",
        },
        Put={
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
            "Parameters": {"Bucket": bucket, "Key": "k", "Body": {"a": 1}},
            "ResultPath": None,
            "Next": "Get",
        },
        Get={
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
            "Parameters": {"Bucket": bucket, "Key": "k"},
            "ResultSelector": {"body.$": "$.Body", "size.$": "$.ContentLength"},
            "ResultPath": "$.object",
            "Next": "Scan",
        },
        Scan=task(
            "arn:aws:states:::aws-sdk:dynamodb:scan",
            Parameters={"TableName": table},
            ResultPath="$.scan",
        ),
    )
    output = bench.output(definition)
    assert output["object"] == {"body": '{"a":1}', "size": 7}
    assert output["scan"] == {"Count": 0, "Items": [], "ScannedCount": 0}


@pytest.mark.parametrize(
    ("action", "parameters", "error", "cause"),
    [
        ("s3:getObject", {"Bucket": "nothing-here", "Key": "k"}, "S3.NoSuchBucketException", "The specified bucket does not exist (Service: S3, Status Code: 404, Request ID: "),
        ("dynamodb:getItem", {"TableName": "nothing", "Key": {"id": {"S": "x"}}}, "DynamoDb.ResourceNotFoundException", "Requested resource not found (Service: DynamoDb, Status Code: 400, Request ID: "),
        ("sfn:describeStateMachine", {"StateMachineArn": "x"}, "Sfn.InvalidArnException", "Invalid Arn: 'Invalid ARN prefix: x' (Service: Sfn, Status Code: 400, Request ID: "),
    ],
)  # fmt: skip
def test_an_sdk_call_fails_in_the_words_of_the_sdk(bench, action, parameters, error, cause):
    state = task(f"arn:aws:states:::aws-sdk:{action}", Parameters=parameters)
    told = bench.failure(machine(S=state))
    assert told[0] == error
    assert told[1].startswith(cause)
    assert told[1].endswith(") (SDK Attempt Count: 1)")


@pytest.mark.parametrize(
    ("action", "parameters", "error", "words"),
    [
        ("s3:getObject", {"Bucket": "photos"}, "S3.S3Exception", "Value null at 'key'"),
        ("s3:getObject", {"Bucket": "my photos", "Key": "k"}, "S3.SdkClientException", "my photos"),
        ("lambda:getFunction", {}, "Lambda.LambdaException", "Value null at 'functionName'"),
        ("sns:createTopic", {}, "Sns.SnsException", "Value null at 'name'"),
        (
            "eventbridge:putEvents",
            {},
            "EventBridge.EventBridgeException",
            "Value null at 'entries'",
        ),
    ],
)
def test_an_sdk_call_without_what_it_needs_says_what_is_missing(
    bench, action, parameters, error, words
):
    state = task(f"arn:aws:states:::aws-sdk:{action}", Parameters=parameters)
    told = bench.failure(machine(S=state))
    assert told[0] == error
    assert words in told[1]


def test_members_of_responses_have_capitals(bench):
    state = task("arn:aws:states:::aws-sdk:sfn:listStateMachines", Parameters={"MaxResults": 1})
    output = bench.output(machine(S=state))
    assert {"Name", "StateMachineArn", "Type"} <= set(output["StateMachines"][0])


def test_a_branch_whose_task_fails_is_aborted_and_the_parallel_fails(bench, broken):
    state = {"Type": "Parallel", "Branches": [machine(A=task(broken))], "End": True}
    told, events = bench.run(machine(S=state))
    assert told["error"] == "FaceError"
    assert [(e["previousEventId"], e["type"]) for e in events[6:]] == [
        (6, "LambdaFunctionFailed"),
        (7, "TaskStateAborted"),
        (7, "ParallelStateFailed"),
        (9, "ExecutionFailed"),
    ]


def test_a_burst_of_invocations_leaves_its_environments_warm_for_a_while(bench, monkeypatch):
    bench.front.functions.reset()
    monkeypatch.setattr(functions, "BURST", 0.5)
    arn = bench.function("import time; time.sleep(0.3); return event")
    count = functions.MAX_IDLE + 4
    flow = {"StartAt": "F", "States": {"F": {"Type": "Task", "Resource": arn, "End": True}}}
    state = {"Type": "Map", "ItemProcessor": flow, "End": True}
    assert bench.output({"StartAt": "M", "States": {"M": state}}, list(range(count)))
    warm = bench.front.functions.idle_count()
    assert warm >= count
    deadline = time.monotonic() + 10
    while bench.front.functions.idle_count() > functions.MAX_IDLE:
        assert time.monotonic() < deadline, "what is idle beyond the limit does not end"
        time.sleep(0.02)


def test_s3_says_how_an_object_is_encrypted_and_checked_as_aws_does(bench):
    name = f"b-{uuid.uuid4().hex}"
    bench.clients("s3").create_bucket(Bucket=name)
    where = {"Bucket": name, "Key": "k"}
    put = task("arn:aws:states:::aws-sdk:s3:putObject", Parameters={**where, "Body": "text"})
    answer = bench.output(machine(P=put))
    assert (answer["ServerSideEncryption"], answer["ChecksumType"]) == ("AES256", "FULL_OBJECT")
    s3 = bench.clients("s3")
    s3.delete_bucket_encryption(Bucket=name)  # back to S3's own keys
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_messages_to_a_fifo_topic_are_numbered_in_ascending_order(bench):
    topic = f"t-{uuid.uuid4().hex}.fifo"
    arn = bench.clients("sns").create_topic(Name=topic, Attributes={"FifoTopic": "true"})[
        "TopicArn"
    ]
    message = {"TopicArn": arn, "MessageGroupId": "g"}
    numbers = []
    for text in ("one", "two"):
        sent = {**message, "Message": text, "MessageDeduplicationId": text}
        publish = task("arn:aws:states:::sns:publish", Parameters=sent)
        numbers.append(bench.output(machine(P=publish))["SequenceNumber"])
    assert numbers == sorted(set(numbers)) and len(numbers[0]) == 20


def test_the_address_of_a_queue_must_be_one_that_can_be_reached(bench):
    sent = {"QueueUrl": "no-such-queue", "MessageBody": "text"}
    send = task("arn:aws:states:::sqs:sendMessage", Parameters=sent)
    error, cause = bench.failure(machine(S=send))
    assert error == "SQS.SdkClientException"
    assert cause == "Unable to execute HTTP request: no-such-queue: Name or service not known"
