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
from pytest_mlgates.runner.presence import files_of_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.config.model import Configuration, DeclaredGate


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
            if subject is None:
                _refuse_missing(configuration, declared, evaluator)
            plans.append(plan_of(gate, subject, evaluator.context))
        except MLGatesError as error:
            plans.append(Plan.impossible(gate, error.at(gate.where)))
    return plans


def _refuse_missing(
    configuration: Configuration, declared: DeclaredGate, evaluator: Evaluator
) -> None:
    """Rows settle nothing where there are none: the files must be there, though nobody reads them.

    Raises:
        MLGatesError: for a table without a file, and for a suite that cannot be judged.
    """
    gate = declared.gate
    try:
        if declared.table is not None:
            files_of_table(configuration, declared.table)
    except MLGatesError as error:
        raise evaluator.beside(gate, error) from None
    if gate.kind.name == "data_schema" and gate.kind.check is not None:
        gate.kind.check(gate.parameters, evaluator.context)
