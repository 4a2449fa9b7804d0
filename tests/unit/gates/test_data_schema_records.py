"""Checks of several columns row by row: exact for numbers of any size, on every backend."""

from __future__ import annotations

import datetime as dt
import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema.answers import Answers
from pytest_mlgates.gates.data_schema.kind import KIND

pytest.importorskip("pandas")
duckdb = pytest.importorskip("duckdb")

BACKENDS = {
    "pandas": lambda frame: frame.to_pandas(),
    "polars": lambda frame: frame,
    "lazy": lambda frame: frame.lazy(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}
FRAME = pl.DataFrame({"a": [1, 2, 3], "b": [1.0, None, 4.0], "s": ["x", "y", None]})


def expect(kind, **kwargs):
    return {"type": f"expect_{kind}", "kwargs": kwargs}


def check(*expectations, subject=FRAME):
    return KIND.evaluate(parse(KIND, [list(expectations)], {}), subject, Context())


def wrong(expectation, subject=FRAME):
    return check(expectation, subject=subject).details[0]["unexpected_count"]


def sums(total, *columns, **kwargs):
    return expect("multicolumn_sum_to_equal", column_list=list(columns), sum_total=total, **kwargs)


def pair(op, left, right, **kwargs):
    return expect(f"column_pair_values_{op}", column_A=left, column_B=right, **kwargs)


wide = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([-(2**63), 2**63 - 1, 2**53 + 1, 2**53, -1, 0, 2**32, -(2**32)]),
)


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.tuples(wide, wide, wide), min_size=1, max_size=6), data=st.data())
@pytest.mark.parametrize("backend", BACKENDS)
def test_sums_of_integers_neither_overflow_nor_round(backend, rows, data):
    frame = pl.DataFrame(rows, schema=dict.fromkeys("abc", pl.Int64), orient="row")
    total = data.draw(st.sampled_from([sum(row) for row in rows]) | wide)
    found = wrong(sums(total, "a", "b", "c"), BACKENDS[backend](frame))
    assert found == sum(sum(row) != total for row in rows)


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.tuples(wide, st.floats(allow_nan=False)), min_size=1, max_size=6))
@pytest.mark.parametrize("backend", BACKENDS)
def test_integers_are_compared_with_floats_as_numbers(backend, rows):
    rows = [*rows, *((i, float(i)) for i, _ in rows)]
    frame = pl.DataFrame(rows, schema={"i": pl.Int64, "f": pl.Float64}, orient="row")
    subject = BACKENDS[backend](frame)
    found = check(
        pair("to_be_equal", "i", "f"),
        pair("to_be_equal", "f", "i"),
        pair("a_to_be_greater_than_b", "i", "f"),
        pair("a_to_be_greater_than_b", "f", "i", or_equal=True),
        expect("multicolumn_values_to_be_equal", column_list=["i", "f"]),
        expect("select_column_values_to_be_unique_within_record", column_list=["i", "f"]),
        subject=subject,
    )
    unequal = sum(i != f for i, f in rows)
    greater = sum(i > f for i, f in rows)
    assert [one["unexpected_count"] for one in found.details] == [
        unequal,
        unequal,
        len(rows) - greater,
        greater,
        unequal,
        len(rows) - unequal,
    ]


@pytest.mark.parametrize("backend", BACKENDS)
def test_sums_of_floats_are_compared_at_twelve_digits_of_what_was_added(backend):
    frame = pl.DataFrame(
        {
            "a": [0.1, 1.0, 1e6, math.inf, 1e300, 0.0],
            "b": [0.2, 1e-10, 1e-4, -math.inf, 1e300, 0.3],
            "c": [-0.3, 0.0, 0.0, 0.0, 1.0, 0.0],
        }
    )
    subject = BACKENDS[backend](frame)
    assert wrong(sums(0.3, "a", "b"), subject) == 4
    assert wrong(sums(0, "a", "b", "c"), subject) == 5
    assert wrong(sums(1, "a", "b"), subject) == 6
    assert wrong(sums(1000000.0001, "a", "b"), subject) == 5
    assert wrong(sums(2**2000, "a", "b"), subject) == 6


