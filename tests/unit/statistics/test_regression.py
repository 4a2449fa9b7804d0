"""RMSE and R2."""

from __future__ import annotations

import math

import numpy as np
import pytest
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


@pytest.mark.parametrize(("draw", "least", "most"), [("normal", 0, 0.05), ("t5", 0.85, 1)])
def test_heavy_tails_are_warned_of_and_normal_ones_are_not(draw, least, most):
    rng = np.random.default_rng(3)
    runs = 200
    warned = 0
    for _ in range(runs):
        errors = rng.normal(size=1000) if draw == "normal" else rng.standard_t(5, 1000)
        warned += any("heavy tails" in text for text in rmse(errors, 0.95).warnings)
    assert least * runs <= warned <= most * runs
