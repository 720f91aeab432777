"""AWS's errors about a table, as sentences that say what to do."""

from typing import Any

from botocore.exceptions import ClientError

from helpers.errors import WorkshopError

# What AWS answers when a table, an account or a partition is asked too much.
TOO_MUCH = (
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
)


def check_asked(dynamodb: Any, table: Any) -> None:
    """Refuse what is no client for DynamoDB, and a table that is not told by its name.

    Raises:
        WorkshopError: says what to take instead.
    """
    if not hasattr(dynamodb, "describe_table"):
        kind = type(dynamodb)
        raise WorkshopError(
            "Tables are read and written with a boto3 client for DynamoDB · this is "
            f"{kind.__module__}.{kind.__name__} · take workshop.dynamodb"
        )
    if table is not None and not isinstance(table, str):
        raise WorkshopError(f"A table is told by its name, a text · this is {table!r}")


def explained(problem: ClientError, dynamodb: Any, table: str | None, remedy: str) -> Exception:
    """Return AWS's error as one that a learner can repair, where there is a remedy.

    Args:
        problem: what AWS said.
        dynamodb: the client that was used.
        table: the name of the table; None when a PartiQL statement names it.
        remedy: what to do when AWS does not accept the request.
    """
    error = problem.response["Error"]
    if error["Code"] == "ResourceNotFoundException":
        named = f"no table {table!r}" if table else "no table as the statement names it"
        return WorkshopError(
            f"There is {named} in {dynamodb.meta.region_name} · "
            "take workshop.outputs['RiderPhotoDDBTable']; workshop.deploy() makes it"
        )
    if error["Code"] in TOO_MUCH:
        return WorkshopError(
            f"{error['Code']}: AWS takes no more requests for now · run the cell again in a minute"
        )
    if error["Code"] == "ValidationException":
        return WorkshopError(f"{error['Code']}: {error.get('Message', '')} · {remedy}")
    return problem
