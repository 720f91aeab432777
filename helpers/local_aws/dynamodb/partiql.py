"""PartiQL statements for DynamoDB, read: what `SELECT`, `INSERT`, `UPDATE` and `DELETE` ask for.

Conditions become DynamoDB's own expressions, with a placeholder for each name and value. Pure.

Source: "PartiQL for DynamoDB" of the developer guide (ql-reference).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedEOF, UnexpectedInput, UnexpectedToken

from helpers.local_aws.json_protocol import ServiceError

Typed = dict[str, Any]  # {"S": "…"}
Path = tuple[str | int, ...]  # the names of nested maps, the places in lists

_WORDS = (
    "SELECT FROM WHERE ORDER BY AND OR NOT IN IS BETWEEN MISSING NULL TRUE FALSE SET REMOVE "
    "RETURNING VALUE INTO"
)
_GRAMMAR = r"""
start: (select | insert | update | delete) ";"?

select: "SELECT"i projection "FROM"i table where? order?
insert: "INSERT"i "INTO"i table "VALUE"i document
update: "UPDATE"i table change+ where returning?
delete: "DELETE"i "FROM"i table where returning?

projection: "*" -> everything
    | path ("," path)* -> paths
table: identifier ("." identifier)?
where: "WHERE"i condition
order: "ORDER"i "BY"i identifier (ASC | DESC)?
change: "SET"i assignment ("," assignment)* | "REMOVE"i path -> remove
assignment: path EQUALS total
returning: "RETURNING"i (ALL | MODIFIED) (OLD | NEW) "*"

?condition: conjunction ("OR"i conjunction)* -> either
?conjunction: negation ("AND"i negation)* -> both
?negation: "NOT"i negation -> no
    | test
?test: operand (EQUALS | OPERATOR) operand -> compare
    | operand "BETWEEN"i operand "AND"i operand -> between
    | operand "IN"i many -> among
    | operand "NOT"i "IN"i many -> not_among
    | operand "IS"i "MISSING"i -> missing
    | operand "IS"i "NOT"i "MISSING"i -> present
    | operand "IS"i "NULL"i -> null
    | operand "IS"i "NOT"i "NULL"i -> not_null
    | function
    | "(" condition ")"
many: "[" operand ("," operand)* "]" | "(" operand ("," operand)* ")"

?total: operand ((PLUS | MINUS) operand)*
?operand: path -> attribute
    | value -> constant
    | function
function: NAME "(" operand ("," operand)* ")"

path: identifier (("." identifier) | ("[" INT "]"))*
identifier: NAME | QUOTED

?value: TEXT -> text
    | NUMBER -> number
    | "TRUE"i -> true
    | "FALSE"i -> false
    | "NULL"i -> nothing
    | "?" -> parameter
    | "[" (value ("," value)*)? "]" -> array
    | _OPEN value ("," value)* _CLOSE -> bag
    | document
document: "{" (TEXT ":" value ("," TEXT ":" value)*)? "}"

