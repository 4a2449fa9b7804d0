"""What a fairness verdict says: both groups, their numbers and sizes, who is worse off, and why."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.exact import exact
from pytest_mlgates.core.text import limit, number, percent
from pytest_mlgates.core.verdict import Finding, Policy
from pytest_mlgates.gates.fairness_families import TIMES, level_name
from pytest_mlgates.gates.fairness_metrics import FOREIGN, MEASURES
from pytest_mlgates.gates.privacy import WITHHELD
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.groups import OVERALL, keeps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgates.core.exact import Number
    from pytest_mlgates.gates.fairness_families import Grouped
    from pytest_mlgates.gates.fairness_metrics import Measure
    from pytest_mlgates.gates.fairness_parameters import FairnessParameters
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.statistics.groups import GroupComparison, GroupRate, Pair, RowsNeeded

# More groups than this are counted, not named, in a message; the record has them all.
_MOST_OTHERS = 3
# What the worst value and its absence are called.
_WORDS = {
    Comparison.DIFFERENCE: ("largest difference", "0"),
    Comparison.RATIO: ("smallest ratio", "1"),
    Comparison.LOWEST: ("lowest group", "all rows together"),
    Comparison.HIGHEST: ("highest group", "all rows together"),
    Comparison.FURTHEST: ("group furthest from 0", "0"),
    Comparison.CHANGE: ("widest growth of a gap", "0"),
}


@dataclass(frozen=True, kw_only=True)
class Report:
    """A comparison and what is needed to speak of it."""

    parameters: FairnessParameters
    found: GroupComparison
    grouped: Grouped
    display: Display

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.parameters.metric

    @property
    def bound(self) -> str:
        """``max 0.10``."""
        return f"{self.side} {limit(self.found.bound)}"

    @property
    def side(self) -> str:
        """``max``, ``min`` or ``margin``."""
        if self.found.comparison is Comparison.CHANGE:
            return "margin"
        return "max" if self.found.comparison.is_capped else "min"

    @property
    def raw_breaks(self) -> bool:
        """Whether the raw estimate is on the wrong side of the bound."""
        return not keeps(self.found.comparison, self.found.estimate, self.found.bound)

    def name(self, group: int) -> str:
        """A group for people."""
        return "all rows" if group == OVERALL else self.display.group(self.grouped.groups[group])

    def values(self, group: int | None) -> list[Any]:
        """A group for the record; all rows are a group without values."""
        if group is None or group == OVERALL:
            return []
        return list(self.display.values(self.grouped.groups[group]))

    def within(self, level: int) -> str:
        """`` within region = North``, or nothing where there is one level."""
        if len(self.grouped.levels) == 1:
            return ""
        name = level_name(self.parameters, self.grouped, self.grouped.levels[level], self.display)
        return f" within {name}"

    def of(self, family: str) -> str:
        """What the denominator of *family* counts."""
        return _measure(family).of

    def cells(self, family: str, level: int, group: int) -> tuple[int, ...]:
        """The counts that a number gives away."""
        return self.grouped.cells.get((family, level, group), ())

    def is_small(self, family: str, level: int, group: int) -> bool:
        """Whether a number would give away a count that is not to be shown."""
        return self.display.private and any(
            self.display.record(k) is None for k in self.cells(family, level, group)
        )

    @cached_property
    def unsized(self) -> frozenset[tuple[str, int, int]]:
        """The numbers whose denominator is hidden: it, or another one minus the total, is small."""
        rates = self.found.rates
        places = self.display.hidden([(rate.n,) for rate in rates])
        return frozenset(
            (rates[place].family, rates[place].level, rates[place].group) for place in places
        )

    def hides(self, family: str, level: int, group: int) -> bool:
        """Whether a number is withheld; that of all rows, if any other beside it is."""
        if not self.display.private:
            return False
        if group == OVERALL:
            return any(
                self.hides(family, level, rate.group)
                for rate in self.found.rates
                if (rate.family, rate.level) == (family, level)
            )
        return (family, level, group) in self.unsized or self.is_small(family, level, group)

    @cached_property
    def any_hidden(self) -> bool:
        """Whether any number is withheld: then are the bounds over all of them."""
        return any(self.hides(rate.family, rate.level, rate.group) for rate in self.found.rates)

    def hides_pair(self, pair: Pair | None) -> bool:
        """Whether the value of *pair* would give a hidden number away."""
        return pair is not None and any(
            self.hides(part.family, part.level, group)
            for part in pair.parts
            for group in (part.high, part.low)
            if group is not None
        )

    def size(self, rate: GroupRate) -> str:
        """The denominator of *rate* for people."""
        few = self.display.record(rate.n) is None
        if rate.group == OVERALL:
            hidden = self.hides(rate.family, rate.level, OVERALL)
            return WITHHELD if hidden else self.display.count(rate.n)
        secondary = (rate.family, rate.level, rate.group) in self.unsized and not few
        return WITHHELD if secondary else self.display.count(rate.n)

    def gap(self, pair: Pair | None, value: Number) -> str:
        """The *value* of *pair*, unless it gives a hidden number away."""
        return WITHHELD if self.hides_pair(pair) else self.value(value)

    @property
    def estimate(self) -> str:
        """The raw gap for people."""
        return self.gap(self.found.widest, self.found.estimate)

    @cached_property
    def _rates(self) -> dict[tuple[str, int, int], GroupRate]:
        rates = (*self.found.rates, *self.found.overall)
        return {(rate.family, rate.level, rate.group): rate for rate in rates}

    def rate_of(self, family: str, level: int, group: int) -> GroupRate:
        """The number of *group* in *family*."""
        return self._rates[family, level, group]

    def measured(self, family: str, level: int, group: int) -> str:
        """``Female 0.109 (591 of 5,421 rows)``."""
        rate = self.rate_of(family, level, group)
        hidden = self.hides(family, level, group)
        of = self.of(family)
        if hidden:
            value = "rate not shown"
        else:
            value = number(None if rate.value is None else float(rate.value))
        if rate.successes is None:
            return f"{self.name(group)} {value} ({self.size(rate)} {of})"
        few = self.display.record(rate.successes) is None
        successes = WITHHELD if hidden and not few else self.display.count(rate.successes)
        return f"{self.name(group)} {value} ({successes} of {self.size(rate)} {of})"

    def pair(self, pair: Pair) -> str:
        """The groups of *pair*, the disadvantaged one first, and why it is."""
        if pair.others:
            return "; and ".join(self._one(part) for part in pair.others)
        return self._one(pair)

    def _one(self, pair: Pair) -> str:
        measure = _measure(pair.family)
        within = self.within(pair.level)
        if pair.low is None:
            return f"{pair.family} {self.measured(pair.family, pair.level, pair.high)}{within}"
        worse, better = pair.low, pair.high
        if measure.high_is_worse or worse == OVERALL:
            worse, better = better, worse
        if OVERALL in (pair.low, pair.high) and worse == OVERALL:
            worse, better = better, worse
        text = (
            f"{pair.family} {self.measured(pair.family, pair.level, worse)} against "
            f"{self.measured(pair.family, pair.level, better)}{within}"
        )
        if self.hides_pair(pair):
            return text
        if self.found.comparison is Comparison.CHANGE:
            return f"{text}; {self._before(pair, worse, better)}"
        one, two = (self.rate_of(pair.family, pair.level, g).value for g in (worse, better))
        if one == two or one is None or two is None:
            return f"{text}; equally off"
        if measure.high_is_worse is None:
            return f"{text}; {self.name(worse)} has the {'lower' if one < two else 'higher'} one"
        if (one > two) is measure.high_is_worse:
            return f"{text}; {self.name(worse)} is worse off: {measure.worse}"
        return f"{text}; {self.name(worse)} is better off than the rest"

    def _before(self, pair: Pair, worse: int, better: int) -> str:
        """``a gap of 0.12, the champion's 0.09 (F 0.30 against M 0.39)``."""
        assert pair.low is not None  # noqa: S101  (a change is of two groups)
        ours = [self.rate_of(pair.family, pair.level, g).value or 0 for g in (worse, better)]
        theirs = [self.grouped.champion[pair.family, pair.level, g] for g in (worse, better)]
        gap, before = (abs(float(one[0] - one[1])) for one in (ours, theirs))
        numbers = (
            f"{self.name(g)} {number(float(v))}"
            for g, v in zip((worse, better), theirs, strict=True)
        )
        return (
            f"a gap of {number(gap)}, the champion's {number(before)} ({' against '.join(numbers)})"
        )

    @property
    def words(self) -> tuple[str, str]:
        """What a gap and no gap are called."""
        gap, none = _WORDS[self.found.comparison]
        return (f"mean of the {gap}s" if self.parameters.agg == "mean" else gap), none

    def value(self, value: Number) -> str:
        """A gap with as many digits as it takes to see on which side of the bound it is."""
        digits = 3
        while (
            digits < 9
            and exact(value) != exact(self.found.bound)
            and (round(float(value), digits) == self.found.bound)
        ):
            digits += 1
        return number(float(value), digits)

    def undecided_gap(self, *, named: bool) -> str:
        """The raw gap on the wrong side that noise explains, said so that nobody overlooks it."""
        gap, none = self.words
        text = (
            f"the {gap} {self.estimate} breaks {self.bound}, but the rows do not "
            f"tell it from {none}"
        )
        return f"{text}: {self.pair(self.found.widest)}" if named else text

    def rows(self) -> str:
        """How many rows would decide, or nothing."""
        needed = self.found.rows_needed
        if needed is None:
            return ""
        of, within = self.of(needed.family), self.within(needed.level)
        names = [self.name(group) for group in needed.groups]
        if not names:
            return f"about {needed.rows:,} {of} would decide"
        if any(self.hides(needed.family, needed.level, group) for group in needed.groups):
            return f"more {of} of {' and '.join(names)}{within} may decide"
        have = [
            self.size(self.rate_of(needed.family, needed.level, group)) for group in needed.groups
        ]
        if len(names) == 1:
            return (
                f"group {names[0]}{within} has {have[0]} {of}, about {needed.rows:,} would decide"
            )
        return (
            f"groups {names[0]} and {names[1]}{within} have {have[0]} and {have[1]} {of}, about "
            f"{needed.rows:,} in each would decide"
        )

    def others(self) -> str:
        """The other groups that have too few rows for a proof, with the rows that would do."""
        needed = self.found.rows_needed
        told = (needed.family, needed.level, needed.groups) if needed else None
        rest = [
            one
            for one in self.found.undecided
            if not told or (one.family, one.level) != told[:2] or one.groups[0] not in told[2]
        ]
        shown = [self._few(one) for one in rest[:_MOST_OTHERS]]
        more = f" and {len(rest) - _MOST_OTHERS} more" if len(rest) > _MOST_OTHERS else ""
        return f"too few rows for a proof: {'; '.join(shown)}{more}" if shown else ""

    def _few(self, needed: RowsNeeded) -> str:
        group = needed.groups[0]
        name = f"{self.name(group)}{self.within(needed.level)}"
        if self.hides(needed.family, needed.level, group):
            return name
        size = self.size(self.rate_of(needed.family, needed.level, group))
        return f"{name} has {size} {self.of(needed.family)} of about {needed.rows:,}"

    def want(self) -> str:
        """What the gate demands, in words."""
        bound, comparison = limit(self.found.bound), self.found.comparison
        if comparison is Comparison.CHANGE:
            return f"no gap between two groups more than {bound} wider than the champion's"
        if self.parameters.agg == "mean":
            names = " and ".join(dict.fromkeys(rate.family for rate in self.found.rates))
            side = "at most" if comparison.is_capped else "at least"
            noun = comparison.value
            return f"the mean of the {noun}s in {names} {side} {bound}"
        if self.parameters.method == "to_overall":
            if comparison is Comparison.DIFFERENCE:
                return f"no group further than {bound} from all rows together"
            return f"every group and all rows together: the lower at least {bound} times the higher"
        return {
            Comparison.DIFFERENCE: f"no two groups further apart than {bound}",
            Comparison.RATIO: f"the lower rate at least {bound} times the higher one in any two "
            "groups",
            Comparison.LOWEST: f"at least {bound} in every group",
            Comparison.HIGHEST: f"at most {bound} in every group",
            Comparison.FURTHEST: f"every group within {bound} of 0",
        }[comparison]


