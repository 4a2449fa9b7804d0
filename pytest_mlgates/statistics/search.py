"""What a search over many slices keeps of each, and how much worse than the rest a slice is.

A slice is a row of numbers that add up: counts of a share, counts per class, or power sums of a
loss. So the rest of a slice is all minus the slice, and what a parent has beside its child is the
parent minus the child, without going back to the rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pytest_mlgates.statistics.interval import UNBOUNDED, Interval, Measured, UndefinedError
from pytest_mlgates.statistics.means import hall_limits
from pytest_mlgates.statistics.pairs import difference
from pytest_mlgates.statistics.proportions import proportion

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]


class Score(Protocol):
    """A metric as numbers that add up over rows."""

    @property
    def loss(self) -> bool:
        """Whether less is better."""

    def sums(self, codes: Codes, groups: int) -> Floats:
        """One row of numbers for each of *groups*, *codes* being the group of each row."""

    def rows(self, sums: Floats) -> Floats:
        """The rows of each."""

    def values(self, sums: Floats) -> Floats:
        """The metric of each row of numbers, NaN where it is undefined."""

    def errors(self, own: Floats, others: Floats) -> Floats:
        """About the standard error of each difference, never far over what it is.

        It spares the differences that are hopeless their dear bounds.
        """

    def measured(self, sums: Floats, confidence: float) -> Measured:
        """The metric of one row of numbers with its bounds; raises UndefinedError."""

    def cells(self, sums: Floats) -> tuple[int, ...]:
        """The counts that one row of numbers gives away."""


def _as_it_is(share: Any) -> Any:
    return share


@dataclass(frozen=True, eq=False)
class Share:
    """A share of some rows, or what grows with one.

    Attributes:
        marks: Of each row 0 (does not count), 1 (a success) or 2 (a failure).
        of_share: From shares to the metric.
        slope: How much the metric grows with the share at least.
    """

    marks: NDArray[np.int8]
    of_share: Callable[[Any], Any] = _as_it_is
    slope: float = 1.0
    loss: bool = False

    def sums(self, codes: Codes, groups: int) -> Floats:
        """Rows that do not count, successes and failures."""
        found = np.bincount(codes * 3 + self.marks, minlength=3 * groups)
        return found.reshape(groups, 3).astype(np.float64)

    def rows(self, sums: Floats) -> Floats:
        """All counts together."""
        return np.asarray(sums.sum(axis=1))

    def values(self, sums: Floats) -> Floats:
        """Successes of successes and failures."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.of_share(sums[:, 1] / (sums[:, 1] + sums[:, 2])))

    def errors(self, own: Floats, others: Floats) -> Floats:
        """As if there were no difference: of a share at the rate of all."""
        n, m = own[:, 1] + own[:, 2], others[:, 1] + others[:, 2]
        share = (own[:, 1] + others[:, 1]) / (n + m)
        return np.asarray(self.slope * np.sqrt(share * (1 - share) * (1 / n + 1 / m)))

    def measured(self, sums: Floats, confidence: float) -> Measured:
        """By the exact bounds of Clopper and Pearson: Wilson's fail far out in the tails."""
        hits, misses = int(sums[1]), int(sums[2])
        found = proportion(hits, hits + misses, confidence, exact=True)
        lower, upper = found.interval.lower, found.interval.upper
        return Measured(
            value=self.of_share(float(found.value)),
            interval=Interval(self.of_share(lower), self.of_share(upper)),
            n=found.n,
            method=found.method,
        )

    def cells(self, sums: Floats) -> tuple[int, ...]:
        """All three counts."""
        return tuple(int(one) for one in sums)


@dataclass(frozen=True, eq=False)
class Recalls:
    """The mean of the classes' recalls.

    Attributes:
        marks: Of each row twice its class, and one more if it is right.
        classes: How many classes there are.
    """

    marks: NDArray[np.intp]
    classes: int
    loss: bool = False

    def sums(self, codes: Codes, groups: int) -> Floats:
        """Wrong and right rows of each class."""
        width = 2 * self.classes
        found = np.bincount(codes * width + self.marks, minlength=width * groups)
        return found.reshape(groups, width).astype(np.float64)

    def rows(self, sums: Floats) -> Floats:
        """All counts together."""
        return np.asarray(sums.sum(axis=1))

    def values(self, sums: Floats) -> Floats:
        """The mean recall of the classes that occur."""
        wrong, right = sums[:, ::2], sums[:, 1::2]
        present = wrong + right > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            recalls = np.where(present, right / (wrong + right), 0.0)
            found = recalls.sum(axis=1) / present.sum(axis=1)
        return np.asarray(np.where(present.sum(axis=1) < 2, np.nan, found))

    def errors(self, own: Floats, others: Floats) -> Floats:
        """As if there were no difference: of recalls at the rates of all."""
        n, m = (np.maximum(one[:, ::2] + one[:, 1::2], 1) for one in (own, others))
        recalls = (own[:, 1::2] + others[:, 1::2]) / (n + m)
        found = (recalls * (1 - recalls) * (1 / n + 1 / m)).sum(axis=1)
        return np.asarray(np.sqrt(found) / self.classes)

    def measured(self, sums: Floats, confidence: float) -> Measured:
        """The mean of the classes' exact bounds, at a level that holds for all of them.

        MOVER, which serves at 95 %, errs four times too often as far out as a search goes.
        """
        pairs = [(int(r), int(r + w)) for w, r in zip(sums[::2], sums[1::2], strict=True) if r + w]
        if len(pairs) < 2:
            raise UndefinedError("balanced accuracy needs rows of at least two classes")
        each = level(confidence, len(pairs))
        found = [proportion(hits, n, each, exact=True) for hits, n in pairs]
        return Measured(
            value=sum(float(one.value) for one in found) / len(found),
            interval=Interval(
                sum(one.interval.lower for one in found) / len(found),
                sum(one.interval.upper for one in found) / len(found),
            ),
            n=sum(n for _, n in pairs),
            method="clopper-pearson in every class",
        )

    def cells(self, sums: Floats) -> tuple[int, ...]:
        """Wrong and right rows of each class."""
        return tuple(int(one) for one in sums)


