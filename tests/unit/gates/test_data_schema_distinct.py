"""Distinct values of a column: sets of them, how many, and the most common one."""

from __future__ import annotations

import datetime as dt

import duckdb
import polars as pl
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.engines.table import Table
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema.answers import Answers
from pytest_mlgates.gates.data_schema.kind import KIND

PEOPLE = pl.DataFrame(
    {
        "sex": ["F", "M", "M", None, "X", "F"],
        "age": [30, 41, 41, None, 30, 55],
        "score": [0.0, -0.0, float("nan"), 1.5, None, 1.5],
        "empty": pl.Series([None] * 6, dtype=pl.String),
        "day": [dt.date(2020, 1, 1)] * 4 + [dt.date(2020, 1, 2), None],
        "at": [dt.datetime(2020, 1, 1)] * 4 + [dt.datetime(2020, 1, 2), None],  # noqa: DTZ001
    }
)
ENGINES = {
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}


def expect(kind, **kwargs):
    return {"type": f"expect_column_{kind}", "kwargs": kwargs}


def check(*expectations, subject=PEOPLE, context=None, **options):
    return KIND.evaluate(parse(KIND, [list(expectations)], options), subject, context or Context())


def detail(expectation, **options):
    return check(expectation, **options).details[0]


def test_messages_say_what_is_outside_and_what_is_not_found():
    verdict = check(
        expect("distinct_values_to_be_in_set", column="sex", value_set=["F", "M"]),
        expect("distinct_values_to_contain_set", column="age", value_set=[30, 18, 99]),
        expect("distinct_values_to_equal_set", column="sex", value_set=["F", "M", "D"]),
        expect("most_common_value_to_be_in_set", column="age", value_set=[30]),
        expect("unique_value_count_to_be_between", column="age", max_value=2),
        expect("proportion_of_unique_values_to_be_between", column="age", min_value=0.9),
        expect("proportion_of_non_null_values_to_be_between", column="age", min_value=0.9),
    )
    lines = [" ".join(line.split()) for line in verdict.message.splitlines()]
    assert lines[0] == "7 of 7 expectations failed, 6 rows read"
    assert sorted(lines[1:]) == [
        "- age: distinct values contain 30, 18, 99 not found: 18, 99",
        "- age: most common value in set 30 found 30, 41",
        "- age: number of distinct values at most 2 found 3",
        "- age: share not null at least 0.90 found 0.833333",
        "- age: share of distinct values at least 0.90 found 0.6",
        "- sex: distinct values are 'F', 'M', 'D' 1 distinct value outside the set; not found: 'D'",
        "- sex: distinct values in set 'F', 'M' 1 distinct value outside the set",
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_null_nan_and_signed_zeros_are_no_values_of_their_own(engine):
    subject = ENGINES[engine](PEOPLE)
    (counted, members, common) = check(
        expect("unique_value_count_to_be_between", column="score", min_value=2, max_value=2),
        expect("distinct_values_to_equal_set", column="score", value_set=[0, 1.5]),
        expect("most_common_value_to_be_in_set", column="score", value_set=[0], ties_okay=True),
        subject=subject,
    ).details
    assert counted["success"]
    assert members["success"]
    assert common["success"]
    assert common["observed_value"] == [0.0, 1.5]


@pytest.mark.parametrize("engine", ENGINES)
def test_neighbouring_integers_stay_apart_under_a_condition(engine):
    frame = pl.DataFrame({"id": [2**53, 2**53 + 1, 2**53 + 2, 5], "k": [1, 1, 1, None]})
    found = check(
        expect("unique_value_count_to_be_between", column="id", min_value=3, row_condition="id>5"),
        expect("distinct_values_to_be_in_set", column="id", value_set=[5]),
        subject=ENGINES[engine](frame),
    ).details
    assert found[0]["observed_value"] == 3
    assert found[1]["unexpected_count"] == 3


def test_pandas_integers_stay_apart_under_a_condition():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"id": [2**53, 2**53 + 1, 2**53 + 2, 5]})
    claim = expect(
        "unique_value_count_to_be_between", column="id", min_value=3, row_condition="id > 5"
    )
    assert detail(claim, subject=frame)["observed_value"] == 3


