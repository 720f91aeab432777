"""What a validator says: a fault, AWS's code and sentence for it, and where it is."""

from collections.abc import Iterator
from dataclasses import dataclass

SCHEMA = "SCHEMA_VALIDATION_FAILED"
TARGET = "MISSING_TRANSITION_TARGET"
END_STATE = "MISSING_END_STATE"
TOO_DEEP = "TOO_DEEPLY_NESTED"
NOT_JSON = "INVALID_JSON_DESCRIPTION"
DUPLICATE = "DUPLICATE_STATE_NAME"
RESERVED_VARIABLE = "RESERVED_VARIABLE_NAME"
BAD_VARIABLE = "INVALID_VARIABLE_NAME"
BAD_JSONATA = "INVALID_JSONATA_EXPRESSION"
UNSUPPORTED_JSONATA = "UNSUPPORTED_JSONATA_EXPRESSION"


_PLAIN = str.maketrans("", "", ":]")


@dataclass(frozen=True)
class Diagnostic:
    """A fault: "ERROR" or "WARNING", AWS's code, a sentence, and where it is (None: nowhere).

    `suggestion` is our own sentence for the learner; AWS's answers have none.
    """

    severity: str
    code: str
    message: str
    location: str | None
    suggestion: str | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {self.location or 'null'}"

    @property
    def sentence(self) -> str:
        """The message without the whole text, which AWS repeats when it is no JSON."""
        return self.message.removesuffix(f"\n at {self.location}")

    @property
    def where(self) -> str:
        """Where it is, for a reader: "/States/Wait", or "line 3, column 7" of what is no JSON."""
        if self.location is None:
            return "the whole definition"
        if self.code == NOT_JSON:
            return self.location.rpartition('"; ')[2].translate(_PLAIN)
        return self.location

    def of_aws(self) -> dict[str, str]:
        """Return the members that AWS's API answers with."""
        found = {"severity": self.severity, "code": self.code, "message": self.message}
        return found if self.location is None else {**found, "location": self.location}


Faults = Iterator[Diagnostic]


def fault(
    message: str, location: str | None, code: str = SCHEMA, suggestion: str | None = None
) -> Diagnostic:
    """Return an error."""
    return Diagnostic("ERROR", code, message, location, suggestion)


def not_supported(field: str, location: str, suggestion: str | None) -> Diagnostic:
    """Return the fault of a field that does not belong there."""
    return fault(f"Field '{field}' is not supported", location, suggestion=suggestion)


def required(fields: list[str], location: str) -> Diagnostic:
    """Return the fault of fields that are missing."""
    return fault(f"These fields are required: [{', '.join(fields)}]", location)


def wrong_type(expected: str, location: str, suggestion: str | None = None) -> Diagnostic:
    """Return the fault of a value that is no `expected` ("Array", "Object", "String")."""
    return fault(f"Expected value of type {expected}", location, suggestion=suggestion)


def other_language(
    field: str, language: str, other: str, location: str, suggestion: str | None
) -> Diagnostic:
    """Return the fault of a field of the other query language."""
    return fault(
        f"The QueryLanguage is set to '{language}', but field '{field}' is only supported for the "
        f"'{other}' QueryLanguage",
        location,
        suggestion=suggestion,
    )


def empty(location: str) -> Diagnostic:
    """Return the fault of an empty list or object."""
    return fault("Value cannot be empty", location)


def one_of(values: list[str], location: str, suggestion: str | None = None) -> Diagnostic:
    """Return the fault of a value that is none of the allowed ones."""
    message = f"Value should be one of the following: [{', '.join(values)}]"
    return fault(message, location, suggestion=suggestion)


def too_many_of(fields: list[str], location: str) -> Diagnostic:
    """Return the fault of several fields of which there may be one."""
    return fault(
        f"There should only be one of the following fields: [{', '.join(fields)}]", location
    )


def none_of(fields: list[str], location: str, suggestion: str | None) -> Diagnostic:
    """Return the fault of no field where there must be one of several."""
    message = f"This object should have only one of the following fields: [{', '.join(fields)}]"
    return fault(message, location, suggestion=suggestion)


def hint(
    code: str, message: str, location: str | None, suggestion: str | None = None
) -> Diagnostic:
    """Return a warning of ours, which AWS does not give."""
    return Diagnostic("WARNING", code, message, location, suggestion)
