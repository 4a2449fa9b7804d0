"""Numbers of several groups against a bound on their gaps: the statistics of fairness.

Three answers. *Proven*: every comparison's bound keeps the limit at the plain level; an
intersection-union test needs no correction however many groups there are (Berger 1982).
*Disproven*: some comparison breaks it at a level that holds for all of them at once (Sidak).
*Inconclusive* otherwise, together with the estimate that decides under the policy ``estimate``
(decision D1) and the groups and rows that stand in the way of a proof.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from pytest_mlgates.core.exact import at_least, at_most
from pytest_mlgates.core.text import plural
from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.each_group import EachGroup
from pytest_mlgates.statistics.group_champion import BetweenModels
from pytest_mlgates.statistics.group_contrasts import Pair
from pytest_mlgates.statistics.group_families import (
    OVERALL,
    Family,
    MeasuredFamily,
    RateFamily,
)
from pytest_mlgates.statistics.group_mean import Averaged
from pytest_mlgates.statistics.group_pairs import contrasts
from pytest_mlgates.statistics.group_rows import (
    RowsNeeded,
    rows_to_prove,
    rows_to_settle,
    undecided,
)
from pytest_mlgates.statistics.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.core.exact import Number
    from pytest_mlgates.statistics.group_contrasts import Contrasts

    Table = Contrasts | Averaged

__all__ = [
    "OVERALL",
    "Comparison",
    "Family",
    "FamilyComparison",
    "GroupComparison",
    "GroupRate",
    "MeasuredFamily",
    "Pair",
    "RateFamily",
    "RowsNeeded",
    "compare_groups",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRate:
    """One group's number in one family; without rows ``value`` is None and nothing bounds it.

    ``group`` is ``OVERALL`` for all rows together; ``successes`` are known of plain rates only.
    """

    family: str
    group: int
    n: int
    value: Number | None
    interval: Interval
    successes: int | None = None
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyComparison:
    """One family (or several that are averaged) under the rule.

    Attributes:
        family: Its name.
        widest: The comparison that looks worst: the raw gap.
        deciding: The one that decides an inconclusive finding; None where the groups have the rows
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
    """What the numbers of several groups say about a bound on their largest gap.

    Attributes:
        comparison: What is compared with the bound.
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
        method: How the bounds are made.
        shown: The pair to show: what disproves or decides, else the widest.
        preventing: The pair that prevents a proof; None if proven.
        rows_needed: What would decide: a proof by that pair where the deciding estimate holds, else
            the gap of the deciding pair. None if decided, or if no number of rows would.
        undecided: Every group with too few rows for a proof, and how many would do; of an
            inconclusive finding.
        empty: (family, group) without a denominator; such a comparison is never proven.
        families: Each family on its own.
        rates: Each group's number in each family, with bounds at the plain confidence.
        overall: All rows together in each family, where groups are compared with them.
    """

    comparison: Comparison
    bound: float
    estimate: Number
    widest: Pair
    deciding_estimate: Number
    deciding: Pair | None
    raw_decides: bool
    estimate_holds: bool
    finding: Finding
    lower: float
    upper: float
    confidence: float
    correction: str
    method: str
    shown: Pair
    preventing: Pair | None
    rows_needed: RowsNeeded | None
    empty: tuple[tuple[str, int], ...]
    families: tuple[FamilyComparison, ...]
    rates: tuple[GroupRate, ...]
    overall: tuple[GroupRate, ...] = ()
    undecided: tuple[RowsNeeded, ...] = ()


