"""Intervals over seeds, against scipy and against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats

from pytest_mlgates.statistics import seeds
from pytest_mlgates.statistics.quantiles import chi_square, gamma_cdf, t

levels = st.floats(0.001, 0.999)
numbers = st.lists(st.floats(-100, 100), min_size=2, max_size=30)


@given(levels, st.integers(1, 5000))
def test_chi_square_quantile_equals_scipy(p, df):
    assert chi_square(p, df) == pytest.approx(stats.chi2.ppf(p, df), rel=1e-10)


@given(st.floats(0.5001, 0.9999), st.integers(1, 5000))
def test_t_quantile_is_the_inverse_of_scipys_distribution(p, df):
    # Its own quantiles had nine digits before scipy 1.13.
    assert stats.t.cdf(t(p, df), df) == pytest.approx(p, abs=1e-12)
    assert t(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-8)


@given(st.floats(0.5, 1000), st.floats(0, 2000))
def test_gamma_distribution_equals_scipy(a, x):
    assert gamma_cdf(a, x) == pytest.approx(stats.gamma.cdf(x, a), abs=1e-12)


def test_ends_are_exact():
    assert chi_square(0, 3) == 0
    assert chi_square(1, 3) == math.inf
    assert gamma_cdf(2, -1) == 0


@given(numbers, st.floats(-100, 100), st.floats(0.01, 100), st.floats(0.8, 0.99))
def test_intervals_are_those_of_scipy(values, value, tolerance, confidence):
    deviation = float(np.std(values, ddof=1))
    assume(deviation > 1e-6)
    found = seeds.shift(values, value, tolerance, confidence)
    error = deviation * math.sqrt(1 + 1 / len(values))
    df = len(values) - 1
    low, high = stats.t.interval(confidence, df, np.mean(values), error)
    assert found.expected.lower == pytest.approx(low, rel=1e-8, abs=1e-8)
    assert found.expected.upper == pytest.approx(high, rel=1e-8, abs=1e-8)
    low, high = stats.t.interval(2 * confidence - 1, df, value, error)
    assert found.interval.lower == pytest.approx(low, rel=1e-8, abs=1e-8)
    assert found.interval.upper == pytest.approx(high, rel=1e-8, abs=1e-8)
    if found.proven:  # what decision D10 asks for at least
        assert found.expected.lower <= value <= found.expected.upper
        assert abs(value - np.mean(values)) <= tolerance * (1 + 1e-9)
    spread = seeds.spread(values, 1.0, confidence)
    upper = deviation * math.sqrt(df / stats.chi2.ppf(1 - confidence, df))
    lower = deviation * math.sqrt(df / stats.chi2.ppf(confidence, df))
    assert spread.interval.upper == pytest.approx(upper, rel=1e-9)
    assert spread.interval.lower == pytest.approx(lower, rel=1e-9)


@pytest.mark.parametrize(("k", "factor"), [(3, 4.42), (5, 2.37), (10, 1.65), (20, 1.37)])
def test_the_factors_of_the_spread(k, factor):
    values = list(range(k))
    found = seeds.spread(values, 1.0, 0.95)
    assert found.interval.upper / found.sample.deviation == pytest.approx(factor, abs=0.005)


def test_seeds_of_one_value_tell_nothing_of_the_spread():
    found = seeds.shift([0.9] * 5, 0.9, 0.1, 0.95)
    assert (found.proven, found.unexpected, found.holds) == (False, False, True)
    assert found.interval == seeds.UNBOUNDED
    assert not seeds.shift([0.9] * 5, 0.95, 0.1, 0.95).unexpected
    assert seeds.shift([0.9] * 5, 1.01, 0.1, 0.95).unexpected
    assert seeds.seeds_for_shift(found, 0.95) is None
    spread = seeds.spread([0.9] * 5, 0.1, 0.95)
    assert (spread.proven, spread.disproven, spread.holds) == (False, False, True)
    assert seeds.seeds_for_spread(spread, 0.95) is None


def test_rounding_is_no_spread():
    assert seeds.Sample.of([0.1 + 0.2, 0.3, 0.3]).deviation == 0


def test_the_tolerance_itself_is_within():
    assert seeds.shift([1.0, 1.0], 1.1, 0.1, 0.95).holds
    assert seeds.spread([-0.1, 0.1, 0.0], 0.1, 0.95).holds


def test_several_values_widen_what_is_expected():
    one, two = (seeds.shift([1.0, 2.0, 3.0], 2.0, 9.0, 0.95, many) for many in (1, 2))
    assert two.expected.upper > one.expected.upper
    assert two.interval == one.interval
    level = math.sqrt(0.95)
    assert two.expected.upper == pytest.approx(
        stats.t.interval(level, 2, 2, math.sqrt(4 / 3))[1], rel=1e-9
    )


@given(st.integers(2, 12), st.floats(0, 2.5), st.floats(1.7, 8))
@example(5, 1.96, 1.9)  # a hair beyond what any number decides: by over ten thousand
def test_as_many_seeds_as_said_decide_and_one_less_does_not(k, off, tolerance):
    sample = seeds.Sample.of(list(range(k)))
    off, tolerance = off * sample.deviation, tolerance * sample.deviation
    found = seeds.shift(list(range(k)), sample.mean + off, tolerance, 0.95)
    needed = seeds.seeds_for_shift(found, 0.95)

    def decided(n: int, slack: float = 0.0) -> bool:
        error, off = sample.deviation * math.sqrt(1 + 1 / n), abs(found.difference)
        outside = off > stats.t.ppf(0.975, n - 1) * error * (1 + slack)
        return outside or off + stats.t.ppf(0.95, n - 1) * error <= tolerance * (1 - slack)

    if needed is None:  # as many as nobody trains leave it open
        assert not decided(seeds.MOST_SEEDS, slack=1e-9)
        return
    assert decided(needed)
    assert needed == sample.n + 1 or not decided(needed - 1)


def test_a_spread_says_how_many_seeds_decide_it():
    found = seeds.spread([0.0, 1.0, 2.0], 1.2, 0.95)
    needed = seeds.seeds_for_spread(found, 0.95)
    limits = [math.sqrt((n - 1) / stats.chi2.ppf(0.05, n - 1)) <= 1.2 for n in (needed - 1, needed)]
    assert limits == [False, True]
    assert seeds.seeds_for_spread(seeds.spread([0.0, 1.0, 2.0], 1.0, 0.95), 0.95) is None
