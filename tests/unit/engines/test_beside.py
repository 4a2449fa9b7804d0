"""What runs beside the main thread gives the same answers, and stops with it."""

from __future__ import annotations

import sys
import threading

import narwhals.stable.v2 as nw
import pytest

from pytest_mlgates import data_schema
from pytest_mlgates.core.errors import MissingExtraError, TableError
from pytest_mlgates.core.files import sha256_of_file
from pytest_mlgates.engines import asking, readers, tables
from pytest_mlgates.engines.beside import Beside
from pytest_mlgates.engines.tables import to_table

pl = pytest.importorskip("polars")

ASKED = {
    "rows": nw.len(),
    "right": nw.col("c").str.contains("^a").cast(nw.Int64).sum(),
    "most": nw.col("n").max(),
    "wrong": (~nw.col("c").str.contains("b")).cast(nw.Int64).sum(),
}


@pytest.fixture
def path(tmp_path):
    pl.DataFrame({"c": ["a", "b", "ab", None], "n": [1, 2, 3, 4]}).write_parquet(
        tmp_path / "t.parquet"
    )
    return tmp_path / "t.parquet"


def test_patterns_searched_beside_the_rest_give_the_same_answers(path, monkeypatch):
    together = to_table(path).aggregate(ASKED)
    monkeypatch.setattr(asking, "_LARGE", 0)
    assert (
        to_table(path).aggregate(ASKED)
        == together
        == {
            "rows": 4,
            "right": 2,
            "most": 4,
            "wrong": 1,
        }
    )


def test_a_digest_begun_early_is_that_of_the_file(path, monkeypatch):
    monkeypatch.setattr(asking, "_LARGE", 0)
    table = to_table(path)
    table.begin_digest()
    table.begin_digest()
    assert table.digest() == sha256_of_file(path)


def test_the_digest_of_a_table_that_is_judged_is_begun_before_the_engine_opens(path, monkeypatch):
    monkeypatch.setattr(asking, "_LARGE", 0)
    begun = []
    monkeypatch.setattr(tables, "hashing_of", begun.append)
    connect = readers.connection
    monkeypatch.setattr(readers, "connection", lambda: begun.append("opened") or connect())
    to_table(path, judged=True)
    to_table(path)
    assert begun == [(path,), "opened", "opened"]


def test_a_digest_begun_early_is_found_by_the_table(path, monkeypatch):
    monkeypatch.setattr(asking, "_LARGE", 0)
    assert to_table(path, judged=True).digest() == sha256_of_file(path)


def test_a_file_that_breaks_meanwhile_is_an_error_with_its_name(path, monkeypatch):
    monkeypatch.setattr(asking, "_LARGE", 0)
    table = to_table(path)
    table.aggregate(ASKED)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(TableError, match="parquet"):
        table.aggregate(ASKED)


def test_what_work_raises_is_raised_where_its_result_is_needed():
    side = Beside(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        side.result()


def test_cancelled_work_is_told_to_stop_and_waited_for():
    stopped = threading.Event()
    side = Beside(stopped.wait, stop=stopped.set)
    side.cancel()
    assert side.result() is True


def test_a_contract_over_a_large_file_has_the_answers_of_a_small_one(path, monkeypatch):
    suite = [
        {"type": f"expect_column_{kind}", "kwargs": {"column": column, **more}}
        for kind, column, more in (
            ("values_to_match_regex", "c", {"regex": "^a"}),
            ("values_to_be_between", "n", {"max_value": 3}),
            ("values_to_not_match_regex", "c", {"regex": "b$"}),
            ("max_to_be_between", "n", {"max_value": 9}),
            ("values_to_not_be_null", "c", {}),
        )
    ]
    small = data_schema(path, suite).details
    monkeypatch.setattr(asking, "_LARGE", 0)
    assert data_schema(path, suite).details == small
    assert [d["unexpected_count"] for d in small] == [1, 1, 2, None, 1]


QUANTILES = {"quantiles": [0.5], "value_ranges": [[0, None]]}


def median_of(column):
    kwargs = {"column": column, "quantile_ranges": QUANTILES}
    return {"type": "expect_column_quantile_values_to_be_between", "kwargs": kwargs}


@pytest.mark.parametrize("large", [0, 1 << 40])
def test_a_contract_that_ends_early_leaves_the_next_one_its_answers(path, monkeypatch, large):
    """The sort of its columns has begun by then; the next contract sorts others."""
    monkeypatch.setattr(asking, "_LARGE", large)
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    pl.DataFrame({"n": [1, 2, 3], "m": [4, 5, 6]}).write_parquet(path)
    table = to_table(path)
    needs_gx = {
        "type": "expect_column_values_to_not_be_outliers",
        "kwargs": {"column": "n", "method": "iqr", "multiplier": 1.5},
    }
    with pytest.raises(MissingExtraError):
        data_schema(table, [median_of("n"), needs_gx])
    (found,) = data_schema(table, [median_of("m")]).details
    assert found["observed_value"]["values"] == [5]