def compare_groups(
    families: Sequence[Family],
    *,
    comparison: Comparison,
    bound: float,
    confidence: float = 0.95,
    to_overall: bool = False,
    mean: bool = False,
    exact: bool = False,
) -> GroupComparison:
    """Judge the largest gap between groups, over all *families*, against *bound*.

    Args:
        families: Selection rate alone, or true and false positive rate for equalized odds, in every
            level of a control feature; the worst family decides. Every family lists the same groups
            in the same order.
        comparison: ``DIFFERENCE`` with a largest allowed, ``RATIO`` (lowest over highest) with a
            smallest allowed value; ``LOWEST`` and ``HIGHEST`` hold each group to the bound.
        bound: That value.
        confidence: Of each side, one-sided.
        to_overall: Compare every group with all rows together instead of with each other.
        mean: Judge the mean of the families' gaps in each level instead of the worst.
        exact: Clopper-Pearson bounds in every group, as promotion wants them.

    Raises:
        UndefinedError: for fewer than two groups with rows in a family, or a ratio of rates that
            are all 0.
        ValueError: for families over different groups, or none.
    """
    if not families or len({len(family.sizes) for family in families}) > 1:
        raise ValueError("families of rates over the same groups are needed")
    tables = comparisons(
        families, comparison, to_overall=to_overall, mean=mean, confidence=confidence, exact=exact
    )
    judged = [_decide(table, bound) for table in tables]
    empty = tuple((family.name, g) for family in families for g in family.empty)

    preventing = max(tables, key=lambda table: table.far_most)
    disproving = max(tables, key=lambda table: table.near_most)
    lower, upper = _range(
        comparison, families, preventing.far_most, disproving.near_most, unknown=bool(empty)
    )
    finding = _finding(comparison, bound, lower, upper)

    widest = max((one.widest for one in judged), key=lambda pair: _badness(comparison, pair))
    # The families that nothing tells apart decide nothing while another shows a gap.
    with_gap = [one for one in judged if one.deciding is not None]
    deciding = max(
        with_gap or judged, key=lambda one: _badness(comparison, one.deciding or one.widest)
    )
    none_at_all = Fraction(1 if comparison is Comparison.RATIO else 0)
    deciding_estimate = deciding.deciding.value if deciding.deciding else none_at_all
    holds = keeps(comparison, deciding_estimate, bound)
    rows: RowsNeeded | None = None
    if finding is Finding.INCONCLUSIVE and holds:
        rows = rows_to_prove(preventing, bound)
    elif finding is Finding.INCONCLUSIVE and deciding.deciding is not None:
        table = tables[judged.index(deciding)]
        rows = rows_to_settle(table, deciding.deciding, bound)
    shown = deciding.deciding or widest
    if finding is not Finding.INCONCLUSIVE:
        shown = widest if finding is Finding.PROVEN else disproving.worst_near()
    against_whole = to_overall or not comparison.is_gap
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
        correction=_correction(tables),
        method=_method(comparison, families, to_overall=to_overall, mean=mean),
        shown=shown,
        preventing=None if finding is Finding.PROVEN else preventing.worst_far(),
        rows_needed=rows,
        empty=empty,
        families=tuple(judged),
        rates=tuple(rate for family in families for rate in _rates(family, confidence, exact)),
        overall=tuple(_overall(family, confidence) for family in families) if against_whole else (),
        undecided=tuple(one for table in tables for one in undecided(table, bound))
        if finding is Finding.INCONCLUSIVE
        else (),
    )


def keeps(comparison: Comparison, value: Number, bound: float) -> bool:
    """Whether *value* is on the right side of *bound*, compared exactly."""
    return at_most(value, bound) if comparison.is_capped else at_least(value, bound)


def comparisons(
    families: Sequence[Family],
    comparison: Comparison,
    *,
    to_overall: bool,
    mean: bool,
    confidence: float,
    exact: bool,
) -> list[Table]:
    """The comparisons of each family, or of the families of each level together.

    Each table errs with its share of alpha, so that all together keep the confidence.
    """
    together: list[list[Family]] = [[family] for family in families]
    if mean:
        levels = dict.fromkeys(family.level for family in families)
        together = [[f for f in families if f.level == level] for level in levels]
    share = 1 - (1 - confidence) / len(together)
    found: list[Table] = []
    for some in together:
        counts = [_count(family, comparison, to_overall=to_overall) for family in some]
        tables: list[Contrasts] = [
            BetweenModels(family, comparison, confidence=confidence, share=share, exact=exact)
            if comparison is Comparison.CHANGE
            else contrasts(
                family,
                comparison,
                to_overall=to_overall,
                confidence=confidence,
                share=share,
                of=math.prod(counts) // count,
                exact=exact,
            )
            for family, count in zip(some, counts, strict=True)
        ]
        found.append(Averaged(tables) if len(tables) > 1 else tables[0])
    return found


def _count(family: Family, comparison: Comparison, *, to_overall: bool) -> int:
    groups = len(family.present)
    pairs = comparison.is_gap and not to_overall
    return max(1, math.comb(groups, 2) if pairs else groups)


