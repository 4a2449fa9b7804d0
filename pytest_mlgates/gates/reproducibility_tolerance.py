"""The level tolerance: floats of all runs near enough to those of run 1, labels but for a share.

The result alone is held to it. Stages that were told with ``trace`` have scales of their own; where
the result is beyond the tolerance, the first of them that differs at all is named.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.policy import judge
from pytest_mlgates.core.text import plural
from pytest_mlgates.core.verdict import Finding, InputDigest, Verdict
from pytest_mlgates.engines.closeness import Part, closeness
from pytest_mlgates.engines.differences import Difference, compare
from pytest_mlgates.gates.reproducibility_causes import cause
from pytest_mlgates.gates.reproducibility_levels import allowed
from pytest_mlgates.gates.reproducibility_stress import run_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.apart import Allowed
    from pytest_mlgates.engines.canonical import Fingerprint, Leaf
    from pytest_mlgates.engines.runs import Run
    from pytest_mlgates.gates.reproducibility import ReproducibilityParameters
    from pytest_mlgates.gates.reproducibility_text import Report

_MOST_SHOWN = 5
_MOST_PARTS = 100
_FLOATS = ("float", "complex")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """How far each run is from run 1.

    Attributes:
        allowed: How far it may be.
        parts: Of each run, what is not the same as in run 1.
    """

    allowed: Allowed
    parts: list[list[Part]] = field(default_factory=list)

    @classmethod
    def of(cls, parameters: ReproducibilityParameters) -> Nearness | None:
        """None at other levels."""
        found = allowed(parameters)
        return None if found is None else cls(allowed=found)

    def beyond(self, first: Run, run: Run) -> list[Difference]:
        """What of *run* is not near enough to *first*, while the contents of both are there."""
        mine, theirs = first.fingerprint, run.fingerprint
        parts = closeness(mine, theirs, self.allowed) if mine != theirs else []
        self.parts.append(parts)
        far = [part for part in parts if not part.within]
        if not far:
            return []
        known = {found.path: found for found in compare(mine, theirs)}
        found = dict.fromkeys(_explained(part, mine, known) for part in far)
        return list(found)

    def holds(self, first: Run, run: Run) -> bool:
        """Whether *run*, none of those that count, is near enough to *first*."""
        mine, theirs = first.fingerprint, run.fingerprint
        return all(part.within for part in closeness(mine, theirs, self.allowed))

    @property
    def floats(self) -> list[Part]:
        """The parts that hold floats, of all runs."""
        return [part for parts in self.parts for part in parts if part.holds == "floats"]

    @property
    def flips(self) -> Fraction:
        """The largest share of labels of a part that flipped."""
        labels = [part for parts in self.parts for part in parts if part.holds == "labels"]
        shares = [Fraction(part.beyond, part.of) for part in labels if part.of]
        return max(shares, default=Fraction(0))

    def most(self, measure: str) -> Any:
        """The largest of a *measure* of :class:`Part` over all floats; 0 if none is apart."""
        values = [getattr(part, measure) for part in self.floats]
        return max((value for value in values if value is not None), default=0)


def within_tolerance(
    parameters: ReproducibilityParameters,
    near: Nearness,
    report: Report,
    details: Sequence[dict[str, Any]],
) -> Verdict:
    """The verdict at this level; *details* are what every level says of the runs."""
    first = report.runs[0].fingerprint
    disproven = any(not part.within for parts in near.parts for part in parts)
    finding = Finding.DISPROVEN if disproven else Finding.PROVEN
    estimate = estimate_of(near, disproven=disproven)
    for detail, parts in zip(details, near.parts, strict=True):
        detail["parts"] = [part.to_dict() for part in parts[:_MOST_PARTS]]
        detail["parts_total"] = len(parts)
    return Verdict(
        id="",
        kind="reproducibility",
        finding=finding,
        outcome=judge(finding, parameters.inconclusive, estimate_holds=False),
        message=_far(report, near) if disproven else _near(report, near),
        summary=_summary(report, near, disproven=disproven),
        estimate=estimate,
        deciding_estimate=estimate,
        n=len(report.runs),
        method=f"tolerance, {plural(len(report.runs), 'run')}, {report.processes}",
        details=tuple(details),
        inputs=(InputDigest(name=report.name, digest=first.digest, rows=None),),
        warnings=(*single_value(first), *_idle(first, near.allowed)),
    )


def single_value(found: Fingerprint) -> tuple[str, ...]:
    """A warning for a result that says little of a model."""
    if found.size > 1:
        return ()
    return (
        (
            "the result is a single value; equal values can come from different models: "
            "return the model or its predictions"
        ),
    )


def _idle(found: Fingerprint, limits: Allowed) -> tuple[str, ...]:
    """A warning for limits that bind nothing, because there is nothing of their type."""
    if limits.floats == "equality" or any(_is_float(leaf) for leaf in found.leaves.values()):
        return ()
    return (f"the result holds no floats: {limits.floats} binds nothing",)


def _is_float(leaf: Leaf) -> bool:
    tokens = leaf.size and not leaf.kind.endswith("text") and leaf.kind.startswith(("list", "tup"))
    return bool(leaf.kind.lower().startswith(_FLOATS) or tokens or "object" in leaf.kind)


def _explained(part: Part, first: Fingerprint, known: dict[str, Difference]) -> Difference:
    """What :func:`compare` says of *part*, or of the table that it is a column of."""
    leaf = first.leaves.get(part.path.removeprefix("result"))
    table = None if leaf is None or leaf.table is None else known.get(f"result{leaf.table}")
    if table is not None and table.aspect == "order":
        return table
    found = known.get(part.path, table)
    kind = "" if leaf is None else leaf.kind
    return found or Difference(path=part.path, aspect="values", text=part.text, kind=kind)


def estimate_of(near: Nearness, *, disproven: bool) -> float | None:
    """The number that the bound of the gate is about; None where something else decides."""
    limits = near.allowed
    value: float
    if limits.atol is not None and limits.rtol is not None:
        value, limit = float(near.most("used")), 1.0
    elif limits.atol is not None:
        value, limit = float(near.most("max_abs")), limits.atol
    elif limits.rtol is not None:
        value, limit = float(near.most("max_rel")), limits.rtol
    elif limits.max_ulp is not None:
        value, limit = float(near.most("max_ulp")), limits.max_ulp
    else:
        value, limit = float(near.flips), limits.max_flips
    if not math.isfinite(value) or (disproven and value <= limit):
        return None
    return value


def _summary(report: Report, near: Nearness, *, disproven: bool) -> str:
    start = f"tolerance, {report.processes}: "
    if not disproven:
        return f"{start}proven"
    number = report.differing[0]
    far = _beyond(near, number)
    more = f" and {len(far) - 1:,} more" if len(far) > 1 else ""
    diverged = report.divergences[number - 1]
    since = f" from stage {diverged.label} on" if diverged is not None else ""
    return f"{start}disproven, {far[0].path} is beyond{since}{more}"


def _near(report: Report, near: Nearness) -> str:
    first = report.runs[0].fingerprint
    parts = sum(leaf.size > 0 for leaf in first.leaves.values())
    text = (
        f"{report.name} is reproducible within its tolerance (level tolerance proven): "
        f"{plural(len(report.runs), 'run')} in {report.processes}, {plural(parts, 'part')} and "
        f"{plural(first.size, 'value')}; "
    )
    if not any(near.parts):
        return text + "all runs are equal bit for bit"
    apart = []
    if near.floats:
        apart.append(f"floats are at most {near.most('max_abs'):.3g} apart{_ulp(near)}")
    if near.flips:
        apart.append(f"at most {_percent(near.flips)} of the labels flipped")
    return text + f"{', '.join(apart) or 'nothing differs'}; allowed: {wanted(near.allowed)}"


def _far(report: Report, near: Nearness) -> str:
    number = report.differing[0]
    far, diverged = _beyond(near, number), report.divergences[number - 1]
    differing, of = len(report.differing), len(report.runs) - 1
    what = (
        f"{report.name} is not reproducible within its tolerance (level tolerance disproven): "
        f"{differing:,} of {plural(of, report.others)} in {report.processes} "
        f"{'is' if differing == 1 else 'are'} beyond it, {run_name(report, number)} in "
        f"{plural(len(far), 'part')} of {len(report.runs[0].fingerprint.leaves):,}"
    )
    order = [f for f in report.differences[number - 1] if f.aspect in {"order", "rows"}]
    lines = [f"  - {part.path}: {part.text}" for part in far[:_MOST_SHOWN]]
    if len(far) > _MOST_SHOWN:
        lines.append(f"  - and {plural(len(far) - _MOST_SHOWN, 'more part')}")
    lines += [f"  - {found.path}: {found.text}" for found in order[:_MOST_SHOWN]]
    if diverged is not None:
        text = diverged.differences[0].text if diverged.differences else "in one run only"
        lines.append(f"  - first stage that differs: {diverged.label!r}: {text}")
    why, fix = cause(report, number)
    lines += [f"  want:  {wanted(near.allowed)}", f"  why:   {why}", f"  fix:   {fix}"]
    return "\n".join([what, *lines])


def _beyond(near: Nearness, number: int) -> list[Part]:
    return [part for part in near.parts[number - 1] if not part.within]


def _ulp(near: Nearness) -> str:
    ulp = near.most("max_ulp")
    return f" ({ulp:,} ULP)" if ulp else ""


def wanted(limits: Allowed) -> str:
    """``|a - b| <= 1e-08 + 1e-06 |b|, at most 4 ULP; no label flipped``."""
    parts = []
    if limits.atol is not None or limits.rtol is not None:
        terms = [] if not limits.atol else [f"{limits.atol:g}"]
        terms += [] if not limits.rtol else [f"{limits.rtol:g} |b|"]
        parts.append(f"|a - b| <= {' + '.join(terms) or '0'}{' (b: run 1)' * bool(limits.rtol)}")
    if limits.max_ulp is not None:
        parts.append(f"at most {limits.max_ulp:,} ULP")
    floats = " and ".join(parts) or "equal floats"
    flips = f"at most {100 * limits.max_flips:g} %" if limits.max_flips else "none"
    return f"{floats}; of the labels {flips} flipped"


def _percent(share: Fraction) -> str:
    return f"{float(100 * share):.3g} %"
