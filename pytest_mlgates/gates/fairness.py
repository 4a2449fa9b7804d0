"""The kind ``fairness``: its parameters, and the way to the modules that judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.gates.base import GateKind
from pytest_mlgates.gates.fairness_parameters import FairnessParameters

if TYPE_CHECKING:
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.gates.base import Context


def evaluate(parameters: FairnessParameters, subject: Any, context: Context) -> Verdict:
    """The verdict on the gaps between groups of a table (the modules behind are imported here)."""
    from pytest_mlgates.gates.fairness_judge import evaluate as judge

    return judge(parameters, subject, context)


KIND = GateKind(
    name="fairness",
    takes="table",
    positional=("metric",),
    parameters=FairnessParameters,
    evaluate=evaluate,
)
