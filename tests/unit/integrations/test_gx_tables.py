"""Tables on their way to Great Expectations: the columns asked about, nothing rounded."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from pytest_mlgates.core.errors import MissingExtraError, TableError
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.integrations.gx_tables import for_gx

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
duckdb = pytest.importorskip("duckdb")

NEW_YEAR, LATER = dt.datetime(2020, 1, 1), dt.datetime(2021, 2, 3, 4, 5)  # noqa: DTZ001
FRAME = pl.DataFrame(
    {
        "integer": [1, None, 3],
        "whole": [1, 2, 2**62 + 1],
        "float": [1.5, None, float("inf")],
        "text": ["a", None, "b"],
        "boolean": [True, None, False],
        "date": [NEW_YEAR.date(), None, LATER.date()],
        "time": [NEW_YEAR, None, LATER],
        "aware": pl.Series([NEW_YEAR, None, LATER]).dt.replace_time_zone("UTC"),
        "decimal": [Decimal("0.10"), None, Decimal("12345678901234567890.12")],
        "category": pl.Series(["a", None, "b"], dtype=pl.Categorical),
        "clock": [dt.time(1), None, dt.time(2)],
        "span": [dt.timedelta(1), None, dt.timedelta(2)],
    }
)
BACKENDS = {
    "pandas": lambda frame: frame.to_pandas(),
    "polars": lambda frame: frame,
    "lazy": lambda frame: frame.lazy(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}


def values(series):
    """The values of a pandas series, every kind of missing as None."""
    return [None if value is None or pd.isna(value) else value for value in series.tolist()]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("column", FRAME.columns)
def test_every_backend_hands_over_what_to_pandas_gives(backend, column):
    found = for_gx(to_table(BACKENDS[backend](FRAME)), [column])
    wanted = FRAME.select(column).to_pandas()
    assert list(found) == [column]
    assert values(found[column]) == values(wanted[column])
    assert [type(v) for v in found[column]] == [type(v) for v in wanted[column]]
    if column not in ("date", "category"):  # days in other units; an enumeration of DuckDB is text
        assert found[column].dtype == wanted[column].dtype


@pytest.mark.parametrize("backend", ["polars", "lazy", "pyarrow", "duckdb"])
@pytest.mark.parametrize("dtype", [pl.Int64, pl.UInt64])
def test_integers_that_a_float_cannot_hold_stay_integers(backend, dtype):
    several = [2**53 + 1, None, 2**62 + 1]
    frame = pl.DataFrame({"x": pl.Series(several, dtype=dtype), "small": [1, None, 2**53]})
    found = for_gx(to_table(BACKENDS[backend](frame)), ["x", "small"])
    assert found["x"].tolist() == several
    assert found["small"].dtype == "float64"


def test_integers_of_128_bits_stay_integers():
    relation = duckdb.sql("select 1267650600228229401496703205377::hugeint as x, 1 as y")
    assert for_gx(to_table(relation), ["x"])["x"].tolist() == [2**100 + 1]


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_other_column_is_converted(backend):
    found = for_gx(to_table(BACKENDS[backend](FRAME)), ["text", "whole"])
    assert list(found) == ["text", "whole"]


def test_polars_without_pyarrow_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match="a polars table in Great Expectations needs") as e:
        for_gx(to_table(FRAME.select("text")), ["text"])
    assert "fix:   pip install 'pytest-mlgates[pyarrow]'" in str(e.value)


@pytest.mark.parametrize("private", [False, True])
def test_rows_that_cannot_be_read_are_told_without_their_values_if_private(private):
    broken = duckdb.sql("select * from (values ('12'), ('secret')) t(x)").project("x::int as x")
    with pytest.raises(TableError) as error:
        for_gx(to_table(broken, private=private), ["x"])
    assert "cannot be handed to Great Expectations" in str(error.value)
    assert ("secret" in str(error.value)) is not private
