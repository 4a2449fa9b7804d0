"""Every metric against a champion, on rows with weights and clusters too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.metric import KIND
from pytest_mlgates.gates.models import Predictions

METRICS: dict[str, dict[str, Any]] = {
    **{key: {} for key in ("accuracy", "balanced_accuracy", "precision", "recall", "f1")},
    **{key: {} for key in ("specificity", "jaccard", "mcc", "cohen_kappa")},
    "fbeta": {"beta": 2.0},
    **{key: {} for key in ("roc_auc", "average_precision", "log_loss", "brier")},
    **{key: {} for key in ("mae", "mse", "rmse", "r2")},
    "pinball": {"alpha": 0.5},
}
DRAWN: dict[str, dict[str, Any]] = {
    "alike": {},
    "weighted": {"sample_weight": "w"},
    "clustered": {"cluster": "user"},
    "both": {"sample_weight": "w", "cluster": "user"},
}


def sample(n: int = 900) -> tuple[pd.DataFrame, dict[str, Any]]:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, n)
    mine = np.where(rng.random(n) < 0.9, truth, 1 - truth)
    score = np.clip(0.3 + truth * 0.4 + rng.normal(0, 0.15, n), 0.01, 0.99)
    hit = rng.random(n) < 0.1
    table = pd.DataFrame(
        {
            "y_true": truth,
            "y_pred": mine,
            "y_score": score,
            "w": rng.uniform(0.2, 2, n),
            "user": np.arange(n) // 5,
        }
    )
    other = {"y_pred": np.where(hit, 1 - mine, mine), "y_score": np.where(hit, 1 - score, score)}
    return table, other


def judged(table: pd.DataFrame, metric: str, answers: dict[str, Any], **given: Any) -> Any:
    def resolve(*_: Any, **__: Any) -> Predictions:
        return Predictions(name="old", digest="sha256:c", **answers)

    arguments = {"no_worse_than": "old", "margin": 0.02, **given}
    parameters = parse(KIND, (metric,), arguments)
    gate = Gate(id="g", kind=KIND, parameters=parameters)
    return evaluate(gate, to_table(table), Context(champion=resolve))


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("metric", METRICS)
def test_a_difference_is_that_of_both_values_and_lies_between_its_bounds(
    metric: str, drawn: str
) -> None:
    table, other = sample()
    found = judged(table, metric, other, **METRICS[metric], **DRAWN[drawn])
    details = found.details[-1]
    expected = details["candidate_value"] - details["champion_value"]
    assert found.estimate == pytest.approx(expected, abs=1e-12)
    assert found.lower < found.estimate < found.upper
    assert "paired" in found.method or "bonett" in found.method
    turned = judged(
        table.assign(**other),
        metric,
        {"y_pred": table["y_pred"].to_numpy(), "y_score": table["y_score"].to_numpy()},
        **METRICS[metric],
        **DRAWN[drawn],
    )
    assert turned.estimate == pytest.approx(-found.estimate, abs=1e-12)
    assert turned.lower == pytest.approx(-found.upper, abs=1e-9)


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("metric", METRICS)
def test_identical_predictions_are_not_proven_by_a_width_of_zero(metric: str, drawn: str) -> None:
    table, _ = sample()
    same = {"y_pred": table["y_pred"].to_numpy(), "y_score": table["y_score"].to_numpy()}
    found = judged(table, metric, same, margin=1e-9, **METRICS[metric], **DRAWN[drawn])
    assert found.estimate == 0
    assert found.lower < 0 < found.upper
    assert found.finding is Finding.INCONCLUSIVE
    assert "identical" in found.message


def test_a_clustered_difference_keeps_its_level() -> None:
    """A champion that is better for whole users: ignoring them would be far too sure."""
    rng = np.random.default_rng(4)
    runs, wrong, ignored = 150, 0, 0
    for _ in range(runs):
        users, rows = 60, 8
        user = np.repeat(np.arange(users), rows)
        truth = np.zeros(users * rows, dtype=int)
        first, second = (rng.random(users) < 0.2 for _ in range(2))  # wrong for a whole user
        table = pd.DataFrame(
            {"y_true": truth, "y_pred": first[user].astype(int), "user": user, "w": 1.0}
        )
        answers = {"y_pred": second[user].astype(int)}
        found = judged(table, "accuracy", answers, cluster="user", margin=0.3)
        wrong += found.lower > 0
        ignored += judged(table, "accuracy", answers, margin=0.3).lower > 0
    assert wrong <= 0.1 * runs
    assert ignored > 0.15 * runs
