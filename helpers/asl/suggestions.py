"""What a learner may have meant: a sentence beside a fault, never a part of AWS's answers."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

from helpers.asl import fields, resources
from helpers.asl.intrinsic_functions import ARGUMENTS
from helpers.asl.intrinsic_syntax import IntrinsicSyntaxError, is_intrinsic, parse

# What one query language calls it, and the other; the first that the state may have is named.
_IN_JSONATA = {
    "Parameters": ["Arguments", "Output"],
    "ResultSelector": ["Output"],
    "ResultPath": ["Output"],
    "OutputPath": ["Output"],
    "Result": ["Output"],
    "InputPath": ["Arguments", "Output"],
    "ItemsPath": ["Items"],
    **dict.fromkeys(["Variable", "And", "Or", "Not"], ["Condition"]),
}
_IN_JSONPATH = {
    "Arguments": ["Parameters"],
    "Output": ["ResultSelector", "Parameters", "OutputPath", "ResultPath"],
    "Items": ["ItemsPath"],
    "Condition": ["Variable"],
}
_LONGEST = 100  # characters of a word that is compared


def nearest(word: object, words: Iterable[str]) -> str | None:
    """Return the one of `words` that `word` is most likely meant to be, None when none is near."""
    if not isinstance(word, str) or len(word) > _LONGEST:
        return None
    by_letters = {known.casefold(): known for known in words}
    written = word.casefold()
    cutoff = 0.5 if len(word) <= 3 else 0.6
    near = get_close_matches(written, by_letters, n=5, cutoff=cutoff)
    if not near:
        return None

    def likeness(known: str) -> tuple[float, bool, int]:
        ratio = SequenceMatcher(None, known, written).ratio()
        return round(ratio, 6), known[:1] == written[:1], -abs(len(known) - len(written))

    return by_letters[max(near, key=likeness)]


def did_you_mean(word: object, words: Iterable[str]) -> str | None:
    """Say which of `words` is near: "`Nxet`: did you mean `Next`?"."""
    near = nearest(word, words)
    return None if near is None else f"`{word}`: did you mean `{near}`?"


def of_field(name: str, mine: Iterable[str], others: Iterable[str] = ()) -> str | None:
    """Say what a field that a state cannot have may be.

    Args:
        name: the field.
        mine: the fields that the state may have.
        others: those that it may have in the other query language.
    """
    types = [kind for kind in fields.STATE_TYPES if name in fields.all_of(kind)]
    if types:
        return f"`{name}` belongs to {listed(types)} states."
    return did_you_mean(name, mine) or did_you_mean(name, others)


def of_other_language(name: str, language: str, mine: Iterable[str]) -> str | None:
    """Say what the state's own query language calls a field of the other one."""
    other = fields.JSONPATH if language == fields.JSONATA else fields.JSONATA
    partners = _IN_JSONATA if language == fields.JSONATA else _IN_JSONPATH
    belongs = f"`{name}` belongs to {other}; "
    own = name.removesuffix("Path")
    for partner in partners.get(name, []):
        if partner in mine:
            return f"{belongs}in {language} it is `{partner}`."
    if language == fields.JSONATA and own != name and own in mine:
        return f"{belongs}in {language} it is `{own}`, with an expression in {{% %}}."
    return f'{belongs}this state is written in {language} (see "QueryLanguage").'


def of_target(name: object, states: Iterable[str]) -> str:
    """Say which state is meant by a name that no state of the flow has."""
    names = list(states)
    near = nearest(name, names)
    if near is not None:
        return f"`{name}` is no state; the nearest is `{near}`."
    return f"`{name}` is no state here; there are {listed(names)}."


def of_expression(key: str, value: object) -> str:
    """Say why the value of a key `x.$` is neither a path nor a call of an intrinsic function."""
    name = key.removesuffix(".$")
    if not isinstance(value, str):
        return f"`{key}` takes a path such as `$.{name}`; for a fixed value write `{name}`."
    if is_intrinsic(value) or value.startswith("States"):
        return of_intrinsic(value)
    if not value.startswith("$"):
        return (
            f"`{value}` is no path, a path starts with `$`: write `$.{value}`, or `{name}` without "
            "`.$` for a fixed text."
        )
    return f"`{value}` cannot be read as a path; a path is such as `$.photos[0].key`."


def of_none(present: Iterable[str], group: list[str]) -> str | None:
    """Say that no field of a group is there; None where one of `present` is a misspelt one."""
    if any(nearest(name, group) for name in present):
        return None
    return f"It needs one of {listed(group)}, and has none."


def of_type(expected: str, value: object) -> str | None:
    """Say how a value of the type is written that is expected."""
    if expected == "Array" and not isinstance(value, list):
        inside = f'"{value}"' if isinstance(value, str) else "…"
        return f"An array stands in brackets, also around one thing: `[{inside}]`."
    if expected == "Boolean" and isinstance(value, str) and value.lower() in ("true", "false"):
        return f"It stands without quotes: `{value.lower()}`, in Python `{value.title()}`."
    return None


