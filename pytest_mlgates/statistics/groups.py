"""Rates of several groups against a bound on their largest gap: the statistics of fairness.

Three answers from counts alone. *Proven*: every pair's bound keeps the limit at the plain level; an
intersection-union test needs no correction however many groups there are (Berger 1982).
*Disproven*: some pair breaks it at a level that holds for all pairs at once (Sidak). *Inconclusive*
otherwise, together with the estimate that decides under the policy ``estimate`` (decision D1) and
the pair and rows that stand in the way of a proof.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from pytest_mlgates.core.exact import at_least, at_most
from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.statistics.group_pairs import Comparison, FamilyPairs, Pair, RateFamily
from pytest_mlgates.statistics.group_rows import RowsNeeded, rows_to_prove, rows_to_settle
from pytest_mlgates.statistics.interval import Interval
from pytest_mlgates.statistics.pairs import sidak

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.core.exact import Number

__all__ = [
    "Comparison",
    "FamilyComparison",
    "GroupComparison",
    "GroupRate",
    "Pair",
    "RateFamily",
    "RowsNeeded",
    "compare_groups",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRate:
    """One group's rate in one family; ``value`` is None and the bounds are [0, 1] without rows."""

    family: str
    group: int
    successes: int
    n: int
    value: Fraction | None
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyComparison:
    """One family of rates under the rule.

    Attributes:
        family: Its name.
        widest: The pair of the highest and the lowest rate: the raw gap.
        deciding: The pair that decides an inconclusive finding; None where the groups have the rows
            but no pair is told apart (then the deciding gap is none at all).
        raw_decides: Whether the raw gap decides: two groups, or too few rows to show twice the
            bound.
        enough_rows: Whether some pair has the rows to show a gap of twice the bound at power .8.
    """

    family: str
    widest: Pair
    deciding: Pair | None
    raw_decides: bool
    enough_rows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupComparison:
    """What the counts of several groups say about a bound on their largest gap.

    Attributes:
        comparison: Difference or ratio.
        bound: The largest difference, or the smallest ratio, that is allowed.
        estimate: The raw largest difference or smallest ratio, exactly.
        widest: The pair it comes from.
        deciding_estimate: What decides an inconclusive finding under the policy ``estimate``.
        deciding: The pair it comes from; None where no pair is told apart.
        raw_decides: Whether the deciding estimate is the raw one.
        estimate_holds: Whether the deciding estimate keeps the bound.
        finding: Proven, disproven or inconclusive.
        lower: Lower bound of the largest difference (of the smallest ratio).
        upper: Upper bound of the same.
        confidence: Of both, one-sided; the disproving side holds for all pairs at once.
        correction: How the disproving side was corrected.
        shown: The pair to show: what disproves, else what decides, else the widest.
        preventing: The pair that prevents a proof; None if proven.
        rows_needed: What would decide: a proof by that pair where the deciding estimate holds, else
            the gap of the deciding pair. None if decided, or if no number of rows would.
        empty: (family, group) without a denominator; such a comparison is never proven.
        families: Each family on its own.
        rates: Each group's rate in each family, with bounds at the plain confidence.
    """

    comparison: Comparison
    bound: float
    estimate: Fraction
    widest: Pair
    deciding_estimate: Fraction
    deciding: Pair | None
    raw_decides: bool
    estimate_holds: bool
    finding: Finding
    lower: float
    upper: float
    confidence: float
    correction: str
    shown: Pair
    preventing: Pair | None
    rows_needed: RowsNeeded | None
    empty: tuple[tuple[str, int], ...]
    families: tuple[FamilyComparison, ...]
    rates: tuple[GroupRate, ...]


