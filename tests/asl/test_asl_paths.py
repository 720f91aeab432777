import pytest

from helpers.asl import PathError, evaluate_path
from helpers.asl.failures import EvaluationError
from helpers.asl.paths import PathSyntaxError, compile_path, compile_reference_path, insert

BOOKS = {
    "store": {
        "book": [
            {"title": "A", "price": 8, "tags": ["x"]},
            {"title": "B", "price": 12, "isbn": "1"},
            {"title": "C", "price": 20},
        ]
    },
    "a-b": {"c d": 1},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", BOOKS),
        ("$.store.book[0].title", "A"),
        ("$['store']['book'][1]['title']", "B"),
        ("$.store.book[-1].title", "C"),
        ("$.a-b['c d']", 1),
        ("$.store.book[*].title", ["A", "B", "C"]),
        ("$.store.book[0,2].title", ["A", "C"]),
        ("$.store.book[1:].price", [12, 20]),
        ("$..title", ["A", "B", "C"]),
        ("$.store.book[?(@.price < 15)].title", ["A", "B"]),
        ("$.store.book[?(@.isbn)].title", ["B"]),
        ("$.store.book[?(@.price > 10 && @.title == 'C')].price", [20]),
        ("$.store.book[?(@.title =~ /[ab]/i)].title", ["A", "B"]),
    ],
)
def test_a_path_selects_what_jayway_selects(path, found):
    assert evaluate_path(path, BOOKS) == found


@pytest.mark.parametrize("path", ["$.nothing[*]", "$[*].x", "$.nothing[1:5]", "$..nothing"])
def test_an_indefinite_path_without_a_match_gives_an_empty_list(path):
    assert evaluate_path(path, {}) == []


@pytest.mark.parametrize(
    ("path", "document", "sentence"),
    [
        ("$.x", {}, "No results for path: $['x']"),
        ("$.x.y.z", {}, "Missing property in path $['x']"),
        ("$.x.y", {"x": {}}, "No results for path: $['x']['y']"),
        ("$.x[2]", {"x": [1]}, "No results for path: $['x'][2]"),
        ("$.x[0]", {"x": "text"}, "No results for path: $['x'][0]"),
        ("$.list.sum()", {"list": [1]}, "No results for path: $['list']['sum()']"),
    ],
)
def test_a_definite_path_that_leads_nowhere_says_where_it_ends(path, document, sentence):
    with pytest.raises(PathError, match=".") as error:
        evaluate_path(path, document)
    assert str(error.value) == sentence


@pytest.mark.parametrize("text", ["", "x", "$.", "$x y", "$[", "$['a", "$.a[?(@.b]", "$.a b"])
def test_a_text_that_is_no_path_is_refused(text):
    with pytest.raises(PathSyntaxError):
        compile_path(text)


@pytest.mark.parametrize("text", ["$.a[*]", "$..a", "$.a[1:2]", "$.a[?(@.b)]", "$.a[0,1]"])
def test_a_reference_path_names_one_place_only(text):
    assert not compile_path(text).is_definite
    with pytest.raises(PathSyntaxError):
        compile_reference_path(text)


@pytest.mark.parametrize(
    ("document", "path", "changed"),
    [
        ({"a": 1}, "$.b", {"a": 1, "b": "new"}),
        ({"a": 1}, "$.a", {"a": "new"}),
        ({}, "$.a.b.c", {"a": {"b": {"c": "new"}}}),
        ({"a": [1, 2]}, "$.a[1]", {"a": [1, "new"]}),
        ([{"a": 1}], "$[0].b", [{"a": 1, "b": "new"}]),
    ],
)
def test_insert_returns_a_changed_copy(document, path, changed):
    before = repr(document)
    assert insert(document, path, "new") == changed
    assert repr(document) == before


@pytest.mark.parametrize(
    ("document", "path"), [([1], "$.a"), ("text", "$.a"), ({"a": 1}, "$.a.b"), ({}, "$.a[0]")]
)
def test_insert_into_something_that_has_no_place_fails_by_its_own_name(document, path):
    with pytest.raises(EvaluationError) as error:
        insert(document, path, "new")
    assert error.value.error == "States.ResultPathMatchFailure"
