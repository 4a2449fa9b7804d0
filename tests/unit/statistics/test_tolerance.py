"""Predictions about the next sample fail as often as their level says, and hardly less."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pytest_mlgates.statistics.quantiles import binomial_cdf
from pytest_mlgates.statistics.tolerance import (
    fewer_distinct,
    hypergeometric_cdf,
    least_in_next,
    most_in_next,
    most_outside,
    near_a_limit,
    rank_above,
    rank_below,
    repeated_rows,
    seen_again,
    unseen_rows,
)

SEED = 20240607


def pmf(k: int, total: int, n: int, m: int) -> float:
    """*k* of *total* marked rows among the first *n* of n + m, counted out."""
    if not max(0, total - m) <= k <= min(total, n):
        return 0.0
    return math.comb(n, k) * math.comb(m, total - k) / math.comb(n + m, total)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 30), (30, 5), (200, 200)])
def test_the_hypergeometric_tail_is_what_counting_says(n, m):
    for total in range(0, n + m + 1, 3):
        summed = 0.0
        for k in range(-1, total + 1):
            summed += pmf(k, total, n, m)
            assert hypergeometric_cdf(k, total, n, m) == pytest.approx(summed, abs=1e-12)


@pytest.mark.parametrize(
    ("k", "total", "n", "m"),
    [(0, 17, 10**7, 10**7), (4_997, 10_500, 10**6, 10**6), (900, 2_100, 16_280, 16_281)],
)
def test_the_hypergeometric_tail_agrees_with_scipy_on_large_tables(k, total, n, m):
    stats = pytest.importorskip("scipy.stats")
    wanted = stats.hypergeom.cdf(k, n + m, total, n)
    assert hypergeometric_cdf(k, total, n, m) == pytest.approx(wanted, rel=1e-6)


def test_the_hypergeometric_tail_of_a_small_share_is_the_binomial_one():
    found = hypergeometric_cdf(3, 20, 10**8, 10**8)
    assert found == pytest.approx(binomial_cdf(3, 20, 0.5), rel=1e-5)


@pytest.mark.parametrize(("n", "m"), [(20, 20), (40, 10), (10, 40)])
@pytest.mark.parametrize("level", [0.05, 0.001])
def test_the_next_count_is_exceeded_with_the_level_at_most_whatever_the_total(n, m, level):
    worst = 0.0
    for total in range(n + m + 1):
        chances = [(k, pmf(k, total, n, m)) for k in range(total + 1)]
        above = sum(p for k, p in chances if p and total - k > most_in_next(k, n, m, level))
        below = sum(p for k, p in chances if p and total - k < least_in_next(k, n, m, level))
        assert max(above, below) <= level + 1e-12
        worst = max(worst, above, below)
    assert worst > level / 5  # and it is not bought with a bound that never binds


def test_ten_of_a_table_without_nulls_may_be_null_in_the_next():
    assert most_in_next(0, 16_280, 16_280, 0.05 / 72) == 10
    assert least_in_next(16_280, 16_280, 16_280, 0.05 / 72) == 16_270


def test_a_share_is_bounded_closer_by_more_rows():
    slack = [most_in_next(n // 5, n, n, 0.001) / n - 0.2 for n in (100, 1_000, 100_000)]
    assert slack == sorted(slack, reverse=True)
    assert slack[-1] < 0.006


def draws(n: int, m: int, runs: int, *, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(SEED)
    values = random.gamma(0.5, size=(runs, n + m))
    if ties:
        values = np.round(values * 2)
    return np.sort(values[:, :n]), np.sort(values[:, n:])


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("n", "m"), [(100, 100), (60, 200)])
def test_values_outside_the_extremes_stay_within_the_allowance(n, m, ties):
    here, there = draws(n, m, 4_000, ties=ties)
    allowed = most_outside(2, n, m, 0.05)
    outside = (there < here[:, :1]).sum(axis=1) + (there > here[:, -1:]).sum(axis=1)
    error = float((outside > allowed).mean())
    assert error <= 0.06
    assert ties or error > 0.02


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("rank", [10, 50, 95])
def test_ranks_bound_the_next_order_statistic(rank, ties):
    n, m = 150, 100
    here, there = draws(n, m, 4_000, ties=ties)
    below, above = rank_below(rank, n, m, 0.05), rank_above(rank, n, m, 0.05)
    low = float((there[:, rank - 1] < here[:, below - 1]).mean())
    high = float((there[:, rank - 1] > here[:, above - 1]).mean())
    assert max(low, high) <= 0.06
    assert ties or min(low, high) > 0.02


def test_a_small_sample_bounds_no_tail():
    assert rank_below(3, 30, 30, 0.001) is None
    assert rank_above(28, 30, 30, 0.001) is None
    assert rank_below(15, 30, 30, 0.001) is not None


POPULATIONS = {
    "three values": [700, 250, 50],
    "one rare value": [900, 90, 12],
    "one value of eight rows": [992, 8],
    "many values of one row": [600] + [1] * 400,
    "many values of three rows": [700] + [3] * 100,
    "a long tail": [int(400 / k**1.3) + 1 for k in range(1, 120)],
    "all different": [1] * 1_000,
}


def halves(sizes: list[int], runs: int, share: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Rows of each value in both samples, drawn without replacement."""
    random = np.random.default_rng(SEED)
    n = round(sum(sizes) * share)
    here = random.multivariate_hypergeometric(sizes, n, size=runs, method="count")
    return here, np.asarray(sizes) - here


