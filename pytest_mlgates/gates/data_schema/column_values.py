"""The distinct values of a column: counted with the aggregate, or grouped in the engine."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.columns import python_value
from pytest_mlgates.engines.grouping import grouped
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import families, times

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.gates.data_schema.plan import Plan, Scope


def n_distinct(
    plan: Plan, scope: Scope, column: str, kept: nw.Expr | None, key: tuple[Any, ...]
) -> Callable[[], int]:
    """Want how many distinct values *column* has where *kept* (None: anywhere) holds.

    Null is none of them. *kept* is not null, false where *column* is null, and what *key* says.
    """
    values = nw.col(column)
    if kept is not None or scope.mask is not None:
        inside = scope.also(~nw.col(column).is_null() if kept is None else kept)
        values = families.only(plan.table, families.comparable(plan.table, column), inside)
    slot = plan.ask(("n unique", *key, column, scope.condition), values.n_unique())
    nulls = plan.ask(("n nulls", *key, column, scope.condition), values.null_count())

    def number() -> int:
        # Null counts as one more value, on every engine.
        return plan.number(slot) - (plan.number(nulls) > 0)

    return number


def groups(plan: Plan, scope: Scope, column: str, kept: nw.Expr | None = None) -> Any:
    """The distinct values of *column*, and how many rows have each; nulls left out."""
    frame: Any = plan.view(scope).frame
    found = frame.filter(~nw.col(column).is_null() if kept is None else kept)
    return grouped(found, (column,))


def shown(plan: Plan, column: str, value: Any) -> Any:
    """*value* of *column* as results have it: decimals are numbers there."""
    value = times.with_zone(python_value(value), plan.table.schema[column])
    return float(value) if isinstance(value, Decimal) else value