EQUALS: "="
OPERATOR: "<>" | "!=" | "<=" | ">=" | "<" | ">"
_OPEN.2: "<<"
_CLOSE.2: ">>"
ALL: "ALL"i
MODIFIED: "MODIFIED"i
OLD: "OLD"i
NEW: "NEW"i
ASC: "ASC"i
DESC: "DESC"i
PLUS: "+"
MINUS: "-"
NAME: /(?!(?:WORDS)\b)[A-Za-z_]\w*/i
QUOTED: /"(?:[^"]|"")+"/
TEXT: /'(?:[^']|'')*'/
NUMBER: /[+-]?\d+(\.\d+)?([eE][+-]?\d+)?/
INT: /\d+/
%ignore /\s+/
%ignore /--[^\n]*/
""".replace("WORDS", _WORDS.replace(" ", "|"))


@dataclass(frozen=True)
class Node:
    """A part of a condition or of a sum.

    Its kind says what its parts are: "any", "all" (nodes) · "no" (a node) · "compare" (a node, an
    operator, a node) · "between" (three nodes) · "among" (a node, nodes) · "call" (a name, nodes) ·
    "sum" (nodes, with "+" or "-" between them) · "path" (a Path) · "value" (a Typed).
    """

    kind: str
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Statement:
    """What a statement asks for."""

    verb: str  # "SELECT", "INSERT", "UPDATE", "DELETE"
    table: str
    index: str | None = None
    paths: tuple[Path, ...] = ()  # what a SELECT shows; all when there is none
    where: Node | None = None
    order: tuple[str, bool] | None = None  # by which key, and whether it descends
    item: Typed | None = None  # of an INSERT
    sets: tuple[tuple[Path, Node], ...] = ()
    removes: tuple[Path, ...] = ()
    returning: str | None = None  # as ReturnValues says it: "ALL_NEW"


def read(text: str, parameters: Sequence[Typed] = ()) -> Statement:
    """Read a statement, with its question marks replaced by the parameters.

    Raises:
        ServiceError: ValidationException; it is no statement, or has more or fewer question marks.
    """
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as problem:
        raise ServiceError(
            "ValidationException",
            f"Statement wasn't well formed, can't be processed: {_detail(text, problem)}",
        ) from None
    asked = sum(1 for _ in tree.find_data("parameter"))
    if asked != len(parameters):
        raise ServiceError(
            "ValidationException", "Number of parameters in request and statement don't match."
        )
    statement: Statement = _Reader(parameters).transform(tree)
    return statement


def requirements(where: Node | None) -> list[Node]:
    """Return the parts of a condition that must all be true."""
    if where is None:
        return []
    if where.kind == "all":
        return [one for part in where.parts for one in requirements(part)]
    return [where]


class Placeholders:
    """Writes nodes as DynamoDB's expressions, and keeps what their placeholders stand for."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Typed] = {}

    def path(self, path: Path) -> str:
        """Write a path: `#n0.#n1[2]`."""
        written = ""
        for step in path:
            if isinstance(step, int):
                written += f"[{step}]"
                continue
            placeholder = f"#n{len(self.names)}"
            self.names[placeholder] = step
            written += f".{placeholder}" if written else placeholder
        return written

    def value(self, value: Typed) -> str:
        """Write a value: `:v0`."""
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = value
        return placeholder

    def write(self, node: Node) -> str:
        """Write a node."""
        match node.kind:
            case "any" | "all":
                word = " OR " if node.kind == "any" else " AND "
                return word.join(f"({self.write(part)})" for part in node.parts)
            case "no":
                return f"NOT ({self.write(node.parts[0])})"
            case "compare":
                one, operator, other = node.parts
                return f"{self.write(one)} {operator} {self.write(other)}"
            case "between":
                one, low, high = map(self.write, node.parts)
                return f"{one} BETWEEN {low} AND {high}"
            case "among":
                one, *many = map(self.write, node.parts)
                return f"{one} IN ({', '.join(many)})"
            case "call":
                name, *arguments = node.parts
                return f"{name}({', '.join(map(self.write, arguments))})"
            case "sum":
                return " ".join(
                    part if isinstance(part, str) else self.write(part) for part in node.parts
                )
            case "path":
                return self.path(node.parts[0])
        return self.value(node.parts[0])

    def members(self) -> dict[str, Any]:
        """Return the members of a request that say what the placeholders stand for."""
        told = {
            "ExpressionAttributeNames": self.names,
            "ExpressionAttributeValues": self.values,
        }
        return {name: what for name, what in told.items() if what}


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)


def _detail(text: str, problem: UnexpectedInput) -> str:
    verb = text.split(None, 1)[0].upper() if text.split() else ""
    if verb not in ("SELECT", "INSERT", "UPDATE", "DELETE"):
        return "Expected data manipulation"
    if isinstance(problem, UnexpectedEOF) or (
        isinstance(problem, UnexpectedToken) and problem.token.type == "$END"
    ):
        return "Unexpected end of the statement"
    found = text[problem.pos_in_stream or 0 :].split(None, 1)[0]
    return f"Unexpected {found!r} at character {(problem.pos_in_stream or 0) + 1}"


def _call(name: str, *arguments: Node) -> Node:
    return Node("call", (name, *arguments))


def _several(kind: str) -> Any:
    """Return a rule that makes a node of several parts, and leaves one alone."""
    return lambda self, parts: parts[0] if len(parts) == 1 else Node(kind, tuple(parts))


