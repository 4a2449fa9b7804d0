"""A metric of any rows of a table with its bounds, for a search that cannot add numbers up.

What ranks or divides is no sum over rows, and weights or clusters need every row's influence. The
rows stand in an order that their contents decide, so that sums do not depend on that of the table.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from pytest_mlgates.gates.metric.numeric import r2_of, rmse_of
from pytest_mlgates.gates.metric.scored import mean_of
from pytest_mlgates.statistics import auc, ranks, regression
from pytest_mlgates.statistics.estimate import PLAIN, Estimate, Sampling, bounds, scaled
from pytest_mlgates.statistics.far_bounds import auc_limits, r2_limits
from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.proportions import clopper_pearson
from pytest_mlgates.statistics.scales import Scale, looser
from pytest_mlgates.statistics.search import Loss, Recalls, Share, level

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pytest_mlgates.statistics.search import Score

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]


class RowMetric(Protocol):
    """A metric of a selection of rows, given by their places."""

    @property
    def loss(self) -> bool:
        """Whether less is better."""

    def keys(self) -> Sequence[NDArray[Any]]:
        """What decides the order of rows."""

    def ordered(self, order: Rows, sampling: Sampling) -> RowMetric:
        """The same of rows in that *order*, in which *sampling* has them."""

    def estimate(self, rows: Rows, drawn: Sampling) -> Estimate:
        """Its value and the influence of each of *rows*; raises UndefinedError."""

    def measured(self, rows: Rows, drawn: Sampling, confidence: float) -> Measured:
        """Its value and bounds that hold far out in the tails; raises UndefinedError."""

    def rest(self, own: Rows, found: Estimate, others: Callable[[], Rows]) -> float:
        """Its value on the *others*, given that *found* on the *own* rows."""

    def cells(self, rows: Rows) -> tuple[int, ...]:
        """The counts that its value on *rows* gives away."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Direct:
    """What has the value of the other rows from these alone."""

    sampling: Sampling = PLAIN

    def rest(self, own: Rows, found: Estimate, others: Callable[[], Rows]) -> float:  # noqa: ARG002
        """From themselves, without bounds."""
        rows, weights = others(), self.sampling.weights
        drawn = PLAIN if weights is None else Sampling(weights=scaled(weights[rows]))
        return float(self.estimate(rows, drawn).value)

    def estimate(self, rows: Rows, drawn: Sampling) -> Estimate:
        """Of the metric itself."""
        raise NotImplementedError

    def _weighed(self, values: NDArray[Any]) -> Floats:
        weights = self.sampling.weights
        return np.asarray(values if weights is None else weights * values, dtype=np.float64)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Ratio(_Direct):
    """What has it from two sums over rows, which the other rows have all less the own of.

    Attributes:
        above: What each row adds above the line.
        below: And below.
        totals: Both of all rows.
    """

    above: Floats = field(default_factory=partial(np.empty, 0))
    below: Floats = field(default_factory=partial(np.empty, 0))
    totals: tuple[float, float] = (0.0, 0.0)

    def rest(self, own: Rows, found: Estimate, others: Callable[[], Rows]) -> float:
        """Good enough to look at: bounds are taken of the rows themselves."""
        above, below = self.totals
        left = below - float(self.below[own].sum())
        if left < 1e-9 * below:
            return super().rest(own, found, others)
        return self._of_mean((above - float(self.above[own].sum())) / left)

    def _of_mean(self, mean: float) -> float:
        return mean

    def summing(self, above: NDArray[Any], below: NDArray[Any]) -> Self:
        """With what each row adds, and the sums of all."""
        one, two = self._weighed(above), self._weighed(below)
        return replace(self, above=one, below=two, totals=(float(one.sum()), float(two.sum())))


