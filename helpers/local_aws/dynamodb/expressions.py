"""What DynamoDB refuses of a request before it looks at a table: its values and its expressions.

moto fails on some of these, and takes others.

Source: "Expressions" and "Error handling" of DynamoDB's developer guide; the sentences are AWS's.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from helpers.local_aws.json_protocol import ServiceError

if TYPE_CHECKING:  # lark takes a moment to import, and most requests have no expression
    from lark import Lark, Token, Tree
    from lark.exceptions import UnexpectedInput

Request = dict[str, Any]

# The expressions of an operation, in the order in which they are looked at.
OPERATIONS = {
    "Scan": ("FilterExpression", "ProjectionExpression"),
    "Query": ("KeyConditionExpression", "FilterExpression", "ProjectionExpression"),
    "GetItem": ("ProjectionExpression",),
    "PutItem": ("ConditionExpression",),
    "DeleteItem": ("ConditionExpression",),
    "UpdateItem": ("UpdateExpression", "ConditionExpression"),
}
_VALUES = ("Item", "Key", "ExpressionAttributeValues", "ExclusiveStartKey")  # maps of typed values
_TYPES = {"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"}
_PROJECTION = "ProjectionExpression"
_MOST_DIGITS = 38
_PLACEHOLDER = re.compile(r"[:#]\w+")
_TOKEN = re.compile(r"[:#]?\w+|<>|<=|>=|\S")
# How many operands a function has.
_FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
_GRAMMAR = r"""
condition: conjunction ("OR"i conjunction)*
conjunction: negation ("AND"i negation)*
negation: "NOT"i negation | test
test: operand COMPARATOR operand
    | operand "BETWEEN"i operand "AND"i operand
    | operand "IN"i "(" operand ("," operand)* ")"
    | function
    | "(" condition ")"
?operand: path | VALUE | function
function: NAME "(" operand ("," operand)* ")"
projection: path ("," path)*
path: (NAME | ALIAS) (("." (NAME | ALIAS)) | ("[" INT "]"))*

