"""What rows can settle and prove: exact for shares, and as often as simulations say for groups."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, norm

from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.group_families import RateFamily
from pytest_mlgates.statistics.group_power import GroupSizes
from pytest_mlgates.statistics.groups import compare_groups
from pytest_mlgates.statistics.power import (
    NormalRuler,
    ShareRuler,
    first,
    least_proving,
    most_disproving,
)
from pytest_mlgates.statistics.proportions import proportion_interval


def share(n: int, limit: float = 0.9, *, at_least: bool = True) -> ShareRuler:
    return ShareRuler(n=n, limit=limit, at_least=at_least)


@pytest.mark.parametrize(("n", "proven"), [(300, 0.305), (1000, 0.704), (3000, 0.984)])
def test_the_chance_of_a_proof_is_that_of_the_statistics_page(n, proven):
    assert share(n).chance(0.92, 0.95) == pytest.approx(proven, abs=0.001)


@pytest.mark.parametrize("n", [3, 17, 50, 300, 2000])
@pytest.mark.parametrize("limit", [0.05, 0.5, 0.9, 0.99])
def test_the_counts_that_prove_and_disprove_are_those_of_the_bounds(n, limit):
    bounds = [proportion_interval(k, n, 0.95) for k in range(n + 1)]
    proving = [k for k, one in enumerate(bounds) if one.lower >= limit]
    disproving = [k for k, one in enumerate(bounds) if one.upper < limit]
    assert least_proving(n, limit, 0.95) == min(proving, default=n + 1)
    assert most_disproving(n, limit, 0.95) == max(disproving, default=-1)


@pytest.mark.parametrize("n", [40, 300, 5000])
def test_the_smallest_settled_violation_is_disproven_four_times_in_five(n):
    value = share(n).settled(0.95)
    most = most_disproving(n, 0.9, 0.95)
    assert binom.cdf(most, n, value) == pytest.approx(0.8, abs=1e-6)
    assert value < 0.9


def test_a_share_bounded_from_above_is_its_mirror():
    above, below = share(300, 0.1, at_least=False), share(300, 0.9)
    assert above.settled(0.95) == pytest.approx(1 - below.settled(0.95))
    assert above.chance(0.08, 0.95) == pytest.approx(below.chance(0.92, 0.95))
    assert above.rows(0.05, 0.95) == below.rows(0.95, 0.95)


def test_rows_that_disprove_nothing_settle_nothing():
    assert share(2, 0.1).settled(0.95) is None


def test_rows_needed_give_a_proof_four_times_in_five_and_one_fewer_do_not():
    rows = share(10).rows(0.93, 0.95)
    assert share(rows).chance(0.93, 0.95) >= 0.8
    assert share(rows - 1).chance(0.93, 0.95) < 0.8
    assert 500 < rows < 600  # 523 are the first that do, by the statistics page


def test_no_number_of_rows_proves_a_value_on_or_under_its_bound():
    assert share(100).rows(0.9, 0.95) is None
    assert share(100).rows(0.8, 0.95) is None


def test_a_normal_metric_follows_the_formula():
    ruler = NormalRuler(n=400, limit=10.0, at_least=False, error=lambda _: 0.5)
    quantiles = norm.ppf(0.95) + norm.ppf(0.8)
    assert ruler.settled(0.95) == pytest.approx(10 + quantiles * 0.5)
    assert ruler.chance(9.0, 0.95) == pytest.approx(norm.cdf(2 - norm.ppf(0.95)))
    assert ruler.rows(9.0, 0.95) == math.ceil(400 * (quantiles * 0.5) ** 2)
    assert ruler.rows(10.5, 0.95) is None


def test_a_metric_without_bounds_is_never_proven_and_settles_nothing():
    ruler = NormalRuler(n=1, limit=10.0, at_least=False, error=lambda _: math.inf)
    assert (ruler.settled(0.95), ruler.chance(1.0, 0.95), ruler.rows(1.0, 0.95)) == (None, 0, None)


def test_the_first_number_is_found_or_refused():
    assert first(lambda n: n >= 1234) == 1234
    assert first(lambda n: n >= 1, 7) == 7
    assert first(lambda _: False, 1, 1000) is None


@pytest.mark.parametrize(
    ("n", "proven"), [(200, 0.001), (400, 0.16), (600, 0.62), (800, 0.89), (1200, 0.99)]
)
def test_the_chance_of_eight_equal_groups_is_that_of_the_statistics_page(n, proven):
    sized = GroupSizes(sizes=(n,) * 8, rate=0.3, comparison=Comparison.DIFFERENCE, bound=0.1)
    assert sized.chance(0.95) == pytest.approx(proven, abs=0.02)


@pytest.mark.parametrize(
    ("sizes", "rate", "comparison", "bound"),
    [
        ((150, 400, 1000, 3000), 0.3, Comparison.DIFFERENCE, 0.1),
        ((300, 300), 0.5, Comparison.DIFFERENCE, 0.12),
        ((700, 900, 2500), 0.4, Comparison.RATIO, 0.8),
        ((60, 80), 0.02, Comparison.DIFFERENCE, 0.1),
    ],
)
def test_the_chance_of_a_proof_is_the_share_of_samples_that_the_rule_proves(
    sizes, rate, comparison, bound
):
    """1,500 seeded samples: a standard error of at most .013."""
    rng = np.random.default_rng(5)
    proven = 0
    for _ in range(1500):
        counts = tuple(int(rng.binomial(n, rate)) for n in sizes)
        if comparison is Comparison.RATIO and not any(counts):
            continue
        found = compare_groups(
            [RateFamily(name="rate", successes=counts, sizes=sizes)],
            comparison=comparison,
            bound=bound,
        )
        proven += found.finding is Finding.PROVEN
    sized = GroupSizes(sizes=sizes, rate=rate, comparison=comparison, bound=bound)
    assert sized.chance(0.95) == pytest.approx(proven / 1500, abs=0.04)


def test_the_draws_are_the_same_every_time():
    sized = GroupSizes(sizes=(90, 500), rate=0.3, comparison=Comparison.DIFFERENCE, bound=0.1)
    assert sized.chance(0.95) == sized.chance(0.95)


def test_the_least_rows_of_every_group_give_a_proof_four_times_in_five():
    sized = GroupSizes(sizes=(50, 5000), rate=0.3, comparison=Comparison.DIFFERENCE, bound=0.1)
    rows = sized.least(0.95)
    grown = GroupSizes(sizes=(rows, 5000), rate=0.3, comparison=Comparison.DIFFERENCE, bound=0.1)
    assert grown.chance(0.95) >= 0.8
    assert 150 < rows < 220  # .21 (1/m + 1/5000) = (.1 / (1.645 + 1.282))^2 has m = 186


@pytest.mark.parametrize(("comparison", "bound"), [("difference", 0.0), ("ratio", 1.0)])
def test_no_rows_prove_that_groups_are_equal(comparison, bound):
    sized = GroupSizes(sizes=(100, 100), rate=0.3, comparison=Comparison(comparison), bound=bound)
    assert sized.least(0.95) is None
    assert sized.chance(0.95) == 0


@pytest.mark.parametrize("comparison", [Comparison.DIFFERENCE, Comparison.RATIO])
def test_the_gap_that_is_settled_is_disproven_about_four_times_in_five(comparison):
    """2,000 seeded samples of two groups that are as far apart as the plan says."""
    ratio = comparison is Comparison.RATIO
    bound = 0.8 if ratio else 0.1
    sizes, rate, rng = (800, 1200), 0.4, np.random.default_rng(11)
    sized = GroupSizes(sizes=sizes, rate=rate, comparison=comparison, bound=bound)
    gap = float(sized.settled(0.975)[0][0])
    low, high = (
        (rate * math.sqrt(gap), rate / math.sqrt(gap))
        if ratio
        else (rate - gap / 2, rate + gap / 2)
    )
    disproven = 0
    for _ in range(2000):
        counts = (int(rng.binomial(sizes[0], low)), int(rng.binomial(sizes[1], high)))
        found = compare_groups(
            [RateFamily(name="rate", successes=counts, sizes=sizes)],
            comparison=comparison,
            bound=bound,
        )
        disproven += found.finding is Finding.DISPROVEN
    assert disproven / 2000 == pytest.approx(0.8, abs=0.06)
