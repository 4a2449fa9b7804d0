"""Metrics of scores: rankings of one class against others, and losses of probabilities."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.labels import Column, positive_label
from pytest_mlgates.gates.metric.answers import Answers, Losses, Measure, chosen
from pytest_mlgates.gates.scores import (
    Scores,
    checked_scores,
    class_scores,
    positives,
    scores,
)
from pytest_mlgates.statistics import auc, calibration, ranks
from pytest_mlgates.statistics.estimate import Estimate, Sampling
from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.means import hardly_there, mean
from pytest_mlgates.statistics.scales import Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.statistics.interval import Measured

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

RANKS = {"roc_auc": ranks.roc_auc, "average_precision": ranks.average_precision}
# Positives that score like negatives are few of few: with 20 to 100 of them DeLong's bounds of one
# class against the others err by .11 to .17 (nominal .05).
_RARE = 100
_BLOCK = 1 << 14  # rows whose copies fit into a cache


def answers(
    parameters: MetricParameters, table: Table, rival: Predictions | None, display: Display
) -> Answers:
    """The scores of the table, or those of *rival* on its rows.

    Raises:
        MLGatesError: for answers of a kind the metric does not take.
    """
    if parameters.metric == "expected_calibration_error":
        return _calibrated(parameters, table, display)
    one_each = rival is not None and rival.y_score is not None and rival.y_score.ndim == 1
    if len(parameters.y_score) > 1 and not (one_each and len(parameters.y_score) == 2):
        return _several(parameters, table, rival, display)
    metric = parameters.metric
    ranked = metric in RANKS
    positive = positives(
        table, parameters, metric=metric, both=metric == "roc_auc", display=display
    )
    found = _of_one(parameters, table, rival, display, probabilities=not ranked)
    if not ranked:
        losses = row_losses(metric, positive, found.values, found.epsilon)
        high = 1.0 if metric == "brier" else float(-np.log(found.epsilon))
        return _of_probabilities(losses, positive, found.values, high=high, display=display)
    return of_ranking(metric, positive, found.values)


def _of_one(
    parameters: MetricParameters,
    table: Table,
    rival: Predictions | None,
    display: Display,
    *,
    probabilities: bool,
) -> Scores:
    metric = parameters.metric
    if rival is None:
        return scores(
            table, parameters, metric=metric, probabilities=probabilities, display=display
        )
    assert rival.y_score is not None  # noqa: S101
    return checked_scores(
        rival.y_score,
        Column(role="y_score", name=rival.name, table=table.name),
        metric=metric,
        probabilities=probabilities,
        decisions_refused=True,
        table=table,
        display=display,
    )


def of_rival(
    parameters: MetricParameters, table: Table, rival: Predictions, display: Display
) -> Floats:
    """The scores of *rival*, of any range."""
    return _of_one(parameters, table, rival, display, probabilities=False).values


def of_ranking(metric: str, positive: Mask, values: Floats) -> Answers:
    """ROC AUC or average precision of one class against the others."""
    rank = RANKS[metric]

    def estimate(rows: Mask | None, drawn: Sampling) -> Estimate:
        found = rank(chosen(positive, rows), chosen(values, rows), drawn.weights)
        warnings = ranks.few(found.positives) if metric == "average_precision" else ()
        by_influence = ranks.estimate(found, f"influence of placements ({metric}), logit", warnings)
        return replace(by_influence, beside=ranks.beside(metric, found))

    def of_auc(rows: Mask | None) -> Measure:
        kept: list[auc.RocAuc] = []

        def measured(confidence: float) -> Measured:
            if not kept:
                kept.append(auc.roc_auc(chosen(positive, rows), chosen(values, rows)))
            cells = (len(kept[0].v10), len(kept[0].v01))
            found = auc.auc_interval(kept[0], confidence)
            return replace(found, cells=(sum(cells), *cells))

        return measured

    def of_precision(rows: Mask | None) -> Measure:
        kept: list[ranks.Ranked] = []

        def measured(confidence: float) -> Measured:
            if not kept:
                kept.append(rank(chosen(positive, rows), chosen(values, rows), None))
            return ranks.of_precision(kept[0], confidence)

        return measured

    def both(rows: Mask | None) -> tuple[int, int]:
        return _both(chosen(positive, rows))

    return Answers(
        answer=values,
        estimate=estimate,
        closed=of_auc if metric == "roc_auc" else of_precision,
        cells=lambda rows: (sum(both(rows)), *both(rows)),
        placed=(
            lambda rows: auc.roc_auc(
                chosen(positive, rows), chosen(values, rows), in_row_order=True
            )
        )
        if metric == "roc_auc"
        else None,
        sizes=both,
    )


def _calibrated(parameters: MetricParameters, table: Table, display: Display) -> Answers:
    metric, n_bins = parameters.metric, parameters.n_bins or calibration.BINS
    positive = positives(table, parameters, metric=metric, both=False, display=display)
    values = _of_one(parameters, table, None, display, probabilities=True).values

    def closed(rows: Mask | None) -> Measure:
        kept, happened = chosen(values, rows), chosen(positive, rows)
        return lambda confidence: calibration.calibration_error(
            happened, kept, confidence, n_bins=n_bins
        )

    return Answers(answer=values, closed=closed)


def _several(
    parameters: MetricParameters, table: Table, rival: Predictions | None, display: Display
) -> Answers:
    """A score for each of several classes, in the order of the sorted labels."""
    metric = parameters.metric
    given = None if rival is None else rival.y_score
    labels, truth, matrix = class_scores(
        table,
        parameters,
        given,
        name="" if rival is None else rival.name,
        probabilities=metric not in RANKS,
        display=display,
    )
    place = 1
    if len(labels) == 2 and (
        (metric in RANKS and parameters.average is None) or parameters.pos_label is not None
    ):
        column = Column(role="y_true", name=parameters.y_true, table=table.name)
        positive = positive_label(
            labels, parameters.pos_label, metric=metric, column=column, display=display
        )
        place = next(i for i, label in enumerate(labels) if label == positive)
    if metric not in RANKS:
        answer = matrix if len(labels) > 2 else matrix[:, place]
        of_truth = matrix[np.arange(len(truth)), truth]
        if metric == "log_loss":
            epsilon = float(np.finfo(np.float64).eps)
            losses = -np.log(np.clip(of_truth, epsilon, 1.0))
            return _of_probabilities(
                losses, truth, answer, high=float(-np.log(epsilon)), display=display
            )
        squares = np.asarray(np.sum(matrix * matrix, axis=1) + 1.0 - 2.0 * of_truth)
        if len(labels) == 2:  # of one class only, as scikit-learn has it
            return _of_probabilities(squares / 2, truth, answer, high=1.0, display=display)
        return _of_probabilities(squares, truth, answer, high=2.0, display=display)
    if len(labels) == 2 and parameters.average is None:
        return of_ranking(metric, truth == place, matrix[:, place])
    rank = RANKS[metric]

    def estimate(rows: Mask | None, drawn: Sampling) -> Estimate:
        kept = chosen(truth, rows)
        found = ranks.one_against_rest(
            rank, kept, chosen(matrix, rows), parameters.averaged, labels, drawn.weights
        )
        rare = int(np.bincount(kept, minlength=len(labels)).min())
        few = f"the rarest class has {rare} rows: few for {metric}, under {_RARE} its bounds err by"
        warnings = () if rare >= _RARE else (f"{few} up to .17 instead of .05",)
        return ranks.estimate(found, f"influence of placements ({metric} ovr), logit", warnings)

    def sizes(rows: Mask | None) -> tuple[int, ...]:
        return tuple(np.bincount(chosen(truth, rows), minlength=len(labels)).tolist())

    return Answers(
        answer=matrix,
        estimate=estimate,
        cells=lambda rows: (sum(sizes(rows)), *sizes(rows)),
        sizes=sizes,
    )


def _of_probabilities(
    losses: Floats,
    truth: Mask | NDArray[np.intp],
    answer: NDArray[Any],
    *,
    high: float,
    display: Display,
) -> Answers:
    """The mean loss of probabilities, warned of where a class is hardly there.

    A model that is too sure of the frequent class is wrong where the rare one happens: of tables
    without any such row .12 to .22 prove it wrongly (nominal .05).
    """
    plain = of_losses(losses, answer, high=high)
    classes = int(truth.max(initial=1)) + 1

    def warned(rows: Mask | None, weights: Floats | None = None) -> tuple[str, ...]:
        if display.private:  # whether there are fewer than three is a count
            return ()
        there = chosen(truth, rows)
        there = there if weights is None else there[weights > 0]
        counts = _both(there) if there.dtype == bool else np.bincount(there, minlength=classes)
        return hardly_there(int(min(counts)))

    def closed(rows: Mask | None) -> Measure:
        asked = partial(mean, chosen(losses, rows), low=0.0, high=high, tails=True)
        warnings = warned(rows)

        def measured(confidence: float) -> Measured:
            found = asked(confidence)
            return replace(found, warnings=(*found.warnings, *warnings))

        return measured

    def estimate(rows: Mask | None, drawn: Sampling) -> Estimate:
        found = mean_of(losses, 0.0, high, rows, drawn)
        return replace(found, warnings=(*found.warnings, *warned(rows, drawn.weights)))

    return replace(plain, closed=closed, estimate=estimate)


def of_losses(
    losses: Floats, answer: NDArray[Any], *, low: float = 0.0, high: float = float("inf")
) -> Answers:
    """A metric that is the mean of what each row has."""

    def closed(rows: Mask | None) -> Measure:
        return partial(mean, chosen(losses, rows), low=low, high=high)

    return Answers(
        answer=answer,
        estimate=partial(mean_of, losses, low, high),
        closed=closed,
        losses=Losses(losses, low, high),
    )


def mean_of(
    losses: Floats, low: float, high: float, rows: Mask | None, drawn: Sampling
) -> Estimate:
    """The mean of *losses* on *rows*, and the influence of each."""
    found = chosen(losses, rows)
    if not len(found):
        raise UndefinedError("a mean of no rows")
    value = drawn.mean(found)
    return Estimate(
        value=value,
        moves=found - value,
        low=low,
        high=high,
        scale=Scale.MEAN,
        reach=high - low,
        method="looser of t and hall on linearised totals",
    )


def row_losses(metric: str, positive: Mask, values: Floats, epsilon: float) -> Floats:
    """Log loss or squared error of each row's probability.

    Probabilities are kept *epsilon* from 0 and 1, as scikit-learn does, so that one sure mistake
    costs 36 and not infinity.
    """
    if metric == "brier":
        return np.asarray((values - positive) ** 2)
    losses = np.empty(len(values))
    for start in range(0, len(values), _BLOCK):
        rows = slice(start, start + _BLOCK)
        some = np.where(positive[rows], values[rows], 1.0 - values[rows])
        np.clip(some, epsilon, 1.0 - epsilon, out=some)
        np.log(some, out=some)
        np.negative(some, out=losses[rows])
    return losses


def _both(positive: Mask) -> tuple[int, int]:
    """Positive and negative rows."""
    found = int(np.count_nonzero(positive))
    return found, len(positive) - found


def refuse_threshold_of_several(parameters: MetricParameters) -> None:
    """A threshold divides the scores of one class.

    Raises:
        MLGatesError: where there are several.
    """
    if len(parameters.y_score) > 1:
        raise MLGatesError(
            "threshold divides the scores of one class, and y_score names "
            f"{len(parameters.y_score)} columns",
            want="the column with the scores of the positive class",
        )
