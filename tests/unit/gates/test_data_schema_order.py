"""Increasing and decreasing columns: only where rows have an order, and exactly there."""

from __future__ import annotations

import datetime as dt
import math

import duckdb
import polars as pl
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema.answers import Answers
from pytest_mlgates.gates.data_schema.kind import KIND

RISE, FALL = "values_to_be_increasing", "values_to_be_decreasing"


def numpy_backed(frame):
    """*frame* as pandas has it by itself."""
    pytest.importorskip("pandas")
    return frame.to_pandas()


EAGER = {
    "pandas": numpy_backed,
    "polars": lambda frame: frame,
    "pyarrow": lambda frame: frame.to_arrow(),
}
VISITS = pl.DataFrame(
    {
        "n": [1, 2, None, 2, 5, 4],
        "x": [3.0, 2.0, math.nan, 2.0, 1.0, -math.inf],
        "at": [dt.datetime(2020, 1, day) for day in (1, 2, 3, 4, 6, 5)],  # noqa: DTZ001
        "day": [dt.date(2020, 1, day) for day in (6, 5, 4, 3, 2, 2)],
        "name": list("abcdef"),
        "vip": [False, False, True, True, True, True],
        "empty": pl.Series([None] * 6, dtype=pl.Int64),
    }
)


def expect(kind, **kwargs):
    return {"type": f"expect_column_{kind}", "kwargs": kwargs}


def check(*expectations, subject=VISITS, context=None, **options):
    return KIND.evaluate(parse(KIND, [list(expectations)], options), subject, context or Context())


def detail(expectation, **options):
    return check(expectation, **options).details[0]


@pytest.mark.parametrize("engine", EAGER)
def test_each_value_is_held_against_the_one_before_it_nulls_left_out(engine):
    found = check(
        expect(RISE, column="n"),
        expect(RISE, column="n", strictly=True),
        expect(RISE, column="n", mostly=0.8),
        expect(FALL, column="x"),
        expect(FALL, column="x", strictly=True),
        expect(RISE, column="at", strictly=True),
        expect(FALL, column="n", row_condition="n != 2"),
        subject=EAGER[engine](VISITS),
    ).details
    assert [one["unexpected_count"] for one in found] == [1, 2, 1, 0, 1, 1, 1]
    assert [one["success"] for one in found] == [False, False, True, True, False, False, False]
    assert (found[0]["missing_count"], found[0]["element_count"]) == (1, 6)
    assert (found[6]["missing_count"], found[6]["element_count"]) == (1, 4)


@pytest.mark.parametrize("engine", ["polars", "pyarrow"])
def test_dates_fall_too(engine):
    subject = EAGER[engine](VISITS)
    assert detail(expect(FALL, column="day"), subject=subject)["success"]
    assert detail(expect(FALL, column="day", strictly=True), subject=subject)["success"] is False


def test_the_message_names_the_order_and_examples_their_rows():
    verdict = check(expect(RISE, column="n", strictly=True), expect(RISE, column="at"), examples=2)
    lines = sorted(" ".join(line.split()) for line in verdict.message.splitlines()[1:])
    assert lines == [
        "- at: increasing 1 row (16.67 %) e.g. row 5: '2020-01-05 00:00:00'",
        "- n: strictly increasing 2 rows (40.00 %) e.g. row 3: 2, row 5: 4",
    ]


@pytest.mark.parametrize("engine", EAGER)
def test_neighbours_beyond_2_to_53_are_in_order(engine):
    """GX takes their difference as a float, which is 0."""
    frame = pl.DataFrame({"id": [2**53, 2**53 + 1, 2**53 + 2]})
    claim = expect(RISE, column="id", strictly=True)
    assert detail(claim, subject=EAGER[engine](frame))["unexpected_count"] == 0


@pytest.mark.parametrize("engine", EAGER)
def test_equal_infinities_do_not_increase(engine):
    """GX takes their difference, which is undefined, and passes it."""
    frame = pl.DataFrame({"x": [1.0, math.inf, math.inf]})
    subject = EAGER[engine](frame)
    assert detail(expect(RISE, column="x"), subject=subject)["success"]
    assert detail(expect(RISE, column="x", strictly=True), subject=subject)["unexpected_count"] == 1


