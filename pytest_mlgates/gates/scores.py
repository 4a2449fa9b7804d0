"""Scores, numbers and paired predictions as arrays, refused where they are not what they stand for.

Beside :mod:`pytest_mlgates.gates.labels`, which counts classes and never needs rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.labels import (
    Column,
    kind_of,
    positive_label,
    refuse_missing,
    refuse_non_classes,
    role_column,
    shown,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import EvaluationParameters
    from pytest_mlgates.gates.privacy import Display

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]


# How far single-precision probabilities of a row may add up to something else than 1.
_SUM = 1e-4
# Variances of squares are fourth powers, and a float ends at 1.8e308.
_LARGEST = 1e60
# Up to here every integer is a float.
_EXACT = 2**53


class Scores(NamedTuple):
    """Scores of the positive class, and the rounding unit of the type they came in."""

    values: Floats
    epsilon: float


def positives(
    table: Table,
    parameters: EvaluationParameters,
    *,
    metric: str,
    both: bool,
    display: Display,
) -> Mask:
    """Which rows are positive in truth; *both* classes must occur where that is said.

    Raises:
        MLGatesError: for labels of a wrong kind or count, or of a single class.
    """
    column = role_column(table, parameters, "y_true")
    refuse_non_classes(table, column, metric, display)
    counts = table.counts([column.name])
    refuse_missing(column, sum(n for key, n in counts if key[0] is None), table, display)
    labels = [key[0] for key, _ in counts]
    kinds = {kind_of(label) for label in labels}
    if len(kinds) > 1 or "other" in kinds:
        raise MLGatesError(
            f"{metric} needs classes, and {column} holds values of another kind",
            got=", ".join(sorted(kinds)),
            want="class labels of one kind: integers, booleans or text",
        )
    positive = positive_label(
        labels, parameters.pos_label, metric=metric, column=column, display=display
    )
    if both and len(labels) < 2:
        raise MLGatesError(
            f"{metric} needs both classes, and {column} holds one",
            got=shown(labels, display),
            want="at least one row of each class",
        )
    array = table.arrays([column.name])[column.name]
    if array.dtype.kind in "iub":
        return np.asarray(array == positive)
    values, codes = table.codes(column.name)
    mask: Mask = np.asarray([value == positive for value in values], dtype=bool)[codes]
    return mask


def scores(
    table: Table,
    parameters: EvaluationParameters,
    *,
    metric: str,
    probabilities: bool,
    display: Display,
) -> Scores:
    """The scores of the positive class.

    Raises:
        MLGatesError: for labels in the place of scores, missing or non-finite ones, and, where
            *probabilities* are wanted, for any outside [0, 1].
    """
    names = parameters.y_score
    if len(names) != 1:
        raise MLGatesError(
            f"{metric} is for two classes for now, and y_score names {len(names)} columns",
            got=", ".join(map(repr, names)),
            want="the column with the scores of the positive class",
        )
    table.require(names[0], role="y_score")
    column = Column(role="y_score", name=names[0], table=table.name)
    dtype = table.schema[column.name]
    if not dtype.is_numeric():
        raise _labels_for_scores(metric, column, got=f"column {column.name!r} of type {dtype}")
    array = table.arrays([column.name])[column.name]
    return checked_scores(
        array,
        column,
        metric=metric,
        probabilities=probabilities,
        decisions_refused=True,
        table=table,
        display=display,
    )


def class_scores(
    table: Table,
    parameters: EvaluationParameters,
    given: NDArray[Any] | None,
    *,
    name: str,
    probabilities: bool,
    display: Display,
) -> tuple[tuple[Any, ...], NDArray[np.intp], Floats]:
    """The sorted labels, each row's place among them, and a score per class, ``(rows, K)``.

    Args:
        table: The evaluation table.
        parameters: Roles; ``y_score`` names a column per class, in the order of the sorted labels.
        given: The scores of a rival, of shape ``(rows, K)``, None for those of the table.
        name: What messages call the rival.
        probabilities: Whether the scores of a row must add up to 1.
        display: What may be shown of the table.

    Raises:
        MLGatesError: for labels and columns that do not belong together, and for scores that are
            missing, not finite or no probabilities.
    """
    metric = getattr(parameters, "metric", "the metric")
    column = role_column(table, parameters, "y_true")
    refuse_non_classes(table, column, metric, display)
    labels, truth = table.codes(column.name)
    if None in labels:
        empty = int(np.count_nonzero(truth == labels.index(None)))
        refuse_missing(column, empty, table, display)
    names = parameters.y_score
    if len(set(names)) < len(names):
        raise MLGatesError(
            f"{metric} needs a score per class, and y_score names a column twice",
            got=", ".join(map(repr, names)),
            want="a column for each class, in the order of the sorted labels",
        )
    if len(labels) != len(names):
        raise MLGatesError(
            f"{metric} needs a score per class: {column} has {len(labels)} classes, and y_score "
            f"names {len(names)} columns",
            got=f"{shown(labels, display)} against {', '.join(map(repr, names))}",
            want="a column for each class, in the order of the sorted labels, and rows of each",
        )
    order = sorted(range(len(labels)), key=lambda place: labels[place])
    places = np.argsort(np.asarray(order, dtype=np.intp))
    if given is None:
        for one in names:
            table.require(one, role="y_score")
        arrays = table.arrays(names)
        parts = [(arrays[one], one) for one in names]
    else:
        if given.ndim != 2 or given.shape[1] != len(names):
            raise MLGatesError(
                f"{name} gave no score per class",
                got=f"scores of shape {given.shape}",
                want=f"shape (rows, {len(names)})",
            )
        parts = [(given[:, place], f"{name}, {one}") for place, one in enumerate(names)]
    matrix = np.column_stack(
        [
            checked_scores(
                array,
                Column(role="y_score", name=one, table=table.name),
                metric=metric,
                probabilities=probabilities,
                decisions_refused=False,
                table=table,
                display=display,
            ).values
            for array, one in parts
        ]
    )
    if probabilities:
        off = int(np.count_nonzero(np.abs(matrix.sum(axis=1) - 1) > _SUM))
        if off:
            raise MLGatesError(
                f"{metric} needs probabilities, and the scores of a row do not add up to 1",
                got=f"{display.count(off)} of {display.rows(len(matrix))}",
                want="scores of all classes that add up to 1 in every row",
            )
    return tuple(labels[place] for place in order), places[truth], matrix


def checked_scores(
    array: NDArray[Any],
    column: Column,
    *,
    metric: str,
    probabilities: bool,
    decisions_refused: bool,
    table: Table,
    display: Display,
) -> Scores:
    """*array* as scores; *decisions_refused* unless a model's own score method gave them."""
    if array.dtype.kind not in "iufO" or array.ndim != 1:
        raise _labels_for_scores(
            metric, column, got=f"{column.name!r}: {array.dtype} of shape {array.shape}"
        )
    epsilon = np.finfo(array.dtype if array.dtype.kind == "f" else np.float64).eps
    values = as_floats(array, column, metric)
    low, high = _range(values)
    if not math.isfinite(low) or not math.isfinite(high):
        refuse_missing(column, int(np.count_nonzero(np.isnan(values))), table, display)
        _refuse_infinite(values, column, metric, display)
    _refuse_rounded(array, values, column, metric, display)
    if decisions_refused and any(_all_among(values, pair) for pair in ((0, 1), (-1, 1))):
        raise _labels_for_scores(metric, column, got=f"only {shown(values.tolist(), display)}")
    if probabilities and (low < 0 or high > 1):
        outside = int(np.count_nonzero((values < 0) | (values > 1)))
        got = f"{display.count(outside)} of {display.rows(len(values))} outside"
        if not display.private:
            got += f", from {low:.6g} to {high:.6g}"
        raise MLGatesError(
            f"{metric} needs probabilities, and {column} has scores outside 0 to 1",
            got=got,
            want="numbers from 0 to 1",
            fix="roc_auc takes scores of any range",
        )
    return Scores(values, float(epsilon))