@pytest.mark.parametrize("backend", BACKENDS)
def test_pairs_may_name_nulls_and_mix_numbers(backend):
    frame = pl.DataFrame({"a": [1, 2, None, None], "f": [1.5, None, 2.5, None], "s": list("wxyz")})
    subject = BACKENDS[backend](frame)
    kind = "column_pair_values_to_be_in_set"

    def asked(pairs, left="a", right="f", ignore="neither"):
        return expect(
            kind, column_A=left, column_B=right, value_pairs_set=pairs, ignore_row_if=ignore
        )

    assert wrong(asked([[1, 1.5], [2, None]]), subject) == 2
    assert wrong(asked([[1.0, 1.5], (None, 2.5), [None, None]]), subject) == 1
    assert wrong(asked([[1, 1.5], [None, None]], ignore="both_values_are_missing"), subject) == 2
    assert wrong(asked([[1, 1.5], [2, None]], ignore="either_value_is_missing"), subject) == 0
    assert wrong(asked([[1, "w"], [2, "w"], [None, "z"]], right="s"), subject) == 2


def test_a_set_of_thousands_of_pairs_is_one_group_by():
    pairs = [[i, i + 1] for i in range(3000)] + [[None, 7]]
    frame = pl.DataFrame({"a": [0, 1, 2999, 5, None, None, 5], "b": [1, 2, 3000, 5, 7, None, 5]})
    for convert in BACKENDS.values():
        table = to_table(convert(frame))
        asked = pair("to_be_in_set", "a", "b", value_pairs_set=pairs)
        never = {**asked, "kwargs": asked["kwargs"] | {"ignore_row_if": "neither"}}
        found = check(asked, never, subject=table)
        counts = [(one["unexpected_count"], one["missing_count"]) for one in found.details]
        assert counts == [(2, 1), (3, 0)]
        assert "group-by: a, b" in Answers.of(table).scans


def test_dates_in_iso_form_are_members_of_pairs():
    frame = pl.DataFrame({"d": [dt.date(2020, 1, 1), dt.date(2020, 1, 2)], "x": [1, 2]})
    asked = pair("to_be_in_set", "d", "x", value_pairs_set=[["2020-01-01", 1], ["2020-01-02", 1]])
    assert wrong(asked, frame) == 1


def test_all_checks_of_records_are_in_the_one_aggregate():
    table = to_table(FRAME.lazy())
    check(
        pair("to_be_equal", "a", "b"),
        pair("to_be_in_set", "a", "s", value_pairs_set=[[1, "x"]]),
        sums(2, "a", "b"),
        expect("multicolumn_values_to_be_equal", column_list=["a", "b"]),
        expect("select_column_values_to_be_unique_within_record", column_list=["a", "b", "s"]),
        subject=table,
    )
    assert [scan.split(":")[0] for scan in Answers.of(table).scans] == [
        "aggregate",
        "aggregate",  # the rows that break any of them, for the message
    ]