@pytest.mark.parametrize("column", ["day", "at"])
@pytest.mark.parametrize("engine", ENGINES)
def test_iso_dates_are_members_of_dates_and_timestamps(engine, column):
    """GX compares the most common timestamp with text and finds no member."""
    found = check(
        expect("most_common_value_to_be_in_set", column=column, value_set=["2020-01-01"]),
        expect("distinct_values_to_be_in_set", column=column, value_set=["2020-01-01"]),
        expect(
            "distinct_values_to_contain_set", column=column, value_set=["2020-01-02", "2021-01-01"]
        ),
        subject=ENGINES[engine](PEOPLE),
    ).details
    assert [one["success"] for one in found] == [True, False, False]
    assert found[1]["unexpected_count"] == 1
    assert found[2]["missing_count"] == 1


def test_a_set_with_null_is_never_there_as_a_whole():
    found = detail(expect("distinct_values_to_contain_set", column="age", value_set=[30, None]))
    assert (found["success"], found["missing_count"]) == (False, 1)
    assert found["error"] == "not found: None"


def test_members_that_a_column_cannot_hold_are_missing():
    wanted = [30, 30.5, 2**80]
    found = detail(expect("distinct_values_to_contain_set", column="age", value_set=wanted))
    assert (found["success"], found["missing_count"]) == (False, 2)


def test_text_in_a_set_of_numbers_cannot_be_evaluated():
    with pytest.raises(MLGatesError, match=r"value_set '30' does not compare with column 'age'"):
        check(expect("distinct_values_to_be_in_set", column="age", value_set=["30"]))


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("distinct_values_to_be_in_set", {"value_set": ["a"]}),
        ("distinct_values_to_contain_set", {"value_set": ["a"]}),
        ("distinct_values_to_equal_set", {"value_set": ["a"]}),
        ("most_common_value_to_be_in_set", {"value_set": ["a"]}),
        ("unique_value_count_to_be_between", {"max_value": 1}),
        ("proportion_of_unique_values_to_be_between", {"max_value": 1}),
    ],
)
def test_a_column_of_nulls_has_no_distinct_values_to_judge(kind, kwargs):
    verdict = check(expect(kind, column="empty", **kwargs))
    assert verdict.details[0]["success"] is None
    assert verdict.details[0]["error"] == "no value to judge: null in all 6 rows"
    assert verdict.outcome is Outcome.FAILED


def test_a_share_of_values_that_are_there_may_be_none():
    claim = expect("proportion_of_non_null_values_to_be_between", column="empty", max_value=0)
    assert detail(claim)["observed_value"] == 0
    assert check(claim).passed


def test_a_share_that_was_read_off_a_result_is_a_bound_that_holds():
    """2/3 is over 0.6666666666666666 as a fraction, and equal to it as GX compares."""
    frame = pl.DataFrame({"a": [1, 2, 2]})
    claim = expect("proportion_of_unique_values_to_be_between", column="a", max_value=2 / 3)
    assert check(claim, subject=frame).passed


def test_no_row_of_a_condition_is_no_evidence():
    claim = expect("unique_value_count_to_be_between", column="age", max_value=9)
    claim["kwargs"]["row_condition"] = "age > 99"
    assert detail(claim)["error"] == "row_condition leaves 0 of 6 rows, which prove nothing"


def test_0_rows_hold_what_is_about_each_value_where_the_suite_allows_them():
    allowed = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 0}}
    found = check(
        allowed,
        expect("distinct_values_to_be_in_set", column="sex", value_set=["F"]),
        expect("unique_value_count_to_be_between", column="sex", max_value=3),
        expect("distinct_values_to_contain_set", column="sex", value_set=["F"]),
        subject=PEOPLE.clear(),
    ).details
    assert [one["success"] for one in found] == [True, True, True, None]


