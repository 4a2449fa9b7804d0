"""From measured parts to a finding: the whole table and every slice against the bound.

*Proven*: the bound of every part keeps the limit at the plain level; an intersection-union test
needs no correction (Berger 1982). *Disproven*: some part breaks it at a level that holds for all
parts at once (Sidak 1967). *Inconclusive* otherwise, together with the value that decides under the
policy ``estimate`` (decision D1 of the statistics page).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.core.exact import Number, at_least, at_most
from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.statistics.counts import exactly
from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.pairs import difference
from pytest_mlgates.statistics.proportions import FAR_OUT, rows_needed, settles
from pytest_mlgates.statistics.quantiles import POWER, t_to_z, z

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.gates.metric.parts import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One side of a bound.

    Attributes:
        at_least: Whether the value must be at least (else: at most) the limit.
        limit: The limit.
        tolerance: How far the limit is from a perfect value: what a slice may miss at most. None
            for a difference to a champion, which has no perfect value.
        width: From the least to the most that the metric can be.
    """

    at_least: bool
    limit: float
    tolerance: float | None = None
    width: float = math.inf

    @property
    def relative(self) -> bool:
        """Whether it is about a difference to a champion."""
        return self.tolerance is None

    def holds(self, value: Number) -> bool:
        """Whether *value* is on the right side."""
        return at_least(value, self.limit) if self.at_least else at_most(value, self.limit)

    def proven(self, interval: Interval) -> bool:
        """Whether the side of *interval* that could prove it does."""
        return self.holds(interval.lower if self.at_least else interval.upper)

    def disproven(self, interval: Interval) -> bool:
        """Whether even the best value in *interval* is on the wrong side."""
        return not self.holds(interval.upper if self.at_least else interval.lower)

    def slack(self, value: Number) -> float:
        """How far *value* is on the right side (negative: on the wrong one)."""
        gap = float(value) - self.limit
        return gap if self.at_least else -gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the parts say.

    Attributes:
        finding: Statistics alone.
        claim: The side of the bound that the shown part is about.
        part: The part to show: nearest to the limit if proven, the clearest break if disproven,
            the one that stands in the way of a proof otherwise.
        measured: Its value and bounds, at the corrected level if that is what disproved it.
        confidence: Of these bounds.
        correction: How the level was corrected, None if it was not.
        deciding: The part whose value decides an inconclusive finding under ``estimate``; else the
            shown one.
        deciding_value: That value.
        holds: Whether it is on the right side.
        rows_needed: About how many rows like the shown part's would decide; None if unknown.
        plain: Every part with its value and bounds at the plain level.
    """

    finding: Finding
    claim: Claim
    part: Part
    measured: Measured
    confidence: float
    correction: str | None
    deciding: Part
    deciding_value: Number
    holds: bool
    rows_needed: int | None
    plain: tuple[tuple[Part, Measured], ...]


def decide(parts: Sequence[Part], claims: Sequence[Claim], confidence: float) -> Decision:
    """The finding of all *claims* about all *parts*, of which the first is the whole table.

    Raises:
        UndefinedPartError: where a part has no value.
    """
    plain = [(part, _far_out(part, confidence)) for part in parts]
    open_claims = [
        (part, found, claim)
        for part, found in plain
        for claim in claims
        if not claim.proven(found.interval)
    ]
    corrected_level = simultaneous(confidence, len(parts))
    broken = []
    for part, _, claim in (item for item in open_claims if item[2].disproven(item[1].interval)):
        corrected = _far_out(part, corrected_level)
        if claim.disproven(corrected.interval):
            broken.append((part, corrected, claim))
    shown_level, correction, needed = confidence, None, None
    if broken:
        finding = Finding.DISPROVEN
        part, found, claim = min(broken, key=lambda item: _far_slack(item[2], item[1].interval))
        deciding, value, holds = part, found.value, False
        if len(parts) > 1:
            shown_level = corrected_level
            correction = f"sidak over the whole and {len(parts) - 1} slices"
    elif not open_claims:
        finding = Finding.PROVEN
        part, found, claim = min(
            ((part, found, claim) for part, found in plain for claim in claims),
            key=lambda item: _near_slack(item[2], item[1].interval),
        )
        deciding, value, holds = part, found.value, True
    else:
        finding = Finding.INCONCLUSIVE
        deciding, deciding_claim, value = _deciding(plain, claims, confidence)
        holds = deciding_claim.holds(value)
        part, found, claim = _in_the_way(open_claims, None if holds else deciding)
        needed = rows_needed(part.rows, found.value, found.interval, claim.limit, confidence)
        if needed is not None and needed <= part.rows:
            needed = None  # of few rows the formula knows too little: these did not do
    return Decision(
        finding=finding,
        claim=claim,
        part=part,
        measured=found,
        confidence=shown_level,
        correction=correction,
        deciding=deciding,
        deciding_value=value,
        holds=holds,
        rows_needed=needed,
        plain=tuple(plain),
    )


class UndefinedPartError(Exception):
    """A part has no value, and why."""

    def __init__(self, part: Part, reason: str) -> None:
        self.part, self.reason = part, reason
        super().__init__(reason)


def simultaneous(confidence: float, claims: int) -> float:
    """The level at which each of *claims* one-sided bounds keeps *confidence* for them all.

    ``(1 - alpha)^(1/m)`` (Sidak 1967).
    """
    return float(confidence ** (1 / claims))


def _measured(part: Part, confidence: float) -> Measured:
    try:
        return part.measure(confidence)
    except UndefinedError as error:
        raise UndefinedPartError(part, str(error)) from None


def _far_out(part: Part, confidence: float) -> Measured:
    """*part* at a level that a finding rests on: far out Wilson's bounds do not hold."""
    found = _measured(part, confidence)
    return exactly(found, confidence) if confidence > FAR_OUT else found


