"""``Table``: the same answers from every library."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from pytest_mlgates.core.errors import ColumnError, TableError
from pytest_mlgates.engines.tables import is_table_like, to_table, with_arrays

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")
duckdb = pytest.importorskip("duckdb")

MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5)  # noqa: DTZ001  (columns without a zone)
COLUMNS = {
    "integer": [1, 2, 3],
    "integer with null": [1, None, 3],
    "float with null": [1.0, None, 2.5],
    "text": ["a", None, "b"],
    "flag": [True, False, True],
    "flag with null": [True, None, False],
    "moment": [MOMENT, None, MOMENT],
    "day": [MOMENT.date(), MOMENT.date(), None],
    "decimal": [Decimal("1.50"), Decimal("2.25"), None],
}
ARROW = pa.table(COLUMNS)
BACKENDS = {
    "polars": lambda: pl.from_arrow(ARROW),
    "polars lazy": lambda: pl.from_arrow(ARROW).lazy(),
    "pyarrow": lambda: ARROW,
    "pandas": ARROW.to_pandas,
    "pandas nullable": lambda: ARROW.to_pandas().convert_dtypes(),
    "pandas arrow": lambda: ARROW.to_pandas(types_mapper=pd.ArrowDtype),
    "duckdb": lambda: duckdb.connect().from_arrow(ARROW),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("column", COLUMNS)
def test_digests_and_values_are_equal_on_all_backends(backend, column):
    expected = to_table(ARROW)
    found = to_table(BACKENDS[backend]())
    assert found.digest([column]) == expected.digest([column])
    ours, theirs = found.arrays([column])[column], expected.arrays([column])[column]
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)
    assert found.counts([column]) == expected.counts([column])


def test_other_values_have_another_digest():
    one = to_table({"a": [1, 2], "b": [3, 4]})
    assert one.digest(["a"]) != one.digest(["b"])
    assert one.digest(["a"]) != to_table({"a": [2, 1]}).digest(["a"])
    assert one.digest(["a", "b"]) == one.digest(["b", "a"])
    assert str(one.digest()).startswith("sha256:")


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [1.0, np.nan]}),
        pl.DataFrame({"a": [1.0, float("nan")]}),
        pl.DataFrame({"a": [1.0, None]}),
        pa.table({"a": pa.array([1.0, float("nan")], from_pandas=False)}),
        {"a": [1.0, float("nan")]},
        {"a": np.array([1.0, np.nan])},
    ],
    ids=["pandas", "polars NaN", "polars null", "pyarrow NaN", "list", "numpy"],
)
def test_nan_is_null_everywhere(frame):
    table = to_table(frame)
    assert table.counts(["a"]) == [((1.0,), 1), ((None,), 1)]
    assert np.isnan(table.arrays(["a"])["a"]).tolist() == [False, True]


def test_a_missing_column_is_named_with_the_nearest():
    with pytest.raises(ColumnError) as caught:
        to_table({"y_pred": [1]}, name="holdout").require("y_perd", role="y_pred")
    assert str(caught.value) == (
        "y_pred 'y_perd' is not in table 'holdout'\n"
        "  got:   columns 'y_pred'\n"
        "  fix:   did you mean 'y_pred'?"
    )


def test_no_rows_are_refused():
    with pytest.raises(TableError) as caught:
        to_table(pd.DataFrame({"a": []}), name="empty").require_rows()
    assert str(caught.value) == (
        "table 'empty' has 0 rows\n  want:  at least one row: a gate over no rows proves nothing"
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (3, "int is not a table"),
        ([1, 2], "pass arrays by keyword: mlgate(y_true=…, y_pred=…)"),
        (np.zeros(3), "ndarray is not a table"),
        (pd.Series([1]), "Series is not a table"),
        ({"a": [1, 2], "b": [1]}, "arrays of different lengths\n  got:   a: 2, b: 1"),
        ({"a": np.zeros((2, 2))}, "a is not one-dimensional\n  got:   shape (2, 2)"),
        ({"a": [1, "x"]}, "a mixes types"),
        ({"a": np.array([1, "x"], dtype=object)}, "a mixes types\n  got:   int, str"),
    ],
)
def test_what_is_no_table_is_refused(given, words):
    with pytest.raises(TableError) as caught:
        to_table(given)
    assert words in str(caught.value)


def test_counts_of_several_keys_come_in_the_order_that_was_asked():
    table = to_table({"a": ["x", "x", None], "b": [1, 1, 2]})
    assert table.counts(["a", "b"]) == [(("x", 1), 2), ((None, 2), 1)]
    assert dict(table.counts(["b", "a"])) == {(1, "x"): 2, (2, None): 1}
    assert table.counts(["a", "a"])[0] == (("x", "x"), 2)


def test_arrays_beside_a_table_become_columns_of_it():
    table = with_arrays(to_table(pl.DataFrame({"a": [1, 2]})), {"b": np.array([3.0, np.nan])})
    assert table.columns == ["a", "b"]
    assert table.counts(["a", "b"]) == [((1, 3.0), 1), ((2, None), 1)]


def test_what_a_table_is_meant_by():
    assert is_table_like("a.csv")
    assert is_table_like({"a": [1]})
    assert is_table_like(pl.DataFrame({"a": [1]}))
    assert not is_table_like(len)


@pytest.mark.parametrize("kind", ["duckdb", "polars"])
def test_columns_of_a_table_without_an_order_stay_aligned(kind):
    """A join or a group-by returns its rows in another order with each query."""
    import duckdb
    import polars as pl

    if kind == "duckdb":
        query = "select i, i * 2 as j, i % 7 as k from range(5000) t(i) order by random()"
        frame = duckdb.sql(query)
    else:
        frame = pl.LazyFrame({"i": range(5000)}).select(
            pl.col("i").shuffle(), pl.lit(1).alias("one")
        )
        frame = frame.with_columns((pl.col("i") * 2).alias("j"), (pl.col("i") % 7).alias("k"))
    table = to_table(frame)
    first = table.arrays(["i"])["i"]
    table.counts(["k"])
    assert (table.arrays(["j"])["j"] == first * 2).all()
    assert (table.arrays(["k"])["k"] == first % 7).all()


def test_arrays_beside_a_file_are_part_of_the_digest(tmp_path):
    import numpy as np

    path = tmp_path / "t.csv"
    path.write_text("a\n1\n2\n", encoding="utf-8")
    table = to_table(path)
    one, other = (with_arrays(table, {"p": np.array(p)}) for p in ([0, 1], [1, 0]))
    assert len({table.digest(), one.digest(), other.digest()}) == 3


def test_texts_of_polars_keep_the_nuls_at_their_end():
    columns = {"q": ["a", "a\0", "b"]}
    for frame in (pl.DataFrame(columns), pl.LazyFrame(columns)):
        table = to_table(frame)
        assert table.codes("q")[0] == columns["q"]
        assert list(table.arrays(["q"])["q"]) == columns["q"]
