"""RMSE and R2."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import r2_score, root_mean_squared_error

from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.means import hall
from pytest_mlgates.statistics.regression import mse, r2, rmse

from .limits import at_most


@pytest.fixture
def sample():
    rng = np.random.default_rng(11)
    predicted = rng.standard_normal(200)
    return predicted + rng.normal(0, 0.5, 200), predicted


def test_values_equal_sklearn(sample):
    truth, predicted = sample
    errors = predicted - truth
    assert rmse(errors, 0.95).value == pytest.approx(root_mean_squared_error(truth, predicted))
    assert r2(truth, predicted, 0.95).value == pytest.approx(r2_score(truth, predicted))


def test_rmse_bounds_are_the_roots_of_halls(sample):
    errors = sample[1] - sample[0]
    bounds = hall(errors**2, 0.95, low=0.0)
    ours = rmse(errors, 0.95).interval
    assert ours.lower == pytest.approx(math.sqrt(bounds.lower))
    assert ours.upper == pytest.approx(math.sqrt(bounds.upper))
    assert mse(errors, 0.95).interval == bounds


def test_heavy_tails_are_warned_of():
    errors = np.array([0.1] * 999 + [100.0])
    assert "no bound of a squared error is honest" in rmse(errors, 0.95).warnings[-1]
    assert rmse(np.linspace(-1, 1, 500), 0.95).warnings == ()


def test_perfect_predictions_are_no_proof(sample):
    truth, _ = sample
    ours = r2(truth, truth, 0.95)
    assert ours.value == 1
    assert ours.interval.lower == -math.inf
    assert "every prediction is exact" in ours.warnings[0]
    assert rmse(truth - truth, 0.95).interval.upper == math.inf


@pytest.mark.parametrize("truth", [np.ones(5), np.ones(1), np.array([])])
def test_a_truth_that_does_not_vary_has_no_r2(truth):
    with pytest.raises(UndefinedError, match="does not vary"):
        r2(truth, truth, 0.95)


def test_r2_error_rates_are_near_nominal():
    rng = np.random.default_rng(12)
    runs, lower, upper = 1500, 0, 0
    for _ in range(runs):
        predicted = rng.standard_normal(300)
        truth = predicted + rng.normal(0, 0.5, 300)
        ours = r2(truth, predicted, 0.95).interval
        lower += ours.lower > 0.8
        upper += ours.upper < 0.8
    assert at_most(lower, runs, 0.06)
    assert at_most(upper, runs, 0.06)


def lognormal(rng, n, sigma, *, relative):
    truth = np.exp(rng.normal(0, sigma, n))
    noise = rng.normal(0, 0.2, n)
    return truth, truth * np.exp(noise) if relative else truth + 1.5 * noise


@pytest.mark.parametrize(
    ("n", "sigma", "relative", "most"),
    [(300, 0.4, True, 0.075), (300, 0.8, True, 0.075), (1000, 0.8, True, 0.075)],
)
def test_r2_of_a_skewed_truth_keeps_its_level(n, sigma, relative, most):
    """By the delta method .06 to .09 below, and .08 to .10 above."""
    rng = np.random.default_rng(15)
    truth, predicted = lognormal(np.random.default_rng(16), 2_000_000, sigma, relative=relative)
    limit, runs, wrong = r2_score(truth, predicted), 1500, np.zeros(2)
    for _ in range(runs):
        ours = r2(*lognormal(rng, n, sigma, relative=relative), 0.95).interval
        wrong += ours.lower > limit, ours.upper < limit
    for count in wrong:
        assert at_most(int(count), runs, most)


@pytest.mark.parametrize(("n", "least"), [(50, 0.95), (300, 0.95)])
def test_a_skewed_truth_is_warned_of_where_r2_is_blocked_wrongly(n, least):
    rng = np.random.default_rng(17)
    runs = 200
    warned, plain = 0, 0
    for _ in range(runs):
        skewed = lognormal(rng, n, 0.8, relative=False)
        warned += "the truth is skewed" in " ".join(r2(*skewed, 0.95).warnings)
        truth = rng.normal(size=n)
        plain += bool(r2(truth, truth + rng.normal(0, 0.5, n), 0.95).warnings)
    assert warned >= least * runs
    assert plain <= 0.12 * runs


def test_r2_is_bounded_by_fieller_where_that_is_the_looser(sample):
    """The bounds are where the mean of e^2 - u (y - m)^2 is as far from 0 as t allows."""
    truth, predicted = sample
    squares, around = (predicted - truth) ** 2, (truth - truth.mean()) ** 2
    ours = r2(truth, predicted, 0.95).interval
    for u, sign in ((1 - ours.upper, 1), (1 - ours.lower, -1)):
        rest = squares - u * around
        far = sign * rest.mean() / (rest.std(ddof=1) / math.sqrt(len(rest)))
        assert far >= stats.t.ppf(0.95, len(rest) - 1) - 1e-9


def test_a_variance_that_may_be_nothing_bounds_r2_on_one_side_at_most():
    truth = np.array([0.0] * 30 + [1.0])
    ours = r2(truth, truth + np.tile([0.01, -0.01], 16)[:31], 0.95).interval
    assert ours.lower == -math.inf
    assert ours.upper <= 1


def test_errors_as_large_as_the_distances_from_the_mean_prove_nothing():
    truth = np.array([1.0, 2.0, 4.0, 7.0])
    ours = r2(truth, np.full(4, truth.mean()), 0.95)
    assert float(ours.value) == 0
    assert ours.interval.lower == -math.inf
    assert any("distances of the truth from its mean" in text for text in ours.warnings)


@pytest.mark.parametrize(("draw", "least", "most"), [("normal", 0, 0.05), ("t5", 0.85, 1)])
def test_heavy_tails_are_warned_of_and_normal_ones_are_not(draw, least, most):
    rng = np.random.default_rng(3)
    runs = 200
    warned = 0
    for _ in range(runs):
        errors = rng.normal(size=1000) if draw == "normal" else rng.standard_t(5, 1000)
        warned += any("heavy tails" in text for text in rmse(errors, 0.95).warnings)
    assert least * runs <= warned <= most * runs
