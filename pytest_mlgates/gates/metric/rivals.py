"""Two models' answers on the same rows, ready to be compared on any selection of them.

Shares of right rows (accuracy, recall) by Bonett and Price, means of row losses by Hall, AUC by
paired DeLong, everything else by its influence values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.gates.labels import Classes, Column
from pytest_mlgates.gates.metric.parts import cells_of, chosen, of_cells, of_numbers, row_losses
from pytest_mlgates.gates.scores import (
    checked_numbers,
    checked_scores,
    class_codes,
    numbers,
    positives,
    scores,
)
from pytest_mlgates.statistics import auc, influence
from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.paired import (
    PairedDifference,
    influence_difference,
    mean_difference,
    share_difference,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.core.exact import Number
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.labels import Cells
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.gates.privacy import Display

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

# From a selection of rows (None: all) and a confidence to the difference.
Compare = Callable[["Mask | None", float], PairedDifference | Measured]


@dataclass(frozen=True, kw_only=True)
class Rivals:
    """Two models' answers on the same rows.

    Attributes:
        compare: The difference, candidate minus champion.
        values: The metric of the candidate and of the champion on all rows; may be undefined.
        differing: On which rows their answers are not equal.
        reach: By how much the metric can differ at most if a share of 1 of some rows did: what
            bounds a difference that no row shows. Infinite where that is unknown.
        only: On how many rows only the candidate, and only the champion is right, where the metric
            is a share of right rows.
        sizes: How many rows of some rows each class has, where bounds rest on that.
        bases: The counts that the metric of the candidate and of the champion comes from.
        ranked_alike: Whether both rank some rows alike, where only the ranking counts.
    """

    compare: Compare
    values: Callable[[], tuple[Number, Number]]
    differing: Mask
    reach: Callable[[Mask | None], float] = lambda _: math.inf
    only: tuple[int, int] | None = None
    sizes: Callable[[Mask | None], tuple[int, ...]] = lambda _: ()
    bases: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    ranked_alike: Callable[[Mask | None], bool] | None = None

    def alike(self, rows: Mask | None) -> bool:
        """Whether these *rows* show no difference between the two."""
        if self.ranked_alike is not None:
            return self.ranked_alike(rows)
        return not chosen(self.differing, rows).any()


def rivals_of(
    parameters: MetricParameters, table: Table, found: Predictions, display: Display
) -> Rivals:
    """The candidate's answers in *table* and the champion's, checked alike.

    Raises:
        MLGatesError: for answers of a kind the metric does not take.
    """
    kinds = {"classes": _classes, "scores": _scores, "numbers": _numbers}
    return kinds[parameters.spec.needs](parameters, table, found, display)


def measured(rivals: Rivals, rows: Mask | None, confidence: float) -> Measured:
    """The difference on *rows* with its bounds, those of a difference of zero included.

    Raises:
        UndefinedError: where either metric is undefined there.
    """
    found = rivals.compare(rows, confidence)
    differing = int(np.count_nonzero(chosen(rivals.differing, rows)))
    cells = (found.n, *rivals.sizes(rows), *(found.cells or (differing,)))
    if found.value == 0 and rivals.only is None and rivals.alike(rows):
        unseen = _unseen(found.n, rivals.reach(rows), confidence)
        return replace(unseen, cells=cells)
    if isinstance(found, Measured):
        return replace(found, cells=cells)
    return Measured(
        value=found.value,
        interval=found.interval,
        n=found.n,
        method=found.method if "paired" in found.method else f"paired, {found.method}",
        warnings=found.warnings,
        cells=cells,
    )


def _unseen(n: int, reach: float, confidence: float) -> Measured:
    """A difference that no row shows, which proves nothing by its width of zero.

    Where none of n rows differs, at most ``1 - alpha^(1/n)`` of all rows do (Clopper and Pearson
    1934, no success), and these move the metric by at most *reach* each.
    """
    share = -math.expm1(math.log(1 - confidence) / n)
    width = share * reach
    return Measured(
        value=0.0,
        interval=Interval(-width, width),
        n=n,
        method="paired, at most 1 - alpha^(1/n) of the rows differ",
    )


def _classes(
    parameters: MetricParameters, table: Table, found: Predictions, display: Display
) -> Rivals:
    metric = parameters.metric
    assert found.y_pred is not None  # noqa: S101
    mine, theirs = parameters.y_pred, f"y_pred of {found.name}"
    classes, truth, codes = class_codes(
        table,
        parameters,
        {mine: table.arrays([mine])[mine], theirs: found.y_pred},
        metric=metric,
        binary=parameters.spec.binary,
        display=display,
    )
    first, second = codes[mine], codes[theirs]
    places = Classes(
        labels=tuple(range(len(classes.labels))),
        positive=classes.labels.index(classes.positive)
        if classes.positive in classes.labels
        else -1,
    )

    def of(predicted: NDArray[np.intp], rows: Mask | None) -> Cells:
        return _cells(chosen(truth, rows), chosen(predicted, rows), len(places.labels))

    def value(predicted: NDArray[np.intp], rows: Mask | None) -> Number:
        return of_cells(metric, of(predicted, rows), places, parameters.confidence).value

    def sizes(rows: Mask | None) -> tuple[int, ...]:
        return tuple(np.bincount(chosen(truth, rows), minlength=len(places.labels)).tolist())

    bases = (
        cells_of(metric, of(first, None), places),
        cells_of(metric, of(second, None), places),
    )

    differing = first != second
    if metric in ("accuracy", "recall"):
        judged = truth == places.positive if metric == "recall" else np.ones(len(truth), bool)
        right, others = first == truth, second == truth

        def share(rows: Mask | None, confidence: float) -> PairedDifference:
            of = judged if rows is None else judged & rows
            if not of.any():
                raise UndefinedError("no row is positive in truth")
            return share_difference(right[of], others[of], confidence)

        only = (
            int(np.count_nonzero(judged & right & ~others)),
            int(np.count_nonzero(judged & others & ~right)),
        )
        return Rivals(
            compare=share,
            values=lambda: (value(first, None), value(second, None)),
            differing=differing & judged,
            only=only,
            sizes=sizes if metric == "recall" else lambda _: (),
            bases=bases,
        )

    def of_rows(rows: Mask | None, confidence: float) -> PairedDifference:
        labels = chosen(truth, rows)
        pair = [chosen(first, rows), chosen(second, rows)]
        if metric == "balanced_accuracy":
            present = np.unique(labels, return_inverse=True)[1].astype(np.intp)
            moved = [influence.balanced_accuracy(present, p == labels) for p in pair]
        else:
            moves = influence.f1 if metric == "f1" else influence.precision
            positive = labels == places.positive
            moved = [moves(positive, p == places.positive) for p in pair]
        return influence_difference(
            value(first, rows),
            value(second, rows),
            moved[0],
            moved[1],
            chosen(differing, rows),
            confidence,
        )

    def reach(rows: Mask | None) -> float:
        labels, predicted = chosen(truth, rows), chosen(first, rows)
        if metric == "balanced_accuracy":
            return _one_over_rarest(labels) / len(np.unique(labels))
        positive, called = labels == places.positive, predicted == places.positive
        if metric == "precision":
            return 1 / float(np.mean(called))
        return 2 / float(np.mean(positive) + np.mean(called))

    return Rivals(
        compare=of_rows,
        values=lambda: (value(first, None), value(second, None)),
        differing=differing,
        reach=reach,
        sizes=sizes,
        bases=bases,
    )


def _one_over_rarest(labels: NDArray[Any]) -> float:
    """One row more or less of the rarest class moves a mean over it by this, times n."""
    return len(labels) / int(np.unique(labels, return_counts=True)[1].min())


def _both(positive: Mask) -> tuple[int, int]:
    """Positive and negative rows."""
    found = int(np.count_nonzero(positive))
    return found, len(positive) - found


def _cells(
    truth: NDArray[np.intp], predicted: NDArray[np.intp], classes: int
) -> dict[tuple[int, int], int]:
    found, rows = np.unique(truth * classes + predicted, return_counts=True)
    return {
        (code // classes, code % classes): n
        for code, n in zip(found.tolist(), rows.tolist(), strict=True)
    }


def _scores(
    parameters: MetricParameters, table: Table, found: Predictions, display: Display
) -> Rivals:
    metric = parameters.metric
    probabilities = metric != "roc_auc"
    positive = positives(
        table, parameters, metric=metric, both=metric == "roc_auc", display=display
    )
    mine = scores(table, parameters, metric=metric, probabilities=probabilities, display=display)
    assert found.y_score is not None  # noqa: S101
    theirs = checked_scores(
        found.y_score,
        Column(role="y_score", name=found.name, table=table.name),
        metric=metric,
        probabilities=probabilities,
        decisions_refused=True,
        table=table,
        display=display,
    )
    differing = mine.values != theirs.values
    if metric == "roc_auc":

        def ranked(rows: Mask | None) -> tuple[auc.RocAuc, auc.RocAuc]:
            labels = chosen(positive, rows)
            pair = [
                auc.roc_auc(labels, chosen(each.values, rows), in_row_order=True)
                for each in (mine, theirs)
            ]
            return pair[0], pair[1]

        def placed(rows: Mask | None, confidence: float) -> Measured:
            return auc.auc_difference(*ranked(rows), confidence)

        def areas() -> tuple[Number, Number]:
            one, other = ranked(None)
            return one.auc, other.auc

        return Rivals(
            compare=placed,
            values=areas,
            differing=differing,
            reach=lambda rows: _one_over_rarest(chosen(positive, rows)),
            sizes=lambda rows: _both(chosen(positive, rows)),
            bases=(_both(positive), _both(positive)),
            ranked_alike=lambda rows: auc.same_ranking(*ranked(rows)),
        )
    losses = [row_losses(metric, positive, each.values, each.epsilon) for each in (mine, theirs)]
    reach = -float(np.log(min(mine.epsilon, theirs.epsilon))) if metric == "log_loss" else 1.0
    return _means(losses[0], losses[1], differing, reach)


def _numbers(
    parameters: MetricParameters, table: Table, found: Predictions, display: Display
) -> Rivals:
    metric = parameters.metric
    truth = numbers(table, parameters, "y_true", metric=metric, display=display)
    first = numbers(table, parameters, "y_pred", metric=metric, display=display)
    assert found.y_pred is not None  # noqa: S101
    second = checked_numbers(
        found.y_pred,
        Column(role="y_pred", name=found.name, table=table.name),
        metric,
        table,
        display,
    )
    differing = first != second
    if metric in ("mae", "mse"):
        errors = [np.abs(each - truth) for each in (first, second)]
        if metric == "mse":
            errors = [each * each for each in errors]
        return _means(errors[0], errors[1], differing, float("inf"))

    def value(predicted: Floats, rows: Mask | None) -> Number:
        return of_numbers(
            metric, chosen(truth, rows), chosen(predicted, rows), parameters.confidence
        ).value

    def of_rows(rows: Mask | None, confidence: float) -> PairedDifference:
        labels = chosen(truth, rows)
        pair = [chosen(first, rows), chosen(second, rows)]
        moved = [
            influence.rmse(p - labels) if metric == "rmse" else influence.r2(labels, p)
            for p in pair
        ]
        return influence_difference(
            value(first, rows),
            value(second, rows),
            moved[0],
            moved[1],
            chosen(differing, rows),
            confidence,
        )

    return Rivals(
        compare=of_rows,
        values=lambda: (value(first, None), value(second, None)),
        differing=differing,
    )


def _means(first: Floats, second: Floats, differing: Mask, reach: float) -> Rivals:
    def of_rows(rows: Mask | None, confidence: float) -> PairedDifference:
        return mean_difference(
            chosen(first, rows), chosen(second, rows), confidence, low=-reach, high=reach
        )

    return Rivals(
        compare=of_rows,
        values=lambda: (float(np.mean(first)), float(np.mean(second))),
        differing=differing,
        reach=lambda _: reach,
    )