def compare_groups(
    families: Sequence[RateFamily],
    *,
    comparison: Comparison,
    bound: float,
    confidence: float = 0.95,
    exact: bool = False,
) -> GroupComparison:
    """Judge the largest gap between groups, over all *families*, against *bound*.

    Args:
        families: Selection rate alone, or true and false positive rate for equalized odds; the
            worst family decides. Every family lists the same groups in the same order.
        comparison: ``DIFFERENCE`` with a largest allowed, ``RATIO`` (lowest over highest) with a
            smallest allowed value.
        bound: That value.
        confidence: Of each side, one-sided.
        exact: Clopper-Pearson bounds in every group, as promotion wants them.

    Raises:
        UndefinedError: for fewer than two groups with rows in a family, or a ratio of rates that
            are all 0.
        ValueError: for families over different groups, or none.
    """
    if not families or len({len(family.sizes) for family in families}) > 1:
        raise ValueError("families of rates over the same groups are needed")
    # Each family errs with its share of alpha, so that all together keep the confidence.
    share = 1 - (1 - confidence) / len(families)
    levels = [sidak(share, max(1, math.comb(len(family.present), 2))) for family in families]
    tables = [
        FamilyPairs(family, comparison, confidence=confidence, simultaneous=level, exact=exact)
        for family, level in zip(families, levels, strict=True)
    ]
    judged = [_decide(table, bound, level) for table, level in zip(tables, levels, strict=True)]
    empty = tuple((family.name, g) for family in families for g in family.empty)

    far = max(table.far.max() for table in tables)
    near = max(table.near.max() for table in tables)
    preventing = max(tables, key=lambda table: float(table.far.max()))
    disproving = max(tables, key=lambda table: float(table.near.max()))
    lower, upper = _range(comparison, float(far), float(near), unknown=bool(empty))
    finding = _finding(comparison, bound, lower, upper)

    widest = max((one.widest for one in judged), key=lambda pair: _badness(comparison, pair))
    # The families that nothing tells apart decide nothing while another shows a gap.
    with_gap = [one for one in judged if one.deciding is not None]
    deciding = max(
        with_gap or judged, key=lambda one: _badness(comparison, one.deciding or one.widest)
    )
    none_at_all = Fraction(0 if comparison is Comparison.DIFFERENCE else 1)
    deciding_estimate = deciding.deciding.value if deciding.deciding else none_at_all
    holds = keeps(comparison, deciding_estimate, bound)
    rows: RowsNeeded | None = None
    if finding is Finding.INCONCLUSIVE and holds:
        rows = rows_to_prove(preventing, bound)
    elif finding is Finding.INCONCLUSIVE and deciding.deciding is not None:
        table = tables[judged.index(deciding)]
        rows = rows_to_settle(table, deciding.deciding, bound)
    disproven = finding is Finding.DISPROVEN
    return GroupComparison(
        comparison=comparison,
        bound=bound,
        estimate=widest.value,
        widest=widest,
        deciding_estimate=deciding_estimate,
        deciding=deciding.deciding,
        raw_decides=deciding.raw_decides,
        estimate_holds=holds,
        finding=finding,
        lower=lower,
        upper=upper,
        confidence=confidence,
        correction=_correction(families),
        shown=disproving.worst_near() if disproven else deciding.deciding or widest,
        preventing=None if finding is Finding.PROVEN else preventing.worst_far(),
        rows_needed=rows,
        empty=empty,
        families=tuple(judged),
        rates=tuple(rate for table in tables for rate in _rates(table)),
    )


def keeps(comparison: Comparison, value: Number, bound: float) -> bool:
    """Whether *value* is on the right side of *bound*, compared exactly."""
    if comparison is Comparison.DIFFERENCE:
        return at_most(value, bound)
    return at_least(value, bound)


def _decide(table: FamilyPairs, bound: float, level: float) -> FamilyComparison:
    """Decision D1: the raw gap, or the largest gap that the rows distinguish from none."""
    enough = table.can_show_twice(bound, level)
    raw = len(table.groups) == 2 or not enough
    widest = table.widest()
    return FamilyComparison(
        family=table.family.name,
        widest=widest,
        deciding=widest if raw else table.widest_distinguishable(),
        raw_decides=raw,
        enough_rows=enough,
    )


def _badness(comparison: Comparison, pair: Pair) -> Fraction:
    return pair.value if comparison is Comparison.DIFFERENCE else -pair.value


def _range(
    comparison: Comparison, far: float, near: float, *, unknown: bool
) -> tuple[float, float]:
    """Bounds of the largest difference or the smallest ratio; an empty group may be anything."""
    if comparison is Comparison.DIFFERENCE:
        return max(0.0, near), 1.0 if unknown else min(1.0, far)
    return 0.0 if unknown else max(0.0, -far), min(1.0, -near)


def _finding(comparison: Comparison, bound: float, lower: float, upper: float) -> Finding:
    proving, disproving = (upper, lower) if comparison is Comparison.DIFFERENCE else (lower, upper)
    if keeps(comparison, proving, bound):
        return Finding.PROVEN
    return Finding.INCONCLUSIVE if keeps(comparison, disproving, bound) else Finding.DISPROVEN


def _correction(families: Sequence[RateFamily]) -> str:
    pairs = max(math.comb(len(family.present), 2) for family in families)
    noun = "pair" if pairs == 1 else "pairs"
    each = f" in each of {len(families)} rates" if len(families) > 1 else ""
    return f"sidak over {pairs} {noun}{each} (disproof); none needed for proof"


def _rates(table: FamilyPairs) -> list[GroupRate]:
    family = table.family
    place = {group: k for k, group in enumerate(table.groups)}
    lower, upper = table.plain
    return [
        GroupRate(
            family=family.name,
            group=g,
            successes=family.successes[g],
            n=family.sizes[g],
            value=family.rate(g) if g in place else None,
            interval=Interval(float(lower[place[g]]), float(upper[place[g]]))
            if g in place
            else Interval(0.0, 1.0),
        )
        for g in range(len(family.sizes))
    ]