def _decide(table: Table, bound: float) -> FamilyComparison:
    """Decision D1: the raw gap, or the largest gap that the rows distinguish from none."""
    enough = table.can_show_twice(bound)
    raw = len(table.groups) == 2 or not enough
    widest = table.widest()
    deciding: Pair | None = widest if raw else table.distinguishable()
    if isinstance(table, EachGroup) and not raw:
        whole = table.whole()  # what all rows say is told apart from nothing and always counts
        if deciding is None or _badness(table.comparison, whole) > _badness(
            table.comparison, deciding
        ):
            deciding = whole
    return FamilyComparison(
        family=table.family.name,
        widest=widest,
        deciding=deciding,
        raw_decides=raw,
        enough_rows=enough,
    )


def _badness(comparison: Comparison, pair: Pair) -> Fraction:
    value = Fraction(pair.value)
    if comparison is Comparison.FURTHEST:
        return abs(value)
    return value if comparison.is_capped else -value


def _range(
    comparison: Comparison, families: Sequence[Family], far: float, near: float, *, unknown: bool
) -> tuple[float, float]:
    """Bounds of the worst value; an empty group may be anything."""
    low = min(family.low for family in families)
    high = max(family.high for family in families)
    if comparison is Comparison.DIFFERENCE:
        low, high = 0.0, high - low
    elif comparison is Comparison.RATIO:
        low, high = 0.0, 1.0
    elif comparison is Comparison.CHANGE:
        low, high = low - high, high - low
    elif comparison is Comparison.FURTHEST:
        low, high = 0.0, max(abs(low), abs(high))
    if comparison.is_capped:
        return max(low, near), high if unknown else min(high, far)
    return low if unknown else max(low, -far), min(high, -near)


def _finding(comparison: Comparison, bound: float, lower: float, upper: float) -> Finding:
    proving, disproving = (upper, lower) if comparison.is_capped else (lower, upper)
    if keeps(comparison, proving, bound):
        return Finding.PROVEN
    return Finding.INCONCLUSIVE if keeps(comparison, disproving, bound) else Finding.DISPROVEN


def _correction(tables: Sequence[Table]) -> str:
    most = max(tables, key=lambda table: table.count)
    names = [t.family.name for t in tables if t.family.level == tables[0].family.level]
    levels = len({table.family.level for table in tables})
    each = f" in each of {len(names)} rates" if len(names) > 1 else ""
    each += f" in each of {plural(levels, 'level')}" if levels > 1 else ""
    return f"sidak over {plural(most.count, *most.noun)}{each} (disproof); none needed for proof"


def _method(
    comparison: Comparison, families: Sequence[Family], *, to_overall: bool, mean: bool
) -> str:
    bounds = " and ".join(dict.fromkeys(family.method for family in families))
    if not comparison.is_gap:
        return f"{bounds}, every group against the bound"
    if comparison is Comparison.CHANGE:
        return f"{bounds}, mover between groups, paired, intersection-union"
    against = ""
    if to_overall:
        rest = "the rest" if all(family.is_mixture for family in families) else "all rows"
        against = f" of each group against {rest}"
    averaged = ", averaged" if mean else ""
    return f"mover{against} on {bounds}{averaged}, intersection-union"


def _rates(family: Family, confidence: float, exact: bool) -> list[GroupRate]:  # noqa: FBT001
    place = {group: k for k, group in enumerate(family.present)}
    lower, upper = family.limits(confidence, exact=exact)
    return [
        GroupRate(
            family=family.name,
            level=family.level,
            group=g,
            successes=family.counted(g),
            n=family.sizes[g],
            value=family.value(g) if g in place else None,
            interval=Interval(float(lower[place[g]]), float(upper[place[g]]))
            if g in place
            else Interval(family.low, family.high),
        )
        for g in range(len(family.sizes))
        if g not in family.absent
    ]


def _overall(family: Family, confidence: float) -> GroupRate:
    return GroupRate(
        family=family.name,
        level=family.level,
        group=OVERALL,
        successes=family.counted(OVERALL),
        n=sum(family.sizes),
        value=family.value(OVERALL),
        interval=Interval(*family.overall_limits(confidence)),
    )
