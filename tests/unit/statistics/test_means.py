"""Hall's bounds of a mean."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_mlgates.statistics.interval import Interval, UndefinedError
from pytest_mlgates.statistics.means import hall, heavy_tailed, mean, rests_on_few, top_share

from .limits import about, at_most

values = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=2, max_size=60)


def test_without_skew_it_is_students_t():
    sample = np.array([-3.0, -1.0, 0.0, 1.0, 3.0])
    ours = hall(sample, 0.95)
    expected = stats.t.interval(0.90, 4, loc=0, scale=sample.std(ddof=1) / math.sqrt(5))
    assert (ours.lower, ours.upper) == pytest.approx(expected)


@given(values)
def test_bounds_enclose_the_mean_of_a_symmetric_sample(sample):
    mirrored = np.array(sample + [-v for v in sample])
    ours = hall(mirrored, 0.95)
    assert ours.lower <= 1e-6
    assert ours.upper >= -1e-6


@given(values, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(sample, random):
    shuffled = random.sample(sample, len(sample))
    one, two = hall(np.array(sample), 0.95), hall(np.array(shuffled), 0.95)
    scale = 1 + max(abs(v) for v in sample)
    assert one.lower == pytest.approx(two.lower, rel=1e-6, abs=1e-9 * scale)
    assert one.upper == pytest.approx(two.upper, rel=1e-6, abs=1e-9 * scale)


def test_one_row_bounds_nothing_and_says_so():
    ours = mean(np.array([0.3]), 0.95, low=0.0)
    assert ours.interval == Interval(0.0, math.inf)
    assert ours.warnings == ("one row bounds nothing",)


def test_equal_values_are_no_proof_by_a_zero_width():
    zeros = np.zeros(1000)
    unbounded = mean(zeros, 0.95, low=0.0)
    assert unbounded.interval == Interval(0.0, math.inf)
    assert "all values are equal" in unbounded.warnings[0]
    in_range = hall(zeros, 0.95, low=0.0, high=1.0)
    # No row in a thousand differs: at most .3 % of all rows do, each by at most the range.
    assert in_range.upper == pytest.approx(1 - 0.05 ** (1 / 1000))


def test_no_rows_have_no_mean():
    with pytest.raises(UndefinedError):
        mean(np.array([]), 0.95)


def test_bounds_stay_in_the_range_of_the_values():
    ours = hall(np.array([0.0, 0.0, 0.0, 1.0]), 0.99, low=0.0, high=1.0)
    assert ours.lower >= 0.0
    assert ours.upper <= 1.0


def test_heavy_tails_are_those_where_one_percent_carries_half():
    assert heavy_tailed(np.array([1.0] * 999 + [2000.0]))
    assert not heavy_tailed(np.arange(1000.0))
    assert not heavy_tailed(np.array([0.0, 1.0])), "of two rows the largest 1 % is no row at all"
    assert top_share(np.zeros(10)) == 0.0


def test_error_rates_on_skewed_losses_are_nominal():
    """Squared normal errors, n = 50: Student's t errs .085 above, Hall about .05 on both sides."""
    rng = np.random.default_rng(7)
    runs = 2000
    below = above = student = 0
    for _ in range(runs):
        sample = rng.standard_normal(50) ** 2
        ours = hall(sample, 0.95)
        below += ours.lower > 1
        above += ours.upper < 1
        student += sample.mean() + stats.t.ppf(0.95, 49) * sample.std(ddof=1) / math.sqrt(50) < 1
    assert about(below, runs, 0.05)
    assert about(above, runs, 0.05)
    assert not at_most(student, runs, 0.05)


def test_losses_whose_spread_hangs_on_few_rows_are_warned_of():
    rng = np.random.default_rng(23)
    runs, warned, silent, plain = 400, 0, 0, 0
    truth = math.exp(1.5**2 / 2)
    for _ in range(runs):
        losses = rng.lognormal(0, 1.5, 50)
        ours = mean(losses, 0.95, low=0.0)
        told = any("carry most of the spread" in text for text in ours.warnings)
        warned += told
        silent += ours.interval.upper < truth and not told
        plain += bool(mean(np.abs(rng.normal(size=100)), 0.95, low=0.0).warnings)
    assert warned > 0.7 * runs
    assert at_most(silent, runs, 0.05)
    assert plain <= 0.02 * runs
    assert not mean(losses, 0.95).warnings  # of a mean that may be anything Hall knows as much
    assert rests_on_few(np.ones(5)) == ()
    assert rests_on_few(np.array([1.0, math.inf])) == ()
