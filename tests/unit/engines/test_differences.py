from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pytest_mlgates.engines import stored
from pytest_mlgates.engines.differences import compare, needed
from pytest_mlgates.engines.fingerprint import fingerprint

FLOATS = hnp.arrays(
    st.sampled_from(["f8", "f4"]), st.integers(2, 8), elements={"allow_infinity": False}
)
ROWS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("ab")), min_size=1, max_size=8)


def differences(one, other):
    return compare(fingerprint(one), fingerprint(other))


def only(one, other):
    found = differences(one, other)
    assert len(found) == 1, found
    return found[0]


def test_equal_values_do_not_differ():
    assert differences({"a": np.ones(3)}, {"a": np.ones(3)}) == []


def test_the_place_the_share_the_distance_and_the_ulp_are_named():
    one = {"weights": [np.zeros(4), np.zeros(4), np.ones(1000)]}
    other = {"weights": [np.zeros(4), np.zeros(4), np.ones(1000)]}
    other["weights"][2][[3, 8]] = np.nextafter(1.0, 2.0), 1.25
    found = only(one, other)
    assert found.path == 'result["weights"][2]'
    assert found.text == (
        "2 of 1,000 values differ (0.2 %), by at most 0.25 (1,125,899,906,842,624 ULP), "
        "first at [3]"
    )
    assert (found.differing, found.of, found.first, found.max_abs) == (2, 1000, (3,), 0.25)


@given(FLOATS, st.data())
def test_distance_is_the_largest_of_all_pairs(array, data):
    other = data.draw(hnp.arrays(array.dtype, array.shape, elements={"allow_infinity": False}))
    for found in differences(array, other):
        if found.aspect == "order":
            assert sorted(array.view(f"u{array.itemsize}")) == sorted(
                other.view(f"u{array.itemsize}")
            )
        elif found.max_abs is not None:
            wide = np.abs(array.astype(np.longdouble) - other.astype(np.longdouble))
            assert found.max_abs == float(np.nanmax(wide))


@given(
    st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(1, 50), st.booleans()
)
def test_ulp_counts_the_floats_in_between(start, steps, wide):
    dtype = np.float64 if wide else np.float32
    one = np.array([start, 0.0], dtype=dtype)
    other = one.copy()
    with np.errstate(over="ignore"):  # below the least float is infinity
        for _ in range(steps):
            other[0] = np.nextafter(other[0], dtype(-np.inf))
    if np.isfinite(other[0]):
        assert only(one, other).max_ulp == steps


def test_the_sign_of_a_zero_and_nan_bits_are_told():
    assert "the sign of a zero" in only(np.array([0.0, 1]), np.array([-0.0, 1])).text
    payload = np.array([0x7FF8000000000001, 0], dtype=np.uint64).view(float)
    assert "the same NaNs with other bits" in only(np.array([np.nan, 0]), payload).text
    assert "1 value is NaN in one run only" in only(np.array([1.0, 2]), np.array([np.nan, 2])).text


def test_a_single_number_is_shown():
    found = only({"auc": 0.5}, {"auc": 0.75})
    assert found.text.startswith("0.5 in the first run, 0.75 in the other, by 0.25 (")


def test_texts_are_counted_and_not_shown():
    found = only(["secret", "b"], ["hidden", "b"])
    assert found.text == "1 of 2 values differ (50 %), first at [0]"


def test_shapes_types_and_lone_parts():
    assert only(np.ones(3), np.ones(4)).text == "shape (3,) in the first run, (4,) in the other"
    found = only(np.ones(3), np.ones(3, dtype="f4"))
    assert (found.aspect, found.text) == (
        "type",
        "float64 array in the first run, float32 array in the other",
    )
    lone = differences({"a": 1, "b": 2}, {"a": 1, "c": 2})
    assert [(x.path, x.aspect) for x in lone] == [
        ('result["b"]', "only_first"),
        ('result["c"]', "only_other"),
    ]


