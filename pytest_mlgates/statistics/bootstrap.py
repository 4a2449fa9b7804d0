"""Bounds of any statistic of rows by resampling: for the metrics of users, which have no formula.

The same rows give the same bounds in any order and on every machine: rows are sorted by their
contents, the contents seed a generator of our own, and values are compared at 12 digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.exact import told
from pytest_mlgates.core.text import plural
from pytest_mlgates.statistics.canonical_rows import canonical_rows
from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.means import rests_on_few
from pytest_mlgates.statistics.quantiles import z
from pytest_mlgates.statistics.stream import MOST_POSITIONS, Stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# From columns by name, each a fresh array in the same order of rows, to a number.
Statistic = Callable[[Mapping[str, "NDArray[Any]"]], float]

RESAMPLES = 2000
# Up to here each row is left out once for the acceleration; above, each of so many blocks.
MOST_LEFT_OUT = 5000
BLOCKS = 200
# With fewer rows or clusters resampling knows too little of the tails.
FEW_UNITS = 30

_CLUSTER = "\0cluster"  # no column of a caller is called so


class Bootstrap:
    """The resampled values of a statistic, drawn once for all confidences.

    Args:
        columns: By name, of equal length: numbers, truth values or text. What is a weight or a
            prediction is for the statistic to know.
        statistic: Independent of the order of rows; raises UndefinedError, or gives NaN, where it
            has no value.
        clusters: The cluster of each row; whole clusters are resampled then.
        resamples: How many.

    Raises:
        UndefinedError: for no rows.
        TypeError: for a column of another kind.
    """

    def __init__(
        self,
        columns: Mapping[str, NDArray[Any]],
        statistic: Statistic,
        *,
        clusters: NDArray[Any] | None = None,
        resamples: int = RESAMPLES,
    ) -> None:
        given = dict(columns) if clusters is None else {**columns, _CLUSTER: clusters}
        rows = canonical_rows(given)  # sorted by name: clusters first
        if rows.n == 0:
            raise UndefinedError("a statistic of no rows")
        self._statistic, self._resamples = statistic, resamples
        self._rows = {name: rows.columns[name] for name in columns}
        self._stream = Stream(rows.seed)
        self._clustered = clusters is not None
        self._starts = _starts(rows.columns[_CLUSTER] if self._clustered else None, rows.n)
        self.units = len(self._starts) - 1
        if self.units >= MOST_POSITIONS:
            raise UndefinedError("a bootstrap of over four billion rows")

    @cached_property
    def value(self) -> float:
        """The statistic of all rows.

        Raises:
            UndefinedError: where it has none.
        """
        found = self._of(np.arange(self._starts[-1]))
        if not math.isfinite(found):
            raise UndefinedError(f"the value is {found}")
        return found

    def in_another_order(self) -> float:
        """The statistic of all rows in random order: the same number, if it is one of rows."""
        return self._of(self._stream.order(self._place(self._resamples + 1), self._starts[-1]))

    def measured(
        self, confidence: float, *, low: float = -math.inf, high: float = math.inf
    ) -> Measured:
        """The value with bounds by BCa (Efron 1987), each side on its own at *confidence*.

        Resamples that all agree have no spread to learn from and bound nothing; one in which the
        statistic is undefined counts as the least for the lower and as the most for the upper
        bound.

        Args:
            confidence: One-sided.
            low: The least that the statistic can be, where it is known.
            high: The most.

        Raises:
            UndefinedError: where the statistic of all rows is undefined.
        """
        value = told(self.value)
        defined = self.resampled
        undefined = self._resamples - len(defined)
        warnings = []
        if self.units < FEW_UNITS:
            noun = "cluster" if self._clustered else "row"
            warnings.append(f"bounds resampled from {plural(self.units, noun)} are too narrow")
        if undefined:
            warnings.append(
                f"undefined in {undefined:,} of {self._resamples:,} resamples, which count against "
                "both bounds"
            )
        warnings += rests_on_few(self._left_out)
        interval = Interval(low, high)
        if not len(defined) or defined[0] == defined[-1]:
            warnings.append("all resamples agree: their spread says nothing about rows not seen")
        else:
            below = int(np.searchsorted(defined, value, "left"))
            up_to = int(np.searchsorted(defined, value, "right"))
            if 0 < below + up_to < 2 * len(defined):
                bias = z((below + up_to) / (2 * len(defined)))
                interval = self._bca(bias, confidence, undefined).clipped(low, high)
            else:
                warnings.append(
                    "every resample is on one side of the value: resampling does not bound it"
                )
        return Measured(
            value=self.value,
            interval=interval,
            n=self.units,
            method="bca bootstrap" + (" of clusters" if self._clustered else ""),
            warnings=tuple(warnings),
        )

    @cached_property
    def resampled(self) -> Floats:
        """The statistic of every resample that has one, sorted, at 12 digits."""
        return self._values(self._draws())

    def draws(self) -> Iterator[dict[str, NDArray[Any]]]:
        """The columns of every resample, for what is asked of several numbers at once."""
        return (self._taken(rows) for rows in self._draws())

    def _draws(self) -> Iterator[NDArray[np.intp]]:
        units = self.units
        return (
            self._members(self._stream.positions(self._place(number), units, units))
            for number in range(self._resamples)
        )

    @cached_property
    def _left_out(self) -> Floats:
        """The statistic without each row (cluster, block of rows), where it has one."""
        units = self.units
        if units <= MOST_LEFT_OUT:
            block = np.arange(units)
        else:
            # In random blocks, because neighbours in canonical order are alike.
            block = np.empty(units, dtype=np.intp)
            block[self._stream.order(self._place(self._resamples), units)] = (
                np.arange(units) % BLOCKS
            )
        kept = np.arange(units)
        return self._values(
            self._members(kept[block != number]) for number in range(int(block.max()) + 1)
        )

    @cached_property
    def acceleration(self) -> float:
        """How fast the spread changes with the value: a sixth of the skewness of the jackknife."""
        left_out = self._left_out
        if len(left_out) < 2:
            return 0.0
        moved = float(np.mean(left_out)) - left_out
        scale = float(np.max(np.abs(moved)))
        if scale == 0:
            return 0.0
        moved /= scale
        return float(np.sum(moved**3)) / (6 * math.sqrt(float(np.sum(moved**2))) ** 3)

    def _bca(self, bias: float, confidence: float, undefined: int) -> Interval:
        """The resampled values at the corrected levels, the undefined beyond either end."""
        values = self.resampled
        lower = math.floor(self._level(bias, -z(confidence)) * (self._resamples + 1)) - undefined
        upper = math.ceil(self._level(bias, z(confidence)) * (self._resamples + 1))
        return Interval(
            float(values[lower - 1]) if lower >= 1 else -math.inf,
            float(values[upper - 1]) if upper <= len(values) else math.inf,
        )

    def _level(self, bias: float, quantile: float) -> float:
        shifted = bias + quantile
        slowed = 1 - self.acceleration * shifted
        if slowed <= 0:  # beyond any quantile
            return 0.0 if quantile < 0 else 1.0
        return NormalDist().cdf(bias + shifted / slowed)

    def _place(self, number: int) -> int:
        """Where in the stream the numbers of a resample begin."""
        return number * int(self._starts[-1])

    def _members(self, units: NDArray[np.intp]) -> NDArray[np.intp]:
        """The rows of *units*: themselves, or those of each cluster."""
        if not self._clustered:
            return units
        sizes = np.diff(self._starts)[units]
        ends = np.cumsum(sizes)
        return np.repeat(self._starts[units] - (ends - sizes), sizes) + np.arange(ends[-1])

    def _values(self, selections: Any) -> Floats:
        found = []
        for rows in selections:
            try:
                value = self._of(rows)
            except UndefinedError:
                continue
            if math.isfinite(value):
                found.append(told(value))
        return np.sort(np.array(found, dtype=np.float64))

    def _of(self, rows: NDArray[np.intp]) -> float:
        if not len(rows):
            raise UndefinedError("a statistic of no rows")
        return float(self._statistic(self._taken(rows)))

    def _taken(self, rows: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
        return {name: array.take(rows) for name, array in self._rows.items()}


def bootstrap(
    columns: Mapping[str, NDArray[Any]],
    statistic: Statistic,
    confidence: float,
    *,
    clusters: NDArray[Any] | None = None,
) -> Measured:
    """The *statistic* of *columns* with its bounds; see :class:`Bootstrap`."""
    return Bootstrap(columns, statistic, clusters=clusters).measured(confidence)


def difference(statistic: Statistic, champion: Mapping[str, str]) -> Statistic:
    """*statistic* of a candidate minus that of a champion, on the same rows of any resample.

    Args:
        statistic: Of columns among which some are a model's answers.
        champion: For each of those the column that holds the champion's in its place.
    """
    others = set(champion.values())

    def of_both(columns: Mapping[str, NDArray[Any]]) -> float:
        mine = {name: array for name, array in columns.items() if name not in others}
        theirs = {**mine, **{name: columns[other] for name, other in champion.items()}}
        return statistic(_copied(mine)) - statistic(theirs)

    return of_both


def _copied(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """For a statistic that sorts what it is given."""
    return {name: array.copy() for name, array in columns.items()}


def _starts(clusters: NDArray[Any] | None, n: int) -> NDArray[np.intp]:
    """Where each unit's rows begin, and the end."""
    if clusters is None:
        return np.arange(n + 1)
    changes = np.flatnonzero(clusters[1:] != clusters[:-1]) + 1
    return np.concatenate(([0], changes, [n]))
