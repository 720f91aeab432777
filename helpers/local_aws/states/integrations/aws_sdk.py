"""`aws-sdk:<service>:<action>`: any action of any service that this AWS has."""

from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, DataNotFoundError, UnknownServiceError

from helpers.asl.failures import StateFailure
from helpers.asl.resources import Resource
from helpers.local_aws.json_protocol import service_model
from helpers.local_aws.states.integrations.calls import (
    Clients,
    Names,
    RefusedParameters,
    Work,
    as_request,
    as_result,
    operation_model,
    perform,
    require,
)

# What the AWS SDK for Java 2 calls a service, where botocore calls it otherwise.
_BOTOCORE = {
    "sfn": "stepfunctions",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "applicationautoscaling": "application-autoscaling",
    "cognitoidentityprovider": "cognito-idp",
    "elasticloadbalancingv2": "elbv2",
    "costexplorer": "ce",
    "bedrockruntime": "bedrock-runtime",
}
# How errors spell a service where it is not the name with a capital.
_SPELLED = {
    "dynamodb": "DynamoDb",
    "secretsmanager": "SecretsManager",
    "cloudwatchlogs": "CloudWatchLogs",
    "cloudwatch": "CloudWatch",
    "cloudformation": "CloudFormation",
    "eventbridge": "EventBridge",
    "apigateway": "ApiGateway",
}


def prepare(clients: Clients, resource: Resource, parameters: Any) -> Work:
    """Return the call.

    Raises:
        RefusedParameters: a field that the action does not have, or of another type.
    """
    sdk_name = resource.service.removeprefix("aws-sdk:")
    service = service_name(resource)
    model = operation_model(service, resource.action)
    if model is None:
        raise RefusedParameters(f"The resource {resource.arn} is not recognized.")
    spelled = _SPELLED.get(sdk_name, sdk_name[:1].upper() + sdk_name[1:])
    names = Names(spelled, spelled, f"{spelled}Exception", sdk=True)
    request = as_request(model.input_shape, parameters)

    def work() -> Any:
        if model.service_model.metadata["protocol"] != "json":
            require(service, model.name, request, names)  # where the others check themselves
        try:
            response = perform(clients, service, model.name, request, names)
        except BotoCoreError as error:  # what the SDK refuses before it asks the service
            raise StateFailure(f"{spelled}.SdkClientException", str(error)) from error
        return as_result(model.output_shape, response)

    return work


def service_name(resource: Resource) -> str:
    """Return botocore's name of the service."""
    name = resource.service.removeprefix("aws-sdk:")
    return _BOTOCORE.get(name, name)


@cache
def knows(resource: Resource) -> bool:
    """Return whether there is such an action, spelled as AWS wants it: putItem, not PutItem."""
    if not knows_service(resource) or not resource.action[:1].islower():
        return False
    return operation_model(service_name(resource), resource.action) is not None


def knows_service(resource: Resource) -> bool:
    """Return whether there is such a service, spelled in lower case as AWS wants it."""
    name = service_name(resource)
    try:
        service_model(name)
    except (UnknownServiceError, DataNotFoundError):
        return False
    return name.islower()