def summary(report: Report) -> str:
    """One line: what was found, and what would decide it."""
    found = report.found
    if found.finding is not Finding.INCONCLUSIVE:
        return f"{report.metric} {report.estimate}, {report.bound}: {found.finding}"
    rows = report.rows()
    return f"not decided: {rows}" if rows else "not decided"


def message(report: Report, lines: tuple[str, ...] = ()) -> str:
    """What, got, want, why and what would decide, in the template of the house."""
    found = report.found
    side = (
        "its bounds withheld"
        if report.any_hidden
        else f"{_side(found)} ({percent(found.confidence)})"
    )
    by = TIMES.join(report.parameters.by)
    control = report.parameters.control
    within = f" within {TIMES.join(control)}" if control else ""
    change = " against the champion" if found.comparison is Comparison.CHANGE else ""
    what = (
        f"{report.metric} by {by}{within}{change} is "
        f"{report.estimate}, {side}, {report.bound}: {_finding(found.finding)}"
    )
    texts = [
        ("got", report.pair(found.shown)),
        ("want", report.want()),
        ("why", _why(report)),
        ("fix", report.rows()),
        ("also", report.others()),
        *(("and", line) for line in lines),
    ]
    return "\n".join([what, *(f"  {label + ':':<6} {text}" for label, text in texts if text)])


