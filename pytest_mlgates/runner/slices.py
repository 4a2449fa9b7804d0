"""``mlgates slices`` as a function: where the model of a table is weak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgates.core.errors import ColumnError, MLGatesError
from pytest_mlgates.core.text import listing, plural
from pytest_mlgates.gates.base import EvaluationParameters
from pytest_mlgates.gates.metric.metrics import METRICS
from pytest_mlgates.gates.privacy import Display
from pytest_mlgates.gates.slices import Search, search
from pytest_mlgates.gates.slices.scores import as_label, lacking, searched
from pytest_mlgates.runner.evaluator import Evaluator
from pytest_mlgates.runner.infer import declared, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.engines.table import Table

# Slices of fewer rows say too little to be told from chance among so many.
MIN_ROWS = 30
# The roles that say how rows were drawn.
_DRAWN = ("sample_weight", "cluster", "query")


def slices(
    configuration: Configuration,
    given: str,
    *,
    metric: str = "accuracy",
    by: Sequence[str] = (),
    roles: Mapping[str, Any] | None = None,
    depth: int = 2,
    min_rows: int | None = None,
    confidence: float = 0.95,
    private: bool = False,
) -> Search:
    """The slices of a table in which a metric is worse than in the rest.

    Args:
        configuration: What governs the working directory.
        given: A declared table (its model predicts), or a path or glob.
        metric: One of those that are searched.
        by: What to cut by; none means every column that plays no role.
        roles: Those of the command line; they stand over the table's and the configuration's.
        depth: By how many columns at once, at most.
        min_rows: Smaller slices are not looked at.
        confidence: That not one slice is listed by chance.
        private: Whether the table is private in any case.

    Raises:
        MLGatesError: for a table or columns that cannot be used.
    """
    name = searched(metric)
    evaluator = Evaluator(configuration)
    settings = configuration.settings
    known = declared(configuration, given)
    table = _table(evaluator, given, known, private=private)
    own = {} if known is None else settings.tables[known].roles()
    named = {**settings.roles(), **own, **(roles or {})}
    parameters = _parameters(table, named, given_label=(roles or {}).get("pos_label"))
    _refuse_two_roles(parameters, name)
    needed = {parameters.y_true, *_answers(parameters, name)}
    _refuse_missing_roles(table, parameters, name)
    columns = tuple(dict.fromkeys(by)) or _searched(table, parameters)
    for column in columns:
        table.require(column, role="by")
        if column in needed:
            raise MLGatesError(
                f"by {column!r} is a label or an answer itself: its slices would judge nothing",
                where="--by",
                want="a column that describes the rows",
            )
    display = Display(private=table.private, min_cell=settings.min_cell)
    least = MIN_ROWS if min_rows is None else min_rows
    found = search(
        table,
        parameters,
        name,
        display,
        columns=columns,
        depth=depth,
        min_rows=max(least, settings.min_cell) if table.private else least,
        confidence=confidence,
    )
    if not found.looks:
        raise MLGatesError(
            f"table {table.name!r} has no slice to look at",
            got=f"{display.rows(table.n_rows)}, by {listing(columns)}{_without_value(found)}",
            want=f"slices, and rests, of at least {found.min_rows} rows",
            fix="other columns (`--by`), or a smaller `--min-rows`",
        )
    return found


def _without_value(found: Search) -> str:
    if not found.undefined or found.private:
        return ""
    return f"; {plural(found.undefined, 'slice')}, or their rests, {lacking(found.metric)}"


def _table(evaluator: Evaluator, given: str, known: str | None, *, private: bool) -> Table:
    """The table; a declared one, named so, with the predictions of its model."""
    if known == given:
        table = evaluator.table(given)
        return table.as_private() if private else table
    return read(evaluator, given, private=private)


def _parameters(
    table: Table, named: Mapping[str, Any], *, given_label: Any
) -> EvaluationParameters:
    found = dict(named)
    score = found.get("y_score")
    if isinstance(score, str):
        found["y_score"] = (score,)
    if given_label is not None:
        found["pos_label"] = as_label(table, found.get("y_true", "y_true"), str(given_label))
    try:
        return msgspec.convert(found, EvaluationParameters)
    except (msgspec.ValidationError, ValueError) as error:
        raise MLGatesError(str(error).partition(" | ")[0], where="the roles") from None


def _refuse_two_roles(parameters: EvaluationParameters, metric: str) -> None:
    """What is judged cannot say how its rows were drawn."""
    judged = {parameters.y_true, *_answers(parameters, metric)}
    for role in _DRAWN:
        name = getattr(parameters, role)
        if name in judged:
            raise MLGatesError(
                f"{name!r} is named as {role} and as a label or an answer",
                where=f"--{role.replace('_', '-')}",
                want="a column that says how the rows were drawn",
            )


def _refuse_missing_roles(table: Table, parameters: EvaluationParameters, metric: str) -> None:
    """Name the options for the roles that no column of *table* plays, all of them at once."""
    answer = "y_score" if METRICS[metric].needs == "scores" else "y_pred"
    roles = {"y_true": (parameters.y_true,), answer: _answers(parameters, metric)}
    missing = {
        role: name for role, names in roles.items() for name in names if name not in table.schema
    }
    if not missing:
        return
    errors = [
        ColumnError.missing(name, table.columns, role=role, table=f"table {table.name!r}")
        for role, name in missing.items()
    ]
    hints = [error.fix for error in errors if error.fix]
    options = " ".join(f"--{role.replace('_', '-')} COLUMN" for role in missing)
    raise ColumnError(
        "; ".join(error.what for error in errors),
        got=errors[0].got,
        want=f"a column each for {' and '.join(roles)}",
        fix="; ".join([*hints, f"name what plays the role: {options}"]),
    )


def _answers(parameters: EvaluationParameters, metric: str) -> tuple[str, ...]:
    return parameters.y_score if METRICS[metric].needs == "scores" else (parameters.y_pred,)


def _searched(table: Table, parameters: EvaluationParameters) -> tuple[str, ...]:
    """Every column that plays no role."""
    drawn = {getattr(parameters, role) for role in _DRAWN}
    roles = {parameters.y_true, parameters.y_pred, *parameters.y_score, *drawn}
    return tuple(column for column in table.columns if column not in roles)
