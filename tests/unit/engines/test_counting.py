"""Rows counted where their keys stand are the rows that a group-by counts."""

from __future__ import annotations

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlgates.engines import counting
from pytest_mlgates.engines.counting import counted
from pytest_mlgates.engines.keys import factorized
from pytest_mlgates.engines.tables import to_table

TEXTS = st.one_of(st.none(), st.sampled_from(["", "a", "b", "Zoë"]))
ROWS = st.lists(
    st.tuples(TEXTS, st.integers(-3, 4), st.booleans(), st.integers(0, 200)), min_size=1
)
COLUMNS = ["text", "whole", "truth", "byte"]


def _frame(rows):
    text, whole, truth, byte = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "text": pd.array(text, dtype=pd.ArrowDtype(pa.string())),
            "whole": np.array(whole, dtype=np.int64),
            "truth": np.array(truth, dtype=bool),
            "byte": np.array(byte, dtype=np.uint8),
        }
    )


def _counted(frame, keys):
    given = nw.from_native(frame, eager_only=True)
    return counted([given.get_column(key) for key in keys])


@given(ROWS)
def test_counts_are_those_of_a_group_by_on_another_engine(rows):
    frame = _frame(rows)
    keys = ["text", "whole", "truth"]
    assert _counted(frame, keys) is not None
    found = to_table(frame).counts(keys)
    assert found == to_table(pa.Table.from_pandas(frame)).counts(keys)
    assert [[type(v) for v in key] for key, _ in found] == [
        [type(v) for v in key] for key, _ in to_table(pl.from_pandas(frame)).counts(keys)
    ]


@given(ROWS, st.permutations(COLUMNS))
def test_every_column_and_order_of_columns_counts_alike(rows, keys):
    frame = _frame(rows)
    assert to_table(frame).counts(keys) == to_table(pa.Table.from_pandas(frame)).counts(keys)


def test_rows_of_several_blocks_are_counted_once(monkeypatch):
    monkeypatch.setattr(counting, "_BLOCK", 7)
    frame = _frame([("a", k % 3, k % 2 == 0, 0) for k in range(100)])
    assert sum(_counted(frame, COLUMNS).values()) == 100
    assert _counted(frame, ["whole"]) == {(0,): 34, (1,): 33, (2,): 33}


@pytest.mark.parametrize("high", [2**63 - 1, 2**64 - 1])
def test_the_largest_integers_are_counted_without_overflow(high):
    frame = pd.DataFrame({"x": np.array([high, high - 1, high], dtype=np.uint64)})
    assert _counted(frame, ["x"]) == {(high,): 2, (high - 1,): 1}


def test_integers_far_apart_are_left_to_a_group_by():
    frame = pd.DataFrame({"x": [-(2**63), 0, 2**63 - 1, 0]})
    assert _counted(frame, ["x"]) is None
    assert to_table(frame).counts(["x"]) == [((-(2**63),), 1), ((0,), 2), ((2**63 - 1,), 1)]


@pytest.mark.parametrize(
    "column",
    [
        np.array([0.0, 1.0, np.nan]),
        pd.array([1, 2, None], dtype="Int64"),
        pd.Series(["a", None, "b"], dtype=object),
        pd.Categorical(["a", "b", "a"]),
        np.array(["2024-01-01", "2024-01-02", "NaT"], dtype="datetime64[us]"),
    ],
)
def test_what_is_no_code_is_left_to_a_group_by(column):
    assert _counted(pd.DataFrame({"x": column}), ["x"]) is None


def test_nothing_is_counted_of_no_rows():
    assert to_table(_frame([("a", 1, True, 1)]).iloc[:0]).counts(["text", "whole"]) == []


@given(st.lists(TEXTS))
def test_codes_of_texts_are_alike_with_arrow_and_without(texts):
    column = pa.chunked_array([pa.array(texts[:3], pa.string()), pa.array(texts[3:], pa.string())])
    table = pa.table({"x": column})
    wanted, places = factorized(texts)
    for frame in (table, table.to_pandas(types_mapper=pd.ArrowDtype), pl.from_arrow(table)):
        values, codes = to_table(frame).codes("x")
        assert values == wanted
        assert codes.tolist() == places.tolist()


def test_arrays_of_floats_keep_nan_and_are_not_copied():
    frame = pd.DataFrame({"x": [0.5, np.nan, -0.0], "y": [1, 2, 3]})
    found = to_table(frame).arrays(["x"])["x"]
    np.testing.assert_array_equal(found, [0.5, np.nan, 0.0])
    assert np.shares_memory(found, frame["x"].to_numpy())