def of_json(message: str) -> str | None:
    """Say how a text came to be no JSON, from the words of the parser."""
    if re.match(r"Unexpected character \('{3}|Unrecognized token '(None|True|False)'", message):
        return "That is how Python writes; `json.dumps(definition)` writes JSON."
    if re.match(r"Unexpected character \('(}.*: was expecting double-quote|])", message):
        return "In JSON no comma stands after the last entry."
    return None


def of_number(field: str, value: object) -> str | None:
    """Say what a value that is no number may be."""
    if isinstance(value, str) and value.startswith("$"):
        return f"`{field}` takes a number; `{field}Path` takes a path."
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value, re.ASCII):
        return f"A number stands without quotes: `{value}`."
    return None


def of_path(value: object) -> str | None:
    """Say why a value is no path."""
    if value in ("null", "None"):
        return "It stands without quotes: `null`, in Python `None`."
    if not isinstance(value, str):
        return "A path is a text such as `$.photo.key`."
    if not value.startswith("$"):
        return f"`{value}` is no path, a path starts with `$`: write `$.{value}`."
    return f"`{value}` cannot be read as a path; a path is such as `$.photos[0].key`."


def of_intrinsic(text: str) -> str:
    """Say what is wrong with a call of an intrinsic function."""
    called = re.match(r"[\w.]+", text)
    for name in re.findall(r"States\.\w*", re.sub(r"'(?:[^'\\]|\\.)*'", "''", text)):
        if name not in ARGUMENTS:
            return did_you_mean(name, ARGUMENTS) or f"There is no intrinsic function `{name}`."
    name = called.group(0) if called else text
    if name not in ARGUMENTS:
        return did_you_mean(name, ARGUMENTS) or f"There is no intrinsic function `{name}`."
    fewest, most = ARGUMENTS[name]
    try:
        parse(text)
    except IntrinsicSyntaxError as error:
        if error.count is not None:
            name, (fewest, most) = error.name, ARGUMENTS[error.name]
            return f"`{name}` takes {_count(fewest, most)}, not {error.count}."
    if text.count("(") != text.count(")"):
        return f"`{text}` has {text.count('(')} opening and {text.count(')')} closing brackets."
    return (
        f"`{name}` takes {_count(fewest, most)} in brackets: paths, numbers, and texts in single "
        "quotes."
    )


def of_resource(arn: object) -> str | None:
    """Say which resource is meant by one that Step Functions does not know."""
    if not isinstance(arn, str):
        return 'A Resource is a text such as "arn:aws:states:::lambda:invoke".'
    match = re.fullmatch(r"(?:arn:aws[\w-]*:states:[^:]*:[^:]*:)?([\w-]+):(\w+)(\.[\w:]+)?", arn)
    if match is None:
        near = nearest(arn.split(":")[0], ["arn"]) if ":" in arn else None
        return None if near else "A Resource is an ARN such as `arn:aws:states:::lambda:invoke`."
    service, action, pattern = match.group(1), match.group(2), match.group(3) or ""
    near_service = nearest(service, resources.OPTIMISED)
    if near_service is None:
        return f"Without an integration of its own it is `aws-sdk:{service}:{action}`."
    actions = resources.OPTIMISED[near_service]
    near_action = action if "*" in actions else nearest(action, actions)
    if near_action is None:
        return (
            f"`{near_service}` has {listed(sorted(actions))}; other calls go through "
            f"`aws-sdk:{near_service}:{action}`."
        )
    meant = f"{near_service}:{near_action}"
    for ending in (pattern, _near_pattern(pattern), ""):
        resource = resources.parse(f"arn:aws:states:::{meant}{ending}")
        if resource is not None and resources.exists(resource):
            written = f"{service}:{action}{pattern}"
            return f"`{written}`: did you mean `arn:aws:states:::{meant}{ending}`?"
    return None


def listed(words: list[str]) -> str:
    """Join words for a sentence: "`A`, `B` and `C`", the first ten of them."""
    quoted = [f"`{word}`" for word in words[:10]]
    if len(words) > 10:
        return f"{', '.join(quoted)} and {len(words) - 10} more"
    if len(quoted) < 2:
        return "".join(quoted) or "none"
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _near_pattern(pattern: str) -> str:
    near = nearest(pattern.lstrip("."), ["sync", "sync:2", "waitForTaskToken"])
    return f".{near}" if near else ""


def _count(fewest: int, most: int) -> str:
    if fewest == most:
        return "no arguments" if most == 0 else f"{most} argument{'s' if most > 1 else ''}"
    if most > 100:
        return f"{fewest} or more arguments" if fewest else "any number of arguments"
    return f"{fewest} to {most} arguments"
