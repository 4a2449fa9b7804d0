"""Values by rank: exactly, on every engine, in one scan."""

from __future__ import annotations

import math

import duckdb
import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlgates.engines.order_statistics import Ranks, order_statistics
from pytest_mlgates.engines.tables import to_table

ENGINES = {
    "pandas": lambda frame: frame.to_pandas(),
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}
floats = st.floats(allow_nan=False) | st.sampled_from([0.1, math.inf, -math.inf])


@settings(max_examples=40, deadline=None)
@given(
    xs=st.lists(floats, min_size=1, max_size=40),
    ys=st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=40),
)
def test_every_rank_is_the_value_of_the_sorted_column_on_every_engine(xs, ys):
    pytest.importorskip("pandas")
    rows = max(len(xs), len(ys)) + 1
    frame = pl.DataFrame(
        {
            "x": pl.Series([*xs, *[None] * (rows - len(xs))], dtype=pl.Float64),
            "y": pl.Series([*ys, *[0] * (rows - len(ys))], dtype=pl.Int64),
            "there": [True] * len(ys) + [False] * (rows - len(ys)),
        }
    )
    for name, convert in ENGINES.items():
        table = to_table(convert(frame))
        found = order_statistics(
            table,
            [
                Ranks(nw.col("x"), len(xs), tuple(range(len(xs)))),
                Ranks(_where_there(table), len(ys), tuple(reversed(range(len(ys))))),
            ],
        )()
        assert found == [sorted(xs), sorted(ys, reverse=True)], name


def _where_there(table):
    if table.implementation == "pandas":
        return nw.col("y").filter(nw.col("there"))
    return nw.when(nw.col("there")).then(nw.col("y"))


@pytest.mark.parametrize("n", [1, 2, 10, 999, 100_000])
def test_duckdb_finds_the_rank_in_long_columns(n):
    relation = duckdb.sql(f"select (range * 7919) % {n} as v from range({n})")
    ranks = tuple(sorted({0, n // 3, n // 2, n - 1}))
    distinct = [row[0] for row in relation.distinct().order("v").fetchall()]
    assert len(distinct) == n
    assert order_statistics(to_table(relation), [Ranks(nw.col("v"), n, ranks)])() == [list(ranks)]
