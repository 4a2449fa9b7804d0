"""Inputs that a new user breaks: each is refused with one message, and none passes hollow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_mlgates import fairness, metric
from pytest_mlgates.core.errors import MLGatesError

N = 60
TRUTH = np.arange(N) % 2
PREDICTED = (np.arange(N) % 3 > 0).astype(int)


def table(**columns: Any) -> dict[str, Any]:
    group = np.repeat(["a", "b"], N // 2)
    return {"y_true": TRUTH, "y_pred": PREDICTED, "group": group, **columns}


@pytest.mark.parametrize("role", [{"y_true": 1}, {"y_pred": True}, {"cluster": 3}])
def test_a_role_that_is_no_column_and_no_array(role: dict[str, Any]) -> None:
    with pytest.raises(MLGatesError, match=r"neither the name of a column nor an array"):
        metric(table(), "accuracy", min=0.1, **role)


def test_a_list_is_no_positive_label() -> None:
    with pytest.raises(MLGatesError, match=r"pos_label = \[1\] is no label"):
        metric(table(), "recall", min=0.1, pos_label=[1])


def test_rows_alone_in_their_bins_calibrate_nothing() -> None:
    given = table(y_score=np.linspace(0.45, 0.55, N))
    with pytest.raises(MLGatesError, match=r"most rows are alone in theirs"):
        metric(given, "ece", n_bins=1_000_000, max=0.3)


@pytest.mark.parametrize("name", ["ndcg@5", "map", "mrr", "recall@3", "precision@1"])
def test_queries_of_one_row_rank_nothing(name: str) -> None:
    given = table(y_true=np.ones(N), y_score=np.arange(N) / N, user=np.arange(N))
    with pytest.raises(MLGatesError, match=r"no query of table 'table' has two"):
        metric(given, name, query="user", min=0.1)


@pytest.mark.parametrize("beta", [1e200, 0])
def test_a_beta_without_a_square(beta: float) -> None:
    with pytest.raises(MLGatesError, match=r"needs `beta`, a number over 0, at most"):
        metric(table(), "fbeta", beta=beta, min=0.1)


@pytest.mark.parametrize("name", ["mse", "rmse", "mae", "r2"])
def test_numbers_whose_squares_are_no_floats(name: str) -> None:
    given = table(y_pred=np.where(np.arange(N) == 3, 1e200, 1.0))
    bound = {"min": 0.1} if name == "r2" else {"max": 5.0}
    with pytest.raises(MLGatesError, match=r"beyond any float"):
        metric(given, name, **bound)


@pytest.mark.parametrize(
    ("name", "columns", "words"),
    [
        ("mean_squared_log_error_difference", {"y_pred": np.full(N, -2.0)}, "undefined in a group"),
        (
            "matthews_corrcoef_difference",
            {"y_true": np.where(np.arange(N) < N // 2, 0, TRUTH)},
            "truth holds one class",
        ),
        ("mean_absolute_percentage_error_difference", {}, "of a truth of 0"),
    ],
)
def test_what_scikit_learn_cannot_compute_by_group(
    name: str, columns: dict[str, Any], words: str
) -> None:
    pytest.importorskip("fairlearn")
    with pytest.raises(MLGatesError, match=words):
        fairness(table(**columns), name, by="group", max=0.9)


def test_how_many_queries_nobody_answered_stays_private() -> None:
    relevance = np.where(np.arange(N) < 9, 0, 1)  # 3 queries of 3 rows
    given = table(y_true=relevance, y_score=np.arange(N) / N, user=np.arange(N) // 3)
    with pytest.raises(MLGatesError, match=r"3 of 20 queries"):
        metric(given, "ndcg", query="user", min=0.1)
    with pytest.raises(MLGatesError, match=r"ndcg is undefined") as caught:
        metric(given, "ndcg", query="user", min=0.1, private=True)
    assert "of 20" not in str(caught.value)
