"""The table as a whole and its slices, each ready to be measured at any confidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.gates.labels import confusion, merged, refuse_many_groups, refuse_non_groups
from pytest_mlgates.gates.scores import group_codes, numbers, positives, scores
from pytest_mlgates.statistics import auc, counts, regression
from pytest_mlgates.statistics.interval import Measured, UndefinedError
from pytest_mlgates.statistics.means import mean
from pytest_mlgates.statistics.proportions import proportion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.labels import Cells, Classes, Group
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.privacy import Display

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

Measure = Callable[[float], Measured]


@dataclass(frozen=True, kw_only=True)
class Part:
    """The whole table (``group`` is None) or one slice of it.

    Attributes:
        group: The slice's values, in the order of ``by``.
        rows: Its rows.
        measure: Its value with bounds at a confidence; raises UndefinedError.
        rest: The same of all rows outside it, None for the whole table.
    """

    group: Group | None
    rows: int
    measure: Measure
    rest: Measure | None = None


def parts_of(table: Table, parameters: MetricParameters, display: Display) -> list[Part]:
    """The whole table, then its slices, for a gate with an absolute bound.

    Raises:
        MLGatesError: for columns that are missing, incomplete or of the wrong kind.
    """
    table.require_rows()
    if parameters.by:
        refuse_non_groups(table, parameters.by)
        groups = table.counts(parameters.by)
        refuse_many_groups(len(groups), " × ".join(map(repr, parameters.by)), table)
    if parameters.spec.needs == "classes":
        return _counted(table, parameters, display)
    measure: Callable[[Mask | None], Measure]
    if parameters.spec.needs == "scores":
        measure = _scored(table, parameters, display)
    else:
        measure = _regressed(table, parameters, display)
    return sliced(table, parameters, measure, display)


def sliced(
    table: Table,
    parameters: MetricParameters,
    measure: Callable[[Mask | None], Measure],
    display: Display,
) -> list[Part]:
    """The whole table, then its slices, from a *measure* of any selection of rows."""
    parts = [Part(group=None, rows=table.n_rows, measure=measure(None))]
    if parameters.by:
        groups, codes = group_codes(table, parameters, parameters.by, display)
        for place, group in enumerate(groups):
            inside = codes == place
            parts.append(
                Part(
                    group=group,
                    rows=int(np.count_nonzero(inside)),
                    measure=measure(inside),
                    rest=measure(~inside),
                )
            )
    return parts


def _counted(table: Table, parameters: MetricParameters, display: Display) -> list[Part]:
    found = confusion(
        table,
        parameters,
        metric=parameters.metric,
        binary=parameters.spec.binary,
        display=display,
        by=parameters.by or (),
    )

    def measure(cells: Cells) -> Measure:
        counts_of = cells_of(parameters.metric, cells, found.classes)
        return lambda confidence: replace(
            of_cells(parameters.metric, cells, found.classes, confidence), cells=counts_of
        )

    def without(group: Group) -> Cells:
        return merged(cells for other, cells in found.groups.items() if other != group)

    parts = [Part(group=None, rows=sum(found.total.values()), measure=measure(found.total))]
    if parameters.by:
        parts += [
            Part(
                group=group,
                rows=sum(cells.values()),
                measure=measure(cells),
                rest=measure(without(group)),
            )
            for group, cells in found.groups.items()
        ]
    return parts


def of_cells(metric: str, cells: Cells, classes: Classes, confidence: float) -> Measured:
    """A metric of classes from its confusion counts.

    Raises:
        UndefinedError: where its denominator is empty.
    """
    if metric == "accuracy":
        hits = sum(n for (truth, predicted), n in cells.items() if truth == predicted)
        return proportion(hits, sum(cells.values()), confidence)
    if metric == "balanced_accuracy":
        sizes = dict.fromkeys(classes.labels, 0)
        hits_of = dict(sizes)
        for (truth, predicted), n in cells.items():
            sizes[truth] += n
            hits_of[truth] += n if truth == predicted else 0
        present = [label for label, size in sizes.items() if size]
        if len(present) < 2:
            raise UndefinedError("balanced accuracy needs rows of at least two classes")
        return counts.balanced_accuracy(
            [hits_of[label] for label in present], [sizes[label] for label in present], confidence
        )
    positive = classes.positive
    tp = fp = fn = 0
    for (truth, predicted), n in cells.items():
        if truth == positive and predicted == positive:
            tp += n
        elif predicted == positive:
            fp += n
        elif truth == positive:
            fn += n
    if metric == "precision":
        if tp + fp == 0:
            raise UndefinedError("no row is predicted positive")
        return proportion(tp, tp + fp, confidence)
    if metric == "recall":
        if tp + fn == 0:
            raise UndefinedError("no row is positive in truth")
        return proportion(tp, tp + fn, confidence)
    if tp + fp + fn == 0:
        raise UndefinedError("no row is positive, neither in truth nor predicted")
    return counts.f1(tp, fp, fn, confidence)


def cells_of(metric: str, cells: Cells, classes: Classes) -> tuple[int, ...]:
    """The counts that a metric of classes comes from, and that it gives away."""
    hits, misses = dict.fromkeys(classes.labels, 0), dict.fromkeys(classes.labels, 0)
    called = 0
    for (truth, predicted), n in cells.items():
        (hits if truth == predicted else misses)[truth] += n
        called += n if predicted == classes.positive else 0
    rows = sum(cells.values())
    right = sum(hits.values())
    if metric == "accuracy":
        return rows, right, rows - right
    if metric == "balanced_accuracy":
        sizes = (hits[label] + misses[label] for label in classes.labels)
        return (rows, *hits.values(), *misses.values(), *sizes)
    tp, fn = hits.get(classes.positive, 0), misses.get(classes.positive, 0)
    if metric == "precision":
        return rows, tp, called - tp, rows - called
    if metric == "recall":
        return rows, tp, fn, rows - tp - fn
    return rows, tp, called - tp, fn, rows - called - fn


def _scored(
    table: Table, parameters: MetricParameters, display: Display
) -> Callable[[Mask | None], Measure]:
    metric = parameters.metric
    positive = positives(
        table, parameters, metric=metric, both=metric == "roc_auc", display=display
    )
    found = scores(
        table, parameters, metric=metric, probabilities=metric != "roc_auc", display=display
    )
    if metric == "roc_auc":
        return lambda rows: _Ranked(positive, found.values, rows).measure
    losses = row_losses(metric, positive, found.values, found.epsilon)
    high = float(-np.log(found.epsilon)) if metric == "log_loss" else 1.0
    return lambda rows: (
        lambda confidence: mean(chosen(losses, rows), confidence, low=0.0, high=high)
    )


def row_losses(metric: str, positive: Mask, scores: Floats, epsilon: float) -> Floats:
    """Log loss or squared error of each row's probability.

    Probabilities are kept *epsilon* from 0 and 1, as scikit-learn does, so that one sure mistake
    costs 36 and not infinity.
    """
    if metric == "brier":
        return np.asarray((scores - positive) ** 2)
    losses = np.where(positive, scores, 1.0 - scores)
    np.clip(losses, epsilon, 1.0 - epsilon, out=losses)
    np.log(losses, out=losses)
    return np.negative(losses, out=losses)


class _Ranked:
    """The AUC of some rows, ranked once for all confidences."""

    def __init__(self, positive: Mask, scores: Floats, rows: Mask | None) -> None:
        self._positive, self._scores, self._rows = positive, scores, rows

    @cached_property
    def _placed(self) -> auc.RocAuc:
        return auc.roc_auc(chosen(self._positive, self._rows), chosen(self._scores, self._rows))

    def measure(self, confidence: float) -> Measured:
        placed = self._placed
        cells = (len(placed.v10), len(placed.v01))
        return replace(auc.auc_interval(placed, confidence), cells=(sum(cells), *cells))


def _regressed(
    table: Table, parameters: MetricParameters, display: Display
) -> Callable[[Mask | None], Measure]:
    truth = numbers(table, parameters, "y_true", metric=parameters.metric, display=display)
    predicted = numbers(table, parameters, "y_pred", metric=parameters.metric, display=display)
    return lambda rows: (
        lambda confidence: of_numbers(
            parameters.metric, chosen(truth, rows), chosen(predicted, rows), confidence
        )
    )


def of_numbers(metric: str, truth: Floats, predicted: Floats, confidence: float) -> Measured:
    """A regression metric.

    Raises:
        UndefinedError: for no rows, or R2 of a truth that does not vary.
    """
    if metric == "mae":
        return mean(np.abs(predicted - truth), confidence, low=0.0)
    if metric == "mse":
        return regression.mse(predicted - truth, confidence)
    if metric == "rmse":
        return regression.rmse(predicted - truth, confidence)
    return regression.r2(truth, predicted, confidence)


def chosen(values: NDArray[Any], rows: Mask | None) -> NDArray[Any]:
    """*values* of the selected *rows*, all of them for None."""
    return values if rows is None else values[rows]
