"""The kind ``metric``: its parameters, and the way to the modules that judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.gates.base import GateKind
from pytest_mlgates.gates.metric.parameters import MetricParameters

if TYPE_CHECKING:
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.gates.base import Context


def evaluate(parameters: MetricParameters, subject: Any, context: Context) -> Verdict:
    """The verdict of a metric on a table (the modules behind are imported here)."""
    from pytest_mlgates.gates.metric.judge import evaluate as judge

    return judge(parameters, subject, context)


KIND = GateKind(
    name="metric",
    takes="table",
    positional=("metric",),
    parameters=MetricParameters,
    evaluate=evaluate,
)
