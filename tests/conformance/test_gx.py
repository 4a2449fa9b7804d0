"""Native expectations answer as Great Expectations' pandas engine does, on every backend.

Not compared, because GX is hollow or inconsistent there: nothing to judge (no rows left, only
nulls: ours must not pass), an index of 0, names of types, floats beyond 12 digits.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.oracle import (
    FIELDS,
    assert_answers_of_gx,
    columns,
    conditions,
    grid,
    numbers,
    ours,
    ranges,
    shares,
    tables,
    texts,
)

pl = pytest.importorskip("polars")


@st.composite
def expectations(draw):
    """One expectation with arguments that GX accepts."""
    column = draw(columns)
    kind = draw(st.sampled_from(sorted(MAKERS)))
    type_, kwargs = MAKERS[kind](draw, column)
    if kind not in ("types", "table") and draw(st.integers(0, 3)) == 0:
        kwargs |= {"row_condition": draw(conditions), "condition_parser": "pandas"}
    return {"type": type_, "kwargs": kwargs}


def _mostly(draw):
    return {"mostly": draw(shares)} if draw(st.booleans()) else {}


def _set(draw, column):
    if column in ("s", "t"):
        values = st.lists(texts, min_size=1, max_size=4)
    elif column == "b":
        values = st.lists(st.booleans(), min_size=1, max_size=2)
    else:
        values = st.lists(st.integers(-3, 3) | grid, min_size=1, max_size=4)
    verb = draw(st.sampled_from(["be", "not_be"]))
    kwargs = {"column": column, "value_set": draw(values)}
    return f"expect_column_values_to_{verb}_in_set", kwargs | _mostly(draw)


def _regex(draw, column):
    column = draw(st.sampled_from(["i", "s", "t", "b", "f"]))
    regex = draw(
        st.sampled_from(["a", "^a", "[0-9]+", "^-?[0-9.]+$", "a|b", "^$", "Ü", "(?i)A", "e"])
    )
    verb = draw(st.sampled_from(["match", "not_match"]))
    return f"expect_column_values_to_{verb}_regex", {"column": column, "regex": regex} | _mostly(
        draw
    )


def _lengths(draw, column):
    column = draw(st.sampled_from(["i", "s", "t", "b"]))
    if draw(st.booleans()):
        kwargs = {"column": column, "value": draw(st.integers(0, 4))}
        return "expect_column_value_lengths_to_equal", kwargs | _mostly(draw)
    kwargs = {"column": column} | draw(ranges(st.integers(0, 4))) | _mostly(draw)
    return "expect_column_value_lengths_to_be_between", kwargs


def _pair(draw, column):
    kwargs = {"column_A": draw(numbers), "column_B": draw(numbers)} | _mostly(draw)
    if draw(st.booleans()):
        kwargs["or_equal"] = draw(st.booleans())
    if draw(st.booleans()):
        kwargs["ignore_row_if"] = draw(
            st.sampled_from(["both_values_are_missing", "either_value_is_missing", "neither"])
        )
    return "expect_column_pair_values_a_to_be_greater_than_b", kwargs


def _compound(draw, column):
    names = draw(st.lists(columns, min_size=2, max_size=3, unique=True))
    kwargs = {"column_list": names} | _mostly(draw)
    if draw(st.booleans()):
        kwargs["ignore_row_if"] = draw(
            st.sampled_from(["all_values_are_missing", "any_value_is_missing", "never"])
        )
    return "expect_compound_columns_to_be_unique", kwargs


def _statistic(draw, column):
    name = draw(st.sampled_from(["min", "max", "mean", "median", "sum"]))
    return f"expect_column_{name}_to_be_between", {"column": draw(numbers)} | draw(ranges())


def _types(draw, column):
    names = st.sampled_from(["int64", "int", "int32", "float64", "float", "str", "bool", "object"])
    column = draw(st.sampled_from(["i", "f", "s", "b"]))
    return "expect_column_values_to_be_of_type", {"column": column, "type_": draw(names)}


def _table(draw, column):
    names = draw(st.permutations(["i", "k", "j", "f", "g", "s", "t", "b"]))
    counts = st.integers(0, 12)
    return draw(
        st.sampled_from(
            [
                ("expect_column_to_exist", {"column": column}),
                ("expect_column_to_exist", {"column": column, "column_index": 2}),
                ("expect_table_columns_to_match_set", {"column_set": names}),
                ("expect_table_columns_to_match_set", {"column_set": names[:3]}),
                (
                    "expect_table_columns_to_match_set",
                    {"column_set": names[:3], "exact_match": False},
                ),
                ("expect_table_columns_to_match_ordered_list", {"column_list": names}),
                ("expect_table_column_count_to_equal", {"value": draw(counts)}),
                ("expect_table_column_count_to_be_between", {"min_value": draw(counts)}),
                ("expect_table_row_count_to_equal", {"value": draw(counts)}),
                ("expect_table_row_count_to_be_between", draw(ranges(counts))),
            ]
        )
    )


MAKERS = {
    "not null": lambda d, c: ("expect_column_values_to_not_be_null", {"column": c} | _mostly(d)),
    "null": lambda d, c: ("expect_column_values_to_be_null", {"column": c} | _mostly(d)),
    "unique": lambda d, c: ("expect_column_values_to_be_unique", {"column": c} | _mostly(d)),
    "between": lambda d, c: (
        "expect_column_values_to_be_between",
        {"column": d(numbers)} | d(ranges()) | _mostly(d),
    ),
    "set": _set,
    "regex": _regex,
    "lengths": _lengths,
    "pair": _pair,
    "compound": _compound,
    "statistic": _statistic,
    "types": _types,
    "table": _table,
}


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(table=tables(), suite=st.lists(expectations(), min_size=8, max_size=14))
def test_native_expectations_equal_gx_on_every_backend(gx_pandas, table, suite):
    assert_answers_of_gx(gx_pandas, table, suite)


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
def test_spark_gives_the_answers_of_pandas_in_spark(spark, gx_pandas):
    rows = [(1, "a", 1.0, True), (2, None, math.nan, False), (2, "bb", None, True)]
    frame = spark.createDataFrame(rows, "i long, s string, f double, b boolean")
    same = pl.DataFrame(rows, schema=["i", "s", "f", "b"], orient="row", nan_to_null=True)
    suite = [
        {"type": f"expect_{kind}", "kwargs": kwargs}
        for kind, kwargs in (
            ("column_values_to_not_be_null", {"column": "f"}),
            ("column_values_to_be_between", {"column": "f", "min_value": 2}),
            ("column_values_to_be_unique", {"column": "i", "mostly": 0.5}),
            ("column_values_to_match_regex", {"column": "s", "regex": "^.$"}),
            ("column_mean_to_be_between", {"column": "f", "max_value": 1}),
            ("column_median_to_be_between", {"column": "i", "max_value": 1}),
            ("column_sum_to_be_between", {"column": "b", "max_value": 1}),
            ("column_value_lengths_to_equal", {"column": "s", "value": 2}),
            ("compound_columns_to_be_unique", {"column_list": ["i", "b"]}),
            (
                "column_values_to_not_be_in_set",
                {
                    "column": "i",
                    "value_set": [2],
                    "row_condition": "s != 'a' and b",
                    "condition_parser": "pandas",
                },
            ),
            (
                "column_kl_divergence_to_be_less_than",
                {
                    "column": "i",
                    "partition_object": {"values": [1, 2], "weights": [0.5, 0.5]},
                    "threshold": 0.01,
                },
            ),
        )
    ]
    mine = ours(suite, frame)
    oracle = gx_pandas(same.to_pandas(), suite)
    for one, other in zip(mine, oracle, strict=True):
        assert [one[f] for f in FIELDS[:-1]] == [other[f] for f in FIELDS[:-1]]
        assert one["observed_value"] == pytest.approx(other["observed_value"])
    assert [one["engine"] for one in mine] == ["native"] * 10 + ["great_expectations"]