COMPARATOR: "=" | "<>" | "<=" | ">=" | "<" | ">"
VALUE: /:\w+/
ALIAS: /#\w+/
NAME: /(?!(?:AND|OR|NOT|IN|BETWEEN)\b)[A-Za-z_]\w*/i
INT: /\d+/
%ignore /\s+/
"""


def check(operation: str, request: Request) -> None:
    """Refuse what DynamoDB refuses of a request for one of OPERATIONS.

    Raises:
        ServiceError: ValidationException.
    """
    for member in _VALUES:
        if isinstance(values := request.get(member), dict):
            for value in values.values():
                _check_value(value)
    members = OPERATIONS[operation]
    given = {name: request[name] for name in members if isinstance(request.get(name), str)}
    for name, text in given.items():
        if not text.strip():
            raise _invalid(f"Invalid {name}: The expression can not be empty;")
        if name == "UpdateExpression":
            _check_update(text)
        else:
            _check_syntax(name, text)
        _check_defined(name, text, request)
    _check_used(members, given, request)


def _check_value(value: Any) -> None:
    """Refuse a typed value that has not one type, or a number that is none."""
    if not isinstance(value, dict):
        return  # the API model refuses it
    if len(value) != 1 or not value.keys() <= _TYPES:
        number = "is empty" if not value.keys() & _TYPES else "has more than one datatypes set"
        raise _invalid(
            f"Supplied AttributeValue {number}, must contain exactly one of the supported datatypes"
        )
    ((kind, said),) = value.items()
    if kind == "N" or (kind == "NS" and isinstance(said, list)):
        for text in [said] if kind == "N" else said:
            _check_number(text)
    elif kind == "L" and isinstance(said, list):
        for one in said:
            _check_value(one)
    elif kind == "M" and isinstance(said, dict):
        for one in said.values():
            _check_value(one)


def _check_number(text: Any) -> None:
    try:
        number = Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        raise _invalid(f"The parameter cannot be converted to a numeric value: {text}") from None
    if not number.is_finite():
        raise _invalid(f"The parameter cannot be converted to a numeric value: {text}")
    if len("".join(map(str, number.as_tuple().digits)).strip("0")) > _MOST_DIGITS:
        raise _invalid("Attempting to store more than 38 significant digits in a Number")
    if number and number.adjusted() > 125:
        raise _invalid(
            "Number overflow. Attempting to store a number with magnitude larger than supported "
            "range"
        )
    if number and number.adjusted() < -130:
        raise _invalid(
            "Number underflow. Attempting to store a number with magnitude smaller than supported "
            "range"
        )


@lru_cache(maxsize=256)
def _check_syntax(name: str, text: str) -> None:
    """Refuse an expression that is none, and functions that do not exist."""
    from lark.exceptions import UnexpectedInput

    rule = "projection" if name == "ProjectionExpression" else "condition"
    try:
        tree = _parser().parse(text, rule)
    except UnexpectedInput as problem:
        token, near = _where(text, problem)
        raise _invalid(f'Invalid {name}: Syntax error; token: "{token}", near: "{near}"') from None
    for function in tree.find_data("function"):
        called, *operands = map(str, function.children)
        if called not in _FUNCTIONS:
            raise _invalid(f"Invalid {name}: Invalid function name; function: {called}")
        if len(operands) != _FUNCTIONS[called]:
            raise _invalid(
                f"Invalid {name}: Incorrect number of operands for operator or function; operator "
                f"or function: {called}, number of operands: {len(operands)}"
            )
    for word in _names(tree):
        if word.upper() in _reserved():
            raise _invalid(
                f"Invalid {name}: Attribute name is a reserved keyword; reserved keyword: {word}"
            )


def _check_update(text: str) -> None:
    """Refuse an UpdateExpression that is none; moto reads these as AWS does."""
    from moto.dynamodb.exceptions import MockValidationException
    from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]

    try:
        UpdateExpressionParser.make(text)
    except MockValidationException as problem:
        raise _invalid(str(problem.message)) from None


def _names(tree: "Tree[Token]") -> Iterator[str]:
    for path in tree.find_data("path"):
        yield from (str(part) for part in path.children if part.type == "NAME")  # type: ignore[union-attr]


def _check_defined(name: str, text: str, request: Request) -> None:
    for placeholder in _PLACEHOLDER.findall(text):
        if placeholder[0] == ":" and placeholder not in _told(request, "Values"):
            raise _invalid(
                f"Invalid {name}: An expression attribute value used in expression is not defined; "
                f"attribute value: {placeholder}"
            )
        if placeholder[0] == "#" and placeholder not in _told(request, "Names"):
            raise _invalid(
                f"Invalid {name}: An expression attribute name used in the document path is not "
                f"defined; attribute name: {placeholder}"
            )


def _check_used(members: tuple[str, ...], given: dict[str, str], request: Request) -> None:
    used = {one for text in given.values() for one in _PLACEHOLDER.findall(text)}
    for kind in ("Names", "Values"):
        told = _told(request, kind)
        if told and not given:
            missing = [name for name in members if kind == "Names" or name != _PROJECTION]
            verb = "is" if len(missing) == 1 else "are"
            raise _invalid(
                f"ExpressionAttribute{kind} can only be specified when using expressions: "
                f"{' and '.join(missing)} {verb} null"
            )
        if unused := [placeholder for placeholder in told if placeholder not in used]:
            raise _invalid(
                f"Value provided in ExpressionAttribute{kind} unused in expressions: keys: "
                f"{{{', '.join(unused)}}}"
            )


def _told(request: Request, kind: str) -> dict[str, Any]:
    return request.get(f"ExpressionAttribute{kind}") or {}


def _where(text: str, problem: "UnexpectedInput") -> tuple[str, str]:
    """Return the token that is wrong, and the text from the token before it to the one after."""
    from lark.exceptions import UnexpectedCharacters

    tokens = [(match.start(), match.end()) for match in _TOKEN.finditer(text)]
    at = problem.pos_in_stream
    ended = not isinstance(problem, UnexpectedCharacters) and problem.token.type == "$END"  # type: ignore[attr-defined]
    if ended or at is None:
        return "<EOF>", text[tokens[-1][0] : tokens[-1][1]] if tokens else ""
    place = next((n for n, (start, end) in enumerate(tokens) if start <= at < end), 0)
    start, end = tokens[place]
    last = tokens[min(place + 1, len(tokens) - 1)][1]
    return text[start:end], text[tokens[max(place - 1, 0)][0] : last]


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


@cache
def _reserved() -> frozenset[str]:
    from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

    return frozenset(ReservedKeywords.get_reserved_keywords())


@cache
def _parser() -> "Lark":
    from lark import Lark

    return Lark(
        _GRAMMAR, parser="lalr", start=["condition", "projection"], maybe_placeholders=False
    )
