"""The matrix of 25 features of DynamoDB's items: in a table, no exception, no loss."""

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from helpers.item_types import NULL, Columns, frame

ROWS = 20
LONG = "123456789012345678901234567890"
PRECISE = "1234567890123456789012345678901234.5678"


def every(value: Any) -> list[Any]:
    return [value] * ROWS


def gaps(value: Any) -> list[Any]:
    return [value if row % 2 else None for row in range(ROWS)]


def mixed(*values: Any) -> list[Any]:
    return [values[row % len(values)] for row in range(ROWS)]


# feature -> the typed values of one attribute, the dtypes of its columns, the value in the last row
MATRIX: dict[str, tuple[list[Any], dict[str, str], Any]] = {
    "S": (every({"S": "x"}), {"v": "str"}, "x"),
    "S missing": (gaps({"S": "x"}), {"v": "str"}, "x"),
    "S and NULL": (mixed({"NULL": True}, {"S": "x"}), {"v": "str"}, "x"),
    "N int": (every({"N": "19"}), {"v": "Int64"}, 19),
    "N float": (every({"N": "19.25"}), {"v": "float64"}, 19.25),
    "N int missing": (gaps({"N": "19"}), {"v": "Int64"}, 19),
    "N 30 digits": (mixed({"N": "1"}, {"N": LONG}), {"v": "object"}, Decimal(LONG)),
    "N 38 digits": (every({"N": PRECISE}), {"v": "object"}, Decimal(PRECISE)),
    "N int and float": (mixed({"N": "1"}, {"N": "1.5"}), {"v": "float64"}, 1.5),
    "N and S": (mixed({"S": "x"}, {"N": "1"}), {"v": "object"}, 1),
    "BOOL": (every({"BOOL": True}), {"v": "bool"}, True),
    "BOOL missing": (gaps({"BOOL": True}), {"v": "boolean"}, True),
    "all NULL": (every({"NULL": True}), {"v": "object"}, None),
    "L of S": (every({"L": [{"S": "a"}, {"S": "b"}]}), {"v": "object"}, ["a", "b"]),
    "L mixed": (
        every({"L": [{"S": "a"}, {"N": "1"}, {"M": {"x": {"N": "2.5"}}}]}),
        {"v": "object"},
        ["a", 1, {"x": 2.5}],
    ),
    "L empty": (every({"L": []}), {"v": "object"}, []),
    "SS": (every({"SS": ["a", "b"]}), {"v": "object"}, {"a", "b"}),
    "NS": (every({"NS": ["1", "2.5"]}), {"v": "object"}, {1, 2.5}),
    "BS": (every({"BS": [b"xx", "eXk="]}), {"v": "object"}, {b"xx", b"yy"}),
    "B": (every({"B": b"\x80\xff\x00"}), {"v": "object"}, b"\x80\xff\x00"),
    "M flat": (
        every({"M": {"s3bucket": {"S": "b"}, "s3key": {"S": "k"}}}),
        {"v.s3bucket": "str", "v.s3key": "str"},
        "k",
    ),
    "M nested": (every({"M": {"a": {"M": {"b": {"N": "1"}}}}}), {"v.a.b": "Int64"}, 1),
    "M ragged": (
        mixed({"M": {"b": {"N": "1"}}}, {"M": {"a": {"S": "x"}}}),
        {"v.b": "Int64", "v.a": "str"},
        "x",
    ),
    "M missing": (gaps({"M": {"a": {"S": "x"}}}), {"v.a": "str"}, "x"),
    "M empty": (every({"M": {}}), {"v": "object"}, {}),
}


@pytest.mark.parametrize("pages", [1, 4])
@pytest.mark.parametrize("feature", MATRIX)
def test_each_feature_has_its_type_and_loses_nothing(feature: str, pages: int) -> None:
    values, dtypes, last = MATRIX[feature]
    items = [{"k": {"S": "x"}} | ({"v": value} if value else {}) for value in values]
    columns = Columns()
    for start in range(0, ROWS, ROWS // pages):
        columns.add(items[start : start + ROWS // pages])
    table = columns.frame(["k"])
    assert {name: str(dtype) for name, dtype in table.dtypes.items() if name != "k"} == dtypes
    found = table.iloc[-1, -1]
    assert (found == last or found is last) and len(table) == ROWS
    pd.testing.assert_frame_equal(table, frame(items, ["k"]))


def test_numbers_can_be_counted_with() -> None:
    table = frame([{"n": {"N": str(number)}, "f": {"N": f"{number}.5"}} for number in range(10)])
    assert table["n"].sum() == 45 and table["f"].mean() == 5.0
    assert {"mean", "std"} <= set(table.describe().index)


def test_a_large_page_is_as_good_as_a_small_one() -> None:
    items = [{"a": {"S": f"x{row}"}, "b": {"S": "y"}} for row in range(2_500)]
    del items[7]["b"]
    items[9]["a"] = {"N": "1"}
    columns = Columns()
    columns.add(items[:1_200])
    columns.add(items[1_200:])
    table = columns.frame()
    assert table["a"].tolist()[:10] == [*(f"x{row}" for row in range(9)), 1]
    assert table["b"].isna().sum() == 1 and table.loc[2_499, "a"] == "x2499"


def test_null_in_any_company_is_told_when_it_is_asked_for() -> None:
    items = [{"v": {"NULL": True}}, {"v": {"S": "x"}}, {}, {"v": {"L": [{"NULL": True}]}}]
    assert frame(items, tell_null=True)["v"].tolist() == [NULL, "x", None, [None]]
    assert frame(items[:1], tell_null=True)["v"].tolist() == [NULL]