@dataclass(frozen=True, eq=False, kw_only=True)
class Shares(_Ratio):
    """A share of some rows, or what grows with one."""

    score: Share
    loss: bool = False

    def keys(self) -> Sequence[NDArray[Any]]:
        """What each row holds."""
        return [self.score.marks]

    def ordered(self, order: Rows, sampling: Sampling) -> Shares:
        """The same rows in another order."""
        marks = self.score.marks[order]
        found = replace(self, score=replace(self.score, marks=marks), sampling=sampling)
        return found.summing(marks == 1, marks > 0)

    def _of_mean(self, mean: float) -> float:
        return float(self.score.of_share(mean))

    def _share(self, rows: Rows, drawn: Sampling) -> Estimate:
        marks = self.score.marks[rows]
        return _share(marks == 1, marks > 0, drawn)

    def estimate(self, rows: Rows, drawn: Sampling) -> Estimate:
        """With the influence of each row."""
        found = self._share(rows, drawn)
        return replace(
            found,
            value=float(self.score.of_share(found.value)),
            moves=self.score.slope * found.moves,
        )

    def measured(self, rows: Rows, drawn: Sampling, confidence: float) -> Measured:
        """On effective rows."""
        found, back = _bounded(self._share(rows, drawn), drawn, confidence), self.score.of_share
        interval = Interval(back(found.interval.lower), back(found.interval.upper))
        return replace(found, value=float(back(found.value)), interval=interval)

    def cells(self, rows: Rows) -> tuple[int, ...]:
        """Counted."""
        return tuple(np.bincount(self.score.marks[rows], minlength=3).tolist())


@dataclass(frozen=True, eq=False, kw_only=True)
class MeanRecalls(_Direct):
    """The mean of the classes' recalls."""

    score: Recalls
    loss: bool = False

    def keys(self) -> Sequence[NDArray[Any]]:
        """What each row holds."""
        return [self.score.marks]

    def ordered(self, order: Rows, sampling: Sampling) -> MeanRecalls:
        """The same rows in another order."""
        marks = self.score.marks[order]
        return replace(self, score=replace(self.score, marks=marks), sampling=sampling)

    def _each(self, rows: Rows, drawn: Sampling) -> list[Estimate]:
        marks, found = self.score.marks[rows], []
        for place in range(self.score.classes):
            base = marks // 2 == place
            if drawn.mean(base.astype(np.float64)) > 0:
                found.append(_share(marks == 2 * place + 1, base, drawn))
        if len(found) < 2:
            raise UndefinedError("balanced accuracy needs rows of at least two classes")
        return found

    def estimate(self, rows: Rows, drawn: Sampling) -> Estimate:
        """With the influence of each row."""
        each = self._each(rows, drawn)
        return Estimate(
            value=sum(float(one.value) for one in each) / len(each),
            moves=np.asarray(sum(one.moves for one in each) / len(each)),
        )

    def measured(self, rows: Rows, drawn: Sampling, confidence: float) -> Measured:
        """The mean of the classes' bounds, at a level that holds for all of them."""
        each = self._each(rows, drawn)
        found = [_bounded(one, drawn, level(confidence, len(each))) for one in each]
        return Measured(
            value=sum(float(one.value) for one in found) / len(found),
            interval=Interval(
                sum(one.interval.lower for one in found) / len(found),
                sum(one.interval.upper for one in found) / len(found),
            ),
            n=len(rows),
            method=f"{found[0].method} in every class",
        )

    def cells(self, rows: Rows) -> tuple[int, ...]:
        """Counted."""
        found = np.bincount(self.score.marks[rows], minlength=2 * self.score.classes)
        return tuple(found.tolist())


@dataclass(frozen=True, eq=False, kw_only=True)
class Losses(_Ratio):
    """The mean of what each row loses."""

    losses: Floats
    high: float
    loss: bool = True

    def keys(self) -> Sequence[NDArray[Any]]:
        """What each row holds."""
        return [self.losses]

    def ordered(self, order: Rows, sampling: Sampling) -> Losses:
        """The same rows in another order."""
        losses = self.losses[order]
        found = replace(self, losses=losses, sampling=sampling)
        return found.summing(losses, np.ones(len(losses)))

    def estimate(self, rows: Rows, drawn: Sampling) -> Estimate:
        """With the influence of each row."""
        return mean_of(self.losses[rows], 0.0, self.high, None, drawn)

    def measured(self, rows: Rows, drawn: Sampling, confidence: float) -> Measured:
        """The looser of t and Hall."""
        return bounds(self.estimate(rows, drawn), confidence, drawn)

    def cells(self, rows: Rows) -> tuple[int, ...]:
        """Counted."""
        return (len(rows),)


