import datetime
import io
import json

import pytest

from helpers.local_aws.json_protocol import ServiceError, answer, check_input


def call(target, body, perform=lambda operation, parameters: parameters, service="stepfunctions"):
    sent = {}

    def start_response(status, headers):
        sent.update(status=int(status.split()[0]), headers=dict(headers))

    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    environ = {
        "HTTP_X_AMZ_TARGET": f"AWSStepFunctions.{target}",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    content = b"".join(answer(service, environ, start_response, perform))
    return sent["status"], json.loads(content), sent["headers"]


def test_what_perform_returns_is_the_answer_with_a_request_id():
    status, body, headers = call("ListStateMachines", {"maxResults": 3})
    assert (status, body) == (200, {"maxResults": 3})
    assert headers["Content-Type"] == "application/x-amz-json-1.0"
    assert headers["x-amzn-RequestId"]


def test_datetimes_become_epoch_seconds():
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    _, body, _ = call("ListStateMachines", {}, lambda *_: {"at": moment, "blob": b"hi"})
    assert body == {"at": 1767225600.0, "blob": "aGk="}


def test_a_service_error_carries_code_message_and_members():
    def fail(operation, parameters):
        raise ServiceError("ResourceNotFound", "gone", resourceName="x")

    status, body, _ = call("TagResource", {}, fail)
    assert status == 400
    assert body == {
        "__type": "ResourceNotFound",
        "resourceName": "x",
        "message": "gone",
        "Message": "gone",
    }


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"NaN", b'"text"', b"\xff", b"[" * 100_000, b'{"a": NaN}']
)
def test_a_body_that_is_no_json_object_is_a_serialization_error_not_a_500(body):
    status, answered, _ = call("ListStateMachines", body)
    assert (status, answered["__type"]) == (400, "SerializationException")


def test_an_unknown_operation_is_named():
    status, body, _ = call("MakeCoffee", {})
    assert (status, body["__type"]) == (400, "UnknownOperationException")


def test_a_fault_of_our_own_is_an_internal_failure():
    status, body, _ = call("ListStateMachines", {}, lambda *_: 1 / 0)
    assert (status, body["__type"]) == (500, "InternalFailure")


@pytest.mark.parametrize(
    ("operation", "parameters", "message"),
    [
        (
            "ListExecutions",
            {"maxResults": 1001},
            "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy "
            "constraint: Member must have value less than or equal to 1000",
        ),
        (
            "ListStateMachines",
            {"nextToken": ""},
            "1 validation error detected: Value '' at 'nextToken' failed to satisfy "
            "constraint: Member must have length greater than or equal to 1",
        ),
        (
            "StartExecution",
            {},
            "1 validation error detected: Value null at 'stateMachineArn' failed to satisfy "
            "constraint: Member must not be null",
        ),
        (
            "TagResource",
            {"resourceArn": "arn:x", "tags": [{"key": "k" * 129}]},
            f"1 validation error detected: Value '{'k' * 129}' at 'tags.1.member.key' failed to "
            "satisfy constraint: Member must have length less than or equal to 128",
        ),
    ],
)
def test_broken_constraints_are_worded_as_aws_words_them(operation, parameters, message):
    with pytest.raises(ServiceError) as caught:
        check_input("stepfunctions", operation, parameters)
    assert (caught.value.code, caught.value.message) == ("ValidationException", message)


def test_the_enum_values_are_printed_in_the_order_that_the_service_wants():
    with pytest.raises(ServiceError, match=r"enum value set: \[FAILED, RUNNING\]"):
        check_input(
            "stepfunctions",
            "ListExecutions",
            {"statusFilter": "succeeded"},
            enum_order={"ExecutionStatus": ["FAILED", "RUNNING"]},
        )


@pytest.mark.parametrize(
    "parameters",
    [{"name": 3}, {"name": []}, {"name": {}}, {"tags": "text"}, {"publish": "yes"}, {"publish": 1}],
)
def test_a_wrong_json_type_is_a_serialization_error(parameters):
    with pytest.raises(ServiceError) as caught:
        check_input("stepfunctions", "CreateStateMachine", parameters)
    assert caught.value.code == "SerializationException"


def test_a_pattern_of_the_model_is_checked():
    with pytest.raises(ServiceError, match="regular expression pattern: "):
        check_input("rekognition", "CreateCollection", {"CollectionId": "two words"})


@pytest.mark.parametrize("number", [1.5, float("inf"), 10**400])
def test_an_impossible_integer_is_an_error_of_the_client(number):
    with pytest.raises(ServiceError):
        check_input("stepfunctions", "ListExecutions", {"maxResults": number})