def _deciding(
    plain: Sequence[tuple[Part, Measured]], claims: Sequence[Claim], confidence: float
) -> tuple[Part, Claim, Number]:
    """The part whose value decides what the rows leave open.

    The whole table, or the worst slice: of two slices the raw worst, and so wherever no slice has
    the rows to show a gap of twice the tolerance, so that a small table cannot buy a pass; else the
    worst of those that the rows tell apart from the rest.
    """
    worst: list[tuple[Part, Claim, Number]] = []
    for claim in claims:
        candidates = list(plain[:1])
        slices = plain[1:]
        gaps = [_gap(part, claim, confidence, len(slices)) for part, _ in slices]
        level = simultaneous(confidence, max(len(slices), 1))
        able = any(
            gap is not None
            and claim.tolerance is not None
            and _can_show(2 * claim.tolerance, claim, gap, (found, plain[0][1]), confidence, level)
            for (_, found), gap in zip(slices, gaps, strict=True)
        )
        if len(slices) <= 2 or (claim.tolerance is not None and not able):
            candidates += slices
        else:
            candidates += [
                item for item, gap in zip(slices, gaps, strict=True) if gap is None or gap.lower > 0
            ]
        part, found = min(candidates, key=lambda item: claim.slack(item[1].value))
        worst.append((part, claim, found.value))
    return min(worst, key=lambda item: item[1].slack(item[2]))


def _can_show(
    distance: float,
    claim: Claim,
    gap: Interval,
    measured: tuple[Measured, Measured],
    confidence: float,
    level: float,
) -> bool:
    """Whether a slice has the rows to show *distance* at *level*, from its *gap* to the rest.

    What is seen in two rows says little of what they can show: equal ones have no spread, and
    bounds end where the metric does. So their spread is at least that of all rows, known from as
    few rows, and no slice shows more than one in which nothing happened, which leaves rates up to
    ``1 - (1 - level)^(1/n)`` open. *measured*: the slice and all rows, at *confidence*.
    """
    slice_, whole = measured
    n = max(slice_.n, 1)
    spread = (whole.interval.upper - whole.interval.lower) / (2 * z(confidence))
    spread *= math.sqrt(max(whole.n, 1) / n) * t_to_z(n, level)
    least = claim.width * (1 - (1 - level) ** (1 / n)) if math.isfinite(claim.width) else 0.0
    unsure = max(spread, least / z(level))
    return max(settles(gap, level), (z(level) + z(POWER)) * unsure) <= min(distance, claim.width)


def _gap(part: Part, claim: Claim, confidence: float, slices: int) -> Interval | None:
    """By how much *part* is worse than all others, None where the others have no value."""
    if part.rest is None:
        return None
    level = simultaneous(confidence, slices)
    own = _measured(part, level)
    try:
        rest = part.rest(level)
    except UndefinedError:
        return None
    if claim.at_least:
        return difference(rest.value, rest.interval, own.value, own.interval)
    return difference(own.value, own.interval, rest.value, rest.interval)


def _in_the_way(
    open_claims: Sequence[tuple[Part, Measured, Claim]], deciding: Part | None
) -> tuple[Part, Measured, Claim]:
    """Of what is not proven, what to show: what decided, the worst value, or the widest bound."""
    chosen = [item for item in open_claims if item[0] is deciding]
    if chosen:
        return min(chosen, key=lambda item: item[2].slack(item[1].value))
    wrong = [item for item in open_claims if not item[2].holds(item[1].value)]
    if wrong:
        return min(wrong, key=lambda item: item[2].slack(item[1].value))
    return min(open_claims, key=lambda item: _near_slack(item[2], item[1].interval))


def _near_slack(claim: Claim, interval: Interval) -> float:
    return _finite(claim.slack(interval.lower if claim.at_least else interval.upper))


def _far_slack(claim: Claim, interval: Interval) -> float:
    return _finite(claim.slack(interval.upper if claim.at_least else interval.lower))


def _finite(value: float) -> float:
    return -math.inf if math.isnan(value) else value
