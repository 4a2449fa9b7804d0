"""Under the policy ``estimate`` a small table cannot buy a pass, however its rows fall."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates import MLGatesError, fairness, metric
from pytest_mlgates.core.verdict import Finding, Outcome


def slices_of(rows: int, count: int = 50, wrong: int = 8) -> pd.DataFrame:
    """Slices of *rows* rows, of which the first are wrong in every row."""
    group = np.repeat(np.arange(count), rows)
    return pd.DataFrame({"g": group, "y_true": 1, "y_pred": np.where(group < wrong, 0, 1)})


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("bound", [0.5, 0.6, 0.65, 0.8])
def test_the_worst_of_many_tiny_slices_decides(rows, bound):
    found = metric(slices_of(rows), "accuracy", by="g", min=bound)
    assert (found.estimate, found.outcome) == (0.0, Outcome.FAILED)


def test_equal_losses_of_two_rows_are_no_evidence_of_their_spread():
    rng = np.random.default_rng(0)
    table = slices_of(2)
    noise = np.where(table.g < 8, 3, 0.1) * rng.normal(size=len(table))
    table = table.assign(y_true=rng.normal(size=len(table)))
    table["y_pred"] = table.y_true + noise
    worst = (table.y_pred - table.y_true).abs().groupby(table.g).mean().max()
    found = metric(table, "mae", by="g", max=0.9)
    assert found.estimate == pytest.approx(worst)
    assert found.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("accuracy_score_group_min", {"min": 0.3}),
        ("selection_rate_difference", {"max": 0.6, "method": "to_overall"}),
        ("mean_prediction_difference", {"max": 0.7}),
        ("demographic_parity_difference", {"max": 0.6}),
    ],
)
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_the_worst_of_many_tiny_groups_decides(name, bounds, rows):
    table = slices_of(rows)
    table.loc[len(table) - 1, "y_true"] = 0
    assert fairness(table, name, by="g", **bounds).outcome is Outcome.FAILED


def test_larger_slices_are_still_told_apart_from_noise():
    rng = np.random.default_rng(1)
    table = slices_of(60, wrong=0)
    table["y_pred"] = np.where(rng.random(len(table)) < 0.9, 1, 0)
    found = metric(table, "accuracy", by="g", min=0.85)
    worst = (table.y_pred == table.y_true).groupby(table.g).mean().min()
    assert worst < 0.85
    assert (found.finding, found.outcome) == (Finding.INCONCLUSIVE, Outcome.PASSED)


NAMES = {"accuracy": "min", "f1": "min", "roc_auc": "min", "mcc": "min", "mae": "max", "r2": "min"}


def weighted() -> pd.DataFrame:
    truth = np.array([0, 1, 1, 0] * 50)
    return pd.DataFrame(
        {
            "y_true": truth,
            "y_pred": truth,
            "y_score": 0.2 + 0.5 * truth,
            "w": 1.0,
            "region": ["a", "a", "b", "b"] * 50,
        }
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_single_slice_has_no_rest_with_weights_either(name):
    table = weighted().assign(region="north")
    found = metric(table, name, by="region", sample_weight="w", **{NAMES[name]: 0.5})
    assert found.outcome is Outcome.PASSED


@pytest.mark.parametrize("name", NAMES)
def test_a_slice_without_weight_is_named(name):
    table = weighted()
    table.loc[table.region == "a", "w"] = 0.0
    with pytest.raises(MLGatesError, match=f"{name} is undefined in slice region=a") as caught:
        metric(table, name, by="region", sample_weight="w", **{NAMES[name]: 0.5})
    assert "all weights are 0" in str(caught.value)


def test_tiny_weights_count_as_their_ratios():
    table = weighted()
    plain = fairness(table, "accuracy_score_difference", by="region", max=0.2, sample_weight="w")
    for scale in (1e-163, 1e-200, 1e40):
        table["w"] = scale
        found = fairness(
            table, "accuracy_score_difference", by="region", max=0.2, sample_weight="w"
        )
        assert (found.estimate, found.upper) == (plain.estimate, plain.upper)
        assert metric(table, "accuracy", min=0.5, sample_weight="w").estimate == 1.0
