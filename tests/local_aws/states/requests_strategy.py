"""Make up requests to Step Functions: in the shape of the API model, nearly so, or any JSON."""

import json

from botocore.model import ListShape, MapShape, StructureShape
from hypothesis import strategies as st

from helpers.local_aws.json_protocol import service_model

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
MODEL = service_model("stepfunctions")
OPERATIONS = sorted(MODEL.operation_names)
_DOCUMENTS = {"definition", "input", "output", "variables", "context", "result", "errorOutput"}
_DATES = st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=5)


def requests(operation, *, texts, definitions):
    """Return bodies for an operation.

    Args:
        operation: such as "StartExecution".
        texts: that are likely somewhere, such as the ARNs of what exists.
        definitions: strategy for definitions as dictionaries.
    """
    shape = MODEL.operation_model(operation).input_shape
    known = st.sampled_from(texts)
    document = JSON.map(json.dumps) | st.text(max_size=20)
    definition = definitions.map(json.dumps) | document
    return _of(shape, "", known, document, definition)


def _of(shape, name, known, document, definition):
    def inner(member, of_name):
        return _of(member, of_name, known, document, definition)

    if isinstance(shape, StructureShape):
        members = {key: inner(member, key) for key, member in shape.members.items()}
        required = {key: members.pop(key) for key in shape.required_members}
        found = st.fixed_dictionaries(required, optional=members)
        return found if not name else _mostly(found)
    if isinstance(shape, ListShape):
        return _mostly(st.lists(inner(shape.member, name), max_size=3))
    if isinstance(shape, MapShape):
        return _mostly(st.dictionaries(st.text(max_size=5), inner(shape.value, name), max_size=3))
    if shape.type_name == "boolean":
        return _mostly(st.booleans())
    if shape.type_name in ("integer", "long"):
        return _mostly(st.integers(-1, 1001))
    if shape.type_name in ("float", "double"):
        return _mostly(st.floats(-1, 101))
    if shape.type_name == "timestamp":
        return _mostly(_DATES)
    if shape.enum:
        return _mostly(st.sampled_from(shape.enum))
    if name == "definition":
        return _mostly(definition)
    if name in _DOCUMENTS:
        return _mostly(document)
    return _mostly(known | known | st.text(max_size=10))


def _mostly(values):
    """Return the values, and now and then null or any JSON."""
    others = {7: JSON, 8: st.none()}
    return st.integers(0, 19).flatmap(lambda number: others.get(number, values))
