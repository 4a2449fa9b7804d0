"""Wilson, Clopper-Pearson and decision D2."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from pytest_mlgates.statistics.interval import Interval, UndefinedError
from pytest_mlgates.statistics.proportions import (
    clopper_pearson,
    proportion,
    proportion_interval,
    rows_needed,
    settles,
    wilson,
)


@st.composite
def counts(draw):
    n = draw(st.integers(1, 50_000))
    return draw(st.integers(0, n)), n


@given(counts(), st.sampled_from([0.9, 0.95, 0.99]))
def test_wilson_equals_statsmodels(count, confidence):
    k, n = count
    expected = proportion_confint(k, n, alpha=2 * (1 - confidence), method="wilson")
    ours = wilson(k, n, confidence)
    assert (ours.lower, ours.upper) == pytest.approx(expected, abs=1e-9)


@given(counts(), st.sampled_from([0.9, 0.95, 0.99]))
def test_clopper_pearson_equals_scipy(count, confidence):
    k, n = count
    alpha = 1 - confidence
    lower = stats.beta.ppf(alpha, k, n - k + 1) if k else 0.0
    upper = stats.beta.isf(alpha, k + 1, n - k) if k < n else 1.0
    ours = clopper_pearson(k, n, confidence)
    assert (ours.lower, ours.upper) == pytest.approx((lower, upper), rel=1e-9)


@given(counts(), st.booleans())
def test_bounds_enclose_the_share_within_its_range(count, exact):
    k, n = count
    ours = proportion_interval(k, n, 0.95, exact=exact)
    assert 0 <= ours.lower <= k / n <= ours.upper <= 1


@given(counts(), st.booleans())
def test_successes_and_failures_mirror_each_other(count, exact):
    k, n = count
    ours = proportion_interval(k, n, 0.95, exact=exact)
    mirrored = proportion_interval(n - k, n, 0.95, exact=exact)
    assert (ours.lower, ours.upper) == pytest.approx((1 - mirrored.upper, 1 - mirrored.lower))


@given(counts())
def test_more_confidence_never_narrows(count):
    k, n = count
    narrow, wide = proportion_interval(k, n, 0.9), proportion_interval(k, n, 0.99)
    assert wide.lower <= narrow.lower
    assert narrow.upper <= wide.upper


@pytest.mark.parametrize("formula", [wilson, clopper_pearson])
def test_one_more_success_raises_both_bounds(formula):
    bounds = [formula(k, 40, 0.95) for k in range(41)]
    assert [b.lower for b in bounds] == sorted(b.lower for b in bounds)
    assert [b.upper for b in bounds] == sorted(b.upper for b in bounds)


@pytest.mark.parametrize(
    "successes, method",
    [
        (0, "clopper-pearson"),
        (3, "clopper-pearson"),
        (4, "wilson"),
        (46, "wilson"),
        (47, "clopper-pearson"),
        (50, "clopper-pearson"),
    ],
)
def test_few_successes_or_failures_take_the_exact_bound(successes, method):
    assert proportion(successes, 50, 0.95).method == method


def test_exact_is_exact_whatever_the_counts():
    ours = proportion(25, 50, 0.95, exact=True)
    assert ours.interval == clopper_pearson(25, 50, 0.95)
    assert ours.value == Fraction(1, 2)


def test_rare_events_keep_their_level_where_wilson_does_not():
    """Decision D2: n = 50, p = .9956 errs .197 on Wilson's far side at nominal .05."""
    n, p = 50, 0.9956

    def error(formula):
        return sum(stats.binom.pmf(k, n, p) for k in range(n + 1) if formula(k, n, 0.95).upper < p)

    assert error(wilson) == pytest.approx(0.197, abs=0.002)
    assert error(proportion_interval) <= 0.05


def test_no_rows_bound_nothing_and_have_no_share():
    assert wilson(0, 0, 0.95) == clopper_pearson(0, 0, 0.95) == Interval(0.0, 1.0)
    with pytest.raises(UndefinedError, match="no rows"):
        proportion(0, 0, 0.95)


def test_settles_is_the_distance_that_rows_needed_leaves_alone():
    interval = wilson(270, 300, 0.95)
    gap = settles(interval, 0.95)
    assert rows_needed(300, 0.9, interval, 0.9 - gap, 0.95) == pytest.approx(300, abs=1)
    assert rows_needed(300, 0.9, interval, 0.9 - gap / 2, 0.95) == pytest.approx(1200, abs=4)


def test_rows_needed_gives_up_where_more_rows_would_not_decide():
    assert rows_needed(300, 0.9, wilson(270, 300, 0.95), 0.9, 0.95) is None
    assert rows_needed(1, 0.9, Interval(0.0, float("inf")), 0.5, 0.95) is None
