"""How the numbers of groups hang together where no formula says it: resampled all at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.statistics.bootstrap import Bootstrap
from pytest_mlgates.statistics.interval import UndefinedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_mlgates.statistics.bootstrap import Statistic
    from pytest_mlgates.statistics.group_samples import Sample

    Floats = NDArray[np.float64]

# A correlation from so many is known to .045 at worst; the bounds themselves have draws of their
# own.
DRAWS = 500
_GROUP = "\0group"  # no column of a caller is called so


@dataclass(frozen=True)
class JointDraws:
    """A *statistic* of *columns* in every group of *sample* and on all rows, drawn together.

    Attributes:
        columns: What the statistic is given, by name.
        statistic: Raises UndefinedError, or gives NaN, where it has no value.
        sample: The rows' groups and clusters.
    """

    columns: Mapping[str, NDArray[Any]]
    statistic: Statistic
    sample: Sample

    def between(self, present: tuple[int, ...]) -> Floats | None:
        """The correlation of the groups' numbers; None where no cluster has several groups."""
        if not self._shared:
            return None
        chosen = self._values[:, list(present)]
        return np.array([[_correlation(one, two) for two in chosen.T] for one in chosen.T])

    def with_whole(self, present: tuple[int, ...]) -> Floats:
        """The correlation of each group's number with that of all rows."""
        values = self._values
        return np.array([_correlation(values[:, group], values[:, -1]) for group in present])

    @property
    def _shared(self) -> bool:
        sample = self.sample
        if sample.clusters is None:
            return False
        cells = np.unique(np.stack([sample.clusters, sample.groups]), axis=1)
        return int(cells.shape[1]) > len(np.unique(sample.clusters))

    @cached_property
    def _values(self) -> Floats:
        """Of shape ``(draws, groups + 1)``, all rows last; NaN where there is no value."""
        sample = self.sample
        drawn = Bootstrap(
            {**self.columns, _GROUP: sample.groups},
            self.statistic,
            clusters=sample.clusters,
            resamples=DRAWS,
        )
        return np.array([self._of(columns) for columns in drawn.draws()])

    def _of(self, columns: dict[str, NDArray[Any]]) -> list[float]:
        groups = columns.pop(_GROUP)
        parts = [
            {name: array[groups == group] for name, array in columns.items()}
            for group in range(self.sample.count)
        ]
        return [self._value(part) for part in (*parts, columns)]

    def _value(self, columns: Mapping[str, NDArray[Any]]) -> float:
        if not len(next(iter(columns.values()))):
            return float("nan")
        try:
            return float(self.statistic(columns))
        except UndefinedError:
            return float("nan")


def _correlation(one: Floats, two: Floats) -> float:
    """Over the draws in which both exist; none where one does not vary."""
    both = np.isfinite(one) & np.isfinite(two)
    one, two = one[both], two[both]
    if len(one) < 2:
        return 0.0
    one, two = one - one.mean(), two - two.mean()
    spread = float(np.sqrt(float(one @ one) * float(two @ two)))
    return float(np.clip(float(one @ two) / spread, -1.0, 1.0)) if spread > 0 else 0.0