@pytest.mark.parametrize("share", [0.5, 0.3, 0.8])
@pytest.mark.parametrize("name", POPULATIONS)
def test_rows_of_new_values_stay_within_the_allowance(name, share):
    here, there = halves(POPULATIONS[name], 2_000, share)
    errors = 0
    for ours, theirs in zip(here, there, strict=True):
        times, values = np.unique(ours[ours > 0], return_counts=True)
        seen = dict(zip(times.tolist(), values.tolist(), strict=True))
        new = int(theirs[ours == 0].sum())
        errors += new > unseen_rows(seen, int(ours.sum()), int(theirs.sum()), 0.05)
    assert errors / 2_000 <= 0.05


def test_new_values_are_few_where_every_value_is_common_and_many_where_values_are_rare():
    assert unseen_rows({4_000: 3}, 12_000, 12_000, 0.001) == 13
    assert unseen_rows({4_000: 3, 1: 2}, 12_002, 12_002, 0.001) < 30
    assert unseen_rows({1: 1_000}, 1_000, 1_000, 0.001) == 1_000


@pytest.mark.parametrize("name", POPULATIONS)
def test_what_is_seen_often_is_seen_again(name):
    here, there = halves(POPULATIONS[name], 4_000)
    often = seen_again(500, 500, 0.05)
    missed = ((here >= often) & (there == 0)).any(axis=1)
    assert float(missed.mean()) <= 0.05
    assert often < 20


@pytest.mark.parametrize("name", POPULATIONS)
def test_the_number_of_different_values_does_not_fall_further(name):
    here, there = halves(POPULATIONS[name], 4_000)
    lost = (here > 0).sum(axis=1) - (there > 0).sum(axis=1)
    assert float((lost > fewer_distinct(500, 0.05)).mean()) <= 0.05


@pytest.mark.parametrize("share", [0.5, 0.3, 0.8])
@pytest.mark.parametrize(("times", "values"), [(2, 4), (2, 20), (3, 4), (3, 10), (4, 5), (8, 2)])
def test_rows_that_repeat_a_value_stay_within_the_allowance(times, values, share):
    here, there = halves([times] * values + [1] * (400 - times * values), 4_000, share)
    n = round(400 * share)
    repeated = np.where(there > 1, there, 0).sum(axis=1)
    broken = (here.max(axis=1) < 2) & (repeated > repeated_rows(n, 400 - n, 0.05))
    assert float(broken.mean()) <= 0.05


def test_a_level_of_one_in_a_thousand_lets_two_dozen_rows_repeat():
    assert repeated_rows(5_000, 5_000, 0.001) == 22
    assert repeated_rows(5_000, 100, 0.001) < 5


def test_ten_values_show_a_limit_at_a_level_of_one_in_a_thousand():
    assert near_a_limit(0.001) == 10
    assert near_a_limit(0.05 / 72) == 11