@pytest.mark.parametrize("backend", BACKENDS)
def test_in_a_record_null_equals_null_and_a_text_no_number(backend):
    frame = pl.DataFrame(
        {
            "a": [1, None, None, 2],
            "b": [1.0, None, 3.0, 3.0],
            "s": ["1", None, "x", "2"],
        }
    )
    kind = "select_column_values_to_be_unique_within_record"
    subject = BACKENDS[backend](frame)
    asked = [
        expect(kind, column_list=["a", "b"]),
        expect(kind, column_list=["a", "b"], ignore_row_if="never"),
        expect(kind, column_list=["a", "s"], ignore_row_if="never"),
        expect("multicolumn_values_to_be_equal", column_list=["a", "b"], ignore_row_if="never"),
    ]
    found = check(*asked, subject=subject)
    counts = [(one["unexpected_count"], one["missing_count"]) for one in found.details]
    assert counts == [(1, 1), (2, 0), (1, 0), (2, 0)]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            pair("to_be_equal", "a", "s"),
            "column 'a' of integers does not compare with 's' of text",
        ),
        (
            pair("to_be_equal", "zoned", "plain"),
            "'zoned' of timestamps with a time zone does not compare with 'plain' of timestamps",
        ),
        (
            pair("to_be_equal", "u", "a"),
            "column 'u' of UInt64 does not compare with 'a' of Int64",
        ),
        (
            pair("to_be_in_set", "a", "s", value_pairs_set=[["1", "x"]]),
            "value_pairs_set '1' does not compare with column 'a' of integers",
        ),
        (sums(1, "a", "s"), "column 's' of text has no sum with others"),
        (sums(1, "u", "a"), "column 'u' of UInt64 has no sum with others"),
        (
            expect("multicolumn_values_to_be_equal", column_list=["a", "s"]),
            "column 'a' of integers does not compare with 's' of text",
        ),
    ],
)
def test_what_does_not_compare_cannot_be_judged(asked, said):
    moment = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    frame = FRAME.with_columns(
        zoned=pl.lit(moment), plain=pl.lit(moment.replace(tzinfo=None)), u=pl.lit(1, pl.UInt64)
    )
    with pytest.raises(MLGatesError) as error:
        check(asked, subject=frame)
    assert said in str(error.value)


PAIRS = "column_pair_values_to_be_in_set"


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        (PAIRS, {"value_pairs_set": None}, "value_pairs_set is not usable"),
        (PAIRS, {"value_pairs_set": []}, "value_pairs_set is not usable"),
        (PAIRS, {"value_pairs_set": [[1, 2, 3]]}, "value_pairs_set is not usable"),
        (PAIRS, {"value_pairs_set": [1, 2]}, "value_pairs_set is not usable"),
        (PAIRS, {"value_pairs_set": [[1, [2]]]}, "value_pairs_set is not usable"),
        (PAIRS, {"value_pairs_set": [[1, math.nan]]}, "value_pairs_set is not usable"),
        (PAIRS, {}, "value_pairs_set is missing"),
        (PAIRS, {"value_pairs_set": [[1, 2]], "ignore_row_if": "never"}, "ignore_row_if is not"),
        ("multicolumn_sum_to_equal", {"sum_total": "6"}, "sum_total is not usable"),
        ("multicolumn_sum_to_equal", {"sum_total": True}, "sum_total is not usable"),
        ("multicolumn_sum_to_equal", {"sum_total": math.inf}, "sum_total is not usable"),
        ("multicolumn_sum_to_equal", {}, "sum_total is missing"),
        ("multicolumn_values_to_be_equal", {"column_list": ["a"]}, "column_list is not usable"),
        (
            "select_column_values_to_be_unique_within_record",
            {"column_list": ["a", "a"]},
            "column_list is not usable",
        ),
        (
            "select_column_values_to_be_unique_within_record",
            {"ignore_row_if": "neither"},
            "ignore_row_if is not usable",
        ),
    ],
)
def test_what_no_record_can_be_judged_by_is_misuse(kind, kwargs, said):
    names = {"column_A": "a", "column_B": "b"} if "pair" in kind else {"column_list": ["a", "b"]}
    with pytest.raises(MLGatesError) as error:
        check(expect(kind, **(names | kwargs)))
    assert said in str(error.value)


def test_what_records_should_be_is_said_in_words():
    found = check(
        pair("to_be_equal", "a", "b"),
        pair("to_be_in_set", "a", "b", value_pairs_set=[[9, 9]]),
        sums(2000, "a", "b"),
        expect("multicolumn_values_to_be_equal", column_list=["a", "b"], mostly=0.9),
        expect("select_column_values_to_be_unique_within_record", column_list=["a", "b"]),
    )
    assert sorted(line.split("   ")[0] for line in found.message.splitlines()[1:]) == [
        "  - a, b: a = b",
        "  - a, b: all different",
        "  - a, b: all equal in at least 90 %",
        "  - a, b: pair in set (9, 9)",
        "  - a, b: sum 2,000",
    ]
