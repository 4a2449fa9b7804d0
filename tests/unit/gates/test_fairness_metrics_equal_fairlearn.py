"""Every metric by group has Fairlearn's value: generated tables, codings, weights, controls."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.fairness import KIND
from pytest_mlgates.gates.fairness_metrics import METRICS
from pytest_mlgates.statistics.comparison import Comparison

fairlearn = pytest.importorskip("fairlearn.metrics")
pd = pytest.importorskip("pandas")
skm = pytest.importorskip("sklearn.metrics")

RATES = [
    "selection_rate", "true_positive_rate", "true_negative_rate", "false_positive_rate",
    "false_negative_rate", "accuracy_score", "zero_one_loss", "precision_score", "recall_score",
]  # fmt: skip
BOUND = {
    Comparison.DIFFERENCE: {"max": 0.3},
    Comparison.RATIO: {"min": 0.7},
    Comparison.LOWEST: {"min": 0.5},
    Comparison.HIGHEST: {"max": 0.5},
}
# A copy of the real data stands in the examples; beside the checkout while that is being made.
ADULT = Path(__file__).parents[3] / "examples/income/data/adult_test.parquet"
TRANSFORMS = ["difference", "ratio", "group_min", "group_max"]
CODINGS = {
    "0/1": ((0, 1), None),
    "-1/1": ((-1, 1), None),
    "bool": ((False, True), None),
    "text": (("no", "yes"), "yes"),
    "text, other": (("bad", "good"), "bad"),
}
# Where our refusals are right and Fairlearn has a number (or nan) that means nothing.
HOLLOW = ("0/0 is no ratio", "in every group, and")


def ours(frame, metric, **arguments):
    bound = BOUND[METRICS[metric].comparison]
    parameters = parse(KIND, (metric,), {"by": "group", **bound, **arguments})
    return evaluate(Gate(id="g", kind=KIND, parameters=parameters), frame, Context()).estimate


def frame_of(frame, name, pos_label=None, weights=None, control=None, needs="y_pred"):
    """Fairlearn's own disaggregation of the metric *name*."""
    function = getattr(fairlearn, name, None) or getattr(skm, name)
    if pos_label is not None and name not in ("accuracy_score", "zero_one_loss"):
        function = partial(function, pos_label=pos_label)
    return fairlearn.MetricFrame(
        metrics=function,
        y_true=frame["y_true"].to_numpy(),
        y_pred=frame[needs].to_numpy(),
        sensitive_features=frame["group"],
        control_features=None if control is None else frame[control],
        sample_params={} if weights is None else {"sample_weight": frame[weights]},
    )


def theirs(frame, name, transform, method="between_groups", **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = frame_of(frame, name, **options)
        if transform in ("group_min", "group_max"):
            return getattr(found, transform)()
        return getattr(found, transform)(method=method)


def value_or_refusal(*args, **kwargs):
    try:
        return ours(*args, **kwargs)
    except MLGatesError as error:
        assert any(words in str(error) for words in HOLLOW), str(error)  # noqa: PT017
        return None


tables = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.sampled_from("xy"), st.booleans(), st.booleans(),
        st.integers(1, 20),
    ),
    min_size=4, max_size=60,
).filter(lambda rows: len({row[0] for row in rows}) > 1)  # fmt: skip


def labelled(rows, coding):
    no, yes = CODINGS[coding][0]
    columns = list(zip(*rows, strict=True))
    return pd.DataFrame({
        "group": columns[0],
        "level": columns[1],
        "y_true": [yes if v else no for v in columns[2]],
        "y_pred": [yes if v else no for v in columns[3]],
        "w": np.array(columns[4]) / 7,
    })  # fmt: skip


def usable(frame, pos_label):
    """Both labels stand in both columns, so that it is known which is positive."""
    return len(set(frame["y_true"]) | set(frame["y_pred"])) == 2 and (
        pos_label is None or pos_label in {*frame["y_true"], *frame["y_pred"]}
    )


def census():
    pytest.importorskip("pyarrow")
    frame = pd.read_parquet(ADULT, columns=["sex", "race", "income", "education_num", "age"])
    frame["y_true"] = frame["income"].str.contains(">50K").astype(int)
    frame["y_pred"] = (frame["education_num"] >= 11).astype(int)
    frame["w"] = frame["age"] / 40
    return frame.rename(columns={"race": "group", "sex": "level"})


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", RATES)
def test_rates_on_the_adult_census(name, transform):
    frame = census()
    metric = f"{name}_{transform}"
    assert ours(frame, metric) == pytest.approx(theirs(frame, name, transform), abs=1e-12)
    weighted = theirs(frame, name, transform, weights="w")
    assert ours(frame, metric, sample_weight="w") == pytest.approx(weighted, abs=1e-12)
    levels = theirs(frame, name, transform, control="level")
    worst = levels.max() if transform in ("difference", "group_max") else levels.min()
    assert ours(frame, metric, control="level") == pytest.approx(worst, abs=1e-12)
    if not transform.startswith("group"):
        whole = theirs(frame, name, transform, "to_overall")
        assert ours(frame, metric, method="to_overall") == pytest.approx(whole, abs=1e-12)


