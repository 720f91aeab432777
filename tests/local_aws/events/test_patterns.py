"""Event patterns, by the examples of the EventBridge user guide."""

import pytest

from helpers.local_aws.events.patterns import InvalidPattern, check, matches

EVENT = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "resources": ["arn:aws:s3:::one", "arn:aws:s3:::two"],
    "detail": {
        "bucket": {"name": "photos"},
        "object": {"key": "riders/Ana.PNG", "size": 2048, "tags": []},
        "ip": "10.0.0.17",
        "nothing": None,
        "done": True,
        "faces": [{"age": 30, "name": "a"}, {"age": 5, "name": "b"}],
    },
}


def detail(pattern):
    return matches({"detail": pattern}, EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {"bucket": {"name": ["videos", "photos"]}},
        {"bucket": {"name": [{"prefix": "pho"}]}},
        {"object": {"key": [{"prefix": {"equals-ignore-case": "RIDERS/"}}]}},
        {"object": {"key": [{"suffix": ".PNG"}]}},
        {"object": {"key": [{"suffix": {"equals-ignore-case": ".png"}}]}},
        {"object": {"key": [{"equals-ignore-case": "RIDERS/ana.png"}]}},
        {"object": {"key": [{"wildcard": "riders/*.PNG"}]}},
        {"object": {"key": [{"wildcard": "*A*a*"}]}},
        {"object": {"key": [{"anything-but": "riders/Bob.PNG"}]}},
        {"object": {"key": [{"anything-but": ["a", "b"]}]}},
        {"object": {"key": [{"anything-but": {"prefix": "init"}}]}},
        {"object": {"key": [{"anything-but": {"suffix": [".jpg", ".gif"]}}]}},
        {"object": {"key": [{"anything-but": {"equals-ignore-case": ["x"]}}]}},
        {"object": {"key": [{"anything-but": {"wildcard": "*/lib/*"}}]}},
        {"object": {"size": [{"numeric": [">", 0, "<=", 2048]}]}},
        {"object": {"size": [2048]}},
        {"object": {"size": [{"anything-but": 7}]}},
        {"object": {"color": [{"exists": False}]}},
        {"rider": {"name": [{"exists": False}]}},
        {"object": {"key": [{"exists": True}]}},
        {"ip": [{"cidr": "10.0.0.0/24"}]},
        {"nothing": [None]},
        {"done": [True]},
        {"faces": {"age": [30], "name": ["a"]}},
        {"$or": [{"ip": ["1.1.1.1"]}, {"object": {"size": [{"numeric": [">", 1000]}]}}]},
        {"bucket": {"name": ["videos", {"suffix": "os"}]}},
    ],
)
def test_an_event_matches_what_the_guide_says_it_does(pattern):
    check({"detail": pattern})
    assert detail(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        {"bucket": {"name": ["Photos"]}},
        {"object": {"key": [{"suffix": ".png"}]}},
        {"object": {"key": [{"prefix": {"equals-ignore-case": "r.ders"}}]}},
        {"object": {"key": [{"suffix": {"equals-ignore-case": "x.png"}}]}},
        {"object": {"key": [{"anything-but": {"equals-ignore-case": "RIDERS/ANA.png"}}]}},
        {"object": {"key": [{"wildcard": "riders/*.png"}]}},
        {"object": {"key": [{"anything-but": {"prefix": "riders"}}]}},
        {"object": {"color": [{"anything-but": "red"}]}},
        {"object": {"size": [{"numeric": ["<", 2048]}]}},
        {"object": {"key": [{"numeric": ["=", 1]}]}},
        {"object": {"size": [2048.0]}},
        {"object": [{"exists": True}]},  # only leaves exist
        {"object": {"key": [{"exists": False}]}},
        {"ip": [{"cidr": "10.0.1.0/24"}]},
        {"bucket": {"name": [{"cidr": "10.0.1.0/24"}]}},
        {"object": {"size": [{"cidr": "0.0.0.0/0"}]}},
        {"done": [1]},
        {"done": ["true"]},
        {"faces": {"age": [30], "name": ["b"]}},  # of two objects of the array
        {"bucket": {"name": ["photos"]}, "object": {"size": [1]}},
        {"$or": [{"ip": ["1.1.1.1"]}, {"done": [False]}]},
        {"missing": ["anything"]},
    ],
)
def test_an_event_does_not_match_what_the_guide_says_it_does_not(pattern):
    check({"detail": pattern})
    assert not detail(pattern)


def test_of_an_array_one_element_is_enough():
    assert matches({"resources": ["arn:aws:s3:::two"]}, EVENT)
    assert not matches({"resources": ["arn:aws:s3:::three"]}, EVENT)


def test_a_backslash_takes_the_meaning_from_a_wildcard():
    assert matches({"a": [{"wildcard": r"2 \* 3 = *"}]}, {"a": "2 * 3 = 6"})
    assert not matches({"a": [{"wildcard": r"2 \* 3"}]}, {"a": "2 and 3"})


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ({"source": "aws.s3"}, '"source" must be an object or an array'),
        ({"source": []}, "Empty arrays are not allowed"),
        ({}, "Empty objects are not allowed"),
        ({"source": [{"suffixx": "a"}]}, "Unrecognized match type suffixx"),
        ({"a": [{"anything-but": {"cidr": "x"}}]}, "Unsupported anything-but pattern: cidr"),
        ({"a": [{"numeric": ["~", 3]}]}, "Unrecognized numeric range operator: ~"),
        ({"a": [{"numeric": [">", "3"]}]}, "Value of > must be numeric"),
        ({"a": [{"numeric": [[], 3]}]}, "Unrecognized numeric range operator"),
        ({"a": [{"prefix": 5}]}, "prefix match pattern must be a string"),
        ({"a": [{"suffix": {"prefix": "a"}}]}, "suffix match pattern must be a string"),
        ({"a": [{"anything-but": {"wildcard": ["a", 1]}}]}, "wildcard match pattern must be a"),
        ({"a": [{"cidr": 5}]}, "Malformed CIDR"),
        ({"a": [{"exists": 1}]}, "exists match pattern must be either true or false."),
        ({"a": [{"prefix": "a", "suffix": "b"}]}, "Only one key allowed in match expression"),
        ([], "Filter is not an object"),
    ],
)
def test_what_is_no_pattern_is_refused_with_its_reason(pattern, reason):
    with pytest.raises(InvalidPattern, match=f"^{reason}"):
        check(pattern)