@pytest.mark.parametrize("column", ["name", "vip"])
def test_text_and_booleans_neither_increase_nor_decrease(column):
    """GX refuses text, and finds every column of booleans increasing."""
    with pytest.raises(MLGatesError, match=f"column '{column}' of .* neither increases nor"):
        check(expect(RISE, column=column))


def test_a_column_of_nulls_is_in_no_order():
    verdict = check(expect(RISE, column="empty"))
    assert verdict.details[0]["error"] == "no value to judge: null in all 6 rows"
    assert verdict.outcome is Outcome.FAILED


def test_one_value_is_in_order_as_in_gx():
    assert check(expect(RISE, column="n", strictly=True), subject=VISITS.head(1)).passed


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_lazy_table_is_misuse_that_says_what_to_do(engine):
    """A join or a group-by hands its rows over in any order, and nothing tells them from a scan."""
    subject = VISITS.lazy() if engine == "polars" else duckdb.from_arrow(VISITS.to_arrow())
    with pytest.raises(MLGatesError) as error:
        check(
            expect(RISE, column="n"),
            expect("values_to_not_be_null", column="name"),
            subject=to_table(subject, name="visits"),
        )
    assert str(error.value).splitlines() == [
        "the rows of table 'visits' have no order",
        "  where: suite expectation 1 (expect_column_values_to_be_increasing)",
        f"  got:   a lazy table of {engine}, which may hand them over in any",
        "  want:  a dataframe in memory, or the path of files, which are read in their order",
        "  fix:   sort and collect the table before it is judged, or leave this expectation out",
    ]


def test_arrays_of_a_call_have_an_order():
    assert check(expect(RISE, column="a"), subject={"a": [1, 2, 3]}).passed
    assert not check(expect(FALL, column="a"), subject={"a": [1, 2, 3]}).passed


def write_files(folder, suffix, files=4, rows=30_000):
    """*files* of *rows*, whose column ``id`` counts on, in row groups that threads read apart."""
    for place in range(files):
        part = duckdb.sql(
            f"select range + {place * rows} as id, "
            f"case when range % 7 = 0 then null else range + {place * rows} end as gaps, "
            f"case when range = 17 then 0 else range + {place * rows} end as broken "
            f"from range({rows})"
        )
        path = str(folder / f"part{place}{suffix}")
        if suffix == ".parquet":
            part.write_parquet(path, row_group_size=2048)
        elif suffix == ".csv":
            part.write_csv(path, header=True)
        else:
            duckdb.sql(f"copy (select * from part) to '{path}' (format json)")


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_files_are_read_in_their_order_however_many_threads_read_them(tmp_path, suffix):
    write_files(tmp_path, suffix)
    table = to_table(str(tmp_path / f"*{suffix}"))
    table.link.execute("set threads = 8")
    verdict = check(
        expect(RISE, column="id", strictly=True),
        expect(RISE, column="gaps", strictly=True),
        expect(RISE, column="id", strictly=True, row_condition="id > 7 and id != 40000"),
        expect(RISE, column="broken"),
        expect(FALL, column="id"),
        subject=table,
        examples=3,
    )
    assert [one["unexpected_count"] for one in verdict.details] == [0, 0, 0, 4, 119_999]
    assert [one["row"] for one in verdict.details[3]["examples"]] == [17, 30_017, 60_017]
    assert verdict.details[4]["examples"][0] == {"row": 1, "value": 1}
    assert verdict.details[3]["element_count"] == 120_000


def test_one_order_of_one_column_is_read_once():
    table = to_table(VISITS)
    check(
        expect(RISE, column="at"),
        expect(RISE, column="at", mostly=0.5),
        expect(FALL, column="x"),
        subject=table,
    )
    assert sorted(Answers.of(table).scans) == sorted(
        [
            "aggregate: 3 expressions",
            "rows in order: at",
            "rows in order: x",
        ]
    )


def test_a_private_table_shows_no_row_out_of_order():
    table = to_table(VISITS, name="visits", private=True)
    verdict = check(expect(RISE, column="n"), subject=table, examples=3)
    assert verdict.details[0]["unexpected_count"] is None
    assert "examples" not in verdict.details[0]
    assert "<10 rows" in verdict.message
