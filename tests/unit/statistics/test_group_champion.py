"""Not less fair than the champion: paired in every group, pair by pair of groups."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.group_champion import PairedFamily
from pytest_mlgates.statistics.group_samples import MeanFamily, Sample, SampledShares
from pytest_mlgates.statistics.groups import compare_groups

from .limits import at_most

RUNS = 300


def paired(first, second, groups, *, shares=True, **options):
    count = int(groups.max()) + 1
    one, two = (
        Sample(values=np.asarray(v, dtype=float), groups=groups, count=count, **options)
        for v in (first, second)
    )
    kind = SampledShares if shares else MeanFamily
    return PairedFamily(
        kind(name="rate", sample=one), kind(name="rate", sample=two),
        first=one, second=two, shares=shares,
    )  # fmt: skip


def compare(family, margin=0.02):
    return compare_groups([family], comparison=Comparison.CHANGE, bound=margin)


def models(rng, n, rates, change):
    """0/1 answers of a champion with *rates* by group, and of a candidate that differs on a few."""
    groups = np.repeat(np.arange(len(rates)), n)
    champion = rng.random(len(groups)) < np.asarray(rates)[groups]
    candidate = champion.copy()
    flip = rng.random(len(groups))
    candidate[(flip < 0.04)] ^= True
    more = (rng.random(len(groups)) < np.asarray(change)[groups]) & ~champion
    candidate[more] = True
    return candidate, champion, groups


def test_the_change_of_a_gap_is_exact():
    groups = np.repeat([0, 1], 10)
    candidate = np.r_[np.arange(10) < 8, np.arange(10) < 5]
    champion = np.r_[np.arange(10) < 6, np.arange(10) < 8]
    found = compare(paired(candidate, champion, groups))
    assert found.estimate == Fraction(3, 10) - Fraction(2, 10)
    assert (found.widest.high, found.widest.low) == (0, 1)
    assert found.widest.bounds.lower < 0.1 < found.widest.bounds.upper


def test_identical_predictions_are_proven_on_many_rows_and_not_on_few():
    rng = np.random.default_rng(0)
    _, champion, groups = models(rng, 2000, (0.3, 0.5), (0, 0))
    found = compare(paired(champion, champion, groups), 0.02)
    assert found.estimate == 0
    assert found.finding is Finding.PROVEN
    assert found.upper > 0, "not by a zero width"
    few = paired(champion[::200], champion[::200], groups[::200])
    assert compare(few, 0.02).finding is Finding.INCONCLUSIVE


def test_a_gap_that_grows_is_disproven_though_another_pair_has_the_widest_gap():
    """A difference of two maxima would see nothing: the widest gap stays what it was."""
    rng = np.random.default_rng(1)
    candidate, champion, groups = models(rng, 8000, (0.2, 0.4, 0.4), (0, 0, 0.2))
    rates = [candidate[groups == g].mean() for g in range(3)]
    assert rates[2] > rates[1] + 0.1
    found = compare(paired(candidate, champion, groups), 0.03)
    assert found.finding is Finding.DISPROVEN


@pytest.mark.parametrize("signs", ["apart", "equal"])
def test_errors_at_the_margin_are_at_most_alpha(signs):
    """Both where the champion's gap has a clear sign and where it is none at all."""
    rng = np.random.default_rng(2)
    rates = (0.3, 0.6) if signs == "apart" else (0.4, 0.4)
    findings = []
    # Flips draw rates to a half; the change makes the gap grow by the margin.
    base = [p * 0.96 + (1 - p) * 0.04 for p in rates]
    shrink = abs(base[1] - base[0]) - abs(rates[1] - rates[0])
    extra = (0.03 - shrink) / (1 - rates[1]) / 0.96
    for _ in range(RUNS):
        candidate, champion, groups = models(rng, 1500, rates, (0, extra))
        findings.append(compare(paired(candidate, champion, groups), 0.03).finding)
    assert at_most(findings.count(Finding.PROVEN), RUNS, 0.05)
    assert at_most(findings.count(Finding.DISPROVEN), RUNS, 0.05)


def test_an_equally_fair_candidate_is_proven_where_unpaired_bounds_could_not():
    rng = np.random.default_rng(3)
    findings = [
        compare(paired(*models(rng, 3000, (0.4, 0.5), (0, 0))), 0.04).finding for _ in range(100)
    ]
    assert findings.count(Finding.PROVEN) > 80


def test_means_are_compared_too():
    rng = np.random.default_rng(4)
    groups = np.repeat([0, 1], 2000)
    champion = rng.exponential(1.0, 4000)
    found = compare(paired(champion, champion, groups, shares=False), 0.1)
    assert found.estimate == 0
    worse = champion + np.where(groups == 1, rng.uniform(0.5, 1.0, 4000), rng.normal(0, 0.1, 4000))
    found = compare(paired(worse, champion, groups, shares=False), 0.1)
    assert found.finding is Finding.DISPROVEN
    clusters = np.arange(4000) // 10
    same = rng.permutation(groups)
    found = compare(paired(worse, champion, same, shares=False, clusters=clusters), 0.5)
    assert found.finding is Finding.PROVEN
