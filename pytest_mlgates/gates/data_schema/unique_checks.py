"""Checks of uniqueness: one group-by per key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema.arguments import (
    EACH,
    IGNORED_ROWS,
    MOSTLY,
    Argument,
    two_names,
)
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import Pending, when_counted
from pytest_mlgates.gates.data_schema.row_answers import kept_rows, native_column, native_columns
from pytest_mlgates.gates.data_schema.wording import always

if TYPE_CHECKING:
    from collections.abc import Hashable

    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation


def unique(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """No value of the column occurs twice; nulls are left out."""
    column = native_column(plan, expectation, decimals=True)
    kept = ~nw.col(column).is_null()
    return _unique(plan, scope, expectation, (column,), kept, ("present", column))


def compound_unique(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """No combination of the columns' values occurs twice; nulls are equal to each other."""
    columns = native_columns(plan, expectation.arguments["column_list"])
    ignored = expectation.arguments["ignore_row_if"]
    kept = kept_rows(ignored, columns)
    return _unique(plan, scope, expectation, columns, kept, ("kept", ignored, columns))


def _unique(
    plan: Plan,
    scope: Scope,
    expectation: Expectation,
    columns: tuple[str, ...],
    kept: nw.Expr | None,
    key: tuple[Any, ...],
) -> Pending:
    duplicated = plan.duplicated(scope, columns, kept, key)
    return when_counted(
        plan,
        scope,
        expectation,
        judged=_judged(plan, scope, columns, kept, key),
        unexpected=lambda _: duplicated(),
        values=columns,
        samples=lambda most: plan.duplicates(scope, columns, kept, most),
    )


def _judged(
    plan: Plan,
    scope: Scope,
    columns: tuple[str, ...],
    kept: nw.Expr | None,
    key: tuple[Any, ...],
) -> Hashable:
    if kept is None:
        return plan.rows(scope)
    return plan.present(scope, columns[0]) if len(columns) == 1 else plan.count(scope, key, kept)


TYPES = {
    "expect_column_values_to_be_unique": NativeType(
        arguments=EACH, check=unique, label="unique", wants=always("unique")
    ),
    "expect_compound_columns_to_be_unique": NativeType(
        arguments=(Argument("column_list", two_names, required=True), MOSTLY, IGNORED_ROWS),
        check=compound_unique,
        label="unique",
        wants=always("unique together"),
    ),
}
