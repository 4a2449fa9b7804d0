"""Exact bounds of quantiles by order statistics."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import median_absolute_error as oracle

from pytest_mlgates.statistics.interval import Interval, UndefinedError
from pytest_mlgates.statistics.row_quantiles import median_absolute_error, quantile, ranks

from .limits import at_most


@given(st.integers(1, 400), st.floats(0.05, 0.95), st.sampled_from([0.9, 0.95, 0.99]))
def test_ranks_are_those_of_the_binomial(n, share, confidence):
    below, above = ranks(n, share, confidence)
    x = stats.binom(n, share)
    lower = [k for k in range(1, n + 1) if x.cdf(k - 1) <= 1 - confidence]
    upper = [k for k in range(1, n + 1) if x.sf(k - 1) <= 1 - confidence]
    assert below == (max(lower) if lower else None)
    assert above == (min(upper) if upper else None)


def test_the_value_is_scikit_learns():
    rng = np.random.default_rng(0)
    truth, predicted = rng.normal(size=(2, 100))
    found = median_absolute_error(predicted - truth, 0.95)
    assert found.value == pytest.approx(oracle(truth, predicted))
    assert found.interval.lower < found.value < found.interval.upper


@pytest.mark.parametrize("digits", [8, 0])
def test_errors_are_nominal_at_most_and_ties_are_safe(digits):
    rng = np.random.default_rng(1)
    truth = 1.0 if digits == 0 else math.log(2)  # the median of rounded and plain values
    below = above = 0
    runs = 2000
    for _ in range(runs):
        bounds = quantile(rng.exponential(size=50).round(digits), 0.5, 0.95).interval
        below += bounds.upper < truth
        above += bounds.lower > truth
    assert at_most(below, runs, 0.05)
    assert at_most(above, runs, 0.05)


def test_four_rows_do_not_bound_a_median():
    found = median_absolute_error(np.array([1.0, 2.0, 3.0, -4.0]), 0.95)
    assert found.interval == Interval(0.0, math.inf)
    assert found.warnings == ("too few rows to bound both sides",)
    assert median_absolute_error(np.arange(5.0), 0.95).interval == Interval(0.0, 4.0)


def test_equal_values_are_bounded_by_themselves():
    assert quantile(np.full(20, 3.0), 0.5, 0.95).interval == Interval(3.0, 3.0)


def test_an_upper_quantile_of_a_million_rows():
    found = quantile(np.arange(1_000_000.0), 0.95, 0.95)
    reach = 1.645 * math.sqrt(1_000_000 * 0.95 * 0.05)
    assert found.interval.lower == pytest.approx(950_000 - reach, abs=3)
    assert found.interval.upper == pytest.approx(950_000 + reach, abs=3)


def test_no_rows_have_no_quantile():
    with pytest.raises(UndefinedError):
        quantile(np.array([]), 0.5, 0.95)
