"""Weighted, clustered and averaged comparisons of groups err no more often than they say."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.gates.fairness_rows import exposure
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.group_families import OVERALL, RateFamily
from pytest_mlgates.statistics.group_mean import Averaged
from pytest_mlgates.statistics.group_pairs import contrasts
from pytest_mlgates.statistics.group_samples import MeanFamily, Sample, SampledShares, units
from pytest_mlgates.statistics.groups import compare_groups
from pytest_mlgates.statistics.means import hall
from pytest_mlgates.statistics.pairs import difference, sidak
from pytest_mlgates.statistics.proportions import proportion_interval, wilson

from .limits import at_most

DIFFERENCE, RATIO = Comparison.DIFFERENCE, Comparison.RATIO
RUNS = 500


def family(successes, sizes, name="rate"):
    return RateFamily(name=name, successes=tuple(map(int, successes)), sizes=tuple(map(int, sizes)))


def table(one, comparison=DIFFERENCE, *, to_overall=False, of=1):
    return contrasts(one, comparison, to_overall=to_overall, confidence=0.95, share=0.95, of=of)


def errors(intervals, truths):
    """How often the lower bound was over, and the upper bound under the truth."""
    low = sum(one.lower > truth for one, truth in zip(intervals, truths, strict=True))
    high = sum(one.upper < truth for one, truth in zip(intervals, truths, strict=True))
    return low, high


# to_overall (decision D6)


def test_a_group_is_compared_with_the_rest_and_scaled():
    ours = table(family([30, 80, 50], [100, 200, 100]), to_overall=True)
    pair = ours.at(0, 1)
    assert pair.value == Fraction(160, 400) - Fraction(30, 100)
    assert (pair.high, pair.low) == (OVERALL, 0)
    own, rest = proportion_interval(30, 100, 0.95), proportion_interval(130, 300, 0.95)
    scaled = difference(130 / 300, rest, 0.3, own)
    assert pair.bounds.lower == pytest.approx(0.75 * scaled.lower)
    assert pair.bounds.upper == pytest.approx(0.75 * scaled.upper)


@pytest.mark.parametrize("comparison", [DIFFERENCE, RATIO])
def test_errors_against_the_whole_are_nominal(comparison):
    rng = np.random.default_rng(1)
    rates, sizes = np.array([0.45, 0.3, 0.25]), np.array([120, 300, 500])
    whole = float(rates @ sizes / sizes.sum())
    truth = rates[0] - whole if comparison is DIFFERENCE else whole / rates[0]
    found = [
        table(family(draw, sizes), comparison, to_overall=True).at(0, 0).bounds
        for draw in rng.binomial(sizes, rates, (RUNS, 3))
    ]
    assert all(at_most(k, RUNS, 0.055) for k in errors(found, [truth] * RUNS))
    assert all(k > 0.02 * RUNS for k in errors(found, [truth] * RUNS)), "nor far too wide"


# agg = "mean"


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=5))
def test_the_front_finds_the_worst_of_all_combinations(drawn):
    tables = [
        table(family([k[place] for k in drawn], [30] * len(drawn)), of=math.comb(len(drawn), 2))
        for place in (0, 1)
    ]
    ours = Averaged(tables)
    combinations = [
        (a, b)
        for a in np.argwhere(np.isfinite(tables[0].seen))
        for b in np.argwhere(np.isfinite(tables[1].seen))
    ]

    def gaps(pair):
        return sum(t.seen[tuple(p)] for t, p in zip(tables, pair, strict=True))

    def reach(pair, side):
        parts = [
            getattr(t, side)[tuple(p)] - t.seen[tuple(p)] for t, p in zip(tables, pair, strict=True)
        ]
        return math.hypot(*parts)

    far = max(gaps(pair) + reach(pair, "far") for pair in combinations)
    near = max(gaps(pair) - reach(pair, "near") for pair in combinations)
    assert ours.far_most == pytest.approx(far / 2)
    assert ours.near_most == pytest.approx(near / 2)


def test_errors_of_a_mean_gap_are_nominal():
    rng = np.random.default_rng(2)
    found = []
    for _ in range(RUNS):
        tpr = family(rng.binomial((200, 300), (0.9, 0.7)), (200, 300), "tpr")
        fpr = family(rng.binomial((400, 500), (0.3, 0.2)), (400, 500), "fpr")
        found.append(Averaged([table(tpr), table(fpr)]).widest().bounds)
    assert all(at_most(k, RUNS, 0.055) for k in errors(found, [0.15] * RUNS))


def test_a_mean_gap_at_the_bound_is_seldom_proven_or_disproven():
    rng = np.random.default_rng(3)
    findings = []
    for _ in range(RUNS):
        one = family(rng.binomial(900, (0.5, 0.6, 0.55)), (900,) * 3, "tpr")
        two = family(rng.binomial(900, (0.3, 0.4, 0.35)), (900,) * 3, "fpr")
        found = compare_groups([one, two], comparison=DIFFERENCE, bound=0.1, mean=True)
        findings.append(found.finding)
    assert at_most(findings.count(Finding.PROVEN), RUNS, 0.05)
    assert at_most(findings.count(Finding.DISPROVEN), RUNS, 0.05)


# Weights (D5)


def test_equal_weights_are_no_weights():
    rng = np.random.default_rng(4)
    values, groups = (rng.random(400) < 0.4).astype(float), rng.integers(0, 3, 400)
    one = SampledShares(
        name="rate", sample=Sample(values=values, groups=groups, count=3, weights=np.full(400, 2.5))
    )
    for g, (lower, upper) in enumerate(zip(*one.limits(0.95), strict=True)):
        own = values[groups == g]
        plain = proportion_interval(int(own.sum()), len(own), 0.95)
        assert (lower, upper) == pytest.approx((plain.lower, plain.upper))


def test_rows_of_unequal_weight_are_worth_fewer():
    """n_eff = m(1-m) / [sum w^2 (y-m)^2 / (sum w)^2]."""
    values, weights = np.array([1.0, 0, 1, 0, 0, 1, 0, 0] * 20), np.tile([1.0, 2, 3, 4], 40)
    m = float(weights @ values / weights.sum())
    expected = m * (1 - m) / (np.sum(weights**2 * (values - m) ** 2) / weights.sum() ** 2)
    sample = Sample(values=values, groups=np.arange(160) % 2, count=2, weights=weights)
    assert m * (1 - m) / sample.units(OVERALL).variance == pytest.approx(expected)


def test_errors_with_weights_are_nominal():
    """Weights that go with the outcome; the truth is the weighted share of the population."""
    rng = np.random.default_rng(5)
    found = []
    n, p = 300, 0.4
    truth = p * 2 / (p * 2 + (1 - p) * 1)  # ones weigh 2 on average, zeros 1
    for _ in range(RUNS):
        y = (rng.random(2 * n) < p).astype(float)
        w = rng.exponential(1.0, 2 * n) * (1 + y)
        sample = Sample(values=y, groups=np.repeat([0, 1], n), count=2, weights=w)
        one = table(SampledShares(name="rate", sample=sample))
        found.append(one.at(0, 1))
        lower, upper = one.family.limits(0.95)
        found[-1] = type("Bounds", (), {"lower": lower[0], "upper": upper[0]})
    assert all(at_most(k, RUNS, 0.06) for k in errors(found, [truth] * RUNS))


# Clusters (D4)


def clustered(rng, clusters, rate, spread):
    """Rows of users of uneven number, who differ in their rate; larger users fare worse."""
    sizes = rng.integers(2, 20, clusters)
    own = np.clip(rng.normal(rate, spread, clusters) - 0.01 * (sizes - 10), 0.01, 0.99)
    users = np.repeat(np.arange(clusters), sizes)
    return (rng.random(len(users)) < own[users]).astype(float), users


def test_errors_with_clusters_are_nominal_where_rows_alone_are_far_off():
    rng = np.random.default_rng(6)
    population = clustered(np.random.default_rng(0), 200_000, 0.7, 0.15)[0]
    truth = float(population.mean())
    ours, naive = [], []
    for _ in range(RUNS):
        values, users = clustered(rng, 80, 0.7, 0.15)
        other, others = clustered(rng, 40, 0.7, 0.15)
        sample = Sample(
            values=np.r_[values, other],
            groups=np.r_[np.zeros(len(values), int), np.ones(len(other), int)],
            count=2,
            clusters=np.r_[users, others + 1000],
        )
        lower, upper = SampledShares(name="rate", sample=sample).limits(0.95)
        ours.append(type("Bounds", (), {"lower": lower[0], "upper": upper[0]}))
        naive.append(wilson(int(values.sum()), len(values), 0.95))
    assert all(at_most(k, RUNS, 0.065) for k in errors(ours, [truth] * RUNS))
    assert min(errors(naive, [truth] * RUNS)) > 0.08 * RUNS


def test_clusters_within_one_group_do_not_correlate_groups():
    sample = Sample(
        values=np.arange(8.0), groups=np.repeat([0, 1], 4), count=2,
        clusters=np.array([0, 0, 1, 1, 2, 2, 3, 3]),
    )  # fmt: skip
    assert sample.correlation((0, 1)) is None
    assert sample.rest_correlation((0, 1)) is None


def test_one_cluster_bounds_nothing():
    sample = Sample(
        values=np.ones(8), groups=np.repeat([0, 1], 4), count=2, clusters=np.repeat([0, 1], 4)
    )
    lower, upper = SampledShares(name="rate", sample=sample).limits(0.95)
    assert (list(lower), list(upper)) == ([0, 0], [1, 1])


@pytest.mark.parametrize("to_overall", [False, True])
def test_errors_of_exposure_within_queries_are_nominal(to_overall):
    """What one group gains in a list the other loses: correlated, and the bounds know it."""
    rng = np.random.default_rng(7)

    def ranked(queries):
        query = np.repeat(np.arange(queries), 10)
        group = (rng.random(len(query)) < 0.4).astype(int)
        score = rng.normal(size=len(query)) + 0.3 * group
        return query, group, exposure(query, score)

    _, group, seen = ranked(60_000)
    gap = seen[group == 1].mean() - seen[group == 0].mean()
    found, truths = [], []
    for _ in range(RUNS):
        query, own, values = ranked(60)
        sample = Sample(values=values, groups=own, count=2, clusters=query)
        one = table(
            MeanFamily(name="exposure", sample=sample, low=0, high=1), to_overall=to_overall
        )
        lower, upper = one.plain
        if to_overall:
            bounds = (lower[1, 0], upper[1, 0])
            truths.append(gap * 0.6)
        else:
            pair = one.at(1, 0)
            flip = pair.high == 0
            bounds = (pair.bounds.lower, pair.bounds.upper)
            bounds = (-bounds[1], -bounds[0]) if flip else bounds
            truths.append(gap)
        found.append(type("Bounds", (), {"lower": bounds[0], "upper": bounds[1]}))
    low, high = errors(found, truths)
    assert at_most(low, RUNS, 0.065)
    assert at_most(high, RUNS, 0.065)
    assert low + high > 0.04 * RUNS, "independent bounds would hardly ever err here"


# Means


def test_plain_means_have_halls_bounds():
    rng = np.random.default_rng(8)
    values, groups = rng.exponential(1.0, 300), np.arange(300) % 3
    one = MeanFamily(name="mae", sample=Sample(values=values, groups=groups, count=3), low=0.0)
    for g, (lower, upper) in enumerate(zip(*one.limits(0.95), strict=True)):
        expected = hall(values[groups == g], 0.95, low=0.0)
        assert (lower, upper) == pytest.approx((expected.lower, expected.upper))
    root = MeanFamily(name="rmse", sample=one.sample, low=0.0, root=True)
    assert root.limits(0.95)[1] == pytest.approx(np.sqrt(one.limits(0.95)[1]))
    assert not root.is_mixture


def test_units_have_the_weighted_mean_and_its_spread():
    rng = np.random.default_rng(9)
    values, weights, clusters = rng.normal(size=50), rng.random(50), rng.integers(0, 12, 50)
    for own in (None, clusters):
        found = units(values, weights, own)
        assert found.mean == pytest.approx(float(np.average(values, weights=weights)))
        assert float(np.mean(found.values)) == pytest.approx(found.mean)


def test_equal_values_are_not_proven_by_a_zero_width():
    sample = Sample(values=np.zeros(60), groups=np.arange(60) % 2, count=2)
    found = compare_groups(
        [MeanFamily(name="mean_error", sample=sample)], comparison=DIFFERENCE, bound=0.1
    )
    assert found.finding is Finding.INCONCLUSIVE
    assert found.upper == math.inf


# Levels and the worst group


def test_levels_share_the_level_of_the_disproof():
    families = [
        RateFamily(name="rate", successes=(300, 310), sizes=(1000, 1000), level=0),
        RateFamily(name="rate", successes=(200, 450), sizes=(1000, 1000), level=1),
    ]
    found = compare_groups(families, comparison=DIFFERENCE, bound=0.1)
    assert found.finding is Finding.DISPROVEN
    assert found.shown.level == 1
    level = sidak(0.975, 1)
    high, low = (proportion_interval(k, 1000, level) for k in (450, 200))
    assert found.lower == pytest.approx(difference(0.45, high, 0.2, low).lower)
    assert "in each of 2 levels" in found.correction


def test_the_worst_group_counts_against_the_bound_itself():
    good = compare_groups(
        [family([950, 960], [1000, 1000])], comparison=Comparison.LOWEST, bound=0.9
    )
    assert good.finding is Finding.PROVEN
    assert good.estimate == Fraction(95, 100)
    bad = compare_groups(
        [family([950, 860], [1000, 1000])], comparison=Comparison.LOWEST, bound=0.9
    )
    assert bad.finding is Finding.DISPROVEN
    assert bad.shown.high == 1
    most = compare_groups(
        [family([50, 140], [1000, 1000])], comparison=Comparison.HIGHEST, bound=0.1
    )
    assert most.finding is Finding.DISPROVEN
    assert most.lower > 0.1


def test_ten_equal_groups_are_seldom_blocked_by_the_worst_of_them():
    """Decision D1 for slices: ten at .92 against .90 are blocked .065 instead of .597."""
    rng = np.random.default_rng(10)
    sizes = (200,) * 10
    results = [
        compare_groups([family(draw, sizes)], comparison=Comparison.LOWEST, bound=0.9)
        for draw in rng.binomial(200, 0.92, (RUNS, 10))
    ]
    assert sum(float(r.estimate) < 0.9 for r in results) > 0.5 * RUNS
    assert sum(not r.estimate_holds for r in results) < 0.1 * RUNS
    worse = rng.binomial(200, [0.85] + [0.92] * 9, (RUNS, 10))
    caught = [
        compare_groups([family(draw, sizes)], comparison=Comparison.LOWEST, bound=0.9)
        for draw in worse
    ]
    assert sum(not r.estimate_holds for r in caught) > 0.6 * RUNS
