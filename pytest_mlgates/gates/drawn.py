"""The roles that say how rows were drawn: weights, and the column that rows belong together by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing
from pytest_mlgates.gates.labels import Column, refuse_missing
from pytest_mlgates.gates.scores import checked_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.privacy import Display

# Weights that are so many powers of two from 1 are scaled.
_FAR = 100


def weights_of(table: Table, name: str, display: Display) -> NDArray[np.float64]:
    """What each row counts, from the column *name*, of shape ``(rows,)``.

    Raises:
        MLGatesError: for weights that are missing, negative, not finite or all 0.
    """
    table.require(name, role="sample_weight")
    column = Column(role="sample_weight", name=name, table=table.name)
    dtype = table.schema[name]
    if not dtype.is_numeric():
        raise MLGatesError(
            f"weights are numbers, and {column} holds {dtype}", got=str(dtype), want="numbers"
        )
    weights = checked_numbers(table.arrays([name])[name], column, "a weight", table, display)
    negative = int(np.count_nonzero(weights < 0))
    if negative:
        raise MLGatesError(
            f"{column} is negative in {display.count(negative)} of {display.rows(len(weights))}",
            want="weights of at least 0: a row cannot count against itself",
        )
    if not weights.any():
        raise MLGatesError(
            f"{column} is 0 in all {display.rows(len(weights))}",
            want="some weight: rows that count nothing are no evidence",
        )
    exponent = math.frexp(float(weights.max()))[1]
    # Only their ratios count, and the squares of tiny ones are 0.
    return weights if abs(exponent) < _FAR else np.ldexp(weights, -exponent)


def codes_of(table: Table, role: str, name: str, display: Display) -> NDArray[np.intp]:
    """Which value of the column *name* each row has, as 0 … G-1.

    Raises:
        MLGatesError: where it is missing in some row, or holds lists or the like.
    """
    table.require(name, role=role)
    column, dtype = Column(role=role, name=name, table=table.name), table.schema[name]
    kinds = table.kinds(name)
    if dtype.is_nested() or {"list", "dict", "set", "ndarray"} & set(kinds):
        raise MLGatesError(
            f"{role} needs one plain value per row, and {column} holds "
            f"{listing(kinds) if kinds else dtype}",
            got=str(dtype),
            want="text, numbers, truth values or times",
            fix="write the field that tells them apart into a column of its own",
        )
    values, codes = table.codes(name)
    if None in values:
        missing = int(np.count_nonzero(codes == values.index(None)))
        refuse_missing(column, missing, table, display)
    return codes


def clusters_of(table: Table, name: str, display: Display) -> NDArray[np.intp]:
    """The cluster of each row as 0 … G-1.

    Raises:
        MLGatesError: where it is missing in some row, or there is one.
    """
    codes = codes_of(table, "cluster", name, display)
    if not codes.any():
        raise MLGatesError(
            f"{Column(role='cluster', name=name, table=table.name)} has one value: rows of one "
            "cluster bound nothing",
            want="the column that tells users, patients or days apart",
        )
    return codes
