"""The roles of this account as moto's IAM has them: their policies, and whom they trust."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from helpers.local_aws import ACCOUNT
from helpers.local_aws.moto_services import expect
from helpers.local_aws.permissions.policies import Statement, statements


@dataclass(frozen=True)
class Role:
    """What a role's policies say."""

    arn: str
    id: str
    identity: tuple[Statement, ...]
    boundary: tuple[Statement, ...] | None
    trust: tuple[Statement, ...]

    @property
    def is_conditional(self) -> bool:
        """Whether a decision needs more than the action and the resource."""
        return any(one.conditions for one in (*self.identity, *(self.boundary or ())))


def find(arn: str, load: Callable[[], None]) -> Role | None:
    """Return a role as it stands now; None when there is none.

    Args:
        arn: of the role.
        load: loads moto's IAM, which is not imported before.
    """
    load()
    from moto.iam.models import Role as MotoRole
    from moto.iam.models import iam_backends

    backend = iam_backends[ACCOUNT]["aws"]
    found = next((one for one in list(backend.roles.values()) if one.arn == arn), None)
    if found is None:
        return None
    expect(isinstance(found, MotoRole) and hasattr(found, "managed_policies"), "iam.models (roles)")
    identity = [_document(text) for text in list(found.policies.values())]
    identity += [_of_managed(policy) for policy in list(found.managed_policies.values())]
    boundary = None
    if found.permissions_boundary_arn:
        policy = backend.managed_policies.get(found.permissions_boundary_arn)
        boundary = _of_managed(policy) if policy is not None else ()
    return Role(
        arn,
        found.id,
        tuple(statement for policy in identity for statement in policy),
        boundary,
        _document(found.assume_role_policy_document),
    )


def _of_managed(policy: Any) -> tuple[Statement, ...]:
    """Return the statements of a managed policy's default version."""
    document = next(version.document for version in policy.versions if version.is_default)
    return _document(document)


def _document(text: str) -> tuple[Statement, ...]:
    return tuple(statements(text))
