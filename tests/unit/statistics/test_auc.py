"""AUC: value, bounds and paired difference."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from pytest_mlgates.statistics import auc
from pytest_mlgates.statistics.interval import UndefinedError

from .limits import at_most

rows = st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=2, max_size=60).filter(
    lambda pairs: len({positive for positive, _ in pairs}) == 2
)


def arrays(pairs):
    return np.array([p for p, _ in pairs]), np.array([float(s) for _, s in pairs])


def kernel(positive, scores):
    """Every positive against every negative: 1 above, a half at a tie. The definition itself."""
    above, below = scores[positive], scores[~positive]
    return (above[:, None] > below[None, :]) + 0.5 * (above[:, None] == below[None, :])


@given(rows)
def test_value_equals_sklearn_with_ties(pairs):
    positive, scores = arrays(pairs)
    assert float(auc.roc_auc(positive, scores).auc) == pytest.approx(
        roc_auc_score(positive, scores)
    )


@given(rows)
def test_placement_values_are_the_means_of_the_kernel(pairs):
    positive, scores = arrays(pairs)
    ours = auc.roc_auc(positive, scores, in_row_order=True)
    assert ours.v10 == pytest.approx(kernel(positive, scores).mean(axis=1))
    assert ours.v01 == pytest.approx(kernel(positive, scores).mean(axis=0))


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    one = auc.auc_interval(auc.roc_auc(*arrays(pairs)), 0.95)
    two = auc.auc_interval(auc.roc_auc(*arrays(shuffled)), 0.95)
    assert one == two


@given(rows)
def test_bounds_enclose_the_value_within_its_range(pairs):
    ours = auc.auc_interval(auc.roc_auc(*arrays(pairs)), 0.95)
    assert 0 <= ours.interval.lower <= ours.value + 1e-12
    assert ours.value - 1e-12 <= ours.interval.upper <= 1


@given(st.floats(0, 1), st.integers(1, 1000), st.integers(1, 1000))
def test_newcombe_solves_its_equation(area, n_positive, n_negative):
    ours = auc.newcombe(area, n_positive, n_negative, 0.95)
    for t in (ours.lower, ours.upper):
        mean_size = (n_positive + n_negative) / 2
        spread = 1 + (mean_size - 1) * ((1 - t) / (2 - t) + t / (1 + t))
        variance = t * (1 - t) * spread / (n_positive * n_negative)
        assert abs(area - t) == pytest.approx(1.6448536 * math.sqrt(variance), abs=1e-6)


def test_a_perfect_ranking_is_bounded_below_one():
    positive = np.arange(40) < 20
    ours = auc.auc_interval(auc.roc_auc(positive, positive.astype(float)), 0.95)
    assert ours.value == 1
    assert 0.8 < ours.interval.lower < 1
    assert ours.interval.upper == 1


def test_one_class_has_no_auc():
    with pytest.raises(UndefinedError, match="no negative is there"):
        auc.roc_auc(np.ones(3, dtype=bool), np.arange(3.0))


@given(rows, st.data())
def test_paired_difference_is_delong(pairs, data):
    positive, scores = arrays(pairs)
    other = np.array(
        data.draw(st.lists(st.integers(0, 9), min_size=len(scores), max_size=len(scores)))
    ).astype(float)
    first = auc.roc_auc(positive, scores, in_row_order=True)
    second = auc.roc_auc(positive, other, in_row_order=True)
    ours = auc.auc_difference(first, second, 0.95)
    assert float(ours.value) == pytest.approx(
        roc_auc_score(positive, scores) - roc_auc_score(positive, other)
    )
    difference = kernel(positive, scores) - kernel(positive, other)
    if min(difference.shape) < 2:
        assert (ours.interval.lower, ours.interval.upper) == (-1, 1)
        return
    variance = difference.mean(axis=1).var(ddof=1) / difference.shape[0]
    variance += difference.mean(axis=0).var(ddof=1) / difference.shape[1]
    expected = difference.mean() - 1.6448536 * math.sqrt(variance)
    delong = auc.paired_delong(first, second, 0.95)
    assert delong.lower == pytest.approx(expected, abs=1e-6)
    assert delong.upper == pytest.approx(2 * difference.mean() - expected, abs=1e-6)
    assert ours.interval.lower <= max(-1.0, delong.lower)
    assert ours.interval.upper >= min(1.0, delong.upper)


def test_equal_rankings_are_found():
    positive = np.array([True, False, True, False])
    scores = np.array([0.1, 0.2, 0.3, 0.4])
    first = auc.roc_auc(positive, scores, in_row_order=True)
    assert auc.same_ranking(first, auc.roc_auc(positive, scores * 2, in_row_order=True))
    assert not auc.same_ranking(first, auc.roc_auc(positive, -scores, in_row_order=True))


def test_few_positives_at_a_high_auc_are_warned_of():
    positive = np.arange(60) < 20
    scores = np.where(positive, 10.0, 0.0) + np.arange(60) / 7
    first = auc.roc_auc(positive, scores, in_row_order=True)
    second = auc.roc_auc(positive, np.round(scores), in_row_order=True)
    assert "too narrow" in auc.auc_difference(first, second, 0.95).warnings[0]


def test_error_rate_holds_where_delong_alone_does_not():
    """20 positives, 180 negatives, AUC .95: DeLong's lower bound errs .182 at nominal .05."""
    rng = np.random.default_rng(3)
    runs = 1500
    positive = np.arange(200) < 20
    shift = math.sqrt(2) * 1.6448536  # AUC .95 for unit normals
    lower = upper = plain = 0
    for _ in range(runs):
        measured = auc.roc_auc(positive, rng.standard_normal(200) + shift * positive)
        ours = auc.auc_interval(measured, 0.95).interval
        lower += ours.lower > 0.95
        upper += ours.upper < 0.95
        se = math.sqrt(measured.v10.var(ddof=1) / 20 + measured.v01.var(ddof=1) / 180)
        plain += float(measured.auc) - 1.6448536 * se > 0.95
    assert at_most(lower, runs, 0.05)
    assert at_most(upper, runs, 0.05)
    assert not at_most(plain, runs, 0.10)