@dataclass(frozen=True, eq=False, kw_only=True)
class Numbers(_Direct):
    """RMSE or R2 of predicted numbers."""

    metric: str
    truth: Floats
    predicted: Floats

    @property
    def loss(self) -> bool:
        """Whether less is better: of an error, not of R2."""
        return self.metric == "rmse"

    def keys(self) -> Sequence[NDArray[Any]]:
        """What each row holds."""
        return [self.predicted, self.truth]

    def ordered(self, order: Rows, sampling: Sampling) -> Numbers:
        """The same rows in another order."""
        truth, predicted = self.truth[order], self.predicted[order]
        return replace(self, truth=truth, predicted=predicted, sampling=sampling)

    def estimate(self, rows: Rows, drawn: Sampling) -> Estimate:
        """With the influence of each row."""
        of = rmse_of if self.loss else r2_of
        return of(self.truth[rows], self.predicted[rows], drawn)

    def measured(self, rows: Rows, drawn: Sampling, confidence: float) -> Measured:
        """As a metric gate has them: Hall for an error, the delta method on log(1 - R2)."""
        truth, predicted = self.truth[rows], self.predicted[rows]
        if not drawn.plain:
            found = bounds(self.estimate(rows, drawn), confidence, drawn)
        elif self.loss:
            found = regression.rmse(predicted - truth, confidence)
        else:
            found = regression.r2(truth, predicted, confidence)
        if self.loss:
            return found
        far = r2_limits(float(found.value), self.estimate(rows, drawn).moves, drawn, confidence)
        return replace(found, interval=looser(found.interval, far))

    def cells(self, rows: Rows) -> tuple[int, ...]:
        """Counted."""
        return (len(rows),)


