"""One model's answers on the rows of a table, ready to be judged on any selection of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlgates.statistics.estimate import PLAIN, Estimate, Sampling, bounds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pytest_mlgates.statistics.auc import RocAuc
    from pytest_mlgates.statistics.interval import Measured

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

Measure = Callable[[float], "Measured"]


class Losses(NamedTuple):
    """The part of each row in a metric that is a mean of them, and what one part can be."""

    values: Floats
    low: float = -math.inf
    high: float = math.inf


class Right(NamedTuple):
    """Which rows are right, of those that are judged, in a metric that is a share of them."""

    judged: Mask
    right: Mask


@dataclass(frozen=True, kw_only=True)
class Answers:
    """One model's answers.

    Attributes:
        answer: What it says in each unit, of shape ``(n,)`` or ``(n, classes)``: units where two
            models' are equal are alike.
        estimate: The metric on some rows (None: all), and the influence of each. None where it has
            none: then rows are independent and count alike, and there is no rival.
        closed: The bounds of independent rows that count alike, where there are better ones than
            by influence: prepared for some rows, then asked at a confidence.
        cells: The counts that the metric on some rows comes from, and that it gives away.
        losses: Where it is a mean of what each row has.
        right: Where it is a share of rows that do not depend on the model.
        placed: Where only the ranking counts: placement values of some rows, in row order.
        sizes: Of some rows: the counts that stay the same for every model (rows of a class).
        units: Of a selection of rows, which of the units that are judged it holds, where these are
            not rows (queries). Everything above is about units.
    """

    answer: NDArray[Any]
    estimate: Callable[[Mask | None, Sampling], Estimate] | None = None
    closed: Callable[[Mask | None], Measure] | None = None
    cells: Callable[[Mask | None], tuple[int, ...]] = lambda _: ()
    losses: Losses | None = None
    right: Right | None = None
    placed: Callable[[Mask | None], RocAuc] | None = None
    sizes: Callable[[Mask | None], tuple[int, ...]] = lambda _: ()
    units: Callable[[Mask | None], Mask | None] = lambda rows: rows

    def moved(self, rows: Mask | None, sampling: Sampling) -> Estimate:
        """The metric on *rows*, and the influence of each."""
        assert self.estimate is not None  # noqa: S101  (refused by the parameters)
        return self.estimate(rows, sampling)

    def measure(self, rows: Mask | None, sampling: Sampling = PLAIN) -> Measure:
        """The metric on *rows* with its bounds, at any confidence."""
        rows = self.units(rows)
        if sampling.plain and self.closed is not None:
            asked = self.closed(rows)
        else:
            asked = _by_influence(self, rows, sampling)

        def measured(confidence: float) -> Measured:
            found, cells = asked(confidence), self.cells(rows)
            return replace(found, cells=cells) if cells else found

        return measured


def _by_influence(answers: Answers, rows: Mask | None, sampling: Sampling) -> Measure:
    kept: list[tuple[Estimate, Sampling]] = []

    def asked(confidence: float) -> Measured:
        if not kept:  # only now: rows without weight have no value
            drawn = sampling.of(rows)
            kept.append((answers.moved(rows, drawn), drawn))
        found, drawn = kept[0]
        return bounds(found, confidence, drawn)

    return asked


def chosen(values: NDArray[Any], rows: Mask | None) -> NDArray[Any]:
    """*values* of the selected *rows*, all of them for None."""
    return values if rows is None else values[rows]