def numbers(
    table: Table,
    parameters: EvaluationParameters,
    role: str,
    *,
    metric: str,
    display: Display,
    booleans: bool = False,
) -> Floats:
    """The finite numbers in the column that plays *role*; with *booleans* true is 1 and false 0.

    Raises:
        MLGatesError: for text, other booleans, missing or infinite values.
    """
    column = role_column(table, parameters, role)
    dtype = table.schema[column.name]
    if booleans and isinstance(dtype, nw.Boolean):
        found = table.arrays([column.name])[column.name]
        whole = found.astype(np.int8) if found.dtype.kind == "b" else found
        return checked_numbers(whole, column, metric, table, display)
    if not dtype.is_numeric():
        raise MLGatesError(
            f"{metric} needs numbers, and {column} holds {dtype}",
            got=str(dtype),
            want="a column of integers, floats or decimals",
            fix="accuracy, f1 and their kin take classes",
        )
    return checked_numbers(table.arrays([column.name])[column.name], column, metric, table, display)


def checked_numbers(
    array: NDArray[Any], column: Column, metric: str, table: Table, display: Display
) -> Floats:
    """*array* as finite numbers."""
    values = as_floats(array, column, metric)
    refuse_missing(column, int(np.count_nonzero(np.isnan(values))), table, display)
    _refuse_infinite(values, column, metric, display)
    huge = int(np.count_nonzero(np.abs(values) > _LARGEST))
    if huge:
        raise MLGatesError(
            f"{metric} cannot square what {column} holds: it is beyond any float",
            got=f"{display.count(huge)} of {display.rows(len(values))} over {_LARGEST:g}",
            want="numbers of which squares and their squares are finite",
        )
    return values