def test_sets_count_what_only_one_has():
    found = only({"a", "b"}, {"b", "c"})
    assert found.text == "1 element only in the first run, 1 only in the other"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.arange(6), np.arange(6)[::-1]),
        (np.arange(6.0).reshape(3, 2), np.arange(6.0).reshape(3, 2)[[2, 0, 1]]),
        (["a", "b", "c"], ["b", "a", "c"]),
        (np.array(["a", "b"]), np.array(["b", "a"])),
    ],
    ids=["vector", "matrix", "texts", "fixed-width"],
)
def test_the_same_values_in_another_order_are_told(one, other):
    found = only(one, other)
    assert found.aspect == "order"
    assert "in another order" in found.text


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
@given(rows=ROWS, data=st.data())
def test_same_rows_in_another_order_are_told_from_other_rows(make, rows, data):
    """Shuffling columns apart keeps each column's values: only whole rows tell the difference."""
    keys = data.draw(st.permutations([row[0] for row in rows]))
    others = list(zip(keys, data.draw(st.permutations([row[1] for row in rows])), strict=True))
    one, other = (
        make({"x": [row[0] for row in some], "s": [row[1] for row in some]})
        for some in (rows, others)
    )
    found = differences(one, other)
    if rows == others:
        assert found == []
    elif sorted(rows) == sorted(others):
        assert [(x.path, x.aspect) for x in found] == [("result", "order")]
    else:
        assert found[-1].aspect == "rows"
        assert "other rows, not the same in another order" in found[-1].text


def test_a_shuffled_index_goes_with_its_rows():
    frame = pd.DataFrame({"x": range(20), "s": list("ab") * 10})
    found = only({"f": frame}, {"f": frame.sample(frac=1, random_state=1)})
    assert found.path == 'result["f"]'
    assert found.text.startswith("the same 20 rows in another order, from row ")


def test_other_rows_are_counted():
    one = pd.DataFrame({"x": [1, 2, 3], "s": ["a", "b", "c"]})
    found = differences(one, one.assign(x=[1, 2, 4]))
    assert [x.path for x in found] == ['result["x"]', "result"]
    assert "2 of 3 occur in both runs, 1 only in the first, 1 only in the other" in found[1].text


def test_values_that_were_changed_in_place_are_not_compared():
    array = np.zeros(3)
    first = fingerprint(array)
    array += 1
    (found,) = compare(first, fingerprint(array))
    assert found.aspect == "mutated"
    assert "changed in place" in found.text


def test_the_clock_is_recognised():
    import datetime as dt
    import time

    now = time.time()
    assert only([now, 1.0], [now + 1, 1.0]).clock
    assert only(now * 1e3, now * 1e3 + 1).clock
    today = dt.datetime.now(dt.UTC)
    assert only(today, today + dt.timedelta(1)).clock
    assert not only(1.0, 2.0).clock


VALUE = {
    "f": pd.DataFrame({"x": [1, 2, 3], "s": ["a", None, "é"]}),
    "w": [np.ones((2, 2)), np.array(["2020-01-01"], dtype="M8[D]")],
    "t": "lone \udc80",
}


def test_a_stored_fingerprint_is_the_same_with_its_contents(tmp_path):
    found = fingerprint(VALUE)
    stored.save(found, tmp_path / "all")
    loaded = stored.load(tmp_path / "all")
    assert loaded.digest == found.digest
    assert loaded.leaves == found.leaves
    for path in found.leaves:
        mine, theirs = found.content(path), loaded.content(path)
        assert (mine is None) == (theirs is None)
        assert mine is None or np.array_equal(np.asarray(mine), np.asarray(theirs))


def test_only_needed_contents_are_stored_and_suffice(tmp_path):
    other = {**VALUE, "f": VALUE["f"].iloc[::-1].reset_index(drop=True)}
    first, second = fingerprint(VALUE), fingerprint(other)
    stored.save(first, tmp_path / "1")
    stored.save(second, tmp_path / "2", needed(first, second))
    assert list((tmp_path / "2").glob("*.npy"))
    loaded = [stored.load(tmp_path / name) for name in "12"]
    assert loaded[1].content('["w"][0]') is None
    assert compare(*loaded) == compare(first, second)
