"""Columns as few groups of rows: their values, or bands of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.text import number, plural
from pytest_mlgates.gates.labels import kinds_are_values
from pytest_mlgates.gates.privacy import Display, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table

# More values than this are no groups; a column of numbers is cut into bands from here on.
MOST_VALUES = 50
MOST_NUMBERS = 10
BANDS = 5


@dataclass(frozen=True, eq=False)
class Attribute:
    """A column as groups.

    Attributes:
        name: The column.
        shown: The groups, as people are shown them.
        codes: The group of each row.
        edges: The upper edges of all bands but the last; None where its values are the groups.
        missing: Whether one of the groups is the rows without a value.
    """

    name: str
    shown: tuple[str, ...]
    codes: NDArray[np.intp]
    edges: tuple[float, ...] | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that was not searched, and why."""

    name: str
    why: str


def attribute(table: Table, name: str, display: Display) -> Attribute | LeftOut:
    """The groups of column *name*, or why it has none."""
    dtype = table.schema[name]
    if dtype.is_nested():
        return LeftOut(name, "holds lists or records")
    if dtype.is_temporal():
        return LeftOut(name, "holds times: cut them into bands where the table is made")
    kinds = table.kinds(name)
    if len(kinds) > 1 or not kinds_are_values(kinds):
        return LeftOut(name, "holds values of several kinds")
    if dtype.is_numeric():
        found = np.asarray(table.arrays([name])[name])
        if found.dtype.kind not in "iuf":
            found = np.asarray([np.nan if v is None else float(v) for v in found.tolist()])
        return _numbers(name, found, display)
    values, codes = table.codes(name)
    if len(values) > MOST_VALUES:
        return LeftOut(name, f"{plural(len(values), 'value')}, over {MOST_VALUES}")
    return _groups(name, values, codes, display)


def _numbers(name: str, values: NDArray[Any], display: Display) -> Attribute | LeftOut:
    """Few numbers as they are; more in bands of about as many rows."""
    given = ~np.isnan(values)
    missing = not given.all()
    known = np.sort(values[given])
    distinct = known[np.concatenate(([True], known[1:] != known[:-1]))] if len(known) else known
    if len(distinct) <= MOST_NUMBERS:
        places = np.where(given, np.searchsorted(distinct, np.where(given, values, 0)), -1)
        codes = places + 1 if missing else places
        found: list[Any] = [None] * missing + distinct.tolist()
        return _groups(name, [_whole(v) for v in found], codes.astype(np.intp), display)
    edges = band_edges(known)
    if not edges:  # the greatest number fills all bands: the others are one
        under = known[known.astype(np.float64) < float(known[-1])]
        if not len(under):
            return LeftOut(name, "holds integers that floats do not tell apart")
        edges = [float(under[-1])]
    places = np.searchsorted(np.asarray(edges), np.where(given, values, 0), side="left")
    codes = np.where(given, places + missing, 0).astype(np.intp)
    shown = ["missing"] * missing + _bands(edges, display)
    return Attribute(name, tuple(shown), codes, tuple(edges), missing)


def band_edges(known: NDArray[Any]) -> list[float]:
    """The upper edges of all bands but the last: sorted values at the places n/5, 2n/5, ...

    The value at ``ceil(k n / 5)``; an edge that would leave a band empty is left out, so that one
    value that fills several bands is a band of its own with what is under it.
    """
    n = len(known)
    places = [-(-k * n // BANDS) - 1 for k in range(1, BANDS)]
    edges = dict.fromkeys(float(known[place]) for place in places)
    return [edge for edge in edges if edge < float(known[-1])]


def _bands(edges: Sequence[float], display: Display) -> list[str]:
    if display.private:
        return [f"band {k + 1} of {len(edges) + 1}" for k in range(len(edges) + 1)]
    texts = [short(edge) for edge in edges]
    middle = [f"over {a} to {b}" for a, b in pairwise(texts)]
    return [f"up to {texts[0]}", *middle, f"over {texts[-1]}"]


def _groups(
    name: str, values: Sequence[Any], codes: NDArray[np.intp], display: Display
) -> Attribute | LeftOut:
    if len(values) < 2:
        return LeftOut(name, "holds one value")
    if display.private:
        own = Display(private=True, min_cell=display.min_cell)
        own.register([(value,) for value in values])
        shown = [own.group((value,)) for value in values]
    else:
        shown = [label(value) for value in values]
    return Attribute(name, tuple(shown), codes, None, None in values)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def short(value: float) -> str:
    """An edge for people."""
    text = repr(_whole(value))
    return text if len(text) <= 8 else f"{value:.6g}" if abs(value) >= 1e-4 else number(value)