def one_person(report: Report) -> Iterator[str]:
    """Whether one person decided otherwise would put the ratio on the other side of the bound.

    One more selected of the lower group and one fewer of the higher, or the other way round: the
    flip that the questions and answers on the four-fifths rule (number 21) ask about.
    """
    pair, bound = report.found.widest, report.found.bound
    if report.found.comparison is not Comparison.RATIO or pair.others or report.hides_pair(pair):
        return
    if pair.low is None or OVERALL in (pair.high, pair.low):
        return
    high, low = (report.rate_of(pair.family, pair.level, g) for g in (pair.high, pair.low))
    if high.successes is None or low.successes is None:
        return
    holds = keeps(Comparison.RATIO, pair.value, bound)
    step = -1 if holds else 1
    top = Fraction(min(max(high.successes - step, 0), high.n), high.n)
    bottom = Fraction(min(max(low.successes + step, 0), low.n), low.n)
    moved = bottom / top if top else Fraction(1)  # of the same group, be it the higher one now
    if keeps(Comparison.RATIO, moved, bound) is not holds:
        yield (
            f"one person decided otherwise in each group makes the ratio {number(float(moved))}, "
            f"on the other side of {limit(bound)}: the numbers are small"
        )


def pair_details(report: Report) -> Iterator[dict[str, Any]]:
    """The pairs that matter, for the record: the widest, the deciding, the one in the way."""
    found = report.found
    for role, pair in (
        ("widest", found.widest),
        ("deciding", found.deciding),
        ("preventing_proof", found.preventing),
    ):
        if pair is None:
            continue
        hidden = report.hides_pair(pair)
        detail = {
            "pair": role,
            "rate": rate_name(report, pair.family, pair.level),
            "high": report.values(pair.high),
            "low": report.values(pair.low),
            "value": None if hidden else float(pair.value),
            "lower": None if hidden else pair.bounds.lower,
            "upper": None if hidden else pair.bounds.upper,
        }
        if pair.others:
            detail["averaged"] = [
                {
                    "rate": rate_name(report, part.family, part.level),
                    "high": report.values(part.high),
                    "low": report.values(part.low),
                    "value": None if hidden else float(part.value),
                }
                for part in pair.others
            ]
        yield detail
    for needed in found.undecided:
        group = needed.groups[0]
        hidden = report.hides(needed.family, needed.level, group)
        yield {
            "undecided": report.values(group),
            "rate": rate_name(report, needed.family, needed.level),
            "rows_needed": None if hidden else needed.rows,
        }


