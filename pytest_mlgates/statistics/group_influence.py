"""How the numbers of groups hang together: by the influence of each row on them.

A group is part of all rows, and rows of one cluster may stand in several groups. What that does to
the variance of a difference is the covariance of two sums of influence values, over rows or over
the totals of clusters. The bounds of each number stay what they are; MOVER for correlated numbers
(Zou 2007) puts both together.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.estimate import Estimate, Sampling, bounds
from pytest_mlgates.statistics.group_families import OVERALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pytest_mlgates.statistics.group_samples import Sample
    from pytest_mlgates.statistics.interval import Measured

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Influence:
    """A metric of any of *sample*'s rows, with the influence of each of them.

    Attributes:
        sample: The rows, their groups, weights and clusters; its values play no part.
        estimate: The metric of the rows at some places of the sample, drawn so.
    """

    sample: Sample
    estimate: Callable[[Codes, Sampling], Estimate]
    _known: dict[int, tuple[Codes, Estimate, Sampling]] = field(default_factory=dict)

    def measured(self, group: int, confidence: float) -> Measured:
        """The metric of *group* (or ``OVERALL``) with its bounds.

        Raises:
            UndefinedError: where it has none.
        """
        _, found, drawn = self._of(group)
        return bounds(found, confidence, drawn)

    def between(self, present: tuple[int, ...]) -> Floats | None:
        """The correlation of the groups' numbers; None where no cluster has several groups."""
        if self.sample.clusters is None:
            return None
        return self._own(present).correlation(present)

    def with_whole(self, present: tuple[int, ...]) -> Floats:
        """The correlation of each group's number with that of all rows."""
        whole = np.zeros(len(self.sample.values))
        places, found, _ = self._of(OVERALL)
        whole[places] = found.moves
        return whole_correlation(self._own(present), whole, present)

    def _own(self, present: tuple[int, ...]) -> Sample:
        """The influence of each row on its own group's number, as a sample of means."""
        moves = np.zeros(len(self.sample.values))
        for group in present:
            places, found, _ = self._of(group)
            moves[places] = found.moves
        return replace(self.sample, values=moves)

    def _of(self, group: int) -> tuple[Codes, Estimate, Sampling]:
        if group not in self._known:
            sample = self.sample
            rows = np.arange(len(sample.groups))
            places = rows if group == OVERALL else np.flatnonzero(sample.groups == group)
            drawn = Sampling(weights=sample.weights, clusters=sample.clusters).of(places)
            self._known[group] = places, self.estimate(places, drawn), drawn
        return self._known[group]


def whole_correlation(sample: Sample, whole: Floats, present: tuple[int, ...]) -> Floats:
    """Of the mean of *sample*'s values in each group with the mean of *whole* over all rows.

    Args:
        sample: Values (or influence values) of each row in its own group.
        whole: The same of each row among all rows, of shape ``(n,)``.
        present: The groups that have rows.
    """
    weights = np.ones(len(whole)) if sample.weights is None else sample.weights
    weight = np.bincount(sample.groups, weights=weights, minlength=sample.count)
    total = np.bincount(sample.groups, weights=weights * sample.values, minlength=sample.count)
    means = total / np.where(weight > 0, weight, 1.0)
    own = weights * (sample.values - means[sample.groups])
    every = weights * (whole - float(np.dot(weights, whole)) / float(weights.sum()))
    groups = sample.groups
    if sample.clusters is not None:
        _, clusters = np.unique(sample.clusters, return_inverse=True)
        cells, places = np.unique(clusters * sample.count + groups, return_inverse=True)
        totals = np.bincount(clusters, weights=every).astype(np.float64)
        groups = cells % sample.count
        own = np.bincount(places, weights=own).astype(np.float64)
        squares = float(totals @ totals)
        every = totals[cells // sample.count]
    else:
        squares = float(every @ every)
    return correlated(own, every, groups, squares, sample.count)[list(present)]


def correlated(
    own: Floats,
    every: Floats,
    groups: Codes,
    squares: float,
    count: int,
    times: NDArray[np.int64] | None = None,
) -> Floats:
    """The correlation of each group's sum of *own* with the sum of *every* over all groups.

    Args:
        own: The part of each independent observation in its group's number.
        every: Its part (that of its cluster) in the number of all rows.
        groups: Its group.
        squares: The sum of squares of all parts in the number of all rows.
        count: How many groups there are.
        times: How many such observations there are, where they are counted.
    """
    heavy = 1.0 if times is None else times
    products, spread = (
        np.bincount(groups, weights=heavy * own * other, minlength=count) for other in (every, own)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        found = products / np.sqrt(spread * squares)
    return np.asarray(np.clip(np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0), -1.0, 1.0))
