"""Our quantiles agree with scipy's, which the core install does not have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_mlgates.statistics import quantiles

sizes = st.floats(0.5, 1e6)
levels = st.floats(1e-6, 1 - 1e-6)


@given(levels, sizes, sizes)
def test_beta_quantile_equals_scipy(p, a, b):
    found = quantiles.beta_ppf(p, a, b)
    # scipy's own quantile can be off by 1e-8 where a and b are far apart; its distribution is not,
    # but says little beside 1, where neighbouring floats are far apart in probability.
    same = found == pytest.approx(stats.beta.ppf(p, a, b), rel=1e-9)
    assert same or stats.beta.cdf(found, a, b) == pytest.approx(p, rel=1e-9)


# Beside 1 a distribution with b < 1 is so steep that a float's last digit moves it by 1e-8, and
# versions of scipy disagree.
@given(st.floats(0, 1 - 1e-6) | st.just(1.0), sizes, sizes)
def test_beta_distribution_equals_scipy(x, a, b):
    assert quantiles.beta_cdf(x, a, b) == pytest.approx(stats.beta.cdf(x, a, b), abs=1e-9)


@given(st.floats(1e-5, 1 - 1e-5), st.integers(1, 10**7))
def test_t_quantile_equals_scipy(p, df):
    assert quantiles.t(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-8, abs=1e-8)


@given(levels)
def test_normal_quantile_equals_scipy(p):
    assert quantiles.z(p) == pytest.approx(stats.norm.ppf(p), rel=1e-9, abs=1e-12)


@given(st.data(), st.integers(1, 100_000), st.floats(0.001, 0.999))
def test_binomial_tail_and_mass_equal_scipy(data, n, p):
    k = data.draw(st.integers(-1, n))
    assert quantiles.binomial_cdf(k, n, p) == pytest.approx(stats.binom.cdf(k, n, p), abs=1e-9)
    assert quantiles.binomial_pmf(k, n, p) == pytest.approx(stats.binom.pmf(k, n, p), abs=1e-9)


def test_ends_are_exact():
    assert quantiles.beta_ppf(0, 2, 3) == 0
    assert quantiles.beta_ppf(1, 2, 3) == 1
    assert quantiles.beta_cdf(-1, 2, 3) == 0
    assert quantiles.beta_cdf(2, 2, 3) == 1
    assert quantiles.binomial_pmf(0, 5, 1.0) == 0
    assert quantiles.binomial_pmf(2, 5, 0.0) == 0
    assert quantiles.t(0.5, 7) == pytest.approx(0, abs=1e-9)
