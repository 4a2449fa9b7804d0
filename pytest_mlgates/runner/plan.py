"""``mlgates plan`` as a function: what declared gates can settle with the rows they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.core import gpu
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.planning import needs_subject, plan_of
from pytest_mlgates.gates.planning.model import Plan
from pytest_mlgates.runner.check import select
from pytest_mlgates.runner.evaluator import Evaluator
from pytest_mlgates.runner.holdouts import spent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.config.model import Configuration


def plan(configuration: Configuration, ids: Sequence[str] = ()) -> list[Plan]:
    """The plans of declared gates, in order; misuse of one becomes its ``error``.

    Args:
        configuration: What governs them.
        ids: The gates; none means all.

    Raises:
        ConfigurationError: no gates, or an unknown id.
    """
    evaluator = Evaluator(configuration)
    plans = []
    for declared in select(configuration, tuple(dict.fromkeys(ids))):
        gate = declared.gate
        if declared.table is not None and needs_subject(gate):
            gate = spent(gate, configuration.settings.tables[declared.table].budget)
        try:
            if declared.table is not None and configuration.settings.tables[declared.table].model:
                gpu.demand(gate.parameters.needs)  # the model is what needs it
            subject = evaluator.subject_of(declared) if needs_subject(gate) else None
            plans.append(plan_of(gate, subject, evaluator.context))
        except MLGatesError as error:
            plans.append(Plan.impossible(gate, error.at(gate.where)))
    return plans
