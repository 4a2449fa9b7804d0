"""Metrics of predicted classes: from counts by cell, or from rows that do not count alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pytest_mlgates.gates.metric.answers import Answers, Measure, Right, chosen
from pytest_mlgates.statistics import confusion, counts
from pytest_mlgates.statistics.estimate import Estimate, Sampling, bounds
from pytest_mlgates.statistics.proportions import FAR_OUT, proportion
from pytest_mlgates.statistics.scales import Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.gates.labels import Cells, Classes
    from pytest_mlgates.gates.metric.metrics import Metric
    from pytest_mlgates.statistics.confusion import CellMetric
    from pytest_mlgates.statistics.interval import Measured

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

_SIMPLE = {
    "accuracy": confusion.accuracy,
    "balanced_accuracy": confusion.balanced_accuracy,
    "mcc": confusion.mcc,
    "cohen_kappa": confusion.cohen_kappa,
}
# Rows of the rarest class under which bounds by the delta method err by up to twice their level.
FEW_OF_A_CLASS = 40


class Asked(Protocol):
    """What is asked of classes: which metric, of one of them or averaged over all."""

    @property
    def metric(self) -> str:
        """Its name in verdicts."""

    @property
    def averaged(self) -> str:
        """The average over classes."""

    @property
    def beta(self) -> float | None:
        """How many times recall counts more than precision in F-beta."""

    @property
    def spec(self) -> Metric:
        """The metric itself."""


class ClassMetric:
    """A metric of *parameters* over the classes of a table."""

    def __init__(self, parameters: Asked, classes: Classes) -> None:
        labels = classes.labels
        if classes.positive is not None and classes.positive not in labels:
            labels = (*labels, classes.positive)  # there is none of them
        self._parameters, self.labels = parameters, labels
        self.name = parameters.metric
        self.size = len(labels)
        self.positive = None if classes.positive is None else labels.index(classes.positive)

    def matrix(self, cells: Cells) -> NDArray[np.int64]:
        """The counts of *cells*, truth in rows."""
        place = {label: i for i, label in enumerate(self.labels)}
        found = np.zeros((self.size, self.size), dtype=np.int64)
        for (truth, predicted), n in cells.items():
            found[place[truth], place[predicted]] += n
        return found

    def moves(self, matrix: NDArray[np.int64]) -> Floats:
        """The influence value of a row in each cell, of shape ``(K, K)``.

        Raises:
            UndefinedError: where the metric has no value.
        """
        return self._found(matrix, matrix).moves

    def of_counts(self, matrix: NDArray[np.int64], confidence: float) -> Measured:
        """The metric of independent rows, with its bounds.

        Raises:
            UndefinedError: where it has no value.
        """
        found = self._found(matrix, matrix)
        averaged = self._parameters.averaged
        if found.share is not None:
            successes, rows = map(int, found.share)
            return proportion(successes, rows, confidence)
        if self.name == "f1" and averaged == "binary" and self.positive is not None:
            tp = int(matrix[self.positive, self.positive])
            called, true = (int(matrix.sum(axis=axis)[self.positive]) for axis in (0, 1))
            return counts.f1(tp, called - tp, true - tp, confidence)
        sizes = matrix.sum(axis=1)
        if self.name == "balanced_accuracy" or (self.name == "recall" and averaged == "macro"):
            present = np.flatnonzero(sizes)
            hits = [int(matrix[place, place]) for place in present]
            return counts.balanced_accuracy(
                hits, sizes[present].tolist(), confidence, exact=confidence > FAR_OUT
            )
        estimate = self._estimate(found, found.moves.ravel(), matrix)
        return bounds(replace(estimate, times=matrix.ravel()), confidence)

    def of_rows(
        self, truth: NDArray[np.intp], predicted: NDArray[np.intp], weights: Floats | None
    ) -> Estimate:
        """The metric of rows, with the influence of each."""
        codes = truth * self.size + predicted
        plain = np.bincount(codes, minlength=self.size**2).reshape(self.size, self.size)
        matrix = plain
        if weights is not None:
            matrix = np.bincount(codes, weights=weights, minlength=self.size**2)
            matrix = matrix.reshape(self.size, self.size)
        found = self._found(matrix, plain)
        estimate = self._estimate(found, found.moves.ravel()[codes], plain)
        return estimate if found.base is None else replace(estimate, base=found.base.ravel()[codes])

    def _found(self, matrix: NDArray[Any], rows: NDArray[np.int64]) -> CellMetric:
        if self.name in _SIMPLE and self.name != "balanced_accuracy":
            return _SIMPLE[self.name](matrix)
        metric = "fbeta" if self.name == "f1" else self.name
        averaged, labels = self._parameters.averaged, self.labels
        if self.name == "balanced_accuracy":
            return confusion.balanced_accuracy(matrix)
        if averaged == "binary":
            return confusion.per_class(
                matrix, metric, "binary", positive=self.positive, beta=self._parameters.beta or 1.0
            )
        # Classes that occur, here, in truth or predicted, as scikit-learn takes them.
        there = np.flatnonzero(rows.sum(axis=0) + rows.sum(axis=1))
        small = confusion.per_class(
            matrix[np.ix_(there, there)],
            metric,
            averaged,  # type: ignore[arg-type]
            beta=self._parameters.beta or 1.0,
            labels=[labels[place] for place in there],
        )
        moves, base = np.zeros(matrix.shape), None
        moves[np.ix_(there, there)] = small.moves
        if small.base is not None:
            base = np.zeros(matrix.shape, dtype=bool)
            base[np.ix_(there, there)] = small.base
        return replace(small, moves=moves, base=base)

    def _estimate(self, found: CellMetric, moves: Floats, rows: NDArray[np.int64]) -> Estimate:
        spec = self._parameters.spec
        scale = Scale.SHARE
        warnings: tuple[str, ...] = ()
        if found.share is None:
            scale = Scale.FISHER_Z if spec.low < 0 else Scale.LOGIT
            warnings = _few(rows)
        return Estimate(
            value=found.value,
            moves=moves,
            scale=scale,
            low=spec.low,
            high=spec.high,
            reach=found.reach,
            floored=True,
            method={
                Scale.SHARE: "wilson on effective rows",
                Scale.FISHER_Z: "delta on fisher z",
                Scale.LOGIT: "multinomial delta on the logit",
            }[scale],
            warnings=warnings,
        )

    def given_away(self, matrix: NDArray[np.int64]) -> tuple[int, ...]:
        """The counts that the metric comes from, and that it gives away; the rows first."""
        rows, hits = int(matrix.sum()), np.diagonal(matrix)
        right = int(hits.sum())
        if self.name == "accuracy":
            return rows, right, rows - right
        if self.name == "balanced_accuracy" or self._parameters.averaged != "binary":
            sizes = matrix.sum(axis=1)
            return (rows, *hits.tolist(), *(sizes - hits).tolist(), *sizes.tolist())
        if self.positive is None or self.name in _SIMPLE:
            return (rows, *matrix.ravel().tolist())
        tp = int(hits[self.positive])
        called, true = (int(matrix.sum(axis=axis)[self.positive]) for axis in (0, 1))
        if self.name == "precision":
            return rows, tp, called - tp, rows - called
        if self.name == "recall":
            return rows, tp, true - tp, rows - true
        if self.name == "specificity":
            return rows, called - tp, rows - true - (called - tp), true
        return rows, tp, called - tp, true - tp, rows - called - true + tp


def counted(metric: ClassMetric, cells: Cells) -> Measure:
    """The metric of the rows in *cells*, at any confidence."""
    matrix = metric.matrix(cells)
    return lambda confidence: replace(
        metric.of_counts(matrix, confidence), cells=metric.given_away(matrix)
    )


def answers(metric: ClassMetric, truth: NDArray[np.intp], predicted: NDArray[np.intp]) -> Answers:
    """The predictions of one model, row by row, as positions in the sorted labels."""

    def matrix(rows: Mask | None) -> NDArray[np.int64]:
        codes = chosen(truth, rows) * metric.size + chosen(predicted, rows)
        return np.bincount(codes, minlength=metric.size**2).reshape(metric.size, metric.size)

    def closed(rows: Mask | None) -> Measure:
        found = matrix(rows)
        return lambda confidence: metric.of_counts(found, confidence)

    def estimate(rows: Mask | None, drawn: Sampling) -> Estimate:
        return metric.of_rows(chosen(truth, rows), chosen(predicted, rows), drawn.weights)

    def sizes(rows: Mask | None) -> tuple[int, ...]:
        return tuple(np.bincount(chosen(truth, rows), minlength=metric.size).tolist())

    judged: Mask | None = None
    if metric.name == "accuracy":
        judged = np.ones(len(truth), dtype=bool)
    elif metric.name in ("recall", "specificity") and metric.positive is not None:
        judged = (truth == metric.positive) == (metric.name == "recall")
    right = truth == predicted
    return Answers(
        answer=predicted,
        estimate=estimate,
        closed=closed,
        cells=lambda rows: metric.given_away(matrix(rows)),
        right=None if judged is None else Right(judged, right),
        sizes=sizes if metric.name != "accuracy" else lambda _: (),
    )


def _few(matrix: NDArray[np.int64]) -> tuple[str, ...]:
    sizes = matrix.sum(axis=1)
    rarest = int(sizes[sizes > 0].min()) if sizes.any() else 0
    if rarest >= FEW_OF_A_CLASS:
        return ()
    few = f"the rarest class has {rarest} rows: under {FEW_OF_A_CLASS} these bounds err by up to"
    return (f"{few} .13 instead of .05",)
