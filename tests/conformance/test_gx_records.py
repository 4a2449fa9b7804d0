"""Checks of several columns row by row answer as GX's pandas engine does, on every backend.

Not compared, because GX differs there, each with a test of its own: a ``row_condition`` beside
pairs of a set, sums of floats beyond 12 digits, nulls of several types in one record, text beside
numbers.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.oracle import (
    BACKENDS,
    FIELDS,
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
exact = st.sampled_from(["i", "j", "g", "b", "h"])
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
            _columns(draw, draw(st.sampled_from([numbers, exact])))
            | {"sum_total": draw(grid | st.integers(-2, 5))}
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
    oracle = gx_pandas(table.to_pandas(), suite)
    for name, convert in BACKENDS.items():
        for expectation, gx, mine in zip(suite, oracle, ours(suite, convert(table)), strict=True):
            assert mine["engine"] == "native"
            if mine["success"] is None or gx["raised"]:
                # Nothing to judge, where GX passes or raises: ours never passes.
                assert mine["success"] is not True, (name, expectation, gx, mine)
                assert mine["error"] or mine["success"] is False, (name, expectation, gx, mine)
                continue
            for field in FIELDS:
                assert mine[field] == gx[field], (name, field, expectation, gx, mine, table)
