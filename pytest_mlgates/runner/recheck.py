"""A verdict held to its own bounds and expectations, where its counts are not recorded."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.gates.metric.decide import Claim
from pytest_mlgates.gates.metric.judge import claims_of
from pytest_mlgates.statistics.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlgates.core.verdict import Verdict

RECOMPUTED, CHECKED, AS_RECORDED = "recomputed", "checked", "as recorded"


@dataclass(kw_only=True)
class Recomputed:
    """What became of one verdict.

    Attributes:
        depth: How far it could be held to its record.
        complaints: What does not follow from it, each in a sentence.
    """

    depth: str = AS_RECORDED
    complaints: list[str] = field(default_factory=list)


def told(value: Any) -> str:
    """A value for people."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def claims(verdict: Verdict, parameters: Any) -> list[Claim]:
    """What the bounds of the record are held to; empty where the record does not tell.

    A gate that compares with a champion and has an absolute bound beside it makes two claims, and
    records the numbers of one of them.
    """
    bound = verdict.bound
    if parameters is None or (bound.no_worse_than is not None and parameters.first):
        return []
    if bound.no_worse_than is not None:
        margin = parameters.margin or 0.0
        if verdict.kind == "fairness":
            return [Claim(at_least=False, limit=margin)]
        if parameters.spec.needs == "own":
            return []  # whether more is better is known to the project's function
        loss = parameters.spec.loss
        return [Claim(at_least=not loss, limit=margin if loss else -margin)]
    if verdict.kind == "fairness":
        return [Claim(at_least=not parameters.comparison.is_capped, limit=parameters.limit)]
    return claims_of(parameters, -math.inf, math.inf)


def holds(verdict: Verdict, claims: Sequence[Claim]) -> bool | None:
    """Whether the deciding estimate keeps the bound; None where the record does not tell."""
    if not claims or verdict.deciding_estimate is None:
        return None
    return all(claim.holds(verdict.deciding_estimate) for claim in claims)


def against_bounds(verdict: Verdict, claims: Sequence[Claim], found: Recomputed) -> None:
    """The finding is what the recorded bounds say."""
    if verdict.lower is None or verdict.upper is None:
        return
    if verdict.lower > verdict.upper:
        found.complaints.append("its lower bound is above its upper bound")
        return
    _within_bounds(verdict, found)
    if not claims:
        return
    shown = Interval(verdict.lower, verdict.upper)
    if any(claim.disproven(shown) for claim in claims):
        said = Finding.DISPROVEN
    elif all(claim.proven(shown) for claim in claims):
        said = Finding.PROVEN
    else:
        said = Finding.INCONCLUSIVE
    # Slices: what one at the plain level breaks may hold at the level of all; then it is open.
    loose = said is Finding.DISPROVEN and verdict.finding is Finding.INCONCLUSIVE and verdict.groups
    if said is not verdict.finding and not loose:
        found.complaints.append(
            f"its finding is {verdict.finding}, by its bounds "
            f"[{told(verdict.lower)}, {told(verdict.upper)}] it is {said}"
        )
    if verdict.kind == "metric" and verdict.finding is Finding.PROVEN:
        _every_slice(verdict, claims, found)


def _every_slice(verdict: Verdict, claims: Sequence[Claim], found: Recomputed) -> None:
    """A metric is proven only where it is in every slice."""
    for group in verdict.groups:
        if group.lower is None or group.upper is None:
            continue  # of a private table
        interval = Interval(group.lower, group.upper)
        if not all(claim.proven(interval) for claim in claims):
            name = ", ".join(map(str, group.group))
            found.complaints.append(f"its finding is proven, and not in group {name}")


def _within_bounds(verdict: Verdict, found: Recomputed) -> None:
    """The estimate lies between its bounds; those of a bootstrap need not hold it."""
    method, estimate = str(verdict.method), verdict.estimate
    if "bootstrap" in method or "resample" in method or estimate is None:
        return
    assert verdict.lower is not None  # noqa: S101
    assert verdict.upper is not None  # noqa: S101
    slack = 1e-9 * max(1.0, abs(estimate))
    if not verdict.lower - slack <= estimate <= verdict.upper + slack:
        found.complaints.append("its estimate is outside of its bounds")


def against_details(verdict: Verdict, found: Recomputed) -> None:
    """A contract is proven if and only if every expectation holds."""
    for one in verdict.details:
        complaint = _too_many_unexpected(one)
        if complaint is not None:
            found.complaints.append(complaint)
    broken = [
        one
        for one in verdict.details
        if one.get("success") is not True and one.get("severity") not in ("warning", "info")
    ]
    said = Finding.DISPROVEN if broken else Finding.PROVEN
    if not verdict.details:
        found.complaints.append("its contract has no expectations")
    elif verdict.finding is not said:
        found.complaints.append(
            f"its finding is {verdict.finding}; {len(broken)} of its {len(verdict.details)} "
            "expectations do not hold"
        )


def _too_many_unexpected(detail: Mapping[str, Any]) -> str | None:
    """Why an expectation about every value cannot have held, by its own counts."""
    name = str(detail.get("type"))
    bad, missing, rows = (
        detail.get(f"{what}_count") for what in ("unexpected", "missing", "element")
    )
    of_values = name.startswith("expect_column_values_to_")
    if detail.get("success") is not True or not of_values or not isinstance(bad, int) or not bad:
        return None
    kwargs = detail.get("kwargs")
    mostly = kwargs.get("mostly", 1) if isinstance(kwargs, dict) else 1
    if not isinstance(rows, int) or not isinstance(mostly, int | float):
        return None
    if "null" not in name and isinstance(missing, int):
        rows -= missing
    if rows > 0 and Fraction(rows - bad, rows) >= Fraction(repr(mostly)):
        return None
    return f"expectation {name} holds, with {bad} unexpected of {rows} values"
