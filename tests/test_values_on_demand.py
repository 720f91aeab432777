"""Columns whose values are made when somebody reads them are columns like others."""

import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.values_on_demand import OnDemandArray, objects

TEXTS = ['{"a": 1}', "[1, 2]", '"text"', "null", "3"]
VALUES = [{"a": 1}, [1, 2], "text", None, 3]


class Counted:
    """Parses JSON, and keeps count."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> Any:
        self.texts.append(text)
        return json.loads(text)


@pytest.fixture
def parse() -> Counted:
    return Counted()


@pytest.fixture
def table(parse: Counted) -> pd.DataFrame:
    return pd.DataFrame({"n": range(5), "said": OnDemandArray(objects(TEXTS), parse)}, copy=False)


def test_a_value_is_made_when_it_is_read_and_only_once(table: pd.DataFrame, parse: Counted) -> None:
    rows = table[table["n"] < 2].tail(1)
    assert parse.texts == []
    assert rows["said"].iloc[0] == table["said"][1] == [1, 2]
    assert table.loc[1, "said"] is table["said"][1]
    assert set(parse.texts) == {"[1, 2]"}
    repr(table.head(1))
    assert set(parse.texts) == {"[1, 2]", '{"a": 1}'}


@pytest.mark.parametrize(
    "read",
    [
        lambda table: table["said"].tolist(),
        lambda table: list(table["said"].astype(object)),
        lambda table: list(table["said"].to_numpy()),
        lambda table: [row.said for row in table.itertuples()],
        lambda table: [row["said"] for row in table.to_dict("records")],
        lambda table: list(table["said"].map(lambda value: value)),
        lambda table: [table.iloc[row]["said"] for row in range(5)],
        lambda table: [row["said"] for row in json.loads(table.to_json(orient="records"))],
        lambda table: list(table.sort_values("n", ascending=False)["said"])[::-1],
        lambda table: list(pickle.loads(pickle.dumps(table))["said"]),
        lambda table: list(table.copy()["said"]),
        lambda table: list(pd.concat([table.head(2), table.tail(3)])["said"]),
        lambda table: list(pd.concat([table, table.astype(object)]).tail(5)["said"]),
        lambda table: list(table.merge(table[["n"]], on="n")["said"]),
        lambda table: list(table.T.loc["said"]),
    ],
)
def test_pandas_reads_it_like_a_column_of_objects(
    table: pd.DataFrame, read: Callable[[pd.DataFrame], list[Any]]
) -> None:
    assert read(table) == VALUES


def test_what_is_missing_is_told(table: pd.DataFrame) -> None:
    assert list(table["said"].isna()) == [False, False, False, True, False]
    assert list(table["said"].dropna()) == [{"a": 1}, [1, 2], "text", 3]
    assert list(table["said"].fillna("nothing"))[3] == "nothing"
    assert list(table.reindex([0, 9])["said"]) == [{"a": 1}, None]
    other = pd.concat([table, pd.DataFrame({"n": [9]})])
    assert [*other["said"]][:3] == VALUES[:3] and other["said"].isna().iloc[-1]


def test_values_are_set_one_or_many_and_in_the_copy_only(table: pd.DataFrame) -> None:
    changed = table.copy()
    changed.at[0, "said"] = {"b": [2]}
    changed.loc[[1, 2], "said"] = ["{", None]
    assert list(changed["said"]) == [{"b": [2]}, "{", None, None, 3]
    assert list(table["said"]) == VALUES


def test_it_is_compared_value_by_value(table: pd.DataFrame) -> None:
    assert list(table["said"] == "text") == [False, False, True, False, False]
    same = [True, True, True, False, True]  # what is missing equals nothing, as among objects
    assert list(table["said"] == table["said"].astype(object)) == same
    objects_ = table["said"].astype(object)
    assert list(objects_ == objects_) == same
    pd.testing.assert_frame_equal(table, table.copy())
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(table, table.assign(said=table["said"].shift()))


def test_as_objects_it_does_what_needs_all_values(table: pd.DataFrame) -> None:
    said = table["said"].astype(object)
    assert list(said.str[0])[1:3] == [1, "t"]
    assert list(said.explode())[1:3] == [1, 2]


def test_what_is_computed_from_it_has_a_type_of_its_own(table: pd.DataFrame) -> None:
    lengths = table["said"].map(lambda said: len(str(said)))
    assert str(lengths.dtype) == "int64" and lengths.sum() == 8 + 6 + 4 + 4 + 1
    texts = table[table["said"].map(lambda said: isinstance(said, str))]
    assert list(texts["n"]) == [2]
    assert table["said"].apply(str).str.len().tolist() == lengths.tolist()
    assert list(table["said"].map(lambda said: [said])) == [[value] for value in VALUES]


def test_its_type_has_a_name(table: pd.DataFrame) -> None:
    assert str(table["said"].dtype) == "on demand"
    assert list(pd.Series(VALUES, dtype="on demand")) == VALUES
    assert table["said"].nbytes == 5 * np.dtype(object).itemsize