@pytest.mark.parametrize("engine", ENGINES)
def test_thousands_of_values_are_counted_and_never_listed(engine, monkeypatch):
    fetched = []
    rows = Table.rows

    def counting(self, frame):
        found = rows(self, frame)
        fetched.append(len(found))
        return found

    monkeypatch.setattr(Table, "rows", counting)
    frame = pl.DataFrame({"id": range(5000)})
    found = check(
        expect("most_common_value_to_be_in_set", column="id", value_set=[4999], ties_okay=True),
        expect("most_common_value_to_be_in_set", column="id", value_set=[5000], ties_okay=True),
        expect("most_common_value_to_be_in_set", column="id", value_set=[4999]),
        expect("distinct_values_to_be_in_set", column="id", value_set=[1]),
        expect("unique_value_count_to_be_between", column="id", min_value=5000),
        subject=ENGINES[engine](frame),
    ).details
    assert [one["success"] for one in found] == [True, False, False, False, True]
    assert found[1]["error"] == "more than 1,000 values are equally common"
    assert found[1]["observed_value"] is None
    assert max(fetched) == 1001


@pytest.mark.parametrize("engine", ENGINES)
def test_large_sets_are_answered_as_small_ones(engine):
    """DuckDB compares a large set with the groups of a group-by, not with every row."""
    frame = pl.DataFrame({"id": [*range(50), None], "k": [*[1] * 25, *[2] * 26]})
    table = to_table(ENGINES[engine](frame))
    found = check(
        expect("distinct_values_to_be_in_set", column="id", value_set=list(range(40))),
        expect("distinct_values_to_contain_set", column="id", value_set=list(range(10, 60))),
        expect("distinct_values_to_equal_set", column="id", value_set=list(range(10, 60))),
        expect(
            "distinct_values_to_equal_set",
            column="id",
            value_set=list(range(24, 60)),
            row_condition="k == 1",
        ),
        subject=table,
    ).details
    counts = [(one["unexpected_count"], one["missing_count"]) for one in found]
    assert counts == [(10, None), (None, 10), (10, 10), (24, 35)]


def test_the_numbers_come_with_the_one_aggregate():
    table = to_table(PEOPLE.lazy())
    check(
        expect("distinct_values_to_be_in_set", column="sex", value_set=["F", "M", "X"]),
        expect("distinct_values_to_contain_set", column="sex", value_set=["F", "M"]),
        expect("unique_value_count_to_be_between", column="age", max_value=3),
        expect("proportion_of_unique_values_to_be_between", column="age", min_value=0.5),
        expect("proportion_of_non_null_values_to_be_between", column="age", min_value=0.5),
        expect("most_common_value_to_be_in_set", column="sex", value_set=["F"], ties_okay=True),
        subject=table,
    )
    assert [scan.split(":")[0] for scan in Answers.of(table).scans] == ["aggregate", "group-by"]


def test_examples_are_the_values_outside():
    claim = expect("distinct_values_to_be_in_set", column="sex", value_set=["F"])
    found = detail(claim, examples=5)
    assert found["examples"] == [{"row": None, "value": "M"}, {"row": None, "value": "X"}]


def test_distinct_values_are_not_counted_as_rows():
    verdict = check(
        expect("distinct_values_to_be_in_set", column="sex", value_set=["F"]),
        expect("values_to_be_in_set", column="sex", value_set=["F"]),
    )
    assert verdict.message.splitlines()[0] == "2 of 2 expectations failed, 3 of 6 rows"


def test_a_private_table_tells_neither_values_nor_small_counts():
    table = to_table(PEOPLE, name="people", private=True)
    verdict = check(
        expect("distinct_values_to_be_in_set", column="sex", value_set=["F"]),
        expect("distinct_values_to_contain_set", column="sex", value_set=["D", "F"]),
        expect("most_common_value_to_be_in_set", column="sex", value_set=["F"]),
        expect("unique_value_count_to_be_between", column="sex", min_value=9),
        expect("proportion_of_unique_values_to_be_between", column="sex", min_value=1),
        expect("proportion_of_non_null_values_to_be_between", column="sex", min_value=1),
        subject=table,
        examples=3,
    )
    for one in verdict.details:
        numbers = ("unexpected_count", "missing_count", "observed_value")
        assert [one[name] for name in numbers] == [None] * 3
    text = verdict.message + "".join(str(one["error"]) for one in verdict.details)
    assert "'X'" not in text
    assert "not found: " not in text
    assert "distinct value " not in text
