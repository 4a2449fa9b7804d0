"""Labels, several models' predictions and groups of rows, as positions among their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing
from pytest_mlgates.engines.keys import factorized, kinds_of
from pytest_mlgates.gates.labels import (
    Column,
    classes_of,
    kinds_are_values,
    refuse_many_groups,
    refuse_missing,
    refuse_missing_groups,
    refuse_non_classes,
    refuse_non_groups,
    role_column,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import EvaluationParameters
    from pytest_mlgates.gates.labels import Classes, Group
    from pytest_mlgates.gates.privacy import Display


def class_codes(
    table: Table,
    parameters: EvaluationParameters,
    rivals: Mapping[str, NDArray[Any]],
    *,
    metric: str,
    binary: bool,
    display: Display,
) -> tuple[Classes, NDArray[np.intp], dict[str, NDArray[np.intp]]]:
    """Labels and several models' predictions in row order, as positions in the sorted labels.

    Args:
        table: The evaluation table.
        parameters: Roles and ``pos_label``.
        rivals: Predictions of shape ``(rows,)`` by name of the model.
        metric: Who asks, for messages.
        binary: Whether exactly two classes are wanted.
        display: What may be shown of the table.

    Raises:
        MLGatesError: as :func:`pytest_mlgates.gates.labels.confusion`.
    """
    truth = role_column(table, parameters, "y_true")
    refuse_non_classes(table, truth, metric, display)
    label, truths = _factorized(table.arrays([truth.name])[truth.name], truth, table, display)
    seen: dict[Any, None] = dict.fromkeys(label)
    found = {}
    for name, array in rivals.items():
        column = Column(role="y_pred", name=name, table=table.name)
        _refuse_fractions(array, column, metric)
        found[name] = _factorized(array, column, table, display)
        classes_of(
            label,
            found[name][0],
            columns=(truth, column),
            metric=metric,
            pos_label=parameters.pos_label,
            binary=binary,
            display=display,
        )
        seen.update(dict.fromkeys(found[name][0]))
    both = Column(role="y_pred", name=" and ".join(rivals), table=table.name)
    classes = classes_of(
        label,
        seen,
        columns=(truth, both),
        metric=metric,
        pos_label=parameters.pos_label,
        binary=binary,
        display=display,
    )
    place = {value: i for i, value in enumerate(classes.labels)}

    def coded(values: list[Any], codes: NDArray[np.intp]) -> NDArray[np.intp]:
        return np.asarray([place[value] for value in values], dtype=np.intp)[codes]

    return (
        classes,
        coded(label, truths),
        {name: coded(values, codes) for name, (values, codes) in found.items()},
    )


def group_codes(
    table: Table, parameters: EvaluationParameters, by: Sequence[str], display: Display
) -> tuple[list[Group], NDArray[np.intp]]:
    """The groups of *by*, and the position of each row's group among them.

    The groups, their order and their sizes are those of :meth:`Table.counts`.
    """
    refuse_non_groups(table, by)
    groups: list[Group] = [()]
    places = np.zeros(table.n_rows, dtype=np.intp)
    for values, codes in map(table.codes, by):
        found, inverse = np.unique(places * len(values) + codes, return_inverse=True)
        groups = [
            (*groups[both // len(values)], values[both % len(values)]) for both in found.tolist()
        ]
        places = inverse.reshape(-1)
    refuse_many_groups(len(groups), " × ".join(map(repr, by)), table)
    counts = zip(groups, np.bincount(places).tolist(), strict=True)
    refuse_missing_groups(by, counts, parameters.missing, table, display)
    return groups, places


def _factorized(
    array: NDArray[Any], column: Column, table: Table, display: Display
) -> tuple[list[Any], NDArray[np.intp]]:
    kinds = kinds_of(array.tolist()) if array.dtype == object else []
    if len(kinds) > 1 or not kinds_are_values(kinds):
        raise MLGatesError(
            f"labels are of one kind, and {column} holds {listing(kinds)}",
            got=listing(kinds),
            want="class labels of one kind: integers, booleans or text",
        )
    values, codes = factorized(array)
    if None in values:
        refuse_missing(column, int(np.count_nonzero(codes == values.index(None))), table, display)
    return values, codes


def _refuse_fractions(array: NDArray[Any], column: Column, metric: str) -> None:
    if array.dtype.kind == "f" and bool(np.any((array != np.round(array)) & ~np.isnan(array))):
        raise MLGatesError(
            f"{metric} needs classes, and {column} holds fractions",
            got=str(array.dtype),
            want="class labels: 0/1, booleans, -1/1, or text with `pos_label`",
        )
