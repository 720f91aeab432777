"""What Task states can call. One file for each family, one registry.

A family prepares a call from the resource and its parameters; the call returns the result or
raises StateFailure with AWS's error name and cause.
"""

from collections.abc import Callable
from typing import Any

from helpers.asl.payload import Payload
from helpers.asl.resources import Resource
from helpers.local_aws.states.activities import Activities
from helpers.local_aws.states.endings import Endings
from helpers.local_aws.states.halt import Halt
from helpers.local_aws.states.integrations import (
    aws_sdk,
    dynamodb,
    events,
    executions,
    lambda_function,
    messages,
)
from helpers.local_aws.states.integrations.calls import Clients, RefusedParameters, Work
from helpers.local_aws.states.store import Store
from helpers.local_aws.states.tokens import Tokens

__all__ = ["RefusedParameters", "Tasks", "is_known", "is_misspelled"]

Prepare = Callable[[Clients, Resource, Any], Work]

_FAMILIES: dict[tuple[str, str], Prepare] = {
    ("lambda", "invoke"): lambda_function.prepare,
    ("events", "putEvents"): events.prepare,
    ("states", "startExecution"): executions.prepare,
    ("sns", "publish"): messages.publish,
    ("sqs", "sendMessage"): messages.send,
    **{("dynamodb", action): dynamodb.prepare for action in dynamodb.ACTIONS},
}


def is_known(resource: Resource) -> bool:
    """Return whether there is an integration for `resource`."""
    if resource.service.startswith("aws-sdk:"):
        return aws_sdk.knows(resource)
    return (resource.service, resource.action) in _FAMILIES


def is_misspelled(resource: Resource) -> bool:
    """Return whether `resource` names an action that its service does not have on AWS either."""
    if not resource.service.startswith("aws-sdk:") or aws_sdk.knows(resource):
        return False
    return aws_sdk.knows_service(resource)


class Tasks:
    """Performs the calls of Task states with the clients of this AWS."""

    def __init__(self, clients: Clients, activities: Activities, store: Store) -> None:
        self.clients = clients
        self.activities = activities
        self.endings = Endings()
        self.tokens = Tokens(store)

    def invoke_function(self, clients: Clients, arn: str, payload: Payload) -> Payload:
        """Invoke a plain Lambda function with the clients of a role.

        Raises:
            StateFailure: the function failed or is not there.
        """
        return lambda_function.invoke(clients, arn, payload)

    def prepare(self, clients: Clients, resource: Resource, parameters: Any) -> Work:
        """Return the call that `resource` names, made with the clients of a role.

        Raises:
            RefusedParameters: AWS would not start the task with these parameters.
        """
        if not isinstance(parameters, dict):
            raise RefusedParameters("The Parameters must be a JSON object")
        if resource.service.startswith("aws-sdk:"):
            return aws_sdk.prepare(clients, resource, parameters)
        return _FAMILIES[resource.service, resource.action](clients, resource, parameters)

    def job(
        self,
        clients: Clients,
        resource: Resource,
        submitted: Any,
        halt: Halt,
        seconds: float | None,
    ) -> Any:
        """Wait for the end of what `.sync` has submitted, and return its result.

        Raises:
            StateFailure: the job failed.
            TimeoutError: the time is over.
            Halted: the work must stop.
        """
        return executions.outcome(clients, self.endings, resource, submitted, halt, seconds)