def as_floats(array: NDArray[Any], column: Column, metric: str) -> Floats:
    """*array* in double precision, None as NaN.

    Raises:
        MLGatesError: if it does not hold numbers.
    """
    try:
        if array.dtype.kind not in "iufO" or array.ndim != 1:
            raise TypeError  # noqa: TRY301  (one message for both)
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError):
        raise MLGatesError(
            f"{metric} needs numbers, and {column} holds something else",
            got=f"{array.dtype} of shape {array.shape}",
            want="one number per row",
        ) from None


def _range(values: Floats) -> tuple[float, float]:
    """The least and the greatest of *values*, NaN if one of them is; 0 of none."""
    if not len(values):
        return 0.0, 0.0
    with np.errstate(invalid="ignore"):
        return float(np.min(values)), float(np.max(values))


def _all_among(values: Floats, pair: tuple[int, int]) -> bool:
    """Whether *values* are all one of *pair*; most that are not show it in their first rows."""
    return all(bool(np.isin(some, pair).all()) for some in (values[:100], values))


def _refuse_infinite(values: Floats, column: Column, metric: str, display: Display) -> None:
    infinite = int(np.count_nonzero(np.isinf(values)))
    if infinite:
        raise MLGatesError(
            f"{metric} needs finite numbers, and {column} holds infinities",
            got=f"{display.count(infinite)} of {display.rows(len(values))}",
            want="a finite number in every row",
        )


def _refuse_rounded(
    array: NDArray[Any], values: Floats, column: Column, metric: str, display: Display
) -> None:
    """Integers that are other numbers in double precision: rounding would make ties of them."""
    if array.dtype.kind not in "iu" or not (np.abs(values) >= _EXACT).any():
        return
    rounded = sum(int(one) != int(other) for one, other in zip(array, values, strict=True))
    if rounded:
        raise MLGatesError(
            f"{metric} orders scores as floats, which round what {column} holds",
            got=f"{display.count(rounded)} of {display.rows(len(values))} over 2**53",
            want="integers up to 2**53, or floats",
            fix="give ranks in their place: the order of scores is all that counts",
        )


def _labels_for_scores(metric: str, column: Column, *, got: str) -> MLGatesError:
    return MLGatesError(
        f"{metric} needs scores, and {column} holds labels",
        got=got,
        want="a number per row that grows with the chance of the positive class",
        fix="write the model's predict_proba or decision_function into that column; for a model "
        "that only decides, balanced_accuracy says what its roc_auc would",
    )
