"""Two models on the same rows."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_mlgates.statistics.confusion import per_class
from pytest_mlgates.statistics.interval import UNBOUNDED, UndefinedError
from pytest_mlgates.statistics.means import hall
from pytest_mlgates.statistics.paired import (
    bonett_price,
    influence_difference,
    mcnemar_mid_p,
    mean_difference,
    share_difference,
)

from .limits import about, at_most


def test_bonett_price_is_wald_on_two_more_rows():
    ours = bonett_price(12, 5, 100, 0.95)
    b, c = 13 / 102, 6 / 102
    reach = stats.norm.ppf(0.95) * math.sqrt((b + c - (b - c) ** 2) / 102)
    assert (ours.lower, ours.upper) == pytest.approx((b - c - reach, b - c + reach))


def test_share_difference_counts_the_rows_that_differ():
    first = np.array([True, True, True, False])
    second = np.array([True, False, False, True])
    ours = share_difference(first, second, 0.95)
    assert ours.value == Fraction(1, 4)
    assert ours.differing == 3
    assert not ours.identical


def test_identical_predictions_are_called_identical():
    right = np.array([True, False] * 50)
    ours = share_difference(right, right, 0.95)
    assert ours.identical
    assert ours.interval.lower < 0 < ours.interval.upper
    values = np.arange(10.0)
    assert mean_difference(values, values, 0.95).identical
    same = influence_difference(1.0, 1.0, values, values, values != values, 0.95)
    assert same.identical
    assert same.interval == UNBOUNDED, "a zero width would look like a proof"


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_mid_p_is_the_exact_p_less_half_the_mass(b, c):
    n = b + c
    if b == c:
        assert mcnemar_mid_p(b, c) == 1.0
        return
    exact = 2 * stats.binom.cdf(min(b, c), n, 0.5)
    expected = exact - stats.binom.pmf(min(b, c), n, 0.5)
    assert mcnemar_mid_p(b, c) == pytest.approx(min(1.0, expected))


def test_mean_difference_is_no_tighter_than_hall_on_the_differences():
    rng = np.random.default_rng(1)
    first, second = rng.exponential(size=100), rng.exponential(size=100)
    ours, skewed = mean_difference(first, second, 0.95).interval, hall(first - second, 0.95)
    assert ours.lower <= skewed.lower < skewed.upper <= ours.upper
    assert ours.upper - ours.lower < 1.1 * (skewed.upper - skewed.lower)


@pytest.mark.parametrize(("n", "share"), [(100, 0.1), (300, 0.05), (300, 0.2)])
def test_a_model_that_is_worse_on_few_rows_is_hardly_proven_as_good_unless_that_is_said(n, share):
    """By Hall alone .14 to .22 at nominal .05, and nothing was said."""
    rng = np.random.default_rng(21)
    truth, runs, wrong, silent = share * math.exp(0.5), 1500, 0, 0
    for _ in range(runs):
        loss = rng.exponential(size=n)
        worse = loss + (rng.random(n) < share) * rng.lognormal(size=n)
        ours = mean_difference(worse, loss, 0.95)
        if ours.interval.upper < truth:
            wrong += 1
            silent += not ours.warnings
    assert at_most(wrong, runs, 0.12)
    assert at_most(silent, runs, 0.075)


def test_few_differing_rows_are_smoothed_and_told():
    first, second = np.zeros(300), np.zeros(300)
    first[:3] = 1.0
    ours = mean_difference(first, second, 0.95)
    assert ours.method == "looser of hall and t on paired differences"
    assert ours.warnings == ("the two differ on 3 rows only",)
    assert ours.interval.lower < 0.01 < ours.interval.upper


def test_no_rows_have_no_difference():
    none = np.array([])
    for call in (
        lambda: mean_difference(none, none, 0.95),
        lambda: bonett_price(0, 0, 0, 0.95),
        lambda: influence_difference(0.0, 0.0, none, none, none.astype(bool), 0.95),
    ):
        with pytest.raises(UndefinedError):
            call()


def f1_moves(positive, predicted):
    cells = np.zeros((2, 2), dtype=np.int64)
    np.add.at(cells, (positive.astype(int), predicted.astype(int)), 1)
    found = per_class(cells, "fbeta", "binary", positive=1)
    return found.moves[positive.astype(int), predicted.astype(int)]


@pytest.mark.parametrize(
    "n, margin, half, equal",
    [(300, 0.02, 0.03, 0.376), (1000, 0.02, 0.03, 0.823)],
)
def test_bonett_price_keeps_its_level_and_power(n, margin, half, equal):
    """Section 2: at the margin .05, truly equal .376 and .823, with 6 % disagreement."""
    rng = np.random.default_rng(4)
    runs = 3000

    def accepted(b, c):
        draws = rng.multinomial(n, (b, c, 1 - b - c), runs)
        return sum(bonett_price(int(x), int(y), n, 0.95).lower >= -margin for x, y, _ in draws)

    assert at_most(accepted(half - margin / 2, half + margin / 2), runs, 0.06)
    assert about(accepted(half, half), runs, equal)


def test_influence_differences_keep_their_level_with_five_differing_rows():
    rng = np.random.default_rng(5)
    runs, lower, upper = 1000, 0, 0
    for _ in range(runs):
        truth = rng.random(300) < 0.3
        shares = np.where(truth, 0.8, 0.05)
        first = rng.random(300) < shares
        second = np.where(rng.random(300) < 0.1, rng.random(300) < shares, first)
        values = [2 * (truth & p).sum() / (truth.sum() + p.sum()) for p in (first, second)]
        ours = influence_difference(
            *values,
            f1_moves(truth, first),
            f1_moves(truth, second),
            first != second,
            0.95,
        )
        lower += ours.interval.lower > 0
        upper += ours.interval.upper < 0
    assert at_most(lower, runs, 0.065)
    assert at_most(upper, runs, 0.065)
