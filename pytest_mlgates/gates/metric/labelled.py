"""Rows with several labels: one column of truth and one of predictions for each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.labels import Column, refuse_missing
from pytest_mlgates.gates.metric.answers import Answers, Measure, Right, chosen
from pytest_mlgates.gates.scores import as_floats
from pytest_mlgates.statistics.estimate import Estimate, Sampling
from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.multilabel import per_label
from pytest_mlgates.statistics.proportions import proportion
from pytest_mlgates.statistics.scales import Scale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.statistics.interval import Measured

    Mask = NDArray[np.bool_]
    Read = Callable[[NDArray[Any], Column], Mask]


def answers(
    parameters: MetricParameters, table: Table, rival: Predictions | None, display: Display
) -> Answers:
    """The predicted labels of the table, or those of *rival* on its rows.

    Raises:
        MLGatesError: for columns that hold anything but 0 and 1, or truth values.
    """
    named = parameters.multilabel
    assert named is not None  # noqa: S101
    metric = parameters.metric
    truth = _read(table, named, _flags(metric, table, display))
    if rival is None:
        predicted = _read(table, named.values(), _reader(parameters, table, display))
    else:
        predicted = _of_rival(parameters, rival, table, display)
    if metric == "accuracy":
        return _exact(truth, predicted)

    def estimate(rows: Mask | None, drawn: Sampling) -> Estimate:
        return per_label(
            chosen(truth, rows),
            chosen(predicted, rows),
            "fbeta" if metric == "f1" else metric,
            parameters.averaged,
            beta=parameters.beta or 1.0,
            labels=list(named),
            sampling=drawn,
        )

    return Answers(answer=predicted, estimate=estimate, cells=partial(_cells, truth, predicted))


def _of_rival(
    parameters: MetricParameters, rival: Predictions, table: Table, display: Display
) -> Mask:
    """The labels that *rival* predicts, held to what the columns of the table are held to."""
    named = parameters.multilabel
    assert named is not None  # noqa: S101
    given = rival.y_score if parameters.threshold is not None else rival.y_pred
    assert given is not None  # noqa: S101
    if given.ndim != 2 or given.shape[1] != len(named):
        raise MLGatesError(
            f"{rival.name} gave no answer per label",
            got=f"an array of shape {given.shape}",
            want=f"shape (rows, {len(named)})",
        )
    read = _reader(parameters, table, display)
    return np.column_stack(
        [
            read(values, Column(role=name, name=rival.name, table=table.name))
            for name, values in zip(named.values(), given.T, strict=True)
        ]
    )


def _cells(truth: Mask, predicted: Mask, rows: Mask | None) -> tuple[int, ...]:
    """Of each label the rows of each kind, the rows first."""
    one, other = chosen(truth, rows), chosen(predicted, rows)
    kinds = (one & other, one & ~other, ~one & other, ~one & ~other)
    return (len(one), *(int(n) for kind in kinds for n in kind.sum(axis=0)))


def _exact(truth: Mask, predicted: Mask) -> Answers:
    """The share of rows of which all labels are right, as scikit-learn's accuracy_score."""
    right = (truth == predicted).all(axis=1)

    def closed(rows: Mask | None) -> Measure:
        kept = chosen(right, rows)
        return lambda confidence: _share(kept, confidence)

    def estimate(rows: Mask | None, drawn: Sampling) -> Estimate:
        kept = chosen(right, rows).astype(np.float64)
        if not len(kept):
            raise UndefinedError("a share of no rows")
        value = drawn.mean(kept)
        return Estimate(
            value=value, moves=kept - value, scale=Scale.SHARE, low=0.0, high=1.0, reach=1.0
        )

    def cells(rows: Mask | None) -> tuple[int, ...]:
        kept = chosen(right, rows)
        return len(kept), int(kept.sum()), len(kept) - int(kept.sum())

    return Answers(
        answer=predicted,
        estimate=estimate,
        closed=closed,
        cells=cells,
        right=Right(np.ones(len(right), dtype=bool), right),
    )


def _share(right: Mask, confidence: float) -> Measured:
    return proportion(int(np.count_nonzero(right)), len(right), confidence)


def _read(table: Table, names: Iterable[str], read: Read) -> Mask:
    for name in names:
        table.require(name, role="multilabel")
    arrays = table.arrays(list(names))
    return np.column_stack(
        [read(arrays[n], Column(role="multilabel", name=n, table=table.name)) for n in names]
    )


def _reader(parameters: MetricParameters, table: Table, display: Display) -> Read:
    """What makes labels of answers: of scores where there is a threshold, else of 0 and 1."""
    limit = parameters.threshold
    if limit is None:
        return _flags(parameters.metric, table, display)

    def read(array: NDArray[Any], column: Column) -> Mask:
        values = as_floats(array, column, parameters.metric)
        refuse_missing(column, int(np.count_nonzero(np.isnan(values))), table, display)
        return np.asarray(values >= limit)

    return read


def _flags(metric: str, table: Table, display: Display) -> Read:
    """What makes labels of 0 and 1."""

    def read(array: NDArray[Any], column: Column) -> Mask:
        values = array.astype(np.float64) if array.dtype.kind == "b" else None
        if values is None:
            values = as_floats(array, column, metric)
        refuse_missing(column, int(np.count_nonzero(np.isnan(values))), table, display)
        wrong = int(np.count_nonzero(~np.isin(values, (0, 1))))
        if wrong:
            raise MLGatesError(
                f"{metric} of several labels needs 0 and 1, and {column} holds something else",
                got=f"{display.count(wrong)} of {display.rows(len(values))}",
                want="0 or 1, or truth values: whether the row has the label",
                fix="for scores set `threshold`, from which on a label is predicted",
            )
        return np.asarray(values == 1)

    return read
