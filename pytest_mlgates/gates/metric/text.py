"""What a metric gate says: the value, the side that decides, the slice, the rows needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.core.text import limit, number, percent
from pytest_mlgates.core.verdict import Finding, Outcome, Policy
from pytest_mlgates.gates.privacy import label
from pytest_mlgates.statistics.proportions import ON_ITS_BOUND

if TYPE_CHECKING:
    from pytest_mlgates.gates.labels import Group
    from pytest_mlgates.gates.metric.champion import Duel
    from pytest_mlgates.gates.metric.decide import Claim, Decision
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.metric.parts import Part
    from pytest_mlgates.gates.metric.veil import Veil
    from pytest_mlgates.gates.privacy import Display

_MOST_SLICES = 8


def summary(parameters: MetricParameters, decision: Decision, veil: Veil) -> str:
    """One line: ``accuracy 0.912 at least 0.905 (95 %), min 0.90, n=6,512: proven``."""
    measured = decision.measured
    finding = "not decided" if decision.finding is Finding.INCONCLUSIVE else str(decision.finding)
    return (
        f"{_subject(parameters, decision.claim)}"
        f"{_in_slice(parameters, decision.part, veil)} "
        f"{veil.value(decision.part, measured.value)} {_side(decision, decision.claim, veil)}, "
        f"{_demand(parameters, decision.claim)}, "
        f"n={veil.count(decision.part, measured.n)}: {finding}"
    )


def message(
    parameters: MetricParameters,
    decision: Decision,
    outcome: Outcome,
    veil: Veil,
    duel: Duel | None,
) -> str:
    """The whole message, first what was found, then what stands beside it."""
    claim, measured = decision.claim, decision.measured
    first = (
        f"{_subject(parameters, claim)}{_in_slice(parameters, decision.part, veil)} is "
        f"{veil.value(decision.part, measured.value)}, {_side(decision, claim, veil)}, "
        f"n={veil.count(decision.part, measured.n)}: {_demand(parameters, claim)} "
        f"{_answer(decision)}"
    )
    lines = [first]
    if decision.finding is Finding.INCONCLUSIVE:
        lines.append(_doubt(parameters, decision, outcome, veil))
    if len(decision.plain) > 1:
        lines += _slices(parameters, decision, veil)
    if duel is not None:
        lines += duel.lines
    return "\n".join(lines)


def slice_name(parameters: MetricParameters, group: Group, display: Display) -> str:
    """``sex=F, age=60+``; a pseudonym if private."""
    if display.private:
        return display.group(group)
    pairs = zip(parameters.by or (), group, strict=True)
    return ", ".join(f"{name}={label(v)}" for name, v in pairs)


def _subject(parameters: MetricParameters, claim: Claim) -> str:
    return parameters.metric + (" minus the champion's" if claim.relative else "")


def _in_slice(parameters: MetricParameters, part: Part, veil: Veil) -> str:
    if part.group is None:
        return ""
    return f" in slice {slice_name(parameters, part.group, veil.display)}"


def _side(decision: Decision, claim: Claim, veil: Veil) -> str:
    """The bound that the finding rests on, with its level; both while it is open."""
    if veil.hides(decision.part):
        return "its bounds withheld"
    interval, confidence = decision.measured.interval, decision.confidence
    if not interval.bounded and decision.finding is Finding.INCONCLUSIVE:
        return "without bounds"
    if decision.finding is Finding.INCONCLUSIVE:  # two one-sided bounds: twice the error
        level = percent(round(2 * confidence - 1, 4))
        return f"{number(interval.lower)} to {number(interval.upper)} ({level} interval)"
    level = percent(round(confidence, 4))
    if claim.at_least == (decision.finding is Finding.PROVEN):
        return f"at least {number(interval.lower)} ({level})"
    return f"at most {number(interval.upper)} ({level})"


def _demand(parameters: MetricParameters, claim: Claim) -> str:
    name = "min" if claim.at_least else "max"
    if claim.relative and parameters.margin is not None:
        return f"{name} {limit(claim.limit)} (margin {limit(parameters.margin)})"
    return f"{name} {limit(claim.limit)}"


def _answer(decision: Decision) -> str:
    return {
        Finding.PROVEN: "holds",
        Finding.DISPROVEN: "does not hold",
        Finding.INCONCLUSIVE: "is not decided",
    }[decision.finding]


def _doubt(parameters: MetricParameters, decision: Decision, outcome: Outcome, veil: Veil) -> str:
    """Why an open finding passed or failed, and what would decide it."""
    needed = decision.rows_needed
    more = (
        "more rows may decide"
        if veil.hides(decision.part)
        else f"about {needed:,} rows would decide"
        if needed is not None
        else "these rows bound nothing"
        if not decision.measured.interval.bounded
        else "no number of rows decides a value on its bound"
        if abs(float(decision.measured.value) - decision.claim.limit) < ON_ITS_BOUND
        else "more rows would decide"
    )
    if decision.part.group is not None:
        more += f" in slice {slice_name(parameters, decision.part.group, veil.display)}"
    more += f" (here {veil.count(decision.part, decision.part.rows)})"
    policy = parameters.inconclusive
    if policy is not Policy.ESTIMATE:
        return f"{outcome} by `inconclusive = {str(policy)!r}`; {more}"
    side = "the right" if decision.holds else "the wrong"
    whose = (
        "the estimate"
        if len(decision.plain) == 1
        else f"the deciding value {veil.value(decision.deciding, decision.deciding_value)}"
        + (
            " of the whole table"
            if decision.deciding.group is None
            else f" of slice {slice_name(parameters, decision.deciding.group, veil.display)}"
        )
    )
    return f"{outcome}: {whose} is on {side} side; {more}"


def _slices(parameters: MetricParameters, decision: Decision, veil: Veil) -> list[str]:
    """The whole table, then its slices, worst first."""
    whole, *rest = decision.plain
    claim = decision.claim
    rest.sort(key=lambda item: claim.slack(item[1].value))
    lines = [
        f"whole table: {veil.value(whole[0], whole[1].value)}, n={veil.count(whole[0], whole[1].n)}"
    ]
    lines += [
        f"  - {slice_name(parameters, part.group or (), veil.display)}: "
        f"{veil.value(part, found.value)}, n={veil.count(part, found.n)}"
        for part, found in rest[:_MOST_SLICES]
    ]
    if len(rest) > _MOST_SLICES:
        lines.append(f"  and {len(rest) - _MOST_SLICES} slices that are better")
    return lines
