"""What runs beside the main thread gives the same answers, and stops with it."""

from __future__ import annotations

import signal
import sys
import threading
from typing import ClassVar

import narwhals.stable.v2 as nw
import pytest

from pytest_mlgates import data_schema
from pytest_mlgates.core.errors import MissingExtraError, TableError
from pytest_mlgates.core.files import sha256_of_file
from pytest_mlgates.engines import asking, order_statistics, readers, tables
from pytest_mlgates.engines.beside import Beside
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.data_schema import other_engine

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


@pytest.fixture
def ctrl_c():
    """Interrupts the main thread, also where whoever runs the tests ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda *_, **__: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def working():
    """Threads that go on: the last line of one may not have been left when it is over."""
    for one in threading.enumerate():
        if one.name == "mlgates-beside":
            one.join(0.5)
    return [one for one in threading.enumerate() if one.name == "mlgates-beside"]


class Endless(asking.RowsBeside):
    """Rows that are never there: their query ends when it is told to, and no sooner."""

    begun: ClassVar[list[Endless]] = []

    def __init__(self, table, query, before=lambda: None):
        self._table, self._cursor = table, table.link.cursor()
        self.stopped = threading.Event()
        self.begun.append(self)

        def work():
            before()
            assert self.stopped.wait(60), "nobody stopped it"
            raise InterruptedError

        self._side = Beside(work, stop=self.stopped.set)


@pytest.fixture
def endless(monkeypatch):
    monkeypatch.setattr(Endless, "begun", [])
    return Endless


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals to threads here")
def test_who_waits_for_rows_can_be_interrupted_and_the_query_ends_first(path, ctrl_c, endless):
    waiting = threading.Event()

    class Telling(threading.Event):
        def wait(self, timeout=None):
            waiting.set()
            return super().wait(timeout)

    def interrupt():
        assert waiting.wait(60)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    rows = endless(to_table(path), "", before=interrupt)
    rows._side._over = Telling()
    with pytest.raises(KeyboardInterrupt):
        rows.result()
    assert rows.stopped.is_set()
    assert not working()


def test_an_interrupted_aggregate_leaves_nothing_running_and_can_be_asked_again(
    path, monkeypatch, ctrl_c, endless
):
    monkeypatch.setattr(asking, "_LARGE", 0)
    table = to_table(path)
    with monkeypatch.context() as patch:
        patch.setattr(asking, "RowsBeside", endless)
        patch.setattr(asking, "_together", ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            table.aggregate(ASKED)
    assert endless.begun
    assert all(rows.stopped.is_set() for rows in endless.begun)
    assert not working()
    assert table.aggregate(ASKED)["right"] == 2


def test_an_interrupted_contract_ends_its_sort_and_the_next_one_sorts_anew(
    path, monkeypatch, ctrl_c, endless
):
    monkeypatch.setattr(asking, "_LARGE", 0)
    table = to_table(path)
    with monkeypatch.context() as patch:
        patch.setattr(order_statistics, "RowsBeside", endless)
        patch.setattr(other_engine, "evaluate", ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            data_schema(table, [median_of("n")])
    (rows,) = endless.begun
    assert rows.stopped.is_set()
    assert not working()
    assert (
        data_schema(table, [median_of("n")]).details == data_schema(path, [median_of("n")]).details
    )