def rate_name(report: Report, family: str, level: int) -> str:
    """``selection_rate``, or ``selection_rate within region = North``."""
    return family + report.within(level)


def _measure(family: str) -> Measure:
    return MEASURES[family] if family in MEASURES else FOREIGN[family]


def _side(found: GroupComparison) -> str:
    """The bound that the finding rests on."""
    if found.comparison.is_capped == (found.finding is Finding.DISPROVEN):
        return f"at least {number(found.lower)}"
    return f"at most {number(found.upper)}"


def _finding(finding: Finding) -> str:
    return "not decided" if finding is Finding.INCONCLUSIVE else str(finding)


def _why(report: Report) -> str:
    """What decided where the rows did not."""
    found = report.found
    if found.finding is not Finding.INCONCLUSIVE:
        return ""
    if report.parameters.inconclusive is Policy.FAIL:
        return "not decided, and this gate demands proof"
    if report.parameters.inconclusive is Policy.PASS:
        return "not decided, and this gate blocks only what is disproven"
    gap, none = report.words
    short = gap.split()[-1] if found.comparison.is_gap else "worst of them"
    if found.raw_decides:
        if len({rate.group for rate in found.rates}) == 2:
            return f"between two groups the {short} itself decides"
        return (
            "the groups are too small to show a gap of twice the bound, so the "
            f"{gap} itself decides"
        )
    if found.deciding is None:
        if report.raw_breaks:
            return report.undecided_gap(named=False)
        return f"no two groups are told apart: no {short} is distinguishable from {none}"
    value = report.gap(found.deciding, found.deciding.value)
    if found.deciding.groups:
        text = f"the {gap} distinguishable from {none} decides: {value}"
    else:
        text = f"no group is told apart from all rows together, which decide: {value}"
    if found.estimate_holds and report.raw_breaks:
        text += f"; {report.undecided_gap(named=True)}"
    return text
