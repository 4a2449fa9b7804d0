"""What the level tolerance admits, part by part: nothing passes because it is of another type."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.apart import Allowed, floats_apart
from pytest_mlgates.engines.closeness import closeness
from pytest_mlgates.engines.fingerprint import fingerprint
from pytest_mlgates.engines.ulps import ulps

EQUAL = Allowed()
NEAR = Allowed(atol=0.1)
FLIPS = Allowed(max_flips=0.25)


def parts(one, other, allowed=NEAR):
    return closeness(fingerprint(one), fingerprint(other), allowed)


def within(one, other, allowed=NEAR) -> bool:
    return all(part.within for part in parts(one, other, allowed))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", "complex64"])
def test_floats_of_every_type_are_held_to_it(dtype):
    one = np.array([1.0, 2.0, 3.0], dtype)
    assert within(one, one + np.array(0.0625, dtype))
    assert not within(one, one + np.array([0, 0, 0.25], dtype))


@pytest.mark.parametrize(
    "make",
    [
        list,
        tuple,
        lambda v: [*v, None],
        lambda v: {"a": v},
        lambda v: [list(v), 1],
        lambda v: np.array([*v, "x"], dtype=object),
        lambda v: np.array([np.float64(one) for one in v] + [None], dtype=object),
        np.array,
        pd.Series,
        lambda v: pd.DataFrame({"p": v}),
        lambda v: pd.DataFrame({"p": [*v, None]}, dtype="Float64"),
        lambda v: pd.DataFrame({"p": [*v, "text"]}),
        lambda v: pl.DataFrame({"p": [*v, None]}),
        lambda v: pl.DataFrame({"p": [v, v]}),
        lambda v: pa.table({"p": [*v, None]}),
        lambda v: pa.table({"p": [v, None]}),
    ],
)
def test_floats_are_found_in_whatever_holds_them(make):
    one = [1.0, 2.0, 3.0]
    assert within(make(one), make([1.0, 2.05, 3.0]))
    assert not within(make(one), make([1.0, 2.5, 3.0]))
    assert not within(make(one), make([1.0, math.nan, 3.0]))
    assert not within(make(one), make([1.0, math.inf, 3.0]))


@pytest.mark.parametrize(
    "make",
    [
        list,
        np.array,
        pd.Series,
        lambda v: pd.Series(v, dtype="category"),
        lambda v: pd.Series(v, dtype="string"),
        pl.Series,
        pa.array,
    ],
)
def test_a_share_of_labels_may_flip_and_no_more(make):
    one = ["yes", "no", "maybe", "no"]
    flipped = ["yes", "no", "no", "no"] if make([1]).__class__ is list else None
    flipped = flipped or ["yes", "no", "maybe", "maybe"]
    assert within(make(one), make(flipped), FLIPS)
    assert not within(make(one), make(["no", "yes", "maybe", "no"]), FLIPS)
    assert not within(make(one), make(flipped), NEAR)


def test_a_flip_that_changes_the_width_of_an_array_of_texts_is_a_flip():
    assert within(np.array(["no", "no", "no", "yes"]), np.array(["no"] * 4), FLIPS)


def category(*labels, **options):
    return pd.Series(pd.Categorical(labels, **options))


@pytest.mark.parametrize(
    "make", [lambda column: column, lambda column: pd.DataFrame({"p": column})]
)
def test_a_flip_that_takes_away_a_category_is_one_flip(make):
    one, other = category("b", "a", "c", "c"), category("b", "b", "c", "c")
    assert within(make(one), make(other), FLIPS)
    assert not within(make(one), make(other), NEAR)
    assert not within(make(one), make(category("b", "b", "b", "b")), FLIPS)
    assert within(make(category(1, 2, 3, 3)), make(category(1, 3, 3, 3)), FLIPS)


def test_the_order_of_categories_and_missing_ones_are_no_flips():
    one = category("b", "a", "c", "c")
    assert within(one, category("b", "a", "c", "c", categories=["c", "b", "a"]), NEAR)
    assert not within(one, category("b", None, "c", "c"), FLIPS)
    low = category("b", "a", "c", "c", categories=["a", "b", "c"], ordered=True)
    high = category("b", "a", "c", "c", categories=["c", "b", "a"], ordered=True)
    assert not within(low, high, FLIPS)


def test_the_limit_of_flips_is_exact():
    one = np.zeros(10, int)
    assert within(one, np.arange(10) < 1, Allowed(max_flips=0.1)) is False  # booleans, not integers
    assert within(one, (np.arange(10) < 1).astype(int), Allowed(max_flips=0.1))
    assert within(one, (np.arange(10) < 3).astype(int), Allowed(max_flips=0.3))
    assert not within(one, (np.arange(10) < 3).astype(int), Allowed(max_flips=0.29999999))
    assert within(np.zeros(3, bool), np.arange(3) < 1, Allowed(max_flips=0.34))
    assert not within(np.zeros(3, bool), np.arange(3) < 1, Allowed(max_flips=0.33333333))


def test_dates_are_labels():
    days = [dt.date(2024, 1, 1), dt.date(2024, 1, 2)]
    assert not within(days, [*days[:1], dt.date(2024, 1, 3)])
    assert within(days, [*days[:1], dt.date(2024, 1, 3)], Allowed(max_flips=0.5))
    times = np.array(["2024-01-01", "2024-01-02"], "M8[s]")
    assert not within(times, times + 1)


def test_a_limit_is_met_to_twelve_digits():
    assert within(np.array([1.0]), np.array([1.1]))
    assert not within(np.array([1.0]), np.array([1.1 + 1e-9]))
    assert not within(np.array([0.0]), np.array([5e-324]), EQUAL)


def test_rtol_is_of_the_first_value():
    half = Allowed(rtol=0.5)
    assert within(np.array([2.0]), np.array([1.0]), half)
    assert not within(np.array([1.0]), np.array([2.0]), half)
    assert not within(np.array([0.0]), np.array([1e-300]), half)
    assert within(np.array([-2.0]), np.array([-3.0]), half)


def test_every_limit_that_is_given_must_be_kept():
    one, other = np.array([1e-300]), np.array([2e-300])
    assert within(one, other, Allowed(atol=0.1))
    assert not within(one, other, Allowed(atol=0.1, max_ulp=4))
    one, other = np.array([1e300]), np.array([np.nextafter(1e300, 2e300)])
    assert within(one, other, Allowed(max_ulp=1))
    assert not within(one, other, Allowed(max_ulp=1, atol=0.1))
    assert not within(one, other, Allowed(max_ulp=0))


def test_zeros_and_nans_have_no_bits_here():
    payload = np.array([0x7FF8000000000001], np.uint64).view(np.float64)
    assert within(np.array([0.0, math.nan]), np.array([-0.0, payload[0]]), EQUAL)
    assert within([1.0, -0.0, None], [1.0, 0.0, None], EQUAL)
    assert within(np.array([complex(math.nan, 1)]), np.array([complex(-math.nan, 1)]), EQUAL)


@pytest.mark.parametrize(
    "other", [[math.nan, 1.0], [math.inf, 1.0], [-math.inf, math.nan], [math.nan, math.nan]]
)
def test_nan_and_infinity_are_equal_to_themselves_alone(other):
    one = np.array([math.inf, math.nan])
    found = parts(one, np.array(other), Allowed(atol=1e300, rtol=0.9))
    assert not all(part.within for part in found)
    assert within(one, one.copy())


def test_distances_beyond_the_largest_float_are_beyond():
    assert not within(np.array([1.7e308]), np.array([-1.7e308]), Allowed(atol=1e308, rtol=0.9))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1.0, 1),
        (np.float32(1), np.float64(1)),
        ([1.0], (1.0,)),
        ([1.0, 2.0], [1.0]),
        (np.ones((2, 1)), np.ones((1, 2))),
        ({"a": 1.0}, {"b": 1.0}),
        ({"a": 1.0}, {"a": 1.0, "b": 1.0}),
        (None, 1.0),
        ([1.0, "a"], [1.0, 2.0]),
        (pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": [1.0]})),
        (pd.Series([1.0], index=[1]), pd.Series([1.0], index=[2])),
        (pd.Series(["a"], dtype="category"), pd.Series(["b"], dtype="category")),
        (pd.Series([1, None], dtype="Int64"), pd.Series([1, 0], dtype="Int64")),
        (pl.Series([0.0, 1.0]), pl.Series([None, 1.0])),
        (pl.Series(["a", "b"]), pl.Series([None, "b"])),
        (pd.Series(["a", np.nan], dtype=object), pd.Series(["a", "b"], dtype=object)),
        (b"ab", b"a"),
    ],
)
def test_other_kinds_shapes_names_and_missing_values_are_beyond_whatever_is_allowed(one, other):
    everything = Allowed(atol=1e9, rtol=0.9, max_flips=0.99)
    assert not within(one, other, everything)
    assert not within(other, one, everything)


def test_sets_are_compared_by_their_elements():
    assert within({1, 2, 3, 4}, {9, 2, 3, 4}, FLIPS)
    assert not within({1, 2, 3, 4}, {9, 8, 3, 4}, FLIPS)


def test_a_text_that_looks_like_a_number_of_ours_is_a_text():
    one, other = "f" + "0" * 16, "f" + "1" * 16
    assert not within([one, "a"], [other, "a"], Allowed(atol=1e308))
    assert within([one, "a"], [other, "a"], Allowed(max_flips=0.5))


def test_a_file_has_no_tolerance(tmp_path):
    for name in "ab":
        Path(tmp_path, name).write_text(name)
    found = parts(tmp_path / "a", tmp_path / "b", Allowed(atol=1.0, max_flips=0.99))
    assert "a file has no tolerance" in found[0].text


def test_what_was_changed_in_place_is_beyond():
    one, other = np.zeros(3), np.zeros(3) + 1e-9
    first, second = fingerprint(one), fingerprint(other)
    assert all(part.within for part in closeness(first, second, NEAR))
    other += 1
    found = closeness(first, second, NEAR)
    assert not found[0].within
    assert "changed in place" in found[0].text


def test_wide_floats_have_no_ulp():
    wide = np.array([1], np.longdouble)
    if wide.itemsize == 8:
        pytest.skip("no wider float here")
    with pytest.raises(MLGatesError, match="max_ulp cannot be kept"):
        parts(wide, wide + 1, Allowed(max_ulp=4))


def test_what_is_told_of_a_part():
    one = np.zeros((600_000, 2))
    other = one.copy()
    other[500_000, 1], other[3, 0] = 0.5, 0.05
    (part,) = parts(one, other)
    assert (part.beyond, part.of, part.first, part.max_abs) == (1, 1_200_000, (500_000, 1), 0.5)
    assert part.max_rel == math.inf
    assert part.used == pytest.approx(5)
    assert part.text.startswith("1 of 1,200,000 values are beyond atol=0.1, at most 0.5 apart (")
    assert part.text.endswith("ULP), first at [500000, 1]")


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite, st.floats(0, 1e3), st.floats(0, 0.99))
def test_within_is_the_inequality(b, a, atol, rtol):
    apart = floats_apart(np.array([b]), np.array([a]), Allowed(atol=atol, rtol=rtol))
    distance, limit = abs(a - b), atol + rtol * abs(b)
    if abs(distance - limit) > 1e-9 * limit:
        assert (apart.beyond == 0) == (distance <= limit)


@given(st.floats(allow_nan=False, width=32), st.integers(0, 50))
def test_ulps_count_the_floats_between(value, steps):
    start = np.array([value], np.float32)
    end = start.copy()
    for _ in range(steps):
        end = np.nextafter(end, np.float32(np.inf))
    if np.isfinite(end).all() and np.isfinite(start).all():
        assert ulps(start, end)[0] == steps
