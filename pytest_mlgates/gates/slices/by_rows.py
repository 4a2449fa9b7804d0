"""Slices judged by the influence of their rows: what ranks or divides, weights, clusters.

For each set of columns one sort of the rows; each slice then costs its own rows, and what the
metric needs for the rest of them. The dear bounds are for slices that look bad only.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.gates.slices.judge import Looked
from pytest_mlgates.statistics.apart import apart, correlation
from pytest_mlgates.statistics.estimate import PLAIN, Sampling
from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.quantiles import z
from pytest_mlgates.statistics.scales import Scale

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_mlgates.gates.slices.columns import Attribute
    from pytest_mlgates.gates.slices.judge import Key
    from pytest_mlgates.gates.slices.row_metrics import RowMetric
    from pytest_mlgates.statistics.search import Worse

    Rows = NDArray[np.intp]


class ByRows:
    """Rows of any kind.

    Args:
        metric: The metric of any rows.
        sampling: The weights and clusters of the rows.
        attributes: The columns.
    """

    def __init__(
        self, metric: RowMetric, sampling: Sampling, attributes: Sequence[Attribute]
    ) -> None:
        weights, clusters = sampling.weights, sampling.clusters
        keys: list[NDArray[Any]] = [] if weights is None else [weights]
        # The last key is the first to decide: sorted scores are quick to rank again.
        order = np.lexsort([*keys, *reversed(metric.keys())])
        self._order, self._n = order, len(order)
        self._sampling = (
            PLAIN
            if sampling.plain
            else Sampling(
                weights=None if weights is None else weights[order],
                clusters=None if clusters is None else clusters[order],
            )
        )
        self._metric = metric.ordered(order, self._sampling)
        self._codes = [one.codes[order] for one in attributes]
        self.weighted, self.clustered = weights is not None, clusters is not None

    def look(
        self, places: tuple[int, ...], shape: tuple[int, ...], codes: Rows, least: int
    ) -> Looked:
        """One slice after the other, their rows found by one sort."""
        ordered, count = codes[self._order], math.prod(shape)
        sizes = np.bincount(ordered, minlength=count)
        ends = np.cumsum(sizes)
        by_group = np.argsort(ordered, kind="stable")
        enough = np.flatnonzero((sizes >= least) & (self._n - sizes >= least))
        groups, kept, undefined = [], [], 0
        for group in enough.tolist():
            own = by_group[ends[group] - sizes[group] : ends[group]]
            try:
                by, error = self._by(own, ordered, group)
            except UndefinedError:
                undefined += 1
                continue
            if by > 0:
                groups.append(group)
                kept.append((by, error))
        return Looked(
            places=places,
            shape=shape,
            groups=np.asarray(groups, dtype=np.intp),
            kept=kept,
            looks=len(enough) - undefined,
            few=int(np.count_nonzero(sizes)) - len(enough),
            undefined=undefined,
        )

    def _by(self, own: Rows, codes: Rows, group: int) -> tuple[float, tuple[Scale, float, float]]:
        """By how much the rows *own* are worse than the others; the scale, value and error."""
        metric, drawn = self._metric, self._sampling.of(own)
        found = metric.estimate(own, drawn)
        rest = metric.rest(own, found, lambda: np.flatnonzero(codes != group))
        by = float(found.value) - rest
        return (by if metric.loss else -by), (
            found.scale,
            float(found.value),
            drawn.deviation(found)[0],
        )

    def significant(self, looked: Looked, each: float) -> Iterator[tuple[Key, Worse]]:
        """Of those that are far enough out to be worth their bounds."""
        quantile = z(each)
        for place, (by, (scale, value, error)) in enumerate(looked.kept):
            # Half as far out as their own rows alone make it.
            far = quantile * error
            if scale is Scale.COMPLEMENT and value < 1:
                far = (1 - value) * -math.expm1(-far / (1 - value))
            if by < far / 2:
                continue
            key = looked.key(place)
            own = self._inside(key)
            found = self._worse(np.flatnonzero(own), np.flatnonzero(~own), each)
            if found is not None and found.at_least > 0:
                yield key, found

    def worse_than_rest_of(self, key: Key, parent: Key, each: float) -> Worse | None:
        """Its rows beside the others of the parent."""
        own = self._inside(key)
        return self._worse(np.flatnonzero(own), np.flatnonzero(self._inside(parent) & ~own), each)

    def _worse(self, own: Rows, others: Rows, each: float) -> Worse | None:
        metric, found = self._metric, []
        try:
            for rows in (own, others):
                drawn = self._sampling.of(rows)
                moves = metric.estimate(rows, drawn).moves if self.clustered else np.empty(0)
                found.append((metric.measured(rows, drawn, each), moves))
        except UndefinedError:
            return None
        (one, first), (two, second) = found
        rho = correlation(first, own, second, others, self._sampling)
        return apart(one, two, loss=metric.loss, rho=rho)

    def rows(self, key: Key) -> int:
        """Counted."""
        return int(np.count_nonzero(self._inside(key)))

    def cells(self, key: Key) -> tuple[int, ...]:
        """Counted."""
        return self._metric.cells(np.flatnonzero(self._inside(key)))

    def whole(self) -> float:
        """Of all rows."""
        return float(self._metric.estimate(np.arange(self._n), self._sampling).value)

    def _inside(self, key: Key) -> NDArray[np.bool_]:
        found = np.ones(self._n, dtype=bool)
        for a, g in key:
            found &= self._codes[a] == g
        return found