def test_every_disparity_of_fairlearn_is_known():
    named = [
        name for name in fairlearn.__all__
        if name.endswith(("_difference", "_ratio", "_group_min", "_group_max"))
    ]  # fmt: skip
    assert len(named) >= 24
    assert set(named) <= set(METRICS)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", RATES)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=tables, coding=st.sampled_from(list(CODINGS)), weighted=st.booleans(),
       method=st.sampled_from(["between_groups", "to_overall"]))  # fmt: skip
def test_rates_by_group(name, transform, rows, coding, weighted, method):
    frame, pos_label = labelled(rows, coding), CODINGS[coding][1]
    if not usable(frame, pos_label):
        return
    if transform.startswith("group"):
        method = "between_groups"
    weights = "w" if weighted else None
    given_ = {"pos_label": pos_label, "method": method, "sample_weight": weights}
    value = value_or_refusal(
        frame, f"{name}_{transform}", **{k: v for k, v in given_.items() if v is not None}
    )
    if value is not None:
        expected = theirs(frame, name, transform, method, pos_label=pos_label, weights=weights)
        assert value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("kind", ["difference", "ratio"])
@pytest.mark.parametrize("metric", ["demographic_parity", "equalized_odds", "equal_opportunity"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=tables, weighted=st.booleans(), mean=st.booleans(),
       method=st.sampled_from(["between_groups", "to_overall"]))  # fmt: skip
def test_named_metrics_with_every_option(metric, kind, rows, weighted, mean, method):
    frame = labelled(rows, "0/1")
    options = {"agg": "mean"} if mean and metric == "equalized_odds" else {}
    weights = {"sample_weight": "w"} if weighted else {}
    name = f"{metric}_{kind}"
    value = value_or_refusal(frame, name, method=method, **options, **weights)
    if value is not None:
        expected = getattr(fairlearn, name)(
            frame["y_true"], frame["y_pred"], sensitive_features=frame["group"], method=method,
            sample_weight=frame["w"] if weighted else None, **options,
        )  # fmt: skip
        assert value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("transform", TRANSFORMS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=tables, name=st.sampled_from(RATES))
def test_within_control_features_the_worst_level_counts(transform, rows, name):
    frame = labelled(rows, "0/1")
    try:
        value = value_or_refusal(frame, f"{name}_{transform}", control="level")
    except AssertionError as error:
        assert "has one group there" in str(error)  # noqa: PT017
        return
    if value is not None:
        levels = theirs(frame, name, transform, control="level")
        worst = levels.max() if transform in ("difference", "group_max") else levels.min()
        assert value == pytest.approx(worst, abs=1e-12)


@pytest.mark.parametrize("name", ["f1_score", "balanced_accuracy_score"])
@pytest.mark.parametrize("transform", TRANSFORMS)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=tables, weighted=st.booleans(),
       method=st.sampled_from(["between_groups", "to_overall"]))  # fmt: skip
def test_numbers_of_several_counts_by_group(name, transform, rows, weighted, method):
    frame = labelled(rows, "0/1")
    if len({*frame["y_true"], *frame["y_pred"]}) < 2:
        return
    if transform.startswith("group"):
        method = "between_groups"
    weights = {"sample_weight": "w"} if weighted else {}
    value = value_or_refusal(frame, f"{name}_{transform}", method=method, **weights)
    if value is not None:
        expected = theirs(frame, name, transform, method, weights="w" if weighted else None)
        assert value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize(
    "name",
    ["mean_absolute_error", "mean_squared_error", "root_mean_squared_error", "mean_prediction",
     "r2_score", "log_loss", "brier_score_loss", "roc_auc_score"],
)  # fmt: skip
@pytest.mark.parametrize("weighted", [False, True])
def test_numbers_and_scores_by_group(name, transform, weighted):
    rng = np.random.default_rng(3)
    n = 600
    scored = name in ("log_loss", "brier_score_loss", "roc_auc_score")
    score = rng.uniform(0.02, 0.98, n)
    frame = pd.DataFrame({
        "group": rng.choice(list("abcd"), n),
        "y_true": (rng.random(n) < score).astype(int) if scored else rng.normal(10, 3, n),
        "w": rng.uniform(0.5, 2, n),
    })  # fmt: skip
    frame["y_score"] = score
    frame["y_pred"] = frame["y_true"] + rng.normal(0, 1, n)
    needs = "y_score" if scored else "y_pred"
    weights = {"sample_weight": "w"} if weighted else {}
    bound = {"min": 0.5} if transform in ("ratio", "group_min") else {"max": 0.9}
    value = ours(frame, f"{name}_{transform}", **bound, **weights)
    expected = theirs(frame, name, transform, needs=needs, weights="w" if weighted else None)
    assert value == pytest.approx(expected, abs=1e-12)
    if not transform.startswith("group"):
        value = ours(frame, f"{name}_{transform}", method="to_overall", **bound, **weights)
        expected = theirs(
            frame, name, transform, "to_overall", needs=needs, weights="w" if weighted else None
        )
        assert value == pytest.approx(expected, abs=1e-12)