def test_few_of_a_class_are_warned_of_alone_and_in_pairs():
    rng = np.random.default_rng(24)

    def drawn(positives, row_order):
        positive = np.arange(300) < positives
        return auc.roc_auc(positive, rng.normal(size=300) + positive, in_row_order=row_order)

    assert "8 rows in the rarer class" in auc.auc_interval(drawn(8, False), 0.95).warnings[0]
    assert auc.auc_interval(drawn(10, False), 0.95).warnings == ()
    pair = auc.auc_difference(drawn(20, True), drawn(20, True), 0.95)
    assert "20 rows in the rarer class" in pair.warnings[0]
    assert auc.auc_difference(drawn(60, True), drawn(60, True), 0.95).warnings == ()


def mixed(rng, lost, positives, negatives):
    """A share *lost* of the positives scores like negatives, the others far above: the AUC is
    1 - lost/2, and the few that are lost are mostly not in the table."""
    positive = np.arange(positives + negatives) < positives
    low = ~positive | (rng.random(len(positive)) < lost)
    return positive, rng.standard_normal(len(positive)) + 12 * ~low


@pytest.mark.parametrize(("positives", "area"), [(20, 0.95), (50, 0.97), (100, 0.99)])
def test_positives_that_score_like_negatives_prove_no_area_that_they_take_away(positives, area):
    rng = np.random.default_rng(31)
    runs, passed, before, blocked = 600, 0, 0, 0
    for _ in range(runs):
        measured = auc.roc_auc(*mixed(rng, 2 * (1 - area), positives, 20 * positives))
        ours = auc.auc_interval(measured, 0.95).interval
        passed += ours.lower >= area
        blocked += ours.upper < area
        both = (
            auc.delong_logit(float(measured.auc), *measured.spreads, 0.95),
            auc.newcombe(float(measured.auc), positives, 20 * positives, 0.95),
        )
        before += min(one.lower for one in both) >= area
    assert at_most(passed, runs, 0.05)
    assert at_most(blocked, runs, 0.075)
    assert not at_most(before, runs, 0.075)


def test_a_model_that_loses_a_few_more_positives_is_seldom_proven_as_good():
    rng = np.random.default_rng(32)
    runs, passed, before, blocked = 500, 0, 0, 0
    positive = np.arange(1100) < 100
    for _ in range(runs):
        noise, place = rng.standard_normal(1100), rng.random(1100)
        first, second = (
            auc.roc_auc(positive, noise + 8 * (positive & (place >= lost)), in_row_order=True)
            for lost in (0.06, 0.02)
        )
        ours = auc.auc_difference(first, second, 0.95).interval
        passed += ours.lower >= -0.02
        blocked += ours.upper < -0.02
        before += auc.paired_delong(first, second, 0.95).lower >= -0.02
    assert at_most(passed, runs, 0.05)
    assert at_most(blocked, runs, 0.05)
    assert not at_most(before, runs, 0.075)


def test_a_champion_that_ranks_nothing_is_not_beaten_for_certain_by_two_positives():
    positive = np.array([True, True, False, False, False, False])
    scores = np.array([0.9, 0.8, 0.1, 0.2, 0.3, 0.15])
    first = auc.roc_auc(positive, scores, in_row_order=True)
    second = auc.roc_auc(positive, np.full(6, 0.5), in_row_order=True)
    found = auc.auc_difference(first, second, 0.95).interval
    assert found.lower < 0 < found.upper