@dataclass(frozen=True, eq=False)
class Loss:
    """The mean of one loss per row.

    Attributes:
        powers: The loss of each row, its square and its cube, centred and scaled, so that their
            sums keep their digits.
        centre: What was taken away.
        scale: What it was divided by.
        losses: The loss of each row.
        low: The least a row can lose.
        high: The most.
    """

    powers: tuple[Floats, Floats, Floats]
    centre: float
    scale: float
    losses: Floats
    low: float = 0.0
    high: float = math.inf
    loss: bool = True

    @classmethod
    def of(cls, losses: Floats, *, high: float = math.inf) -> Loss:
        """The score of *losses*, from 0 to *high*."""
        centre = float(np.mean(losses))
        scale = float(np.max(np.abs(losses - centre))) or 1.0
        unit = (losses - centre) / scale
        square = unit * unit
        powers = (unit, square, square * unit)
        return cls(powers=powers, centre=centre, scale=scale, losses=losses, high=high)

    def sums(self, codes: Codes, groups: int) -> Floats:
        """Rows and the sums of the first three powers."""
        rows = np.bincount(codes, minlength=groups).astype(np.float64)
        weighed = (np.bincount(codes, weights=one, minlength=groups) for one in self.powers)
        return np.stack([rows, *weighed], axis=1)

    def rows(self, sums: Floats) -> Floats:
        """Their number."""
        return np.asarray(np.round(sums[:, 0]))

    def values(self, sums: Floats) -> Floats:
        """The mean."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.centre + self.scale * (sums[:, 1] / sums[:, 0]))

    def errors(self, own: Floats, others: Floats) -> Floats:
        """Of two means with the spread of each."""
        squares = []
        for sums in (own, others):
            mean, second = sums[:, 1] / sums[:, 0], sums[:, 2] / sums[:, 0]
            squares.append(np.maximum(second - mean * mean, 0) / sums[:, 0])
        return np.asarray(self.scale * np.sqrt(squares[0] + squares[1]))

    def measured(self, sums: Floats, confidence: float) -> Measured:
        """By Hall's bounds; rows that lose alike are not bounded."""
        n = round(float(sums[0]))
        if n < 1:
            raise UndefinedError("a mean of no rows")
        mean, second, third = (float(one) / n for one in sums[1:])
        variance = second - mean * mean
        interval = UNBOUNDED
        if n > 1 and variance > 1e-14:
            skewness = (third - 3 * mean * second + 2 * mean**3) / variance**1.5
            spread = math.sqrt(variance * n / (n - 1))
            unit = hall_limits(n, mean, spread, skewness, confidence)
            interval = Interval(self._back(unit.lower), self._back(unit.upper))
        return Measured(
            value=self._back(mean),
            interval=interval.clipped(self.low, self.high),
            n=n,
            method="hall",
        )

    def cells(self, sums: Floats) -> tuple[int, ...]:
        """The rows."""
        return (round(float(sums[0])),)

    def _back(self, unit: float) -> float:
        return self.centre + self.scale * unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Worse:
    """By how much a slice is worse than other rows.

    Attributes:
        value: The metric of the slice.
        other: The metric of the others.
        by: The difference, over 0 where the slice is worse.
        at_least: Its lower bound.
    """

    value: float
    other: float
    by: float
    at_least: float


def worse(score: Score, own: Floats, others: Floats, confidence: float) -> Worse | None:
    """How much worse *own* rows are than *others*; None where either has no value."""
    try:
        one, two = score.measured(own, confidence), score.measured(others, confidence)
    except UndefinedError:
        return None
    if score.loss:
        bounds = difference(one.value, one.interval, two.value, two.interval)
    else:
        bounds = difference(two.value, two.interval, one.value, one.interval)
    by = float(one.value) - float(two.value)
    return Worse(
        value=float(one.value),
        other=float(two.value),
        by=by if score.loss else -by,
        at_least=bounds.lower,
    )


def level(confidence: float, looks: int) -> float:
    """The confidence of each of *looks* bounds with which none of them errs: ``1 - alpha/m``.

    Bonferroni's: slices overlap, and this holds however they depend on each other.
    """
    return 1 - (1 - confidence) / max(1, looks)
