"""Far out in the tails, where levels that hold for many slices lie, findings err no more often."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates import fairness, metric
from pytest_mlgates.core.verdict import Finding
from tests.unit.statistics.limits import at_most

RUNS = 150


def at_the_bound(rng: np.random.Generator, rate: float, slices: int, rows: int) -> pd.DataFrame:
    truth = rng.integers(0, 2, slices * rows)
    right = rng.random(len(truth)) < rate
    return pd.DataFrame(
        {
            "y_true": truth,
            "y_pred": np.where(right, truth, 1 - truth),
            "g": np.repeat(np.arange(slices), rows),
            "w": 1.0 + 1e-6 * np.arange(len(truth)),
        }
    )


@pytest.mark.parametrize("weights", [{}, {"sample_weight": "w"}])
@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy"])
def test_twenty_slices_at_their_bound_are_seldom_blocked(name, weights):
    rng = np.random.default_rng(7)
    found = [
        metric(at_the_bound(rng, 0.95, 20, 30), name, by="g", min=0.95, **weights).finding
        for _ in range(RUNS)
    ]
    assert at_most(found.count(Finding.DISPROVEN), RUNS, 0.075)


def test_twenty_groups_at_their_bound_are_seldom_blocked():
    rng = np.random.default_rng(8)
    found = [
        fairness(
            at_the_bound(rng, 0.95, 20, 30), "accuracy_score_group_min", by="g", min=0.95
        ).finding
        for _ in range(RUNS)
    ]
    assert at_most(found.count(Finding.DISPROVEN), RUNS, 0.075)


def test_f1_of_slices_at_their_bound_is_seldom_blocked():
    rng = np.random.default_rng(9)
    found = []
    for _ in range(RUNS):
        table = at_the_bound(rng, 0.95, 20, 60)
        # A share J of the rows that are positive in truth or predicted is both: F1 = 2J/(1 + J).
        both = rng.random(len(table)) < 0.95
        table["y_true"], table["y_pred"] = 1, np.where(both, 1, 0)
        found.append(metric(table, "f1", by="g", min=2 * 0.95 / 1.95).finding)
    assert at_most(found.count(Finding.DISPROVEN), RUNS, 0.075)
