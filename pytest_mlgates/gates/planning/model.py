"""What a plan says of one gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.verdict import plain

if TYPE_CHECKING:
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.gates.base import Gate

# Under this chance of proof a promotion, which requires one, is not to be waited for.
PRACTICALLY_NEVER = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows that would do.

    Attributes:
        count: How many; None if no number would.
        what: What is counted: ``rows``, ``positives in every group``.
        premise: What is taken to be true: ``if it is truly 0.93``.
    """

    count: int | None
    what: str
    premise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How small a violation some rows settle.

    Attributes:
        n: Their number, None where it is not to be shown.
        value: The true value nearest to the bound that these rows disprove with power .8; None
            where they disprove nothing at all, or it is not to be shown.
        violation: Its distance from the bound.
        of: What they are: ``rows``, ``positives``.
        where: The slice or group, None for the whole table.
        hidden: Whether it is withheld: the table is private and the numbers give a count away.
    """

    n: int | None
    value: float | None
    violation: float | None
    of: str = "rows"
    where: str | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """The plan of one side of a bound.

    Attributes:
        bound: ``min 0.80``.
        settles: What the table as a whole (for fairness: the pair of groups that shows most) can
            settle.
        bottleneck: The slice or group that can settle least, None where there are none.
        useful: Whether what is settled is less than all that could go wrong.
        chance: P(proven) if the model is truly fine; None where it is not to be shown.
        fine: What truly fine is taken to be.
        provable: Whether that chance is worth waiting for.
        rows: Rows that would prove it with power .8, under each premise.
    """

    bound: str
    settles: Reach
    bottleneck: Reach | None
    useful: bool
    chance: float | None
    fine: str
    provable: bool
    rows: tuple[Rows, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one gate can show with the rows it has.

    Attributes:
        id: The gate's.
        kind: The gate's.
        claim: What it judges: ``accuracy by sex``.
        table: The name of its table.
        n: Its rows.
        confidence: Of its bounds.
        bounds: For each side of its bound; none for an exact gate.
        notes: What stands beside it; for an exact gate, that it is one.
        error: Why it cannot be planned, None if it can.
    """

    id: str
    kind: str
    claim: str = ""
    table: str | None = None
    n: int | None = None
    confidence: float | None = None
    bounds: tuple[Bounded, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None

    @classmethod
    def impossible(cls, gate: Gate, error: MLGatesError) -> Plan:
        """The plan of a gate that cannot be planned, and why."""
        return cls(id=gate.id, kind=gate.kind.name, error=str(error))

    @property
    def useful(self) -> bool:
        """Whether every side of its bound can settle something."""
        return all(one.useful for one in self.bounds)

    @property
    def provable(self) -> bool:
        """Whether a proof is to be expected of a model that is truly fine."""
        return all(one.provable for one in self.bounds)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        out = plain(
            {
                "id": self.id,
                "kind": self.kind,
                "claim": self.claim,
                "table": self.table,
                "n": self.n,
                "confidence": self.confidence,
                "exact": not self.bounds and self.error is None,
                "can_settle": self.useful if self.bounds else None,
                "can_be_proven": self.provable if self.bounds else None,
                "bounds": [_bounded(one) for one in self.bounds],
                "notes": list(self.notes),
                "error": self.error,
            }
        )
        assert isinstance(out, dict)  # noqa: S101
        return out


def _bounded(one: Bounded) -> dict[str, Any]:
    return {
        "bound": one.bound,
        "settles": _reach(one.settles),
        "bottleneck": None if one.bottleneck is None else _reach(one.bottleneck),
        "can_settle": one.useful,
        "chance_of_proof": one.chance,
        "truly_fine": one.fine,
        "can_be_proven": one.provable,
        "rows_needed": [
            {"count": rows.count, "what": rows.what, "premise": rows.premise} for rows in one.rows
        ],
    }


def _reach(reach: Reach) -> dict[str, Any]:
    return {
        "where": reach.where,
        "n": reach.n,
        "of": reach.of,
        "value": reach.value,
        "violation": reach.violation,
        "withheld": reach.hidden,
    }