class _Reader(Transformer[Token, Any]):
    """Makes a Statement of a tree; each method is a rule of the grammar."""

    def __init__(self, parameters: Sequence[Typed]) -> None:
        super().__init__()
        self._parameters = iter(parameters)

    def start(self, parts: list[Any]) -> Statement:
        return parts[0]

    def select(self, parts: list[Any]) -> Statement:
        paths, (table, index), *rest = parts
        return Statement("SELECT", table, index, paths, **dict(rest))

    def insert(self, parts: list[Any]) -> Statement:
        (table, _), item = parts
        return Statement("INSERT", table, item=item["M"])

    def update(self, parts: list[Any]) -> Statement:
        (table, _), *rest = parts
        changes = [part for part in rest if isinstance(part, list)]
        return Statement(
            "UPDATE",
            table,
            sets=tuple(one for change in changes for one in change if len(one) == 2),
            removes=tuple(one[0] for change in changes for one in change if len(one) == 1),
            **dict(part for part in rest if isinstance(part, tuple)),
        )

    def delete(self, parts: list[Any]) -> Statement:
        (table, _), *rest = parts
        return Statement("DELETE", table, **dict(rest))

    def everything(self, parts: list[Any]) -> tuple[Path, ...]:
        return ()

    paths = tuple

    def table(self, parts: list[str]) -> tuple[str, str | None]:
        return parts[0], parts[1] if len(parts) > 1 else None

    def where(self, parts: list[Node]) -> tuple[str, Node]:
        return "where", parts[0]

    def order(self, parts: list[Any]) -> tuple[str, tuple[str, bool]]:
        return "order", (parts[0], len(parts) > 1 and parts[1].type == "DESC")

    def returning(self, parts: list[Token]) -> tuple[str, str]:
        which = {"ALL": "ALL", "MODIFIED": "UPDATED"}[parts[0].type]
        return "returning", f"{which}_{parts[1].type}"

    change = list

    def assignment(self, parts: list[Any]) -> tuple[Path, Node]:
        return parts[0], parts[2]

    def remove(self, parts: list[Path]) -> list[tuple[Path]]:
        return [(parts[0],)]

    either = _several("any")
    both = _several("all")
    total = _several("sum")

    def no(self, parts: list[Node]) -> Node:
        return Node("no", (parts[0],))

    def compare(self, parts: list[Any]) -> Node:
        operator = "<>" if parts[1] == "!=" else str(parts[1])
        return Node("compare", (parts[0], operator, parts[2]))

    def between(self, parts: list[Node]) -> Node:
        return Node("between", tuple(parts))

    many = list

    def among(self, parts: list[Any]) -> Node:
        return Node("among", (parts[0], *parts[1]))

    def not_among(self, parts: list[Any]) -> Node:
        return Node("no", (self.among(parts),))

    def missing(self, parts: list[Node]) -> Node:
        return _call("attribute_not_exists", parts[0])

    def present(self, parts: list[Node]) -> Node:
        return _call("attribute_exists", parts[0])

    def null(self, parts: list[Node]) -> Node:
        return _call("attribute_type", parts[0], Node("value", ({"S": "NULL"},)))

    def not_null(self, parts: list[Node]) -> Node:
        return Node("no", (self.null(parts),))

    def function(self, parts: list[Any]) -> Node:
        return _call(str(parts[0]).lower(), *parts[1:])

    def attribute(self, parts: list[Path]) -> Node:
        return Node("path", (parts[0],))

    def constant(self, parts: list[Typed]) -> Node:
        return Node("value", (parts[0],))

    path = tuple

    def identifier(self, parts: list[Token]) -> str:
        token = parts[0]
        return token[1:-1].replace('""', '"') if token.type == "QUOTED" else str(token)

    def INT(self, token: Token) -> int:
        return int(token)

    def TEXT(self, token: Token) -> str:
        return token[1:-1].replace("''", "'")

    def text(self, parts: list[str]) -> Typed:
        return {"S": str(parts[0])}

    def number(self, parts: list[Token]) -> Typed:
        return {"N": str(Decimal(parts[0]))}

    def true(self, parts: list[Any]) -> Typed:
        return {"BOOL": True}

    def false(self, parts: list[Any]) -> Typed:
        return {"BOOL": False}

    def nothing(self, parts: list[Any]) -> Typed:
        return {"NULL": True}

    def parameter(self, parts: list[Any]) -> Typed:
        return next(self._parameters)

    def array(self, parts: list[Typed]) -> Typed:
        return {"L": list(parts)}

    def bag(self, parts: list[Typed]) -> Typed:
        ((kind, _),) = parts[0].items()
        return {f"{kind}S": [one[kind] for one in parts]}

    def document(self, parts: list[Any]) -> Typed:
        return {"M": dict(zip(parts[::2], parts[1::2], strict=True))}
