"""The values are scikit-learn's, to 1e-12, whatever the table and the coding of its labels."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.metric import KIND

if TYPE_CHECKING:
    from pytest_mlgates.core.verdict import Verdict

metrics = pytest.importorskip("sklearn.metrics")

CLASSES = ("accuracy", "balanced_accuracy", "precision", "recall", "f1")
NUMBERS = ("mae", "mse", "rmse", "r2")
LIMIT = {"log_loss": {"max": 1.0}, "brier": {"max": 0.5}, "r2": {"min": 0.5}}
SKLEARN = {
    "accuracy": "accuracy_score",
    "balanced_accuracy": "balanced_accuracy_score",
    "precision": "precision_score",
    "recall": "recall_score",
    "f1": "f1_score",
    "mae": "mean_absolute_error",
    "mse": "mean_squared_error",
    "rmse": "root_mean_squared_error",
    "r2": "r2_score",
    "roc_auc": "roc_auc_score",
    "log_loss": "log_loss",
    "brier": "brier_score_loss",
}
labels = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=60)
numbers = st.lists(
    st.tuples(
        st.floats(-1e6, 1e6, allow_subnormal=False), st.floats(-1e6, 1e6, allow_subnormal=False)
    ),
    min_size=3,
    max_size=60,
)
probabilities = st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=3, max_size=60)


def judged(table: Any, metric: str, **arguments: Any) -> Verdict:
    bound = {"max": 1e15} if metric in NUMBERS[:3] else LIMIT.get(metric, {"min": 0.5})
    parameters = parse(KIND, (metric,), {**bound, **arguments})
    return evaluate(Gate(id="g", kind=KIND, parameters=parameters), table, Context())


def oracle(metric: str, *args: Any, **kwargs: Any) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(getattr(metrics, SKLEARN[metric])(*args, **kwargs))


CODINGS = {
    "0/1": lambda flags: flags.astype(int),
    "booleans": lambda flags: flags,
    "-1/1": lambda flags: np.where(flags, 1, -1),
    "whole floats": lambda flags: flags.astype(float),
    "text": lambda flags: np.where(flags, "yes", "no").astype(object),
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("metric", CLASSES)
@settings(max_examples=25, deadline=None)
@given(rows=labels)
def test_metrics_of_classes_equal_scikit_learns(metric: str, coding: str, rows: list[Any]) -> None:
    truth, predicted = (CODINGS[coding](np.array(column)) for column in zip(*rows, strict=True))
    positive = "yes" if coding == "text" else 1
    flags = np.array(rows)
    assume(flags[:, 0].any())
    assume(not flags[:, 0].all())
    assume(metric != "precision" or flags[:, 1].any())
    binary = metric in CLASSES[2:]
    verdict = judged(
        pd.DataFrame({"y_true": truth, "y_pred": predicted}),
        metric,
        **({"pos_label": positive} if coding == "text" and binary else {}),
    )
    extra = {"pos_label": positive, "zero_division": 0.0} if binary else {}
    assert verdict.estimate == pytest.approx(oracle(metric, truth, predicted, **extra), abs=1e-12)
    assert verdict.lower <= verdict.estimate <= verdict.upper


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy"])
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=60))
def test_many_classes_equal_scikit_learns(metric: str, rows: list[Any]) -> None:
    truth, predicted = zip(*rows, strict=True)
    assume(len(set(truth)) > 1)
    assume(set(truth) & set(predicted))
    verdict = judged(pd.DataFrame({"y_true": truth, "y_pred": predicted}), metric)
    assert verdict.estimate == pytest.approx(oracle(metric, truth, predicted), abs=1e-12)


@pytest.mark.parametrize("metric", NUMBERS)
@settings(max_examples=40, deadline=None)
@given(rows=numbers)
def test_metrics_of_numbers_equal_scikit_learns(metric: str, rows: list[Any]) -> None:
    truth, predicted = (np.array(column) for column in zip(*rows, strict=True))
    assume(metric != "r2" or float(np.std(truth)) > 1e-3)
    verdict = judged(pd.DataFrame({"y_true": truth, "y_pred": predicted}), metric)
    assert verdict.estimate == pytest.approx(oracle(metric, truth, predicted), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "brier"])
@settings(max_examples=40, deadline=None)
@given(rows=probabilities)
def test_metrics_of_scores_equal_scikit_learns(metric: str, rows: list[Any]) -> None:
    truth, scores = (np.array(column) for column in zip(*rows, strict=True))
    assume(truth.any())
    assume(not truth.all())
    assume(not np.isin(scores, (0, 1)).all())
    verdict = judged(pd.DataFrame({"y_true": truth, "y_score": scores}), metric)
    assert verdict.estimate == pytest.approx(oracle(metric, truth, scores), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    "table_of",
    [pd.DataFrame, pl.DataFrame, pa.table, dict, lambda c: pl.DataFrame(c).lazy()],
    ids=["pandas", "polars", "pyarrow", "arrays", "lazy polars"],
)
@pytest.mark.parametrize("metric", list(SKLEARN))
def test_every_table_gives_the_same_verdict(metric: str, table_of: Any) -> None:
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 2, 200)
    columns = {
        "y_true": truth,
        "y_pred": np.where(generator.random(200) < 0.8, truth, 1 - truth),
        "y_score": np.clip(truth * 0.3 + generator.random(200) * 0.7, 0, 1),
        "region": np.array(["a", "b", "c", "d"])[generator.integers(0, 4, 200)].astype(object),
    }
    here = judged(table_of(columns), metric, by="region").to_dict()
    there = judged(pd.DataFrame(columns), metric, by="region").to_dict()
    for verdict in (here, there):
        del verdict["duration_s"], verdict["inputs"]
    assert here == there


@pytest.mark.parametrize("name", SKLEARN)
def test_scikit_learns_names_are_understood(name: str) -> None:
    parameters = parse(KIND, (SKLEARN[name],), {"max": 0.5})
    assert parameters.metric == name


def test_a_float32_probability_of_1_costs_what_it_costs_in_scikit_learn() -> None:
    truth = np.array([1, 0, 1, 0] * 10)
    scores = np.array([1.0, 1.0, 0.75, 0.25] * 10, dtype=np.float32)
    verdict = judged(pd.DataFrame({"y_true": truth, "y_score": scores}), "log_loss", max=9.0)
    assert verdict.estimate == pytest.approx(oracle("log_loss", truth, scores), rel=1e-6)


def test_r2_of_a_constant_is_misuse() -> None:
    with pytest.raises(MLGatesError, match="r2 is undefined on this table"):
        judged(pd.DataFrame({"y_true": [1.0, 1.0, 1.0], "y_pred": [1.0, 2.0, 3.0]}), "r2")


@pytest.mark.parametrize("coding", CODINGS)
@settings(max_examples=20)
@given(probabilities)
def test_a_column_of_probabilities_for_each_of_two_classes_is_one_for_the_positive(
    coding: str, rows: list[Any]
) -> None:
    flags, scores = np.array([f for f, _ in rows]), np.array([p for _, p in rows])
    assume(flags.any() and not flags.all())
    assume(not np.isin(scores, (0, 1)).all())
    table = pd.DataFrame({"y_true": CODINGS[coding](flags), "no": 1 - scores, "yes": scores})
    positive = {"pos_label": "yes"} if coding == "text" else {}
    both = {"y_score": ["no", "yes"], **positive}
    brier = judged(table, "brier", **{**both, "max": 0.99}).estimate
    assert brier == pytest.approx(metrics.brier_score_loss(flags, scores), abs=1e-12)
    for metric in ("roc_auc", "average_precision"):
        one = judged(table, metric, y_score="yes", **positive)
        two = judged(table, metric, **both)
        assert (one.estimate, one.lower, one.upper) == (two.estimate, two.lower, two.upper)


def test_the_brier_score_of_three_classes_may_be_2() -> None:
    table = pd.DataFrame({"y_true": [0, 1, 2] * 40, "a": 0.0, "b": 0.0, "c": 1.0})
    # As scikit-learn 1.7 defines it; older ones know two classes only.
    wrong = np.eye(3)[table.y_true] - table[["a", "b", "c"]].to_numpy()
    expected = float(np.mean(np.sum(wrong**2, axis=1)))
    for bound in (1.0, 1.9):
        found = judged(table, "brier", y_score=["a", "b", "c"], max=bound)
        assert found.estimate == pytest.approx(expected)
        assert found.passed == (expected <= bound)


def test_a_column_of_scores_named_twice_is_misuse() -> None:
    table = pd.DataFrame({"y_true": [0, 1, 2] * 9, "a": 0.4, "b": 0.2})
    with pytest.raises(MLGatesError, match="y_score names a column twice"):
        judged(table, "log_loss", y_score=["a", "a", "b"])
