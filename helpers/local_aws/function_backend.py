"""moto's Lambda, with our runner in it: the functions that moto keeps really run."""

import base64
import io
import logging
import zipfile
from collections.abc import Callable
from typing import Any

from helpers.local_aws import ACCOUNT
from helpers.local_aws.functions import Functions
from helpers.local_aws.keeping import turn

log = logging.getLogger(__name__)


def plug_in(
    functions: Functions, is_trusted: Callable[[str], bool], clients: Callable[[str], Any]
) -> None:
    """Give moto's Lambda our runner.

    Args:
        functions: runs them.
        is_trusted: whether the role with this ARN lets Lambda assume it.
        clients: take the messages of queues that feed functions.
    """
    from moto.awslambda import models, utils
    from moto.awslambda_simple import models as simple
    from moto.core.base_backend import BackendDict

    from helpers.local_aws.moto_services import expect

    parent = simple.LambdaSimpleBackend
    expect(
        "invoke" in vars(parent) and parent.__mro__[1] is models.LambdaBackend,
        "awslambda_simple.models.LambdaSimpleBackend",
    )
    expect("lambda_simple_backends" in utils.get_backend.__code__.co_names, "awslambda.utils")
    expect("invoke" in vars(models.LambdaFunction), "awslambda.models.LambdaFunction.invoke")
    expect("_send_sqs_message" in vars(models.LambdaBackend), "awslambda.models (SQS)")

    def _check_role(role: Any) -> None:
        """Refuse a role that does not trust Lambda; moto looks whether it is there."""
        if str(role).startswith(f"arn:aws:iam::{ACCOUNT}:role/") and not is_trusted(role):
            text = "The role defined for the function cannot be assumed by Lambda."
            from moto.awslambda.exceptions import InvalidParameterValueException

            raise InvalidParameterValueException(text)

    class Backend(parent):  # type: ignore[misc, valid-type]
        """moto's Lambda, whose functions run."""

        def create_function(self, spec: dict[str, Any]) -> Any:
            _check_code(spec.get("Code", {}))
            _check_role(spec.get("Role"))
            function = super().create_function(spec)
            functions.prepare(function)
            return function

        def update_function_code(self, function_name: str, qualifier: str, body: Any) -> Any:
            _check_code(body)
            return self._renewed(super().update_function_code(function_name, qualifier, body))

        def update_function_configuration(
            self, function_name: str, qualifier: str, body: Any
        ) -> Any:
            _check_role(body.get("Role"))
            return self._renewed(
                super().update_function_configuration(function_name, qualifier, body)
            )

        def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
            super().delete_function(function_name, qualifier)
            functions.retire(function_name.split(":")[6] if ":" in function_name else function_name)

        def send_sqs_batch(self, function_arn: str, messages: Any, queue_arn: str) -> bool:
            """Feed the function after the answer to whoever sent the messages, as on AWS.

            moto would wait for the function, then delete the messages or show them again: it is
            left none. Those on which the function fails show again after their timeout.
            """
            taken = list(messages)
            messages.clear()
            functions.later(self._feed, function_arn, taken, queue_arn)
            return True

        def _feed(self, function_arn: str, messages: list[Any], queue_arn: str) -> None:
            try:
                sqs = clients("sqs")
                url = sqs.get_queue_url(QueueName=queue_arn.split(":")[5])["QueueUrl"]
                for message in messages:
                    if self._send_sqs_message(function_arn, message, queue_arn):
                        sqs.delete_message(QueueUrl=url, ReceiptHandle=message.receipt_handle)
            except Exception:
                log.exception("messages of %s did not reach %s", queue_arn, function_arn)

        def invoke(  # by event source mappings; requests come through function_api.py
            self,
            function_name: str,
            qualifier: str | None,
            body: Any,
            headers: Any,
            response_headers: Any,
        ) -> bytes:
            function = self.get_function(function_name, qualifier)
            if turn.is_replaying():
                return b""
            with turn.aside():  # the function may ask us for something
                answer = functions.invoke(function, _bytes(body))
            if answer.failed:
                response_headers["x-amz-function-error"] = "Unhandled"
            return answer.payload

        def _renewed(self, configuration: dict[str, Any]) -> dict[str, Any]:
            name = configuration["FunctionName"]
            functions.retire(name)
            functions.prepare(self.get_function(name))
            return configuration

    def invoke_as_event(function: Any, body: str, *_: Any) -> bytes:
        """Answer moto's SNS, S3, EventBridge and streams, which on AWS do not wait."""
        functions.invoke_later(function, _bytes(body))
        return b""

    before = simple.lambda_simple_backends  # moto's, or that of another embedded AWS in here
    BackendDict._instances = [one for one in BackendDict._instances if one is not before]  # type: ignore[misc]
    simple.lambda_simple_backends = BackendDict(Backend, "lambda")  # type: ignore[assignment]
    models.LambdaFunction.invoke = invoke_as_event  # type: ignore[method-assign, assignment]


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")


def _check_code(code: dict[str, Any]) -> None:
    """Refuse a package that is no zip, as AWS does, before moto keeps it."""
    if "ZipFile" not in code:
        return
    try:
        content = base64.b64decode(code["ZipFile"])
        zipfile.ZipFile(io.BytesIO(content)).close()
    except (ValueError, zipfile.BadZipFile):
        text = "Could not unzip uploaded file. Please check your file, then try to upload again."
        from moto.awslambda.exceptions import InvalidParameterValueException

        raise InvalidParameterValueException(text) from None
