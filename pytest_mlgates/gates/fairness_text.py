"""What a fairness verdict says: both groups, their rates and sizes, who is worse off, and why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.exact import exact
from pytest_mlgates.core.text import limit, number, percent
from pytest_mlgates.core.verdict import Finding, Policy
from pytest_mlgates.gates.privacy import WITHHELD
from pytest_mlgates.statistics.groups import Comparison, keeps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from pytest_mlgates.gates.labels import Group
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.statistics.groups import GroupComparison, GroupRate, Pair


# Between the columns of an intersection.
TIMES = " \u00d7 "


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How one rate is spoken of.

    Attributes:
        of: What its denominator counts.
        what: What its numerator counts, after "591 of 5,421 rows".
        worse: Why the group that this rate disadvantages is worse off.
        high_is_worse: Whether that is the group with the higher rate.
    """

    of: str
    what: str
    worse: str
    high_is_worse: bool


# A positive prediction counts as the good outcome, as Fairlearn's `pos_label` means it; an error is
# bad for whom it happens to.
RATES = {
    "selection_rate": Rate(
        of="rows",
        what="predicted positive",
        worse="predicted positive less often",
        high_is_worse=False,
    ),
    "true_positive_rate": Rate(
        of="positives",
        what="predicted positive",
        worse="its positives are missed more often",
        high_is_worse=False,
    ),
    "false_positive_rate": Rate(
        of="negatives",
        what="predicted positive",
        worse="its negatives are predicted positive more often",
        high_is_worse=True,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Report:
    """A comparison and what is needed to speak of it."""

    metric: str
    by: tuple[str, ...]
    found: GroupComparison
    groups: tuple[Group, ...]
    policy: Policy
    display: Display

    @property
    def bound(self) -> str:
        """``max 0.10``."""
        side = "max" if self.found.comparison is Comparison.DIFFERENCE else "min"
        return f"{side} {limit(self.found.bound)}"

    @property
    def raw_breaks(self) -> bool:
        """Whether the raw estimate is on the wrong side of the bound."""
        return not keeps(self.found.comparison, self.found.estimate, self.found.bound)

    def name(self, group: int) -> str:
        """A group for people."""
        return self.display.group(self.groups[group])

    def is_small(self, successes: int, n: int) -> bool:
        """Whether a rate would give away a count that is not to be shown."""
        return any(self.display.record(k) is None for k in (successes, n - successes))

    @cached_property
    def unsized(self) -> frozenset[tuple[str, int]]:
        """The rates whose denominator is hidden: it, or another one minus the total, is small."""
        rates = self.found.rates
        places = self.display.hidden([(rate.n,) for rate in rates])
        return frozenset((rates[place].family, rates[place].group) for place in places)

    def hides(self, family: str, group: int) -> bool:
        """Whether a rate is withheld."""
        rate = self.rate_of(family, group)
        return (family, group) in self.unsized or self.is_small(rate.successes, rate.n)

    @cached_property
    def any_hidden(self) -> bool:
        """Whether any rate is withheld: then are the bounds over all of them."""
        return any(self.hides(rate.family, rate.group) for rate in self.found.rates)

    def hides_pair(self, pair: Pair | None) -> bool:
        """Whether the value of *pair* would give a hidden rate away."""
        return pair is not None and any(self.hides(pair.family, g) for g in (pair.high, pair.low))

    def size(self, rate: GroupRate) -> str:
        """The denominator of *rate* for people."""
        few = self.display.record(rate.n) is None
        secondary = (rate.family, rate.group) in self.unsized and not few
        return WITHHELD if secondary else self.display.count(rate.n)

    def gap(self, pair: Pair | None, value: Fraction) -> str:
        """The *value* of *pair*, unless it gives a hidden rate away."""
        return WITHHELD if self.hides_pair(pair) else self.value(value)

    @property
    def estimate(self) -> str:
        """The raw gap for people."""
        return self.gap(self.found.widest, self.found.estimate)

    def rate_of(self, family: str, group: int) -> GroupRate:
        """The rate of *group* in *family*."""
        return next(r for r in self.found.rates if r.family == family and r.group == group)

    def measured(self, family: str, group: int) -> str:
        """``Female 0.109 (591 of 5,421 rows)``."""
        rate = self.rate_of(family, group)
        hidden = self.hides(family, group)
        share = (
            "rate not shown"
            if hidden
            else number(None if rate.value is None else float(rate.value))
        )
        few = self.display.record(rate.successes) is None
        successes = WITHHELD if hidden and not few else self.display.count(rate.successes)
        of = RATES[family].of
        return f"{self.name(group)} {share} ({successes} of {self.size(rate)} {of})"

    def pair(self, pair: Pair) -> str:
        """Both groups of *pair*, the disadvantaged one first, and why it is."""
        rate = RATES[pair.family]
        worse, better = (pair.high, pair.low) if rate.high_is_worse else (pair.low, pair.high)
        text = (
            f"{pair.family} {self.measured(pair.family, worse)} against "
            f"{self.measured(pair.family, better)}"
        )
        if self.hides_pair(pair):
            return text
        if self.rate_of(pair.family, worse).value == self.rate_of(pair.family, better).value:
            return f"{text}; equally off"
        return f"{text}; {self.name(worse)} is worse off: {rate.worse}"

    @property
    def words(self) -> tuple[str, str]:
        """What a gap and no gap are called."""
        if self.found.comparison is Comparison.DIFFERENCE:
            return "largest difference", "0"
        return "smallest ratio", "1"

    def value(self, value: Fraction) -> str:
        """A gap with as many digits as it takes to see on which side of the bound it is."""
        digits = 3
        while (
            digits < 9
            and value != exact(self.found.bound)
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
        of = RATES[needed.family].of
        names = [self.name(group) for group in needed.groups]
        if any(self.hides(needed.family, group) for group in needed.groups):
            return f"more {of} of {' and '.join(names)} may decide"
        have = [self.size(self.rate_of(needed.family, group)) for group in needed.groups]
        if len(names) == 1:
            return f"group {names[0]} has {have[0]} {of}, about {needed.rows:,} would decide"
        return (
            f"groups {names[0]} and {names[1]} have {have[0]} and {have[1]} {of}, about "
            f"{needed.rows:,} in each would decide"
        )


def summary(report: Report) -> str:
    """One line: what was found, and what would decide it."""
    found = report.found
    if found.finding is not Finding.INCONCLUSIVE:
        return f"{report.metric} {report.estimate}, {report.bound}: {found.finding}"
    rows = report.rows()
    return f"not decided: {rows}" if rows else "not decided"


def message(report: Report) -> str:
    """What, got, want, why and what would decide, in the template of the house."""
    found = report.found
    side = (
        "its bounds withheld"
        if report.any_hidden
        else f"{_side(found)} ({percent(found.confidence)})"
    )
    what = (
        f"{report.metric} by {TIMES.join(report.by)} is "
        f"{report.estimate}, {side}, {report.bound}: {_finding(found.finding)}"
    )
    lines = [
        ("got", report.pair(found.shown)),
        ("want", _want(found)),
        ("why", _why(report)),
        ("fix", report.rows()),
    ]
    return "\n".join([what, *(f"  {label + ':':<6} {text}" for label, text in lines if text)])


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
        yield {
            "pair": role,
            "rate": pair.family,
            "high": list(report.display.values(report.groups[pair.high])),
            "low": list(report.display.values(report.groups[pair.low])),
            "value": None if report.hides_pair(pair) else float(pair.value),
            "lower": None if report.hides_pair(pair) else pair.bounds.lower,
            "upper": None if report.hides_pair(pair) else pair.bounds.upper,
        }


def _side(found: GroupComparison) -> str:
    """The bound that the finding rests on."""
    difference = found.comparison is Comparison.DIFFERENCE
    if difference == (found.finding is Finding.DISPROVEN):
        return f"at least {number(found.lower)}"
    return f"at most {number(found.upper)}"


def _finding(finding: Finding) -> str:
    return "not decided" if finding is Finding.INCONCLUSIVE else str(finding)


def _want(found: GroupComparison) -> str:
    if found.comparison is Comparison.DIFFERENCE:
        return f"no two groups further apart than {limit(found.bound)}"
    return f"the lower rate at least {limit(found.bound)} times the higher one in any two groups"


def _why(report: Report) -> str:
    """What decided where the rows did not."""
    found = report.found
    if found.finding is not Finding.INCONCLUSIVE:
        return ""
    if report.policy is Policy.FAIL:
        return "not decided, and this gate demands proof"
    if report.policy is Policy.PASS:
        return "not decided, and this gate blocks only what is disproven"
    gap, none = report.words
    if found.raw_decides:
        if len({rate.group for rate in found.rates}) == 2:
            return f"between two groups the {gap.split()[-1]} itself decides"
        return (
            "the groups are too small to show a gap of twice the bound, so the "
            f"{gap} itself decides"
        )
    if found.deciding is None:
        if report.raw_breaks:
            return report.undecided_gap(named=False)
        return f"no two groups are told apart: no {gap.split()[-1]} is distinguishable from {none}"
    value = report.gap(found.deciding, found.deciding.value)
    text = f"the {gap} distinguishable from {none} decides: {value}"
    if found.estimate_holds and report.raw_breaks:
        text += f"; {report.undecided_gap(named=True)}"
    return text
