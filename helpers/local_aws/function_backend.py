"""moto's Lambda, with our runner in it: the functions that moto keeps really run."""

import base64
import io
import zipfile
from collections.abc import Callable
from typing import Any

from helpers.local_aws import ACCOUNT
from helpers.local_aws.functions import Functions


def plug_in(functions: Functions, is_trusted: Callable[[str], bool]) -> None:
    """Give moto's Lambda our runner.

    Args:
        functions: runs them.
        is_trusted: whether the role with this ARN lets Lambda assume it.
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

        def invoke(  # by event source mappings; requests come through function_api.py
            self,
            function_name: str,
            qualifier: str | None,
            body: Any,
            headers: Any,
            response_headers: Any,
        ) -> bytes:
            function = self.get_function(function_name, qualifier)
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
