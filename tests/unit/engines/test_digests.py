"""A digest depends on the values alone: not on the library, its buffers, or what is installed."""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
import weakref

import numpy as np
import pytest

from pytest_mlgates.engines import digests, table_digests
from pytest_mlgates.engines.tables import to_table

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")
pytest.importorskip("pandas")
duckdb = pytest.importorskip("duckdb")

MOMENT = dt.datetime(1969, 12, 31, 23, 59, 59, 999_999)  # noqa: DTZ001
COLUMNS = {
    "text": ["", "a", None, "ä€𝄞", "x\0y"],
    "day": [dt.date(1, 1, 1), None, dt.date(9999, 12, 31), dt.date(1970, 1, 1), None],
    "moment": [MOMENT, None, MOMENT + dt.timedelta(days=1), MOMENT, None],
    "zoned": [MOMENT.replace(tzinfo=dt.UTC), None, None, MOMENT.replace(tzinfo=dt.UTC), None],
}
WHOLE = pa.table(COLUMNS)
FORMS = {
    "a slice": lambda: pa.concat_tables([WHOLE, WHOLE]).combine_chunks().slice(5, 5),
    "two chunks": lambda: pa.concat_tables([WHOLE.slice(0, 2), WHOLE.slice(2)]),
    "pandas": WHOLE.to_pandas,
    "polars": lambda: pl.from_arrow(WHOLE),
    "polars lazy": lambda: pl.from_arrow(WHOLE).lazy(),
    "duckdb": lambda: duckdb.connect().from_arrow(WHOLE),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("column", COLUMNS)
def test_equal_values_have_one_digest_with_and_without_arrow(form, column, monkeypatch):
    found = to_table(FORMS[form]()).digest([column])
    monkeypatch.setattr(digests, "has_arrow", lambda rows: False)
    assert found == to_table(WHOLE).digest([column]) == to_table(FORMS[form]()).digest([column])


@pytest.mark.parametrize(
    "one, other",
    [
        (["ab", ""], ["a", "b"]),
        (["a", None], ["a", ""]),
        (["a", "b"], ["b", "a"]),
        ([dt.date(2024, 1, 1)], [dt.date(2024, 1, 2)]),
        ([MOMENT], [MOMENT.replace(tzinfo=dt.UTC)]),
    ],
)
def test_other_values_have_another_digest(one, other):
    digest = [to_table(pa.table({"x": values})).digest(["x"]) for values in (one, other)]
    assert digest[0] != digest[1]


def test_a_column_of_nulls_is_one_column_whatever_its_type():
    kinds = (pa.string(), pa.date32(), pa.timestamp("us"))
    tables = [to_table(pa.table({"x": pa.nulls(3, kind)})) for kind in kinds]
    assert len({table.digest(["x"]) for table in tables}) == 1


def test_large_columns_are_digested_in_parts_to_the_same_digest():
    rows = digests._BLOCK * 2 + 3
    numbers = np.arange(rows) / 7
    numbers[[5, rows - 1]] = np.nan, -0.0
    plain = np.where(np.isnan(numbers), np.nan, numbers) + 0.0
    for array, kind, raw in (
        (numbers, "float", plain.astype("<f8")),
        (numbers[::-1], "float", plain[::-1].astype("<f8")),
        (np.arange(rows, dtype=np.int32), "int", np.arange(rows, dtype="<i8")),
        (np.arange(rows) % 2 == 0, "int", (np.arange(rows) % 2 == 0).astype("<i8")),
    ):
        found, whole = hashlib.sha256(), hashlib.sha256(f"x\0{kind}\0{rows}\0".encode())
        digests.of_array(found, "x", array, zoned=False)
        whole.update(raw.tobytes())
        assert found.hexdigest() == whole.hexdigest()


@pytest.mark.parametrize("form", ["pandas", "polars", "pyarrow"])
def test_a_digest_begun_early_is_that_of_the_columns(form, monkeypatch):
    rows = 1000
    monkeypatch.setattr(table_digests, "_LARGE_ROWS", rows)
    whole = pa.table(
        {
            "int": [None, *range(rows - 1)],
            "float": [float("nan"), -0.0, *(k / 7 for k in range(rows - 2))],
            "wide": pa.array([2**64 - 1] * rows, pa.uint64()),
            "text": ["a"] * rows,
        }
    )
    made = {"pandas": whole.to_pandas, "polars": lambda: pl.from_arrow(whole)}
    frame = made.get(form, lambda: whole)()
    for columns in (["float"], ["int", "float"], ["wide", "int"], ["text", "int"], ["nowhere"]):
        begun = to_table(frame)
        begun.begin_digest(columns)
        begun.begin_digest(columns)
        if columns != ["nowhere"]:
            assert begun.digest(columns) == to_table(frame).digest(columns)


def test_a_table_whose_digest_was_begun_is_gone_with_its_last_name(monkeypatch):
    monkeypatch.setattr(table_digests, "_LARGE_ROWS", 3)
    table = to_table(pl.DataFrame({"x": [1, 2, 3]}))
    table.begin_digest(["x"])
    seen = weakref.ref(table)
    gc.disable()
    try:
        del table
        assert seen() is None
    finally:
        gc.enable()
