"""Checks of several columns row by row answer as GX's pandas engine does, on every backend.

Not compared, because GX differs there, each with a test of its own: a ``row_condition`` beside
pairs of a set (GX fails), sums of floats beyond 12 digits, nulls of several types in one record,
text beside numbers.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.oracle import (
    FIELDS,
    assert_answers_of_gx,
    conditions,
    grid,
    ours,
    shares,
    tables,
    texts,
)

pl = pytest.importorskip("polars")

ignored_pairs = st.sampled_from(["both_values_are_missing", "either_value_is_missing", "neither"])
ignored_rows = st.sampled_from(["all_values_are_missing", "any_value_is_missing", "never"])
numbers = st.sampled_from(["i", "j", "f", "g", "b", "h"])
few = st.sampled_from(["i", "j", "b"])
words = st.sampled_from(["s", "t", "u"])


@st.composite
def frames(draw):
    """The tables of the others, with more values that meet."""
    table = draw(tables())

    def column(values, dtype):
        found = draw(st.lists(st.none() | values, min_size=len(table), max_size=len(table)))
        return pl.Series(found, dtype=dtype)

    return table.with_columns(
        u=column(texts, pl.String), h=column(st.sampled_from([0.0, 0.5, 1.0, 2.0]), pl.Float64)
    )


def _pair(draw):
    kind = draw(st.sampled_from([numbers, words]))
    return {"column_A": draw(kind), "column_B": draw(kind)}


def _pairs(draw):
    kwargs = {"column_A": draw(st.sampled_from("ijgs")), "column_B": draw(st.sampled_from("jhut"))}
    values = [
        st.none() | (texts if kwargs[name] in "stu" else st.integers(0, 3) | grid)
        for name in ("column_A", "column_B")
    ]
    pairs = st.lists(st.tuples(*values).map(list), min_size=1, max_size=8)
    return kwargs | {"value_pairs_set": draw(pairs)}


def _columns(draw, names):
    return {"column_list": draw(st.lists(names, min_size=2, max_size=4, unique=True))}


MAKERS = {
    "column_pair_values_to_be_equal": (_pair, ignored_pairs),
    "column_pair_values_a_to_be_greater_than_b": (_pair, ignored_pairs),
    "column_pair_values_to_be_in_set": (_pairs, ignored_pairs),
    "select_column_values_to_be_unique_within_record": (
        lambda draw: _columns(
            draw, draw(st.sampled_from([numbers, words, st.sampled_from("itbsg")]))
        ),
        ignored_rows,
    ),
    "multicolumn_values_to_be_equal": (
        lambda draw: _columns(draw, draw(st.sampled_from([numbers, words]))),
        ignored_rows,
    ),
    "multicolumn_sum_to_equal": (
        lambda draw: (
            _columns(draw, draw(st.sampled_from([numbers, few])))
            | {"sum_total": draw(grid | st.integers(-2, 4) | st.integers(0, 2))}
        ),
        ignored_rows,
    ),
}


@st.composite
def expectations(draw):
    """One expectation with arguments that GX accepts."""
    kind = draw(st.sampled_from(sorted(MAKERS)))
    make, ignored = MAKERS[kind]
    kwargs = make(draw)
    if draw(st.booleans()):
        kwargs["ignore_row_if"] = draw(ignored)
    if draw(st.booleans()):
        kwargs |= {"mostly": draw(shares)}
    if kind != "column_pair_values_to_be_in_set" and draw(st.integers(0, 3)) == 0:
        kwargs |= {"row_condition": draw(conditions), "condition_parser": "pandas"}
    return {"type": f"expect_{kind}", "kwargs": kwargs}


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(table=frames(), suite=st.lists(expectations(), min_size=8, max_size=14))
def test_checks_of_records_equal_gx_on_every_backend(gx_pandas, table, suite):
    assert_answers_of_gx(gx_pandas, table, suite)


def compared(gx_pandas, kind, frame, **kwargs):
    """``(GX's success, unexpected), (ours)``."""
    suite = [{"type": f"expect_{kind}", "kwargs": kwargs}]
    gx, mine = gx_pandas(frame.to_pandas(), suite)[0], ours(suite, frame)[0]
    return [(one["success"], one["unexpected_count"]) for one in (gx, mine)]


def test_a_condition_selects_rows_for_pairs_of_a_set_too(gx_pandas):
    """GX takes the condition, and its own metric does not."""
    found = compared(
        gx_pandas,
        "column_pair_values_to_be_in_set",
        pl.DataFrame({"a": [1, 2], "b": [1, 2]}),
        column_A="a",
        column_B="b",
        value_pairs_set=[[1, 1]],
        row_condition="a < 2",
        condition_parser="pandas",
    )
    assert found == [(False, None), (True, 0)]


def test_a_sum_of_decimals_is_what_people_wrote(gx_pandas):
    """GX adds 0.1 and 0.2 to 0.30000000000000004."""
    found = compared(
        gx_pandas,
        "multicolumn_sum_to_equal",
        pl.DataFrame({"a": [0.1], "b": [0.2]}),
        column_list=["a", "b"],
        sum_total=0.3,
    )
    assert found == [(False, 1), (True, 0)]


def test_a_sum_of_integers_does_not_wrap(gx_pandas):
    found = compared(
        gx_pandas,
        "multicolumn_sum_to_equal",
        pl.DataFrame({"a": [2**62], "b": [2**62]}),
        column_list=["a", "b"],
        sum_total=-(2**63),
    )
    assert found == [(True, 0), (False, 1)]


def test_integers_over_2_to_53_are_no_floats(gx_pandas):
    found = compared(
        gx_pandas,
        "column_pair_values_to_be_equal",
        pl.DataFrame({"a": [2**53 + 1], "b": [2.0**53]}),
        column_A="a",
        column_B="b",
    )
    assert found == [(True, 0), (False, 1)]


def test_nulls_of_two_types_in_a_record_are_both_null(gx_pandas):
    """pandas tells NaN from NaT."""
    frame = pl.DataFrame(
        {
            "a": pl.Series([None], dtype=pl.Float64),
            "t": pl.Series([None], dtype=pl.Datetime),
            "k": [1],
        }
    )
    found = compared(
        gx_pandas,
        "select_column_values_to_be_unique_within_record",
        frame,
        column_list=["a", "t", "k"],
    )
    assert found == [(True, 0), (False, 1)]


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
def test_spark_judges_records_as_pandas_does(spark, gx_pandas):
    rows = [(1, 1.0, "a", "a"), (2, None, "b", None), (None, 3.0, "c", "d"), (4, 2.5, None, None)]
    frame = spark.createDataFrame(rows, "i long, g double, s string, u string")
    same = pl.DataFrame(rows, schema=["i", "g", "s", "u"], orient="row")
    columns = {"column_list": ["i", "g"]}
    pair = {"column_A": "i", "column_B": "g"}
    many = [[k, k] for k in range(500)]
    kinds = [
        ("column_pair_values_to_be_equal", pair),
        ("column_pair_values_to_be_equal", pair | {"column_A": "s", "column_B": "u"}),
        ("column_pair_values_a_to_be_greater_than_b", pair | {"or_equal": True}),
        (
            "column_pair_values_to_be_in_set",
            pair | {"value_pairs_set": [[1, 1], [2, None]], "ignore_row_if": "neither"},
        ),
        (
            "column_pair_values_to_be_in_set",
            pair | {"value_pairs_set": many},
        ),
        ("select_column_values_to_be_unique_within_record", {"column_list": ["i", "g", "s", "u"]}),
        ("multicolumn_values_to_be_equal", columns | {"ignore_row_if": "never"}),
        ("multicolumn_sum_to_equal", columns | {"sum_total": 2}),
        ("multicolumn_sum_to_equal", columns | {"sum_total": 6.5, "mostly": 0.25}),
    ]
    suite = [{"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs in kinds]
    oracle = gx_pandas(same.to_pandas(), suite)
    for expectation, one, other in zip(suite, ours(suite, frame), oracle, strict=True):
        assert [one[f] for f in FIELDS] == [other[f] for f in FIELDS], expectation
        assert one["engine"] == "native"
