"""Numbers by group that are no means of rows: F1, F-beta, balanced accuracy, ROC AUC, R2.

They are those of metric gates, with the same bounds and the same influence of each row; what is
added here is how the numbers of groups hang together. Imported where such a number is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.gates.metric.classes import ClassMetric
from pytest_mlgates.gates.metric.classes import answers as of_classes
from pytest_mlgates.gates.metric.metrics import METRICS, canonical
from pytest_mlgates.gates.metric.numeric import of_all
from pytest_mlgates.gates.metric.scored import of_ranking
from pytest_mlgates.statistics.group_families import OVERALL, MeasuredFamily
from pytest_mlgates.statistics.group_influence import Influence, correlated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pytest_mlgates.gates.fairness_metrics import Measure
    from pytest_mlgates.gates.labels import Cells, Classes
    from pytest_mlgates.gates.metric.answers import Answers
    from pytest_mlgates.gates.metric.answers import Measure as Answer
    from pytest_mlgates.gates.metric.metrics import Metric
    from pytest_mlgates.statistics.estimate import Estimate, Sampling
    from pytest_mlgates.statistics.group_samples import Sample

    Codes = NDArray[np.intp]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A number that is no mean of rows, of any rows of a table.

    Attributes:
        answers: Its value, bounds and influence values.
        usable: Whether some rows have it.
    """

    answers: Answers
    usable: Callable[[Codes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a metric of classes is asked for, by the name that a fairness metric has."""

    metric: str
    averaged: str = "binary"
    beta: float | None = None

    @property
    def spec(self) -> Metric:
        return METRICS[self.metric]


def class_metric(measure: Measure, classes: Classes) -> ClassMetric:
    """The metric of classes that *measure* is in every group."""
    return ClassMetric(_Asked(metric=canonical(measure.name), beta=measure.beta), classes)


def counted_measure(measure: Measure, classes: Classes, cells: Cells) -> Answer:
    """*measure* of the rows in *cells*, at any confidence."""
    metric = class_metric(measure, classes)
    return partial(metric.of_counts, metric.matrix(cells))


def whole_of_classes(measure: Measure, classes: Classes, truth: Codes, predicted: Codes) -> Whole:
    """F1, F-beta or balanced accuracy of rows with these labels: their places among *classes*."""
    metric = class_metric(measure, classes)
    if measure.binary:
        either = (truth == metric.positive) | (predicted == metric.positive)
        usable = partial(_any, either)
    else:
        usable = partial(_all_of, truth, len(classes.labels))
    return Whole(answers=of_classes(metric, truth, predicted), usable=usable)


def _any(wanted: NDArray[np.bool_], rows: Codes) -> bool:
    return bool(wanted[rows].any())


def _all_of(values: Codes, count: int, rows: Codes) -> bool:
    return len(np.unique(values[rows])) == count


def whole_family(
    measure: Measure, sample: Sample, whole: Whole, rows: Any, level: int, absent: list[int]
) -> MeasuredFamily:
    """*measure* in every group of *sample*, whose rows stand at the places *rows* of the table."""
    answers = whole.answers
    places = [rows[sample.groups == group] for group in range(sample.count)]

    # Places select rows as well as truth values do, and keep the order that sums are made in.
    def estimate(at: Codes, drawn: Sampling) -> Estimate:
        return answers.moved(rows[at], drawn)

    influence = Influence(sample=sample, estimate=estimate)
    if sample.weights is None and sample.clusters is None and answers.closed is not None:
        measures = [answers.closed(one) for one in places]
        of_all = answers.closed(rows)
    else:
        measures = [partial(influence.measured, group) for group in range(sample.count)]
        of_all = partial(influence.measured, OVERALL)
    return MeasuredFamily(
        name=measure.name,
        measures=measures,
        whole=of_all,
        sizes=tuple(len(one) if whole.usable(one) else 0 for one in places),
        low=measure.low,
        high=measure.high,
        level=level,
        absent=absent,
        together=influence,
    )


def counted_with_whole(measure: Measure, classes: Classes, cells: Sequence[Cells | None]) -> Floats:
    """The correlation of each group's number with that of all rows, from the counts of groups."""
    metric = class_metric(measure, classes)
    matrices = [metric.matrix(one or {}) for one in cells]
    total = np.sum(matrices, axis=0)
    every = metric.moves(total).ravel()
    own = [metric.moves(one).ravel() for one in matrices]
    return correlated(
        np.concatenate(own),
        np.tile(every, len(cells)),
        np.repeat(np.arange(len(cells)), every.size),
        float(np.sum(total.ravel() * every * every)),
        len(cells),
        np.concatenate([one.ravel() for one in matrices]),
    )


def whole_of_r2(truth: Floats, predicted: Floats) -> Whole:
    """R2 of rows with these numbers."""
    return Whole(
        answers=of_all("r2", truth, predicted),
        usable=lambda rows: len(rows) > 1 and float(np.ptp(truth[rows])) > 0,
    )


def whole_of_auc(positive: NDArray[np.bool_], scores: Floats) -> Whole:
    """The area under the ROC curve of rows with these labels and scores."""
    return Whole(
        answers=of_ranking("roc_auc", positive, scores),
        usable=lambda rows: len(np.unique(positive[rows])) == 2,
    )
