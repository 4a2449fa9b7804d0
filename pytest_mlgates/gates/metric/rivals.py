"""Two models' answers on the same rows, ready to be compared on any selection of them.

Shares of right rows (accuracy, recall) by Bonett and Price, means of row losses by Hall, AUC by
paired DeLong, everything else by its influence values: one variance of the difference, which knows
weights and clusters too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.gates.metric.answers import chosen
from pytest_mlgates.gates.metric.parts import answers_of
from pytest_mlgates.statistics import auc
from pytest_mlgates.statistics.estimate import PLAIN, Estimate, Sampling, bounds
from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.paired import (
    PairedDifference,
    influence_difference,
    mean_difference,
    share_difference,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.core.exact import Number
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.metric.answers import Answers
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.gates.privacy import Display

    Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Rivals:
    """Two models' answers on the same rows.

    Attributes:
        first: The candidate's.
        second: The champion's.
        differing: On which rows their answers are not equal.
        sampling: How the rows were drawn.
        only: On how many rows only the candidate, and only the champion is right, where the metric
            is a share of right rows.
        bases: The counts that the metric of the candidate and of the champion comes from.
    """

    first: Answers
    second: Answers
    differing: Mask
    sampling: Sampling = PLAIN
    only: tuple[int, int] | None = None
    bases: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())

    def alike(self, rows: Mask | None) -> bool:
        """Whether these *rows* show no difference between the two."""
        if self.first.placed is not None and self.second.placed is not None:
            return auc.same_ranking(self.first.placed(rows), self.second.placed(rows))
        return not chosen(self.differing, rows).any()

    def values(self) -> tuple[Number, Number]:
        """The metric of the candidate and of the champion on all rows.

        Raises:
            UndefinedError: where either has none.
        """
        one, other = (each.measure(None, self.sampling)(0.95).value for each in self.models)
        return one, other

    @property
    def models(self) -> tuple[Answers, Answers]:
        """Both."""
        return self.first, self.second


def rivals_of(
    parameters: MetricParameters,
    table: Table,
    found: Predictions,
    sampling: Sampling,
    display: Display,
) -> Rivals:
    """The candidate's answers in *table* and the champion's, checked alike.

    Raises:
        MLGatesError: for answers of a kind the metric does not take.
    """
    first, second = answers_of(table, parameters, found, display)
    unequal = first.answer != second.answer
    differing = unequal.any(axis=1) if unequal.ndim > 1 else unequal
    only = None
    if first.right is not None and second.right is not None:
        judged, right, others = first.right.judged, first.right.right, second.right.right
        differing = differing & judged
        only = (
            int(np.count_nonzero(judged & right & ~others)),
            int(np.count_nonzero(judged & others & ~right)),
        )
    return Rivals(
        first=first,
        second=second,
        differing=differing,
        sampling=sampling,
        only=only if sampling.plain else None,
        bases=(first.cells(None), second.cells(None)),
    )


def measured(rivals: Rivals, rows: Mask | None, confidence: float) -> Measured:
    """The difference on *rows* with its bounds, those of a difference of zero included.

    Raises:
        UndefinedError: where either metric is undefined there.
    """
    rows = rivals.first.units(rows)
    found = _compared(rivals, rows, confidence)
    differing = int(np.count_nonzero(chosen(rivals.differing, rows)))
    cells = (found.n, *rivals.first.sizes(rows), *(found.cells or (differing,)))
    if found.value == 0 and rivals.only is None and rivals.alike(rows):
        unseen = _unseen(rivals, rows, found.n, confidence)
        return replace(unseen, cells=cells)
    if isinstance(found, Measured):
        return replace(found, cells=cells)
    return Measured(
        value=found.value,
        interval=found.interval,
        n=found.n,
        method=found.method if "paired" in found.method else f"paired, {found.method}",
        warnings=found.warnings,
        cells=cells,
    )


def _compared(rivals: Rivals, rows: Mask | None, confidence: float) -> PairedDifference | Measured:
    first, second, drawn = rivals.first, rivals.second, rivals.sampling.of(rows)
    if drawn.plain:
        if first.right is not None and second.right is not None:
            judged = first.right.judged if rows is None else first.right.judged & rows
            if not judged.any():
                raise UndefinedError("no row is judged")
            return share_difference(
                first.right.right[judged], second.right.right[judged], confidence
            )
        if first.losses is not None and second.losses is not None:
            pair = [chosen(each.losses.values, rows) for each in (first, second) if each.losses]
            width = first.losses.high - first.losses.low
            return mean_difference(pair[0], pair[1], confidence, low=-width, high=width)
        if first.placed is not None and second.placed is not None:
            return auc.auc_difference(first.placed(rows), second.placed(rows), confidence)
    one, other = (each.moved(rows, drawn) for each in rivals.models)
    warnings = tuple(dict.fromkeys((*one.warnings, *other.warnings)))
    if drawn.plain:
        found = influence_difference(
            one.value,
            other.value,
            one.moves,
            other.moves,
            chosen(rivals.differing, rows),
            confidence,
        )
        return replace(found, warnings=(*found.warnings, *warnings))
    difference = Estimate(
        value=one.value - other.value,
        moves=one.moves - other.moves,
        low=one.low - one.high,
        high=one.high - one.low,
        reach=one.reach + other.reach,
        floored=one.floored and other.floored,
        method="paired, influence values",
        warnings=warnings,
    )
    return bounds(difference, confidence, drawn)


def _unseen(rivals: Rivals, rows: Mask | None, n: int, confidence: float) -> Measured:
    """A difference that no row shows, which proves nothing by its width of zero.

    Where none of n rows differs, at most ``1 - alpha^(1/n)`` of all rows do (Clopper and Pearson
    1934, no success), and these move the metric by at most its reach each.
    """
    drawn = rivals.sampling.of(rows)
    share = -math.expm1(math.log(1 - confidence) / drawn.units(n))
    reach = rivals.first.moved(rows, drawn).reach
    # Infinite where a single row could move it by any amount.
    width = share * reach if math.isfinite(reach) else math.inf
    return Measured(
        value=0.0,
        interval=Interval(-width, width),
        n=n,
        method="paired, at most 1 - alpha^(1/n) of the rows differ",
    )
