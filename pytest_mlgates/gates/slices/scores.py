"""A metric of an evaluation table as numbers that add up over rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing
from pytest_mlgates.gates.labels import (
    classes_of,
    refuse_missing,
    refuse_non_classes,
    role_column,
)
from pytest_mlgates.gates.metric.metrics import METRICS, canonical
from pytest_mlgates.gates.metric.numeric import refuse_zeros
from pytest_mlgates.gates.metric.scored import row_losses
from pytest_mlgates.gates.scores import numbers, positives, scores
from pytest_mlgates.statistics.search import Loss, Recalls, Share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import EvaluationParameters
    from pytest_mlgates.gates.labels import Column
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.statistics.search import Score

# What adds up over rows: a slice is a row of sums, and its rest all minus these.
ADDED_UP = (
    *("accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1"),
    *("brier", "log_loss", "mae", "mse", "mape"),
)
SEARCHED = (*ADDED_UP, "roc_auc", "rmse", "r2")
_INSTEAD = {
    "average_precision": "roc_auc finds where a ranking is bad",
    "expected_calibration_error": "brier and log_loss find where scores are bad",
    "median_absolute_error": "mae finds where errors are large",
    "pinball": "mae finds where errors are large",
}
# What slices lack that have no value.
_LACKING = {
    "balanced_accuracy": "hold one class only",
    "precision": "have no row predicted positive",
    "recall": "have no row positive in truth",
    "specificity": "have no row negative in truth",
    "f1": "have no row positive in truth or predicted",
    "roc_auc": "hold one class only",
    "r2": "have a truth that does not vary",
}


def lacking(metric: str) -> str:
    """What slices in which *metric* has no value lack."""
    return _LACKING.get(metric, "have no weight")


def searched(name: str) -> str:
    """The name in verdicts of the metric *name*, which must be one that slices are searched by.

    Raises:
        MLGatesError: naming these.
    """
    try:
        metric = canonical(name)
    except ValueError as error:
        raise MLGatesError(f"unknown metric {name!r}", where="--metric", want=str(error)) from None
    if metric not in SEARCHED:
        raise MLGatesError(
            f"slices cannot be searched by {metric}",
            where="--metric",
            want=f"one of {listing(SEARCHED, len(SEARCHED))}",
            fix=_INSTEAD.get(metric, ""),
        )
    return metric


def score_of(
    table: Table, parameters: EvaluationParameters, metric: str, display: Display
) -> Score:
    """*metric* of every row of *table*.

    Raises:
        MLGatesError: for columns that are missing, incomplete or of the wrong kind.
    """
    table.require_rows()
    needs = METRICS[metric].needs
    if needs == "classes":
        return _classes(table, parameters, metric, display)
    if needs == "scores":
        positive = positives(table, parameters, metric=metric, both=False, display=display)
        found = scores(table, parameters, metric=metric, probabilities=True, display=display)
        high = float(-np.log(found.epsilon)) if metric == "log_loss" else 1.0
        return Loss.of(row_losses(metric, positive, found.values, found.epsilon), high=high)
    truth, predicted = (
        numbers(table, parameters, role, metric=metric, display=display)
        for role in ("y_true", "y_pred")
    )
    errors = np.abs(predicted - truth)
    if metric == "mape":
        refuse_zeros(truth, parameters, table, display)
        return Loss.of(errors / np.abs(truth))
    return Loss.of(errors if metric == "mae" else errors * errors)


def _classes(
    table: Table, parameters: EvaluationParameters, metric: str, display: Display
) -> Score:
    columns = [role_column(table, parameters, role) for role in ("y_true", "y_pred")]
    for column in columns:
        refuse_non_classes(table, column, metric, display)
    truths, predictions = (_codes(table, column, display) for column in columns)
    classes = classes_of(
        truths[0],
        predictions[0],
        columns=(columns[0], columns[1]),
        metric=metric,
        pos_label=parameters.pos_label,
        binary=METRICS[metric].binary,
        display=display,
    )
    place = {value: k for k, value in enumerate(classes.labels)}
    truth, predicted = (
        np.asarray([place[value] for value in values], dtype=np.intp)[codes]
        for values, codes in (truths, predictions)
    )
    right = truth == predicted
    if metric == "accuracy":
        return Share(np.where(right, 1, 2).astype(np.int8))
    if metric == "balanced_accuracy":
        return Recalls(2 * truth + right, len(classes.labels))
    positive = place.get(classes.positive, -1)
    true, called = truth == positive, predicted == positive
    counted = {
        "precision": called,
        "recall": true,
        "specificity": ~true,
        "f1": true | called,
    }[metric]
    hit = right if metric == "specificity" else true & called
    marks = np.where(counted, np.where(hit, 1, 2), 0).astype(np.int8)
    if metric != "f1":
        return Share(marks)
    # F1 is 2J/(1+J) of the share J of true among all that is positive in truth or predicted.
    return Share(marks, lambda j: 2 * j / (1 + j), slope=0.5)


def _codes(table: Table, column: Column, display: Display) -> tuple[list[object], NDArray[np.intp]]:
    values, codes = table.codes(column.name)
    if None in values:
        missing = int(np.count_nonzero(codes == values.index(None)))
        refuse_missing(column, missing, table, display)
    return values, codes


def as_label(table: Table, column: str, text: str) -> object:
    """The label of *column* that *text* writes; *text* itself where none does."""
    labels = [key[0] for key, _ in table.counts([table.require(column, role="y_true")])]
    return next((one for one in labels if str(one) == text), text)
