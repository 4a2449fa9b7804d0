"""The debiased calibration error: what noise adds is taken away, and the bounds are honest."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from pytest_mlgates.statistics.calibration import binned, calibration_error
from pytest_mlgates.statistics.interval import UndefinedError

from .limits import at_most


def expit(x):
    return 1 / (1 + np.exp(-x))


def overconfident(p):
    return expit(np.log(p / (1 - p)) / 2)


# How probabilities are drawn, and how probable it then is.
MODELS = {
    "calibrated": (lambda rng, n: rng.random(n), lambda p: p),
    "overconfident": (lambda rng, n: expit(3 * rng.normal(size=n)), overconfident),
    "shifted": (lambda rng, n: rng.uniform(0.05, 0.95, n), lambda p: p + 0.05),
    "rare": (lambda rng, n: rng.beta(1, 9, n), lambda p: np.minimum(1, 1.5 * p)),
}


def test_bins_are_scikit_learns():
    rng = np.random.default_rng(0)
    p = np.concatenate((rng.random(500), [0.0, 1.0, 1 / 15, 2 / 15]))
    happened = rng.random(504) < p
    bins = binned(happened, p)
    share, mean = calibration_curve(happened, p, n_bins=15)
    assert bins.gaps == pytest.approx(share - mean)
    counts = np.histogram(p, bins=15, range=(0, 1))[0]
    assert bins.sizes.sum() == 504
    assert bins.raw == pytest.approx(np.sum(bins.sizes / 504 * np.abs(share - mean)))
    assert abs(bins.sizes - counts).max() <= 2, "but for what lies on an edge"


def test_noise_is_taken_away():
    """A calibrated model of 300 rows: the plain error says .07, the debiased square says 0."""
    rng = np.random.default_rng(1)
    plain, squares = [], []
    for _ in range(400):
        p = rng.random(300)
        bins = binned(rng.random(300) < p, p)
        plain.append(bins.raw)
        squares.append(float(np.sum(bins.weights * (bins.gaps**2 - bins.variances))))
    assert np.mean(plain) == pytest.approx(0.0707, abs=0.003)
    assert abs(np.mean(squares)) < 3 * np.std(squares) / math.sqrt(400)


@pytest.mark.parametrize("n", [300, 1000, 5000])
@pytest.mark.parametrize("name", MODELS)
def test_one_sided_errors(name, n):
    """Measured with 1,000 runs: at most .08 on either side, nominal .05."""
    draw, true = MODELS[name]
    rng = np.random.default_rng(2)
    p = draw(rng, 1_000_000)
    bins = binned(true(p), p)  # probabilities in the place of what happened
    truth = math.sqrt(float(np.sum(bins.weights * bins.gaps**2)))
    plain = bins.raw
    below = above = plain_above = 0
    runs = 200
    for _ in range(runs):
        p = draw(rng, n)
        bounds = calibration_error(rng.random(n) < true(p), p, 0.95).interval
        below += bounds.upper < truth - 1e-9
        above += bounds.lower > truth + 1e-9
        plain_above += bounds.upper < plain - 1e-9
    assert at_most(below, runs, 0.08)
    assert at_most(above, runs, 0.08)
    assert plain_above <= below, "what bounds the root from above bounds the plain error"


def test_a_bad_model_is_found():
    rng = np.random.default_rng(3)
    p = expit(3 * rng.normal(size=2000))
    found = calibration_error(rng.random(2000) < overconfident(p), p, 0.95)
    assert found.interval.lower > 0.07
    assert found.value == pytest.approx(0.108, abs=0.02)


def test_what_never_happened_is_no_proof_by_a_zero_width():
    found = calibration_error(np.zeros(30, dtype=bool), np.zeros(30), 0.95)
    assert found.value == 0
    assert found.interval.lower == 0
    assert found.interval.upper > 0.05


def test_the_warnings_say_that_it_is_risky_and_what_the_plain_error_is():
    happened = np.array([True, False, True, False, True])
    found = calibration_error(happened, np.array([0.9, 0.2, 0.55, 0.55, 0.55]), 0.95, n_bins=10)
    assert found.warnings == (
        "calibration error is a risky number: 10 other bins would give another one",
        "the plain expected calibration error, noise included, is 0.130",
        "2 bins of 10 with one row only",
    )
    assert found.interval.upper <= 1


def test_one_bin_is_the_gap_of_the_means():
    rng = np.random.default_rng(4)
    p = rng.random(1000) * 0.5
    found = calibration_error(rng.random(1000) < p + 0.2, p, 0.95, n_bins=1)
    assert found.value == pytest.approx(0.2, abs=0.04)


def test_no_rows_have_no_calibration():
    with pytest.raises(UndefinedError):
        calibration_error(np.array([], dtype=bool), np.array([]), 0.95)
