"""What one gate found: a :class:`Verdict` and the values in it.

Two things are kept apart: the *finding* (statistics alone: proven, disproven, inconclusive) and the
*outcome* (the finding under the policy and the waivers: passed, failed, waived, error).
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_mlgates.core.outcomes import Finding, Outcome, Policy

__all__ = [
    "SCHEMA_VERSION",
    "Bound",
    "Finding",
    "GroupValue",
    "InputDigest",
    "Outcome",
    "Policy",
    "Verdict",
    "plain",
]

SCHEMA_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a gate demands: ``min``, ``max``, or ``no_worse_than`` a champion by ``margin``."""

    min: float | None = None
    max: float | None = None
    no_worse_than: str | None = None
    margin: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The parts that are set."""
        return {k: v for k, v in dataclasses.asdict(self).items() if v is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupValue:
    """One group (or slice) of a verdict.

    Attributes:
        group: The values of the group, in the order of ``by``.
        n: The rows that the value rests on (for a rate: its denominator); None for a small cell
            of a private table.
        value: The group's value, None where it is undefined.
        lower: One-sided lower bound at the verdict's confidence.
        upper: One-sided upper bound at the verdict's confidence.
        rate: Which rate this is, where a metric has several (``true_positive_rate``).
        successes: The numerator of a rate, so that a verifier can recompute the verdict.
    """

    group: tuple[Any, ...]
    n: int | None
    value: float | None
    lower: float | None = None
    upper: float | None = None
    rate: str | None = None
    successes: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain types; ``rate`` and ``successes`` only where they are known."""
        out: dict[str, Any] = {
            "group": list(self.group),
            "n": self.n,
            "value": self.value,
            "lower": self.lower,
            "upper": self.upper,
        }
        if self.rate is not None:
            out["rate"] = self.rate
        if self.successes is not None:
            out["successes"] = self.successes
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class InputDigest:
    """What a verdict was computed from: a table, predictions, a champion.

    Attributes:
        name: What messages call it.
        digest: ``sha256:…`` of its content, None where it has none (a callable).
        rows: Of a table.
        role: ``model`` for the judged model itself, which is then a subject of the evidence.
    """

    name: str
    digest: str | None
    rows: int | None
    role: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain types; ``role`` only where it plays one."""
        out = dataclasses.asdict(self)
        return out if self.role is not None else {k: v for k, v in out.items() if k != "role"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one gate found. ``to_dict`` is the JSON contract (``evidence.schema.json``)."""

    id: str
    kind: str
    finding: Finding | None
    outcome: Outcome
    message: str
    metric: str | None = None
    by: tuple[str, ...] = ()
    estimate: float | None = None
    deciding_estimate: float | None = None
    lower: float | None = None
    lower_confidence: float | None = None
    upper: float | None = None
    upper_confidence: float | None = None
    correction: str | None = None
    n: int | None = None
    bound: Bound = field(default_factory=Bound)
    method: str | None = None
    policy: Policy = Policy.ESTIMATE
    groups: tuple[GroupValue, ...] = ()
    details: tuple[Mapping[str, Any], ...] = ()
    inputs: tuple[InputDigest, ...] = ()
    duration_s: float = 0.0
    rows_needed: int | None = None
    warnings: tuple[str, ...] = ()
    replaces: str | None = None
    summary: str = ""
    waivers: tuple[Mapping[str, Any], ...] = ()
    definition: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)
    where: str | None = None
    holdout: Mapping[str, Any] | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    stands_in: Mapping[str, Any] | None = None

    @property
    def passed(self) -> bool:
        """Whether the gate lets the change through (passed or waived)."""
        return self.outcome in (Outcome.PASSED, Outcome.WAIVED)

    def __bool__(self) -> bool:
        """``assert metric(…)`` holds if and only if the gate lets the change through."""
        return self.passed

    def __str__(self) -> str:
        """The outcome, the id and the message, for notebooks and logs."""
        return f"{self.outcome}: {self.id}\n{self.message}"

    @property
    def undecided(self) -> bool:
        """Whether the rows could not decide the claim either way."""
        return self.finding is Finding.INCONCLUSIVE

    def replace(self, **changes: Any) -> Verdict:
        """A copy with *changes*."""
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types only; NaN and infinities become None."""
        out: dict[str, Any] = {
            "version": SCHEMA_VERSION,
            "id": self.id,
            "kind": self.kind,
            "finding": None if self.finding is None else str(self.finding),
            "outcome": str(self.outcome),
            "metric": self.metric,
            "by": list(self.by),
            "estimate": self.estimate,
            "deciding_estimate": self.deciding_estimate,
            "lower": self.lower,
            "lower_confidence": self.lower_confidence,
            "upper": self.upper,
            "upper_confidence": self.upper_confidence,
            "correction": self.correction,
            "n": self.n,
            "bound": self.bound.to_dict(),
            "method": self.method,
            "policy": str(self.policy),
            "groups": [group.to_dict() for group in self.groups],
            "details": list(self.details),
            "message": self.message,
            "summary": self.summary,
            "inputs": [one.to_dict() for one in self.inputs],
            "duration_s": round(self.duration_s, 6),
            "rows_needed": self.rows_needed,
            "warnings": list(self.warnings),
            "replaces": self.replaces,
            "waivers": list(self.waivers),
            "definition": self.definition,
            "counts": self.counts,
            "where": self.where,
            "holdout": self.holdout,
            "files": self.files,
            "stands_in": self.stands_in,
        }
        plain_out = plain(out)
        assert isinstance(plain_out, dict)  # noqa: S101
        return plain_out

    def to_json(self) -> str:
        """``to_dict`` as one line of strict JSON."""
        return json.dumps(self.to_dict(), allow_nan=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """The inverse of :meth:`to_dict` (unknown keys are ignored, as evidence readers must)."""
        names = {f.name for f in dataclasses.fields(cls)}
        known = {key: value for key, value in data.items() if key in names}
        finding = known.get("finding")
        known["finding"] = None if finding is None else Finding(finding)
        known["outcome"] = Outcome(known["outcome"])
        known["policy"] = Policy(known.get("policy", "estimate"))
        known["bound"] = Bound(**known.get("bound", {}))
        known["groups"] = tuple(
            GroupValue(**{**g, "group": tuple(g["group"])}) for g in known.get("groups", ())
        )
        known["inputs"] = tuple(InputDigest(**i) for i in known.get("inputs", ()))
        for key in ("by", "details", "warnings", "waivers"):
            known[key] = tuple(known.get(key, ()))
        return cls(**known)


_AS_IT_IS = frozenset({int, str, bool, type(None)})


def plain(value: Any) -> Any:
    """*value* in plain JSON types: numpy scalars, fractions, dates and sets included.

    A numpy scalar in what a pytest-xdist worker sends ends the whole run with exit code 0 and no
    tests run, hence no exceptions to this rule. NaN and infinities become None.
    """
    kind = type(value)
    if kind in _AS_IT_IS:  # by far the most: counts of groups
        return value
    if kind is list or kind is tuple:
        return [plain(one) for one in value]
    if value is None or isinstance(value, str | bool):
        return value if isinstance(value, bool | None) else str(value)  # numpy's text is a str too
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) or kind.__module__ == "fractions":  # an import of a millisecond
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(v) for v in value), key=repr)
    if type(value).__name__ in {"NAType", "NaTType"}:
        return None
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", 1) == 0:  # numpy scalars and 0-d arrays
        return plain(item())
    tolist = getattr(value, "tolist", None)
    if callable(tolist):
        return plain(tolist())
    return str(value)
