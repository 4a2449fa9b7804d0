"""What is never a pass: each mistake gives one clear message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates import metric
from pytest_mlgates.core.errors import ColumnError, MLGatesError, TableError
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.metric import KIND

GOOD = {
    "y_true": [0, 1, 0, 1, 1, 0],
    "y_pred": [0, 1, 0, 0, 1, 1],
    "y_score": [0.1, 0.9, 0.2, 0.4, 0.8, 0.6],
    "sex": ["f", "m", "f", "m", "f", "m"],
}


def judged(table: Any, metric: Any, arguments: dict[str, Any]) -> None:
    parameters = parse(KIND, (metric,), arguments, where="@metric(…)")
    gate = Gate(id="g", kind=KIND, parameters=parameters, where="@metric(…)")
    evaluate(gate, table, Context())


def complaint(metric: Any, columns: dict[str, Any], *, private: bool = False, **given: Any) -> str:
    arguments = {"min": 0.5} if not {"min", "max", "no_worse_than"} & set(given) else {}
    table = to_table(pd.DataFrame(columns), name="holdout", private=private)
    with pytest.raises(MLGatesError) as caught:
        judged(table, metric, {**arguments, **given})
    assert caught.value.where == "@metric(…)"
    return str(caught.value)


def test_no_bound() -> None:
    with pytest.raises(MLGatesError, match="a metric gate on accuracy without a bound demands"):
        parse(KIND, ("accuracy",), {})
    with pytest.raises(MLGatesError, match=r"write `max = 0.2`, or `no_worse_than` with `margin`"):
        parse(KIND, ("rmse",), {})


@pytest.mark.parametrize(
    ("metric", "bound", "words"),
    [
        ("accuracy", {"min": 1.2}, "min = 1.2 is out of range for accuracy"),
        ("accuracy", {"min": -0.2}, "min = -0.2 is out of range for accuracy"),
        ("roc_auc", {"max": 80}, "max = 80 is out of range for roc_auc"),
        ("log_loss", {"max": -1}, "max = -1 is out of range for log_loss"),
        ("r2", {"min": 1.5}, "min = 1.5 is out of range for r2"),
        ("accuracy", {"min": float("nan")}, "want:  a finite number"),
        ("accuracy", {"min": float("inf")}, "want:  a finite number"),
        ("accuracy", {"min": "high"}, "want:  a number"),
        ("accuracy", {"min": True}, "want:  a number"),
        ("accuracy", {"min": 0}, "min = 0 holds for every model: nothing would be judged"),
        ("accuracy", {"max": 1.0}, "max = 1 holds for every model: nothing would be judged"),
        ("accuracy", {"min": 0.9, "max": 0.8}, "min = 0.9 is over max = 0.8"),
    ],
)
def test_bounds_that_demand_nothing(metric: str, bound: dict[str, Any], words: str) -> None:
    assert words in complaint(metric, GOOD, **bound)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"no_worse_than": "m:f"}, "no_worse_than = 'm:f' needs a margin"),
        ({"min": 0.5, "margin": 0.1}, "margin = 0.1 stands without `no_worse_than`"),
        ({"no_worse_than": "m:f", "margin": -0.1}, "margin = -0.1 is out of range"),
        ({"no_worse_than": "m:f", "margin": 1}, "margin = 1 is out of range for accuracy"),
        ({"no_worse_than": "m:f", "margin": 0.1, "min": 0.5}, "use two markers"),
        ({"min": 0.5, "first": True}, "first = true stands without `no_worse_than`"),
        (
            {"no_worse_than": "m:f", "margin": 0.1, "first": True},
            "first = true needs an absolute bound beside it",
        ),
        ({"no_worse_than": "m:f", "margin": 0.1}, "there is no way here to find the champion"),
    ],
)
def test_champions_half_named(given: dict[str, Any], words: str) -> None:
    assert words in complaint("accuracy", GOOD, **given)


def test_an_unknown_metric_is_told_its_nearest_name() -> None:
    text = complaint("acuracy", GOOD)
    assert "metric is not usable" in text
    assert "got:   'acuracy'" in text
    assert "did you mean 'accuracy'?" in text


def test_an_unknown_argument_is_told_its_nearest_name() -> None:
    text = complaint("accuracy", GOOD, minimum=0.5)
    assert "unknown argument 'minimum'" in text
    assert "did you mean 'min'?" in text


@pytest.mark.parametrize("role", ["query", "sample_weight", "cluster"])
def test_a_role_that_is_no_column_is_never_ignored(role: str) -> None:
    assert "'sexx' is not in table 'holdout'" in complaint("accuracy", GOOD, **{role: "sexx"})


WEIGHTS = {
    "negative": ([1.0, 1.0, -1.0, 1.0, 1.0, 1.0], "1 of 6 rows"),
    "infinite": ([1.0, 1.0, float("inf"), 1.0, 1.0, 1.0], "1 of 6 rows"),
    "missing": ([1.0, 1.0, float("nan"), 1.0, 1.0, 1.0], "missing in 1 of 6 rows"),
    "all zero": ([0.0] * 6, "is 0 in all 6 rows"),
    "text": (list("abcdef"), "weights are numbers"),
}


@pytest.mark.parametrize(("values", "words"), WEIGHTS.values(), ids=WEIGHTS)
def test_weights_that_are_none_are_refused(values: list[Any], words: str) -> None:
    assert words in complaint("accuracy", {**GOOD, "w": values}, sample_weight="w")


def test_clusters_that_are_none_are_refused() -> None:
    assert "one value" in complaint("accuracy", {**GOOD, "user": ["a"] * 6}, cluster="user")
    gone = ["a", None, "b", "b", "a", "a"]
    assert "missing in 1 of 6" in complaint("accuracy", {**GOOD, "user": gone}, cluster="user")


OPTIONS = {
    "an average of none": (("accuracy",), {"average": "macro"}, "nothing that accuracy takes"),
    "an unknown average": (("f1",), {"average": "mean"}, "none of f1"),
    "no beta": (("fbeta",), {}, "needs `beta`"),
    "a beta of 0": (("fbeta",), {"beta": 0}, "needs `beta`"),
    "a threshold of scores": (("roc_auc",), {"threshold": 0.5}, "nothing that roc_auc takes"),
    "a cut of no ranking": (("f1@10",), {}, "only metrics of a ranking"),
    "an alpha of 1": (("pinball",), {"alpha": 1.0, "min": None, "max": 1.0}, "no quantile"),
}


@pytest.mark.parametrize(("args", "given", "words"), OPTIONS.values(), ids=OPTIONS)
def test_options_that_a_metric_does_not_take_are_refused(
    args: tuple[str], given: dict[str, Any], words: str
) -> None:
    with pytest.raises(MLGatesError, match=words):
        parse(KIND, args, {"min": 0.5, **given})


def test_a_threshold_needs_scores_of_one_class() -> None:
    columns = {**GOOD, "other": GOOD["y_score"]}
    text = complaint("f1", columns, threshold=0.5, y_score=["y_score", "other"])
    assert "one class" in text


def test_truths_of_zero_have_no_percentage_error() -> None:
    columns = {"y_true": [0.0, 1.0, 2.0], "y_pred": [1.0, 1.0, 1.0]}
    assert "1 of 3 rows" in complaint("mape", columns, max=0.5)


def test_probabilities_of_several_classes_add_up_to_1() -> None:
    columns = {"y_true": [0, 1, 2] * 4, "a": [0.5] * 12, "b": [0.5] * 12, "c": [0.2] * 12}
    text = complaint("log_loss", columns, y_score=["a", "b", "c"], max=0.5)
    assert "do not add up to 1" in text


def test_a_class_that_is_never_predicted_has_no_precision() -> None:
    columns = {"y_true": [0, 1, 2] * 4, "y_pred": [0, 1, 1] * 4}
    text = complaint("precision", columns, average="macro")
    assert "class 2: no row is predicted positive" in text


def test_zero_rows() -> None:
    parameters = parse(KIND, ("accuracy",), {"min": 0.5})
    empty = pd.DataFrame({"y_true": [], "y_pred": []}).astype(int)
    with pytest.raises(TableError, match="has 0 rows"):
        evaluate(Gate(id="g", kind=KIND, parameters=parameters), empty, Context())


@pytest.mark.parametrize(
    ("metric", "column"),
    [("accuracy", "y_true"), ("accuracy", "y_pred"), ("roc_auc", "y_score"), ("mae", "y_pred")],
)
def test_missing_columns_are_named(metric: str, column: str) -> None:
    columns = {(f"{name}_" if name == column else name): v for name, v in GOOD.items()}
    bound = {"max": 0.5} if metric == "mae" else {"min": 0.5}
    text = complaint(metric, columns, **bound)
    assert f"{column} '{column}' is not in table 'holdout'" in text
    assert f"did you mean '{column}_'?" in text


def test_a_missing_slice_column_is_named() -> None:
    assert "by 'sexx' is not in table 'holdout'" in complaint("accuracy", GOOD, by="sexx")
    assert "by 'y_pred' is y_pred itself" in complaint("accuracy", GOOD, by="y_pred")
    with pytest.raises(MLGatesError, match="one or several columns"):
        parse(KIND, ("accuracy",), {"min": 0.5, "by": []})


@pytest.mark.parametrize("missing", [None, float("nan")])
@pytest.mark.parametrize(
    ("metric", "column"),
    [
        ("accuracy", "y_true"),
        ("accuracy", "y_pred"),
        ("f1", "y_pred"),
        ("roc_auc", "y_true"),
        ("roc_auc", "y_score"),
        ("mae", "y_true"),
        ("mae", "y_pred"),
    ],
)
def test_missing_values_are_counted_and_refused(metric: str, column: str, missing: Any) -> None:
    columns = {**GOOD, column: [*GOOD[column][:-2], missing, missing]}
    bound = {"max": 0.5} if metric == "mae" else {"min": 0.5}
    text = complaint(metric, columns, **bound)
    assert f"{column} of table 'holdout' is missing in 2 of 6 rows" in text
    assert "a gate never drops rows" in text


def test_missing_values_in_slices_are_refused_unless_a_group() -> None:
    columns = {**GOOD, "sex": ["f", None, "f", "m", "f", "m"]}
    text = complaint("accuracy", columns, by="sex")
    assert "by 'sex' of table 'holdout' is missing in 1 of 6 rows" in text
    assert '`missing = "group"`' in text
    assert "by 'sex' of table 'holdout' is missing" in complaint("roc_auc", columns, by="sex")


def test_text_labels_need_a_positive_one() -> None:
    columns = {"y_true": ["yes", "no"] * 3, "y_pred": ["yes", "no", "no"] * 2}
    text = complaint("f1", columns)
    assert "f1 needs to know which label of y_true of table 'holdout' is the positive one" in text
    assert "`pos_label = 'yes'`" in text
    text = complaint("f1", columns, pos_label="Yes")
    assert "pos_label 'Yes' does not occur in y_true" in text
    assert "did you mean 'yes'?" in text
    assert "pos_label 1 does not occur" in complaint("f1", columns, pos_label=1)


def test_numbers_that_are_no_coding_need_a_positive_one() -> None:
    columns = {"y_true": [1, 2, 1, 2], "y_pred": [1, 2, 2, 2]}
    assert "which label" in complaint("recall", columns)
    assert "pos_label '2' does not occur" in complaint("recall", columns, pos_label="2")


def test_text_against_numbers() -> None:
    columns = {"y_true": ["yes", "no"], "y_pred": [1, 0]}
    text = complaint("accuracy", columns)
    assert "labels and predictions are of different kinds" in text
    assert "y_true of table 'holdout' holds text" in text
    assert "y_pred of table 'holdout' holds numbers" in text
    assert "got:   'no', 'yes' against 0, 1" in text


@pytest.mark.parametrize(
    ("truth", "predicted"),
    [([0, 1, 0], [-1, 1, -1]), (["a", "b", "c"], ["A", "B", "C"]), ([1, 2, 3], [10, 20, 30])],
)
def test_codings_that_cannot_match(truth: list[Any], predicted: list[Any]) -> None:
    text = complaint("accuracy", {"y_true": truth, "y_pred": predicted})
    assert "accuracy compares labels, and y_pred of table 'holdout' is coded unlike y_true" in text


def test_probabilities_where_classes_are_wanted() -> None:
    text = complaint("accuracy", {**GOOD, "y_pred": GOOD["y_score"]})
    assert "accuracy needs classes, and y_pred of table 'holdout' holds probabilities" in text
    assert "got:   6 of 6 rows between 0.1 and 0.9" in text
    assert "a metric of scores" in text


def test_a_regression_target_where_classes_are_wanted() -> None:
    text = complaint("f1", {**GOOD, "y_true": [12.5, 3.25, 1, 0, 1, 0]})
    assert "f1 needs classes, and y_true of table 'holdout' holds fractions" in text


def test_times_and_lists_are_no_classes() -> None:
    times = pd.to_datetime(["2024-01-01"] * 6)
    assert "accuracy needs classes" in complaint("accuracy", {**GOOD, "y_true": times})


@pytest.mark.parametrize(
    "scores",
    [
        [0, 1, 0, 0, 1, 1],
        [0.0, 1.0, 0.0, 0.0, 1.0, 1.0],
        [-1, 1, -1, -1, 1, 1],
        [False, True, False, False, True, True],
        ["no", "yes", "no", "no", "yes", "yes"],
    ],
)
@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "brier"])
def test_labels_where_scores_are_wanted(metric: str, scores: list[Any]) -> None:
    bound = {"min": 0.5} if metric == "roc_auc" else {"max": 0.5}
    text = complaint(metric, {**GOOD, "y_score": scores}, **bound)
    assert f"{metric} needs scores, and y_score of table 'holdout' holds labels" in text
    assert "predict_proba" in text


def test_labels_in_the_place_of_scores_are_told_with_their_column() -> None:
    columns = {**GOOD, "said": ["no", "yes"] * (len(GOOD["y_true"]) // 2)}
    text = complaint("roc_auc", columns, min=0.5, y_score="said")
    assert "roc_auc needs scores, and y_score 'said' of table 'holdout' holds labels" in text
    assert "got:   column 'said' of type String" in text


def test_one_missing_value_is_one_null() -> None:
    missing = [None, *GOOD["y_pred"][1:]]
    assert "got:   1 null\n" in complaint("accuracy", {**GOOD, "y_pred": missing})
    missing = [None, None, *GOOD["y_pred"][2:]]
    assert "got:   2 nulls\n" in complaint("accuracy", {**GOOD, "y_pred": missing})


@pytest.mark.parametrize("metric", ["log_loss", "brier"])
def test_scores_that_are_no_probabilities(metric: str) -> None:
    columns = {**GOOD, "y_score": [-2.0, 3.5, 0.2, 0.4, 0.8, 0.6]}
    text = complaint(metric, columns, max=0.5)
    assert (
        f"{metric} needs probabilities, and y_score of table 'holdout' has scores outside" in text
    )
    assert "got:   2 of 6 rows outside, from -2 to 3.5" in text
    assert "roc_auc takes scores of any range" in text


def test_infinite_scores_and_numbers() -> None:
    columns = {**GOOD, "y_score": [np.inf, 0.1, 0.2, 0.4, 0.8, 0.6]}
    assert "roc_auc needs finite numbers" in complaint("roc_auc", columns)
    columns = {**GOOD, "y_pred": [np.inf, 0.1, 0.2, 0.4, 0.8, 0.6]}
    assert "mae needs finite numbers" in complaint("mae", columns, max=1)


def test_a_single_class_has_no_auc() -> None:
    text = complaint("roc_auc", {**GOOD, "y_true": [1] * 6})
    assert "roc_auc needs both classes, and y_true of table 'holdout' holds one" in text
    assert "balanced_accuracy is undefined on this table" in complaint(
        "balanced_accuracy", {**GOOD, "y_true": [1] * 6}
    )


@pytest.mark.parametrize("role", ["by", "cluster", "query"])
@pytest.mark.parametrize(("value", "kind"), [([1, 2], "list"), ({"a": 1}, "dict")])
def test_lists_tell_no_rows_apart(role: str, value: Any, kind: str) -> None:
    text = complaint("accuracy", {**GOOD, "who": [value] * 6}, **{role: "who"})
    role = "cluster" if role == "query" else role
    assert f"needs one plain value per row, and {role} 'who' of table 'holdout'" in text
    assert f"holds '{kind}'" in text
    polars = pytest.importorskip("polars")
    table = to_table(polars.DataFrame({**GOOD, "who": [value] * 6}))
    with pytest.raises(MLGatesError, match=r"holds (List|Struct)\("):
        judged(table, "accuracy", {"min": 0.5, role: "who"})


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse", "r2"])
def test_text_where_numbers_are_wanted(metric: str) -> None:
    bound = {"min": 0.5} if metric == "r2" else {"max": 0.5}
    text = complaint(metric, {**GOOD, "y_pred": list("abcdef")}, **bound)
    assert f"{metric} needs numbers, and y_pred of table 'holdout' holds String" in text
    assert "needs numbers" in complaint(metric, {**GOOD, "y_pred": [True, False] * 3}, **bound)


@pytest.mark.parametrize("metric", ["precision", "recall", "f1"])
def test_more_than_two_classes_where_one_is_positive(metric: str) -> None:
    text = complaint(metric, {"y_true": [0, 1, 2, 1], "y_pred": [0, 1, 1, 1]})
    assert f"{metric} is for two classes for now" in text
    assert "got:   0, 1, 2" in text


def test_there_is_a_score_for_each_class() -> None:
    text = complaint("roc_auc", GOOD, y_score=["y_score", "y_pred", "sex"])
    assert "has 2 classes, and y_score names 3 columns" in text


@pytest.mark.parametrize(
    ("metric", "columns", "reason"),
    [
        ("precision", {"y_true": [0, 1], "y_pred": [0, 0]}, "no row is predicted positive"),
        ("recall", {"y_true": [0, 0], "y_pred": [0, 1]}, "no row is positive in truth"),
        ("f1", {"y_true": [0, 0], "y_pred": [0, 0]}, "neither in truth nor predicted"),
    ],
)
def test_an_empty_denominator_is_no_zero(metric: str, columns: dict[str, Any], reason: str) -> None:
    text = complaint(metric, columns)
    assert f"{metric} is undefined on this table" in text
    assert reason in text


@pytest.mark.parametrize("metric", ["recall", "roc_auc"])
def test_a_slice_with_an_empty_denominator_is_named(metric: str) -> None:
    columns = {**GOOD, "sex": ["f", "m", "f", "m", "m", "f"]}
    text = complaint(metric, columns, by="sex")
    assert f"{metric} is undefined in slice sex=f" in text
    assert "(3 rows)" in text


def test_a_private_table_keeps_its_values_out_of_misuse_too() -> None:
    secret = {"y_true": ["canary", "bird"], "y_pred": ["canary", "other"]}
    text = complaint("f1", secret, private=True)
    assert "canary" not in text
    assert "got:   3 distinct values" in text
    text = complaint("accuracy", {**GOOD, "y_pred": [0.123456, *[0.5] * 5]}, private=True)
    assert "0.123456" not in text
    text = complaint("recall", {**GOOD, "sex": ["canary", *["m"] * 5]}, by="sex", private=True)
    assert "canary" not in text
    assert "slice group 1" in text


def test_something_that_is_no_table() -> None:
    parameters = parse(KIND, ("accuracy",), {"min": 0.5})
    gate = Gate(id="g", kind=KIND, parameters=parameters)
    with pytest.raises(TableError, match="int is not a table"):
        evaluate(gate, 3, Context())
    with pytest.raises(ColumnError):
        evaluate(gate, {"y_true": [1, 0]}, Context())


def test_thousands_of_slices_are_a_measurement_and_no_groups():
    table = {"y_true": [0, 1] * 1001, "y_pred": [0, 1] * 1001, "u": list(range(2002))}
    with pytest.raises(MLGatesError, match="2,002 groups") as error:
        metric(table, "accuracy", min=0.5, by="u")
    assert "at most 1,000" in str(error.value)


def test_a_label_column_named_as_prediction_is_misuse():
    with pytest.raises(MLGatesError, match="named as label and as prediction"):
        metric({"y": [0, 1]}, "accuracy", min=0.5, y_true="y", y_pred="y")


@pytest.mark.parametrize("role", ["cluster", "sample_weight", "query"])
def test_a_role_that_is_no_name_is_no_role_left_out(role: str) -> None:
    assert "is not in table 'holdout'" in complaint("accuracy", GOOD, **{role: ""})


def test_scores_that_are_other_numbers_as_floats_are_not_rounded_into_ties() -> None:
    scores = [2**53, 2**53 + 1, 2**53 + 2, 4, 5, 6]
    words = complaint("roc_auc", {**GOOD, "y_score": scores})
    assert "orders scores as floats, which round" in words
    assert "1 of 6 rows over 2**53" in words
    even = {**GOOD, "y_score": [2 * score for score in scores[:1] * 3] + scores[3:]}
    judged(to_table(pd.DataFrame(even)), "roc_auc", {"min": 0.01})
