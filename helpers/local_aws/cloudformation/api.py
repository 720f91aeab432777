"""CloudFormation's API: each operation is a method of `Changing`, `Reading` or `ChangeSets`."""

from collections.abc import Callable, Iterable
from typing import Any

from helpers.local_aws.cloudformation.change_sets import ChangeSets
from helpers.local_aws.cloudformation.changing import Changing
from helpers.local_aws.cloudformation.proposals import Parameters
from helpers.local_aws.cloudformation.reading import Reading
from helpers.local_aws.cloudformation.store import Stacks
from helpers.local_aws.database import Database
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.query_protocol import answer
from helpers.local_aws.signing import Environ, StartResponse


class Application:
    """CloudFormation as a WSGI application over the other services of the embedded AWS."""

    def __init__(self, clients: Callable[..., Any], database: Database) -> None:
        self._stacks = Stacks(database)
        self._changing = Changing(self._stacks, clients)
        self._change_sets = ChangeSets(self._stacks, self._changing, clients)
        self._reading = Reading(self._stacks, clients)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        return answer("cloudformation", environ, start_response, self.perform)

    def reset(self) -> None:
        """Forget all stacks; what they made is emptied by its own service."""
        with self._changing.lock:
            self._stacks.clear()

    def close(self) -> None:
        """Nothing has to be ended: a change that is under way ends with the process."""

    def perform(self, operation: str, parameters: Parameters) -> Parameters | None:
        """Perform one operation of the API. What it tells is kept before it is told.

        Raises:
            ServiceError: as the API answers.
        """
        for room in (self._changing, self._reading, self._change_sets):
            if method := getattr(room, f"_do_{operation}", None):
                try:
                    result: Parameters | None = method(parameters)
                    return result
                finally:
                    self._stacks.flush()
        message = f"The embedded AWS does not have CloudFormation's {operation}."
        raise ServiceError("NotImplemented", message, 501)
