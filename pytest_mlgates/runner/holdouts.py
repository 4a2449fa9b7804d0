"""How often a holdout was used: counted, told, and where a budget is declared, spent.

A model that was chosen by what it scored on a holdout scores too well on it. The more looks, the
more so: of 50 candidates exactly at a bound, each held to it at 95 %, one gets through in 58 % of
all cases; with the level divided by a budget of 50, in at most 5 % (Bonferroni's inequality).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import plural
from pytest_mlgates.core.verdict import Finding, Outcome, Verdict
from pytest_mlgates.gates.base import Context, Gate, evaluate
from pytest_mlgates.runner.ledgers import ledger_of

if TYPE_CHECKING:
    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.holdouts import Rows
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import GateParameters
    from pytest_mlgates.runner.ledgers import Ledger

# Beyond these rows every column of every row would be hashed to know the holdout again.
_MOST_WITHOUT_ID = 200_000


class Holdouts:
    """The looks of one run under one configuration."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self._ledger: Ledger | None = None
        self._known: dict[tuple[Any, ...], tuple[Rows, int, bool] | MLGatesError | None] = {}

    def evaluate(self, gate: Gate, table: Table, name: str, context: Context) -> Verdict:
        """The verdict of *gate*, at its part of the budget, with the count of its holdout.

        Raises:
            MLGatesError: misuse; also a ledger that cannot be kept where a budget rests on it.
        """
        settings = self.configuration.settings.tables[name]
        budget = settings.budget
        verdict = evaluate(spent(gate, budget), table, context)
        verdict = verdict.replace(definition=gate.definition())
        try:
            counted = self._count(gate, table, name)
        except MLGatesError as error:
            if budget is not None:
                raise
            why = f"{error.where}: {error.got}" if error.where else error.got
            warning = f"{error.summary}: not counted" + (f" ({why})" if why else "")
            return verdict.replace(warnings=(*verdict.warnings, warning))
        if counted is None:
            return verdict
        rows, uses, whole = counted
        verdict = verdict.replace(
            holdout={
                "table": table.name,
                "id": rows.holdout,
                "evaluation": rows.evaluation,
                "uses": uses,
                "at_least": not whole,
                "budget": budget,
            }
        )
        return verdict if budget is None or uses <= budget else _worn(verdict, uses, budget)

    def _count(self, gate: Gate, table: Table, name: str) -> tuple[Rows, int, bool] | None:
        parameters: Any = gate.parameters
        said = self._answers(name) | {parameters.y_pred, *parameters.y_score}
        answers = tuple(column for column in table.columns if column in said)
        key = (id(table), parameters.y_true, answers)
        if key not in self._known:
            try:
                self._known[key] = self._counted(table, parameters.y_true, answers, name)
            except MLGatesError as error:
                self._known[key] = error
        found = self._known[key]
        if isinstance(found, MLGatesError):
            raise found
        return found

    def _answers(self, name: str) -> set[str]:
        """What models say of the table *name*, in any gate: no part of the holdout."""
        found: set[str] = set()
        for declared in self.configuration.gates.values():
            parameters: Any = declared.gate.parameters
            if declared.table == name and declared.gate.kind.name in ("metric", "fairness"):
                found |= {parameters.y_pred, *parameters.y_score}
        return found

    def _counted(
        self, table: Table, label: str, answers: tuple[str, ...], name: str
    ) -> tuple[Rows, int, bool] | None:
        from pytest_mlgates.engines.holdouts import rows_of

        settings = self.configuration.settings.tables[name]
        if table.implementation == "pyspark":  # its rows stay where they are
            if settings.budget is None:
                return None
            raise MLGatesError(
                f"table {table.name!r} has a budget and lives in a cluster: its uses are not "
                "counted",
                fix="read its files without Spark, or remove `budget`",
            )
        if settings.row_id is not None:
            identity = [table.require(column, role="row_id") for column in settings.row_id]
            identity += [] if label in identity else [label]
        elif table.n_rows > _MOST_WITHOUT_ID:
            if settings.budget is None:
                return None
            raise MLGatesError(
                f"table {table.name!r} has a budget and {table.n_rows:,} rows without a row_id",
                want=f"row_id beyond {_MOST_WITHOUT_ID:,} rows: the columns that tell rows apart",
                fix='row_id = "application_id"',
            )
        else:
            identity = [column for column in table.columns if column not in answers]
        if not answers or not identity:
            return None
        rows = rows_of(table, identity, answers, name=name)
        if self._ledger is None:
            given = self.configuration.settings.ledger
            self._ledger = ledger_of(given, self.configuration.base)
        assert self._ledger is not None  # noqa: S101  (off is asked before)
        from pytest_mlgates.core.holdouts import uses

        lines = self._ledger.add(rows.lines())
        return rows, uses(lines, rows), self._ledger.is_whole


def spent(gate: Gate, budget: int | None) -> Gate:
    """*gate* with its part of the error that *budget* evaluations share."""
    if budget is None:
        return gate
    import dataclasses

    return dataclasses.replace(gate, parameters=spending(gate.parameters, budget))


def spending(parameters: GateParameters, budget: int) -> GateParameters:
    """*parameters* with their part of the error that *budget* evaluations share."""
    confidence = 1 - (1 - parameters.confidence) / budget
    return msgspec.structs.replace(parameters, confidence=confidence)


def is_worn(verdict: Verdict) -> bool:
    """Whether the holdout of *verdict* was used more often than its budget allows."""
    told = verdict.holdout or {}
    return bool(told.get("budget")) and told["uses"] > told["budget"]


def _worn(verdict: Verdict, uses: int, budget: int) -> Verdict:
    """A holdout that was used more often than it may be decides nothing, whatever the policy."""
    what = f"holdout worn: {uses} of {plural(budget, 'evaluation')}"
    return verdict.replace(
        finding=Finding.INCONCLUSIVE,
        outcome=Outcome.FAILED,
        summary=f"not decided: {what}",
        message=f"{what}: {verdict.metric} would be looked for until it fits\n"
        "  fix:   add fresh rows (more than half of them), or raise `budget` in a reviewed commit",
    )