@dataclass(frozen=True, eq=False, kw_only=True)
class Ranking:
    """The area under the ROC curve.

    Attributes:
        positive: Which rows are positive.
        scores: Of each row.
        heavy: What each row counts.
        against: Of each row the weight of the rows of the other class that it is on the right side
            of, ties half: what adds up, so that the other rows need no ranking of their own.
        counts: The positive and the negative rows of some weight.
        masses: The weight of each class.
        pairs: That of all pairs on the right side.
    """

    positive: NDArray[np.bool_]
    scores: Floats
    heavy: Floats = field(default_factory=partial(np.empty, 0))
    against: Floats = field(default_factory=partial(np.empty, 0))
    counts: tuple[int, int] = (0, 0)
    masses: tuple[float, float] = (0.0, 0.0)
    pairs: float = 0.0
    loss: bool = False

    def keys(self) -> Sequence[NDArray[Any]]:
        """What each row holds."""
        return [self.scores, self.positive]

    def ordered(self, order: Rows, sampling: Sampling) -> Ranking:
        """The same rows in another order."""
        positive, scores = self.positive[order], self.scores[order]
        heavy = np.ones(len(order)) if sampling.weights is None else sampling.weights
        against = np.empty(len(order))
        above, below = scores[positive], scores[~positive]
        masses = float(heavy[positive].sum()), float(heavy[~positive].sum())
        against[positive] = ranks.placed(above, below, heavy[~positive])
        against[~positive] = masses[0] - ranks.placed(below, above, heavy[positive])
        return Ranking(
            positive=positive,
            scores=scores,
            heavy=heavy,
            against=against,
            counts=_of_each(positive[heavy > 0]),
            masses=masses,
            pairs=float((heavy * against)[positive].sum()),
        )

    def _ranked(self, rows: Rows, drawn: Sampling) -> ranks.Ranked:
        return ranks.roc_auc(self.positive[rows], self.scores[rows], drawn.weights)

    def estimate(self, rows: Rows, drawn: Sampling) -> Estimate:
        """With the influence of each row."""
        found = self._ranked(rows, drawn)
        estimate = ranks.estimate(found, "influence of placements (roc_auc), logit")
        return replace(estimate, beside=ranks.beside("roc_auc", found))

    def measured(self, rows: Rows, drawn: Sampling, confidence: float) -> Measured:
        """As a metric gate has them: the looser of DeLong and Newcombe."""
        estimate = self.estimate(rows, drawn)
        if drawn.plain:
            placed = auc.roc_auc(self.positive[rows], self.scores[rows])
            found = auc.auc_interval(placed, confidence)
        else:
            found = bounds(estimate, confidence, drawn)
        error, _ = drawn.deviation(estimate)
        rarer = min(self._worth(rows, drawn, positive=wanted) for wanted in (True, False))
        far = auc_limits(float(found.value), error, rarer, confidence)
        return replace(found, interval=looser(found.interval, far))

    def _worth(self, rows: Rows, drawn: Sampling, *, positive: bool) -> float:
        """How many independent rows those of one class are worth."""
        of_class = np.flatnonzero(self.positive[rows] == positive)
        return drawn.of(of_class).units(len(of_class))

    def rest(self, own: Rows, found: Estimate, others: Callable[[], Rows]) -> float:  # noqa: ARG002
        """All pairs less those with a row of *own*: these twice counted are given back."""
        weights, positive = self.heavy[own], self.positive[own]
        counting = weights > 0
        mine = _of_each(positive[counting])
        if any(all_ == some for all_, some in zip(self.counts, mine, strict=True)):
            raise UndefinedError("an AUC needs both classes")
        masses = float(weights[positive].sum()), float(weights[~positive].sum())
        crossed = float((weights * self.against[own]).sum())
        inside = float(found.value) * masses[0] * masses[1]
        left = (self.masses[0] - masses[0]) * (self.masses[1] - masses[1])
        return (self.pairs - crossed + inside) / left

    def cells(self, rows: Rows) -> tuple[int, ...]:
        """Counted."""
        return len(rows), *_of_each(self.positive[rows])


def _of_each(positive: NDArray[np.bool_]) -> tuple[int, int]:
    found = int(np.count_nonzero(positive))
    return found, len(positive) - found


def of_score(score: Score) -> RowMetric:
    """The same metric as *score*, of rows that do not count alike or are not independent."""
    if isinstance(score, Share):
        return Shares(score=score)
    if isinstance(score, Recalls):
        return MeanRecalls(score=score)
    assert isinstance(score, Loss)  # noqa: S101
    return Losses(losses=score.losses, high=score.high)


def _share(hit: NDArray[np.bool_], base: NDArray[np.bool_], drawn: Sampling) -> Estimate:
    """The share of *hit* among *base*: a row of these moves it by ``(hit - share) / b``."""
    part = drawn.mean(base.astype(np.float64))
    if not part > 0:
        raise UndefinedError("a share of no rows")
    share = min(drawn.mean(hit.astype(np.float64)) / part, 1.0)  # sums are rounded
    return Estimate(
        value=share,
        moves=(hit - share * base) / part,
        scale=Scale.SHARE,
        low=0.0,
        high=1.0,
        base=base,
        floored=True,
        method="looser of wilson and clopper-pearson on effective rows",
    )


def _bounded(share: Estimate, drawn: Sampling, confidence: float) -> Measured:
    """No narrower than Clopper-Pearson on effective rows: Wilson's fail far out in the tails."""
    return bounds(replace(share, beside=partial(_exact, float(share.value))), confidence, drawn)


def _exact(share: float, rows: float, confidence: float) -> Interval:
    return clopper_pearson(share * rows, rows, confidence)
