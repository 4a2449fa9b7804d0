from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.permuting import permuted

ROWS = np.random.default_rng(0).normal(size=(40, 3))
LABELS = ROWS[:, 0] * 3 + np.arange(40)


def steady(rows, labels):
    return rows.sum() + labels.sum()


@pytest.mark.parametrize(
    "table",
    [
        ROWS,
        pd.DataFrame(ROWS, columns=["a", "b", "c"], index=np.arange(40) + 7),
        pl.DataFrame({"a": ROWS[:, 0], "b": ROWS[:, 1]}),
        pa.table({"a": ROWS[:, 0]}),
        pd.Series(ROWS[:, 0]),
        pl.Series("a", ROWS[:, 0]),
        sparse.csc_matrix(ROWS),
    ],
    ids=lambda one: f"{type(one).__module__.partition('.')[0]}.{type(one).__name__}",
)
def test_features_and_labels_stay_aligned(table):
    numbers = list(range(40))
    call = permuted(partial(dict, x=table, y=numbers, fewer=[1, 2], seed=7), "train")
    rows = call.keywords["y"]
    assert sorted(rows) == numbers != rows
    assert (call.keywords["fewer"], call.keywords["seed"]) == ([1, 2], 7)
    found = call.keywords["x"]
    assert type(found) is type(table)

    def plain(value):
        if sparse.issparse(value):
            return value.toarray()
        return np.array(value.to_pandas() if isinstance(value, pa.Table) else value)

    assert np.array_equal(plain(found), plain(table)[rows])
    if isinstance(table, pd.DataFrame):
        assert list(found.index) == [row + 7 for row in rows]


def test_rows_within_containers_are_permuted_alike():
    call = permuted(
        partial(dict, data={"x": ROWS, "y": (LABELS, "name")}, ids=list(range(40))), "t"
    )
    rows = call.keywords["ids"]
    assert np.array_equal(call.keywords["data"]["x"], ROWS[rows])
    assert np.array_equal(call.keywords["data"]["y"][0], LABELS[rows])
    assert call.keywords["data"]["y"][1] == "name"


@pytest.mark.parametrize("length", [2, 3, 4, 40])
def test_the_order_is_another_and_the_same_every_time(length):
    once, again = (permuted(partial(dict, x=np.arange(length)), "t") for _ in range(2))
    assert not np.array_equal(once.keywords["x"], np.arange(length))
    assert np.array_equal(once.keywords["x"], again.keywords["x"])


@pytest.mark.parametrize(
    "function", [steady, partial(steady), partial(steady, Path("a.csv")), partial(steady, ROWS[:1])]
)
def test_no_rows_to_permute_is_misuse(function):
    with pytest.raises(MLGatesError, match="has no rows whose order could be varied") as caught:
        permuted(function, "steady")
    assert 'fix:   partial(steady, frame), or leave out "row_order"' in str(caught.value)


def test_a_table_without_rows_yet_is_misuse():
    with pytest.raises(MLGatesError, match="rows of a LazyFrame cannot be put"):
        permuted(partial(steady, pl.DataFrame({"a": ROWS[:, 0]}).lazy(), LABELS), "steady")
