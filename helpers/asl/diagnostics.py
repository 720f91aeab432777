"""What a validator says: a fault, AWS's code and sentence for it, and where it is."""

from collections.abc import Iterator
from dataclasses import dataclass

SCHEMA = "SCHEMA_VALIDATION_FAILED"
TARGET = "MISSING_TRANSITION_TARGET"
END_STATE = "MISSING_END_STATE"
NOT_JSON = "INVALID_JSON_DESCRIPTION"
DUPLICATE = "DUPLICATE_STATE_NAME"
RESERVED_VARIABLE = "RESERVED_VARIABLE_NAME"
BAD_VARIABLE = "INVALID_VARIABLE_NAME"
BAD_JSONATA = "INVALID_JSONATA_EXPRESSION"
UNSUPPORTED_JSONATA = "UNSUPPORTED_JSONATA_EXPRESSION"


@dataclass(frozen=True)
class Diagnostic:
    """A fault: "ERROR" or "WARNING", AWS's code, a sentence, and where it is (None: nowhere)."""

    severity: str
    code: str
    message: str
    location: str | None

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {self.location or 'null'}"


Faults = Iterator[Diagnostic]


def fault(message: str, location: str | None, code: str = SCHEMA) -> Diagnostic:
    """Return an error."""
    return Diagnostic("ERROR", code, message, location)


def not_supported(field: str, location: str) -> Diagnostic:
    """Return the fault of a field that does not belong there."""
    return fault(f"Field '{field}' is not supported", location)


def required(fields: list[str], location: str) -> Diagnostic:
    """Return the fault of fields that are missing."""
    return fault(f"These fields are required: [{', '.join(fields)}]", location)


def wrong_type(expected: str, location: str) -> Diagnostic:
    """Return the fault of a value that is no `expected` ("Array", "Object", "String")."""
    return fault(f"Expected value of type {expected}", location)


def other_language(field: str, language: str, other: str, location: str) -> Diagnostic:
    """Return the fault of a field of the other query language."""
    return fault(
        f"The QueryLanguage is set to '{language}', but field '{field}' is only supported for the "
        f"'{other}' QueryLanguage",
        location,
    )


def empty(location: str) -> Diagnostic:
    """Return the fault of an empty list or object."""
    return fault("Value cannot be empty", location)


def one_of(values: list[str], location: str) -> Diagnostic:
    """Return the fault of a value that is none of the allowed ones."""
    return fault(f"Value should be one of the following: [{', '.join(values)}]", location)


def too_many_of(fields: list[str], location: str) -> Diagnostic:
    """Return the fault of several fields of which there may be one."""
    return fault(
        f"There should only be one of the following fields: [{', '.join(fields)}]", location
    )


def none_of(fields: list[str], location: str) -> Diagnostic:
    """Return the fault of no field where there must be one of several."""
    return fault(
        f"This object should have only one of the following fields: [{', '.join(fields)}]", location
    )
