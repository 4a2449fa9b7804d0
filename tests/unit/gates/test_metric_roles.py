"""Weights, averages, several classes and thresholds give scikit-learn's numbers, to 1e-12."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.metric import KIND

metrics = pytest.importorskip("sklearn.metrics")

AVERAGED = {
    "precision": ("precision_score", {}),
    "recall": ("recall_score", {}),
    "f1": ("f1_score", {}),
    "fbeta": ("fbeta_score", {"beta": 2.0}),
    "jaccard": ("jaccard_score", {}),
}
OF_CLASSES = {
    **{
        f"{name} {average}": (name, {**extra, "average": average}, function, extra)
        for name, (function, extra) in AVERAGED.items()
        for average in ("macro", "micro", "weighted")
    },
    "accuracy": ("accuracy", {}, "accuracy_score", None),
    "balanced accuracy": ("balanced_accuracy", {}, "balanced_accuracy_score", None),
    "mcc": ("mcc", {}, "matthews_corrcoef", None),
    "kappa": ("cohen_kappa", {}, "cohen_kappa_score", None),
}
BINARY = {
    **{name: (name, extra, function, extra) for name, (function, extra) in AVERAGED.items()},
    "mcc": ("mcc", {}, "matthews_corrcoef", None),
    "kappa": ("cohen_kappa", {}, "cohen_kappa_score", None),
}
CODINGS = {
    "0/1": (lambda flags: flags.astype(int), 1),
    "booleans": (lambda flags: flags, True),
    "-1/1": (lambda flags: np.where(flags, 1, -1), 1),
    "text": (lambda flags: np.where(flags, "yes", "no").astype(object), "yes"),
}
weights = st.one_of(st.integers(0, 4).map(float), st.floats(0.01, 50))


def judged(columns: dict[str, Any], metric: str, **arguments: Any) -> Any:
    bound = {} if {"min", "max"} & set(arguments) else {"min": 0.5}
    parameters = parse(KIND, (metric,), {**bound, **arguments})
    gate = Gate(id="g", kind=KIND, parameters=parameters)
    return evaluate(gate, pd.DataFrame(columns), Context())


def oracle(function: str, *args: Any, **kwargs: Any) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(getattr(metrics, function)(*args, **kwargs))


def as_oracle(extra: dict[str, Any] | None, average: str | None) -> dict[str, Any]:
    if extra is None:
        return {}
    return {**extra, "zero_division": 0.0, **({"average": average} if average else {})}


@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
@pytest.mark.parametrize("case", OF_CLASSES)
@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), weights), min_size=4, max_size=50)
)
def test_metrics_of_several_classes(case: str, weighted: bool, rows: list[Any]) -> None:
    name, options, function, extra = OF_CLASSES[case]
    truth, predicted, w = (np.array(column) for column in zip(*rows, strict=True))
    assume(set(truth) & set(predicted))
    columns = {"y_true": truth, "y_pred": predicted, "w": w}
    given_weights = {"sample_weight": "w"} if weighted else {}
    try:
        verdict = judged(columns, name, **options, **given_weights)
    except MLGatesError as error:
        assert "undefined" in str(error) or "is 0 in all" in str(error)  # noqa: PT017
        return
    wanted = oracle(
        function,
        truth,
        predicted,
        sample_weight=w if weighted else None,
        **as_oracle(extra, options.get("average")),
    )
    assert verdict.estimate == pytest.approx(wanted, abs=1e-12)
    assert verdict.lower - 1e-12 <= verdict.estimate <= verdict.upper + 1e-12


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("case", BINARY)
@settings(max_examples=20, deadline=None)
@given(rows=st.lists(st.tuples(st.booleans(), st.booleans(), weights), min_size=4, max_size=50))
def test_metrics_of_two_classes_with_weights(case: str, coding: str, rows: list[Any]) -> None:
    name, options, function, extra = BINARY[case]
    code, positive = CODINGS[coding]
    truth, predicted = (code(np.array(column)) for column in list(zip(*rows, strict=True))[:2])
    w = np.array([row[2] for row in rows])
    label = {"pos_label": positive} if coding == "text" and extra is not None else {}
    try:
        verdict = judged(
            {"y_true": truth, "y_pred": predicted, "w": w},
            name,
            sample_weight="w",
            **options,
            **label,
        )
    except MLGatesError as error:
        assert any(word in str(error) for word in ("undefined", "is 0 in all", "does not occur"))  # noqa: PT017
        return
    more = {} if extra is None else {**extra, "pos_label": positive, "zero_division": 0.0}
    wanted = oracle(function, truth, predicted, sample_weight=w, **more)
    assert verdict.estimate == pytest.approx(wanted, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(st.booleans(), st.booleans(), weights), min_size=4, max_size=50))
def test_specificity_is_the_recall_of_the_negatives(rows: list[Any]) -> None:
    truth, predicted, w = (np.array(column) for column in zip(*rows, strict=True))
    assume(w[~truth].sum() > 0)
    for given_weights in ({}, {"sample_weight": "w"}):
        verdict = judged(
            {"y_true": truth, "y_pred": predicted, "w": w}, "specificity", **given_weights
        )
        used = w if given_weights else None
        wanted = oracle(
            "recall_score", truth, predicted, pos_label=False, sample_weight=used, zero_division=0.0
        )
        assert verdict.estimate == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "log_loss", "brier"])
@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(st.booleans(), st.integers(0, 20), weights), min_size=4))
def test_metrics_of_scores_with_weights_and_ties(metric: str, rows: list[Any]) -> None:
    truth, scores, w = (np.array(column) for column in zip(*rows, strict=True))
    scores = scores / 20
    assume(not np.isin(scores, (0, 1)).all())
    assume(w[truth].sum() > 0)
    assume(w[~truth].sum() > 0)
    function = {
        "roc_auc": "roc_auc_score",
        "average_precision": "average_precision_score",
        "brier": "brier_score_loss",
    }.get(metric, metric)
    loss = {"max": 0.5} if metric in ("log_loss", "brier") else {}
    for given_weights in ({}, {"sample_weight": "w"}):
        verdict = judged(
            {"y_true": truth, "y_score": scores, "w": w}, metric, **given_weights, **loss
        )
        wanted = oracle(function, truth, scores, sample_weight=w if given_weights else None)
        assert verdict.estimate == pytest.approx(wanted, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_rankings_of_several_classes(average: str, weighted: bool) -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 200)
    scores = rng.dirichlet(np.ones(3), 200) + 0.5 * np.eye(3)[truth]
    scores /= scores.sum(axis=1, keepdims=True)
    w = rng.uniform(0.1, 3, 200)
    columns = {"y_true": truth, "w": w, **{f"s{k}": scores[:, k] for k in range(3)}}
    given_weights = {"sample_weight": "w"} if weighted else {}
    used = w if weighted else None
    asked = {"y_score": ["s0", "s1", "s2"], **given_weights}
    found = judged(columns, "roc_auc", average=average, **asked)
    wanted = oracle(
        "roc_auc_score", truth, scores, multi_class="ovr", average=average, sample_weight=used
    )
    assert found.estimate == pytest.approx(wanted, abs=1e-12)
    found = judged(columns, "average_precision", average=average, **asked)
    wanted = oracle(
        "average_precision_score", np.eye(3)[truth], scores, average=average, sample_weight=used
    )
    assert found.estimate == pytest.approx(wanted, abs=1e-12)
    for metric, function in (("log_loss", "log_loss"), ("brier", "brier_score_loss")):
        found = judged(columns, metric, max=0.9, **asked)
        wanted = oracle(function, truth, scores, sample_weight=used)
        assert found.estimate == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
@pytest.mark.parametrize(
    ("metric", "function", "options"),
    [
        ("mae", "mean_absolute_error", {}),
        ("mse", "mean_squared_error", {}),
        ("rmse", "root_mean_squared_error", {}),
        ("mape", "mean_absolute_percentage_error", {}),
        ("pinball", "mean_pinball_loss", {"alpha": 0.9}),
        ("pinball", "mean_pinball_loss", {}),
        ("r2", "r2_score", {}),
    ],
)
def test_metrics_of_numbers(metric: str, function: str, options: Any, weighted: bool) -> None:
    rng = np.random.default_rng(6)
    truth = rng.normal(3, 1, 150)
    predicted, w = truth + rng.normal(0, 0.5, 150), rng.uniform(0, 3, 150)
    columns = {"y_true": truth, "y_pred": predicted, "w": w}
    bound = {"min": 0.5} if metric == "r2" else {"max": 0.5}
    given_weights = {"sample_weight": "w"} if weighted else {}
    found = judged(columns, metric, **bound, **options, **given_weights)
    wanted = oracle(function, truth, predicted, sample_weight=w if weighted else None, **options)
    assert found.estimate == pytest.approx(wanted, rel=1e-12)
    assert found.lower < found.estimate < found.upper


def test_a_threshold_makes_predictions_of_scores() -> None:
    rng = np.random.default_rng(7)
    truth = rng.integers(0, 2, 300)
    scores = np.round(np.clip(truth * 0.3 + rng.random(300) * 0.7, 0, 1), 2)
    columns = {"y_true": truth, "y_score": scores}
    for metric, function in (("f1", "f1_score"), ("mcc", "matthews_corrcoef")):
        found = judged(columns, metric, threshold=0.4)
        assert found.estimate == pytest.approx(oracle(function, truth, scores >= 0.4), abs=1e-12)


@pytest.mark.parametrize("metric", ["accuracy", "f1", "mcc", "roc_auc", "mae"])
def test_weights_of_1_and_clusters_of_one_row_change_next_to_nothing(metric: str) -> None:
    rng = np.random.default_rng(8)
    truth = rng.integers(0, 2, 2000)
    columns = {
        "y_true": truth,
        "y_pred": np.where(rng.random(2000) < 0.8, truth, 1 - truth),
        "y_score": np.clip(truth * 0.3 + rng.random(2000) * 0.7, 0, 1),
        "w": np.full(2000, 7.0),
        "row": np.arange(2000),
    }
    bound = {"max": 0.5} if metric == "mae" else {}
    plain = judged(columns, metric, **bound)
    for drawn in ({"sample_weight": "w"}, {"cluster": "row"}, {"query": "row"}):
        other = judged(columns, metric, **drawn, **bound)
        assert other.estimate == pytest.approx(plain.estimate, abs=1e-12)
        assert other.lower == pytest.approx(plain.lower, abs=2e-3)
        assert other.upper == pytest.approx(plain.upper, abs=2e-3)


def test_rows_in_any_order_give_the_same_verdict() -> None:
    rng = np.random.default_rng(9)
    truth = rng.integers(0, 2, 400)
    frame = pd.DataFrame(
        {
            "y_true": truth,
            "y_pred": np.where(rng.random(400) < 0.8, truth, 1 - truth),
            "y_score": np.round(np.clip(truth * 0.3 + rng.random(400) * 0.7, 0, 1), 2),
            "w": rng.uniform(0.5, 2, 400),
            "user": rng.integers(0, 60, 400),
        }
    )
    other = frame.sample(frac=1, random_state=1)
    for metric in ("accuracy", "f1", "mcc", "roc_auc", "average_precision"):
        for drawn in ({}, {"sample_weight": "w"}, {"cluster": "user", "sample_weight": "w"}):
            one, two = (judged(dict(f), metric, **drawn) for f in (frame, other))
            assert (one.finding, one.outcome) == (two.finding, two.outcome)
            assert one.lower == pytest.approx(two.lower, rel=1e-11)
            assert one.upper == pytest.approx(two.upper, rel=1e-11)


def test_a_median_error_is_scikit_learns_between_two_of_the_errors() -> None:
    rng = np.random.default_rng(10)
    truth, predicted = rng.normal(0, 1, 101), rng.normal(0, 1, 101)
    found = judged({"y_true": truth, "y_pred": predicted}, "median_absolute_error", max=2.0)
    wanted = oracle("median_absolute_error", truth, predicted)
    assert found.estimate == pytest.approx(wanted, abs=1e-12)
    errors = np.abs(truth - predicted)
    assert {found.lower, found.upper} <= set(errors.tolist())


def test_a_calibrated_model_has_no_calibration_error_and_an_overconfident_one_has() -> None:
    rng = np.random.default_rng(11)
    scores = rng.random(5000)
    columns = {"y_true": (rng.random(5000) < scores).astype(int), "y_score": scores}
    found = judged(columns, "ece", max=0.05)
    assert str(found.finding) == "proven"
    assert "risky" in found.warnings[0]
    sure = {**columns, "y_score": np.clip(scores * 2 - 0.5, 0.01, 0.99)}
    assert str(judged(sure, "expected_calibration_error", max=0.05).finding) == "disproven"


@pytest.mark.parametrize("metric", ["ece", "median_absolute_error"])
@pytest.mark.parametrize(
    "given_role", [{"sample_weight": "w"}, {"cluster": "w"}, {"no_worse_than": "m", "margin": 0.1}]
)
def test_what_has_no_influence_values_refuses_what_needs_them(metric: str, given_role: Any) -> None:
    bound = {} if "margin" in given_role else {"max": 0.5}
    with pytest.raises(MLGatesError, match="is nothing that"):
        parse(KIND, (metric,), {**bound, **given_role})


@pytest.mark.parametrize(
    ("metric", "called", "right"), [("precision", 5, 5), ("recall", 8, 5), ("specificity", 8, 5)]
)
@pytest.mark.parametrize("drawn", [{"sample_weight": "w"}, {"cluster": "row"}], ids=str)
def test_rows_outside_a_share_are_no_evidence_for_it(
    metric: str, called: int, right: int, drawn: dict[str, str]
) -> None:
    """Five of five rows called positive among 1,000 prove a precision of .55, not one of .997."""
    n, positive = 1000, int(metric != "specificity")
    truth = np.full(n, 1 - positive)
    predicted = truth.copy()
    truth[: 8 if metric != "precision" else 5] = positive
    predicted[:5] = positive
    columns = {"y_true": truth, "y_pred": predicted, "w": np.ones(n), "row": np.arange(n)}
    plain = judged(columns, metric)
    verdict = judged(columns, metric, **drawn)
    assert verdict.estimate == plain.estimate == right / called
    assert verdict.lower <= plain.lower + 0.01
    assert verdict.upper >= plain.upper - 0.01


def test_rows_of_weight_zero_change_nothing() -> None:
    rng = np.random.default_rng(3)
    n = 60
    columns = {"y_true": rng.integers(0, 2, n), "w": rng.integers(1, 4, n).astype(float)}
    columns["y_pred"] = np.where(rng.random(n) < 0.8, columns["y_true"], 1 - columns["y_true"])
    columns["user"] = np.arange(n) // 3
    more = {name: np.concatenate([values, values]) for name, values in columns.items()}
    more["w"][n:] = 0.0
    more["user"][n:] += 1000
    for metric in ("accuracy", "precision", "recall", "f1", "mcc"):
        for drawn in ({"sample_weight": "w"}, {"sample_weight": "w", "cluster": "user"}):
            alone, beside = (judged(table, metric, **drawn) for table in (columns, more))
            assert beside.lower == pytest.approx(alone.lower, abs=1e-12)
            assert beside.upper == pytest.approx(alone.upper, abs=1e-12)


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
@pytest.mark.parametrize("drawn", [{"sample_weight": "w"}, {"cluster": "user"}], ids=str)
def test_a_perfect_ranking_is_never_over_one_by_rounding(
    metric: str, drawn: dict[str, str]
) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        truth = np.where(np.arange(60) < 7, 1, 0)
        columns = {"y_true": truth, "y_score": truth * 0.5, "w": rng.lognormal(0, 1, 60)}
        columns["user"] = np.arange(60) % 20
        verdict = judged(columns, metric, **drawn)
        assert verdict.estimate == pytest.approx(1, abs=1e-12)
        assert 0 <= verdict.lower < 0.99
        assert verdict.upper == 1


def test_errors_of_a_tiny_unit_are_bounded_like_those_of_a_large_one() -> None:
    rng = np.random.default_rng(2)
    errors = rng.normal(size=90)
    lowers = []
    for unit in (1.0, 1e-9):
        columns = {"y_true": np.zeros(90), "y_pred": errors * unit, "user": np.arange(90) // 2}
        for metric, power in (("mae", 1), ("rmse", 1), ("mse", 2)):
            verdict = judged(columns, metric, max=1.0, cluster="user")
            lowers.append((verdict.lower / unit**power, verdict.upper / unit**power))
    assert lowers[:3] == [pytest.approx(one) for one in lowers[3:]]
