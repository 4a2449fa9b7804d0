"""Differences and ratios of two independent estimates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from pytest_mlgates.statistics.interval import Interval
from pytest_mlgates.statistics.pairs import (
    difference,
    difference_limits,
    ratio,
    ratio_limits,
    sidak,
)
from pytest_mlgates.statistics.proportions import wilson


@given(st.integers(0, 50), st.integers(50, 90), st.integers(0, 70), st.integers(70, 300))
def test_difference_of_wilson_bounds_is_newcombe(k1, n1, k2, n2):
    ours = difference(k1 / n1, wilson(k1, n1, 0.95), k2 / n2, wilson(k2, n2, 0.95))
    expected = confint_proportions_2indep(
        k1, n1, k2, n2, method="newcomb", compare="diff", alpha=0.10
    )
    assert (ours.lower, ours.upper) == pytest.approx(expected, abs=1e-9)


def test_ratio_is_mover_on_the_logarithms():
    one, two = Interval(0.2, 0.4), Interval(0.4, 0.6)
    ours = ratio(0.3, one, 0.5, two)
    down = math.hypot(math.log(0.3 / 0.2), math.log(0.6 / 0.5))
    up = math.hypot(math.log(0.4 / 0.3), math.log(0.5 / 0.4))
    assert ours.lower == pytest.approx(0.6 * math.exp(-down))
    assert ours.upper == pytest.approx(0.6 * math.exp(up))


def test_ratio_with_zeros_is_never_narrower_than_its_ends():
    none, some = Interval(0.0, 0.1), Interval(0.2, 0.4)
    assert ratio(0.0, none, 0.3, some) == Interval(0.0, pytest.approx(0.1 / 0.2))
    assert ratio(0.3, some, 0.0, none) == Interval(pytest.approx(0.2 / 0.1), math.inf)
    assert ratio(0.0, none, 0.0, none) == Interval(0.0, math.inf)


@given(st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0, 0.5), st.floats(0, 0.5))
def test_both_enclose_their_estimate_and_mirror(p1, p2, d1, d2):
    one = Interval(p1 * (1 - d1), p1 * (1 + d1))
    two = Interval(p2 * (1 - d2), p2 * (1 + d2))
    gap = difference(p1, one, p2, two)
    assert gap.lower <= p1 - p2 <= gap.upper
    mirrored = difference(p2, two, p1, one)
    assert (gap.lower, gap.upper) == pytest.approx((-mirrored.upper, -mirrored.lower))
    quotient, inverse = ratio(p1, one, p2, two), ratio(p2, two, p1, one)
    assert quotient.lower <= p1 / p2 * (1 + 1e-12)
    assert quotient.upper >= p1 / p2 * (1 - 1e-12)
    assert quotient.lower == pytest.approx(1 / inverse.upper)


def test_arrays_give_what_single_pairs_give():
    p, low, up = np.array([0.0, 0.2, 0.5]), np.array([0.0, 0.1, 0.4]), np.array([0.1, 0.35, 0.6])
    for limits, single in ((difference_limits, difference), (ratio_limits, ratio)):
        lower, upper = limits(
            p[:, None], low[:, None], up[:, None], p[None, :], low[None, :], up[None, :]
        )
        for i in range(3):
            for j in range(3):
                expected = single(p[i], Interval(low[i], up[i]), p[j], Interval(low[j], up[j]))
                assert (lower[i, j], upper[i, j]) == (expected.lower, expected.upper)


def test_sidak_level():
    """Eight groups, 28 pairs: z = 3.12 (statistics of fairness, section 3)."""
    from pytest_mlgates.statistics.quantiles import z

    assert z(sidak(0.95, 28)) == pytest.approx(3.12, abs=0.005)
    assert sidak(0.95, 1) == pytest.approx(0.975)
    assert 1 - sidak(0.95, 28) == pytest.approx((1 - 0.95 ** (1 / 28)) / 2, rel=1e-9)
