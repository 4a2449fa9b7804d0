"""Tables of pyarrow are their values, however these are kept."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates import data_schema, fairness, metric
from pytest_mlgates.engines.tables import to_table

pa = pytest.importorskip("pyarrow")


def dictionary(values, places):
    return pa.DictionaryArray.from_arrays(pa.array(places, type=pa.int8()), pa.array(values))


def passes(array, kind, **kwargs):
    suite = [{"type": f"expect_column_{kind}", "kwargs": {"column": "x", **kwargs}}]
    passed = data_schema(pa.table({"x": array}), suite).passed
    kept = pd.DataFrame(
        {"x": pd.arrays.ArrowExtensionArray(pa.chunked_array([array]))}, index=[7] * len(array)
    )
    assert data_schema(kept, suite).passed == passed, "in a column of pandas"
    assert isinstance(kept.x.dtype, pd.ArrowDtype), "the frame of the user is as it was"
    return passed


def test_chunks_with_dictionaries_of_their_own_are_one_column():
    chunks = [dictionary(["a", "b"], [0, 1]), dictionary(["b", "a"], [0, 1])]
    array = pa.chunked_array(chunks)
    assert to_table(pa.table({"x": array})).counts(["x"]) == [(("a",), 2), (("b",), 2)]
    assert not passes(array, "values_to_be_unique")
    table = pa.table({"x": array, "y_true": [0, 1, 0, 1], "y_pred": [0, 1, 0, 1]})
    assert [one.n for one in metric(table, "accuracy", min=0.1, by="x").groups] == [2, 2]


def test_dictionaries_of_numbers_are_numbers():
    assert passes(dictionary([1, 5], [0, 1, 1]), "values_to_be_in_set", value_set=[1, 5])
    halves = dictionary([0.5, float("nan")], [0, 1] * 3)
    assert passes(halves, "unique_value_count_to_be_between", max_value=1)


def test_dates_of_milliseconds_are_dates():
    days = pa.array([dt.date(2020, 1, 1)] * 3, type=pa.date64())
    assert not passes(days, "values_to_not_be_in_set", value_set=["2020-01-01"])
    assert passes(days, "values_to_be_in_set", value_set=["2020-01-01"])


@pytest.mark.skipif(not hasattr(pa, "string_view"), reason="this pyarrow has no views of text")
def test_views_of_text_are_text():
    array = pa.array(["a", "b"], type=pa.string_view())
    assert passes(array, "values_to_be_unique")
    assert passes(array, "values_to_match_regex", regex="^[ab]$")


@pytest.mark.parametrize("kept", ["numpy", "pandas", "pyarrow"])
def test_floats_of_16_bits_are_labels_and_numbers(kept):
    truth, predicted = (np.array(v * 10, "float16") for v in ([0, 1, 1, 0], [0, 1, 0, 0]))
    columns = {"y_true": pa.array(truth), "y_pred": pa.array(predicted), "g": ["a", "b"] * 20}
    table = pa.table(columns)
    if kept != "pyarrow":
        table = table.to_pandas(types_mapper=pd.ArrowDtype if kept == "pandas" else None)
    assert metric(table, "accuracy", min=0.1).estimate == 0.75
    assert metric(table, "mae", max=1.0).estimate == 0.25
    found = fairness(table, "demographic_parity_difference", by="g", max=0.9)
    assert {row.group: row.value for row in found.groups} == {("a",): 0.0, ("b",): 0.5}


@pytest.mark.parametrize("most", [10, 2**63 + 4, 2**63 + 5, 2**63 + 6])
def test_unsigned_integers_compare_with_bounds_of_any_size(most):
    array = pa.array([1, 2**63 + 5], type=pa.uint64())
    assert passes(array, "values_to_be_between", max_value=most) == (most >= 2**63 + 5)
    assert passes(array, "values_to_be_in_set", value_set=[1, most]) == (most == 2**63 + 5)
