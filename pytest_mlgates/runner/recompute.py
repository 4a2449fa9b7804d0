"""A verdict held to its own counts, bounds and definition, by the code that made it.

Three depths, as far as the record goes: *recomputed* from recorded counts, bit for bit the same
statistics; *checked*: the finding against the recorded bounds, the outcome against the finding and
the policy; *as recorded*: only the outcome against the finding.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.policy import judge
from pytest_mlgates.core.verdict import Bound, Finding, Outcome, Policy, plain
from pytest_mlgates.extensions.manager import gate_kind
from pytest_mlgates.gates.base import GateParameters, parse
from pytest_mlgates.gates.metric.judge import claims_of
from pytest_mlgates.gates.metric.metrics import is_known
from pytest_mlgates.gates.recorded_counts import NoCountsError, classes_of, parts_of
from pytest_mlgates.runner import recheck
from pytest_mlgates.runner.holdouts import is_worn, spending
from pytest_mlgates.runner.recheck import AS_RECORDED, CHECKED, RECOMPUTED, Recomputed, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.core.verdict import GroupValue, Verdict
    from pytest_mlgates.statistics.interval import Interval

# Other processors and libraries of mathematics differ in the last digits.
_RELATIVE = 1e-9


def recompute(verdict: Verdict) -> Recomputed:
    """*verdict* against what it was computed from, as far as its record holds that."""
    found = Recomputed()
    if verdict.outcome is Outcome.ERROR:
        if verdict.finding is not None:
            found.complaints.append("it is an error, and has a finding")
        return found
    if verdict.finding is None:
        found.complaints.append(f"it is {verdict.outcome} without a finding")
        return found
    if is_worn(verdict):
        _of_worn(verdict, found)
        return found
    parameters = _parameters(verdict, found)
    if parameters is not None:
        _against_definition(verdict, parameters, found)
        if budget := (verdict.holdout or {}).get("budget"):
            parameters = spending(parameters, budget)
    if parameters is not None and verdict.counts and verdict.kind in _FROM_COUNTS:
        found.depth = RECOMPUTED
        try:
            _FROM_COUNTS[verdict.kind](verdict, parameters, found)
        except NoCountsError as error:
            found.complaints.append(f"its counts cannot be read: {error}")
        except (MLGatesError, ValueError, ArithmeticError, LookupError, TypeError) as error:
            found.complaints.append(
                f"its counts give no verdict at all ({type(error).__name__}: {error})"
            )
        return found
    holds: bool | None = None
    if verdict.kind in ("metric", "fairness"):
        claims = recheck.claims(verdict, parameters)
        found.depth = CHECKED if claims and verdict.lower is not None else AS_RECORDED
        recheck.against_bounds(verdict, claims, found)
        holds = recheck.holds(verdict, claims)
    elif verdict.kind == "data_schema":
        found.depth = CHECKED
        recheck.against_details(verdict, found)
    _outcome(verdict, holds=holds, found=found)
    return found


def _of_worn(verdict: Verdict, found: Recomputed) -> None:
    """A holdout that was used too often decides nothing, whatever its counts."""
    if verdict.finding is not Finding.INCONCLUSIVE or verdict.outcome is Outcome.PASSED:
        found.complaints.append(f"its holdout is worn, and it is {verdict.outcome}")
    elif verdict.outcome is Outcome.WAIVED and not verdict.waivers:
        found.complaints.append("it is waived, and names no waiver")


def _parameters(verdict: Verdict, found: Recomputed) -> GateParameters | None:
    """The gate that it says it is of; None where only a plugin knows it."""
    given = dict(verdict.definition)
    kind = given.pop("kind", None)
    if kind != verdict.kind:
        found.complaints.append(f"its definition is of kind {kind!r}, its kind {verdict.kind!r}")
        return None
    if kind not in _FROM_COUNTS or (kind == "metric" and not is_known(str(given.get("metric")))):
        return None
    try:
        return parse(gate_kind(kind), (), given)
    except MLGatesError as error:
        found.complaints.append(f"its definition is not that of a gate: {error.summary}")
        return None


def _against_definition(verdict: Verdict, parameters: GateParameters, found: Recomputed) -> None:
    """What the verdict repeats of its gate is what the gate says."""
    bound = Bound(**plain(parameters.bound().to_dict()))
    for name, here, there in (
        ("bound", verdict.bound.to_dict(), bound.to_dict()),
        ("policy", str(verdict.policy), str(parameters.inconclusive)),
        ("metric", verdict.metric, getattr(parameters, "metric", None)),
        ("by", list(verdict.by), list(getattr(parameters, "by", None) or ())),
    ):
        if here != there:
            found.complaints.append(f"its {name} is {here!r}, by its definition {there!r}")


def _metric(verdict: Verdict, parameters: Any, found: Recomputed) -> None:
    from pytest_mlgates.gates.metric.classes import ClassMetric
    from pytest_mlgates.gates.metric.decide import decide
    from pytest_mlgates.gates.metric.parts import parts_of_counts

    classes = classes_of(verdict.counts)
    parts = parts_of(verdict.counts, classes)
    (whole, total), *rest = parts
    if whole.get("group") is not None:
        raise NoCountsError("the first part is not the whole table")
    groups = {_key(part.get("group")): cells for part, cells in rest}
    if len(groups) < len(rest):
        raise NoCountsError("a group stands twice")
    if groups and _sum(groups.values()) != total:
        found.complaints.append("the counts of its groups do not add up to those of the table")
    _rows_of_table(verdict, sum(total.values()), found)
    metric = ClassMetric(parameters, classes)
    spec = parameters.spec
    decision = decide(
        parts_of_counts(metric, total, groups),
        claims_of(parameters, spec.low, spec.high),
        parameters.confidence,
    )
    measured = decision.measured
    _compare(
        verdict,
        found,
        finding=decision.finding,
        estimate=float(measured.value),
        deciding_estimate=float(decision.deciding_value),
        lower=measured.interval.lower,
        lower_confidence=decision.confidence,
        upper=measured.interval.upper,
        upper_confidence=decision.confidence,
        correction=decision.correction,
        n=measured.n,
        method=measured.method,
        rows_needed=decision.rows_needed,
    )
    values = [
        (part.group, None, one.n, float(one.value), one.interval, None)
        for part, one in decision.plain
        if part.group is not None
    ]
    _compare_groups(verdict.groups, values, found)
    _outcome(verdict, holds=decision.holds, found=found, finding=decision.finding)


def _fairness(verdict: Verdict, parameters: Any, found: Recomputed) -> None:
    from pytest_mlgates.gates.fairness_counts import count_family
    from pytest_mlgates.gates.fairness_judge import compared

    classes = classes_of(verdict.counts)
    parts = parts_of(verdict.counts, classes)
    cells = {(_key(part.get("level")), _key(part.get("group"))): one for part, one in parts}
    if len(cells) < len(parts):
        raise NoCountsError("a group stands twice")
    named = verdict.counts.get("groups")
    groups = [_key(one) for one in named] if isinstance(named, list) else []
    if len(set(groups)) < len(groups) or {group for _, group in cells} != set(groups):
        raise NoCountsError("their groups are not those of their parts")
    levels = list(dict.fromkeys(level for level, _ in cells))
    families = [
        count_family(measure, [cells.get((level, group)) for group in groups], classes, place)
        for place, level in enumerate(levels)
        for measure in parameters.measures
    ]
    total = sum(sum(one.values()) for one in cells.values())
    _rows_of_table(verdict, total, found)
    result = compared(parameters, families)
    _compare(
        verdict,
        found,
        finding=result.finding,
        estimate=float(result.estimate),
        deciding_estimate=float(result.deciding_estimate),
        lower=result.lower,
        lower_confidence=result.confidence,
        upper=result.upper,
        upper_confidence=result.confidence,
        correction=result.correction,
        n=total,
        method=result.method,
        rows_needed=result.rows_needed.rows if result.rows_needed else None,
    )
    values = [
        (
            groups[rate.group],
            rate.family,
            rate.n,
            None if rate.value is None else float(rate.value),
            rate.interval,
            rate.successes,
        )
        for rate in result.rates
    ]
    _compare_groups(verdict.groups, values, found)
    _outcome(verdict, holds=result.estimate_holds, found=found, finding=result.finding)


_FROM_COUNTS = {"metric": _metric, "fairness": _fairness}


def _key(values: Any) -> tuple[Any, ...]:
    if not isinstance(values, list) or not all(
        one is None or isinstance(one, str | int | float | bool) for one in values
    ):
        raise NoCountsError("a group has no values")
    return tuple(values)


def _sum(parts: Any) -> dict[Any, int]:
    total: dict[Any, int] = {}
    for cells in parts:
        for cell, n in cells.items():
            total[cell] = total.get(cell, 0) + n
    return total


def _rows_of_table(verdict: Verdict, rows: int, found: Recomputed) -> None:
    """The counts are of all rows of the table that the verdict was computed from."""
    table = verdict.inputs[0] if verdict.inputs else None
    if table is None or table.rows != rows:
        said = "no table" if table is None else f"{table.rows} rows"
        found.complaints.append(f"its counts are of {rows} rows, its table has {said}")


def _compare(verdict: Verdict, found: Recomputed, **values: Any) -> None:
    for name, value in values.items():
        here = getattr(verdict, name)
        if not _same(here, plain(value)):
            said = "finding" if name == "finding" else name.replace("_", " ")
            found.complaints.append(f"its {said} is {told(here)}, from its counts {told(value)}")


def _compare_groups(
    groups: Sequence[GroupValue],
    values: Sequence[tuple[Any, str | None, int, float | None, Interval, int | None]],
    found: Recomputed,
) -> None:
    if len(groups) != len(values):
        found.complaints.append(
            f"it lists {len(groups)} values of groups, from its counts {len(values)}"
        )
        return
    for here, (group, rate, n, value, interval, successes) in zip(groups, values, strict=True):
        name = ", ".join(map(str, group)) + (f" ({rate})" if rate else "")
        for what, one, two in (
            ("group", list(here.group), plain(list(group))),
            ("n", here.n, n),
            ("value", here.value, value),
            ("lower bound", here.lower, interval.lower),
            ("upper bound", here.upper, interval.upper),
            ("successes", here.successes, successes),
            ("rate", str(here.rate or "").partition(" within ")[0], rate or ""),
        ):
            if not _same(one, plain(two)):
                found.complaints.append(
                    f"group {name}: its {what} is {told(one)}, from its counts {told(two)}"
                )


def _same(here: Any, there: Any) -> bool:
    if isinstance(here, float) or isinstance(there, float):
        numbers = all(
            isinstance(one, int | float) and not isinstance(one, bool) for one in (here, there)
        )
        return numbers and math.isclose(here, there, rel_tol=_RELATIVE, abs_tol=1e-12)
    return bool(here == there) and isinstance(here, bool) == isinstance(there, bool)


def _outcome(
    verdict: Verdict, *, holds: bool | None, found: Recomputed, finding: Finding | None = None
) -> None:
    """The outcome is the finding under the policy; a waived one would have failed."""
    finding = finding or verdict.finding
    assert finding is not None  # noqa: S101
    policy = Policy(verdict.policy)
    if finding is Finding.INCONCLUSIVE and policy is Policy.ESTIMATE and holds is None:
        return
    expected = judge(finding, policy, estimate_holds=bool(holds))
    if verdict.outcome is Outcome.WAIVED:
        if not verdict.waivers:
            found.complaints.append("it is waived, and names no waiver")
        return
    if verdict.waivers:
        found.complaints.append(f"it names waivers, and is {verdict.outcome}")
    if verdict.outcome is not expected:
        found.complaints.append(
            f"its outcome is {verdict.outcome}; {finding} under the policy {policy} is {expected}"
        )
