"""Rows with several labels: scikit-learn's numbers, slices, weights, champions, misuse."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.metric import KIND
from pytest_mlgates.gates.models import Predictions
from pytest_mlgates.statistics.estimate import scaled

metrics = pytest.importorskip("sklearn.metrics")

LABELS = ("cat", "dog", "owl")
NAMED = {name: f"{name}_pred" for name in LABELS}
METRICS = {
    "precision": ("precision_score", {}),
    "recall": ("recall_score", {}),
    "f1": ("f1_score", {}),
    "fbeta": ("fbeta_score", {"beta": 2.0}),
    "jaccard": ("jaccard_score", {}),
}


def sample(n: int = 300) -> tuple[pd.DataFrame, Any, Any, Any]:
    rng = np.random.default_rng(0)
    truth = rng.random((n, 3)) < [0.6, 0.4, 0.2]
    truth[~truth.any(axis=1), 0] = True
    predicted = np.where(rng.random((n, 3)) < 0.85, truth, ~truth)
    predicted[~predicted.any(axis=1), 1] = True
    weights = rng.uniform(0.2, 3, n)
    table = pd.DataFrame(
        {
            **{name: truth[:, k].astype(int) for k, name in enumerate(LABELS)},
            **{f"{name}_pred": predicted[:, k] for k, name in enumerate(LABELS)},
            **{f"{name}_score": predicted[:, k] * 0.6 + 0.2 for k, name in enumerate(LABELS)},
            "w": weights,
            "part": np.where(np.arange(n) % 2, "odd", "even"),
        }
    )
    return table, truth, predicted, weights


def judged(table: Any, metric: str, resolve: Any = None, **given: Any) -> Any:
    bound = {} if "no_worse_than" in given else {"min": 0.5}
    parameters = parse(KIND, (metric,), {"multilabel": NAMED, **bound, **given})
    gate = Gate(id="g", kind=KIND, parameters=parameters)
    return evaluate(gate, to_table(table), Context(champion=resolve))


@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
@pytest.mark.parametrize("average", ["micro", "macro", "weighted", "samples"])
@pytest.mark.parametrize("metric", METRICS)
def test_averages_over_labels_are_scikit_learns(metric: str, average: str, weighted: bool) -> None:
    table, truth, predicted, weights = sample()
    function, extra = METRICS[metric]
    given = {"sample_weight": "w"} if weighted else {}
    found = judged(table, metric, average=average, **extra, **given)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wanted = getattr(metrics, function)(
            truth, predicted, average=average, sample_weight=weights if weighted else None, **extra
        )
    assert found.estimate == pytest.approx(wanted, abs=1e-12)
    assert found.lower < found.estimate < found.upper


def test_accuracy_is_that_of_whole_rows() -> None:
    table, truth, predicted, weights = sample()
    assert judged(table, "accuracy").estimate == metrics.accuracy_score(truth, predicted)
    found = judged(table, "accuracy", sample_weight="w", by="part")
    wanted = metrics.accuracy_score(truth, predicted, sample_weight=weights)
    assert found.details[0]["value"] == pytest.approx(wanted, abs=1e-12)
    even = slice(0, None, 2)
    alone = metrics.accuracy_score(truth[even], predicted[even], sample_weight=weights[even])
    assert found.groups[0].value == pytest.approx(alone, abs=1e-12)


def test_a_threshold_makes_labels_of_scores() -> None:
    table, truth, predicted, _ = sample()
    scores = {name: f"{name}_score" for name in LABELS}
    found = judged(table, "f1", multilabel=scores, threshold=0.5)
    assert found.estimate == pytest.approx(
        metrics.f1_score(truth, predicted, average="macro"), abs=1e-12
    )


def test_a_champion_is_compared_row_by_row() -> None:
    table, truth, predicted, _ = sample()
    worse = np.where(np.random.default_rng(2).random(truth.shape) < 0.8, predicted, ~predicted)

    def resolve(*_: Any, **__: Any) -> Predictions:
        return Predictions(name="old", digest="sha256:c", y_pred=worse)

    for metric, average in (("f1", {"average": "micro"}), ("accuracy", {})):
        found = judged(table, metric, resolve, no_worse_than="old", margin=0.01, **average)
        assert found.finding is Finding.PROVEN
    expected = metrics.accuracy_score(truth, predicted) - metrics.accuracy_score(truth, worse)
    assert found.estimate == pytest.approx(expected, abs=1e-12)


def test_the_influence_of_a_row_is_what_its_weight_changes() -> None:
    from pytest_mlgates.statistics.estimate import Sampling
    from pytest_mlgates.statistics.multilabel import per_label

    _, truth, predicted, weights = sample(60)
    for average in ("micro", "macro", "weighted", "samples"):
        drawn = Sampling(weights=scaled(weights))
        found = per_label(truth, predicted, "fbeta", average, beta=2.0, sampling=drawn)
        for row in range(0, 60, 9):
            more = scaled(weights).copy()
            more[row] += 1e-5
            moved = per_label(
                truth,
                predicted,
                "fbeta",
                average,
                beta=2.0,
                sampling=Sampling(weights=scaled(more)),
            )
            change = (float(moved.value) - float(found.value)) / (1e-5 / more.sum())
            assert found.moves[row] == pytest.approx(change, rel=1e-2, abs=1e-3)


WRONG = {
    "one label": ({"multilabel": {"cat": "cat_pred"}}, {}, "two or more"),
    "a column twice": ({"multilabel": {"cat": "cat_pred", "dog": "cat_pred"}}, {}, "of its own"),
    "a metric of scores": ({"metric": "roc_auc"}, {}, "not for rows with several labels"),
    "one of two classes": ({"average": "binary"}, {}, "not for rows with several labels"),
    "a missing column": ({"multilabel": {"cat": "cat_pred", "dig": "dog_pred"}}, {}, "'dig'"),
    "other values": ({}, {"cat": 2}, "needs 0 and 1"),
    "missing values": ({}, {"cat": None}, "missing in 1 of"),
    "a label that no row has": ({"metric": "recall"}, {"owl": 0}, "label 'owl': no row has it"),
}


@pytest.mark.parametrize(("given", "cells", "words"), WRONG.values(), ids=WRONG)
def test_what_are_no_labels_is_refused(given: Any, cells: Any, words: str) -> None:
    table = sample(40)[0].astype({"cat": "Int64"})
    for column, value in cells.items():
        table.loc[slice(None) if column == "owl" else 0, column] = value
    arguments = {"metric": "f1", **given}
    with pytest.raises(MLGatesError, match=words):
        judged(table, arguments.pop("metric"), **arguments)


def test_samples_are_about_several_labels_only() -> None:
    with pytest.raises(MLGatesError, match="several labels"):
        parse(KIND, ("f1",), {"min": 0.5, "average": "samples"})
