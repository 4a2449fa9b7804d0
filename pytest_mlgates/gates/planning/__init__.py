"""What a gate can settle and prove with the rows it has, before it is asked.

A violation is settled where the gate finds it *disproven* with power .8. A claim is proven, as a
promotion requires, with the chance that the model has if it is truly fine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.gates.planning.model import Plan

if TYPE_CHECKING:
    from pytest_mlgates.gates.base import Context, Gate

__all__ = ["needs_subject", "plan_of"]

_EXACT = {
    "data_schema": "exact: every row is judged, so any number of rows settles it",
    "reproducibility": "exact: what the runs return is compared, so rows play no part",
}
_PLANNED = ("metric", "fairness")


def needs_subject(gate: Gate) -> bool:
    """Whether the table of *gate* must be read to plan it."""
    return gate.kind.name in _PLANNED


def plan_of(gate: Gate, subject: Any, context: Context) -> Plan:
    """The plan of *gate* on the table *subject* (None for kinds that need none).

    Raises:
        MLGatesError: for what the gate itself would refuse.
    """
    kind = gate.kind.name
    if kind == "metric":
        from pytest_mlgates.gates.planning.metric import plan_metric

        return plan_metric(gate, subject, context)
    if kind == "fairness":
        from pytest_mlgates.gates.planning.fairness import plan_fairness

        return plan_fairness(gate, subject, context)
    level = getattr(gate.parameters, "level", None)
    note = _EXACT.get(kind, f"gates of kind {kind} do not say what their rows can show")
    if kind == "reproducibility" and level not in (None, "bitwise", "tolerance"):
        note = f"judged by its runs, not by rows: level {str(level)!r}"
    return Plan(id=gate.id, kind=kind, claim=kind, notes=(note,))
