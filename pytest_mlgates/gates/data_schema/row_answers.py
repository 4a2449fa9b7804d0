"""How checks of rows become answers: counted in the one aggregate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.families import Family
from pytest_mlgates.gates.data_schema.results import (
    NotNativeError,
    rows_said,
    when_counted,
)

if TYPE_CHECKING:
    from collections.abc import Hashable

    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.results import Pending
    from pytest_mlgates.gates.data_schema.suite import Expectation

_SQL = ("duckdb", "pyspark")


def native_column(plan: Plan, expectation: Expectation, *, decimals: bool = False) -> str:
    """The column of *expectation*, if values of its type are judged here.

    Args:
        plan: Of the contract.
        expectation: What it expects.
        decimals: Whether decimals are judged here too.

    Raises:
        NotNativeError: if they are Great Expectations' business.
    """
    column = plan.require(expectation.arguments["column"])
    kind = families.family(plan.table, column)
    if kind is Family.OTHER or (kind is Family.DECIMAL and not decimals):
        raise NotNativeError
    return column


def compared_column(plan: Plan, expectation: Expectation) -> str:
    """The column of *expectation*, whose values are compared with values of the contract.

    Raises:
        NotNativeError: if they are Great Expectations' business.
        MismatchError: if they are decimals that it would get wrong.
    """
    column = plan.require(expectation.arguments["column"])
    families.refuse_inexact_decimals(plan.table, column)
    return native_column(plan, expectation, decimals=True)


def native_columns(plan: Plan, names: tuple[str, ...]) -> tuple[str, ...]:
    """*names*, if values of all their types are judged here.

    Raises:
        NotNativeError: if those of one are Great Expectations' business.
    """
    columns = tuple(plan.require(name) for name in names)
    if any(families.family(plan.table, c) in (Family.OTHER, Family.DECIMAL) for c in columns):
        raise NotNativeError
    return columns


def each_value(
    plan: Plan,
    scope: Scope,
    expectation: Expectation,
    column: str,
    ok: nw.Expr,
    *,
    keeps_null: bool = False,
) -> Pending:
    """Every value of *column* that is there satisfies *ok*.

    *keeps_null*: *ok* never holds where the value is null. SQL then need not look for nulls first.
    """
    present = ~nw.col(column).is_null()
    decided = _decided(plan, ok)
    if not (keeps_null and plan.table.implementation in _SQL):
        decided = present & decided
    right = plan.count(scope, ("ok", expectation.claim), decided)
    return when_counted(
        plan,
        scope,
        expectation,
        judged=plan.present(scope, column),
        unexpected=lambda considered: considered - plan.number(right),
        bad=present & ~ok.fill_null(value=False),
        values=(column,),
    )


def each_row(
    plan: Plan, scope: Scope, expectation: Expectation, columns: tuple[str, ...], ok: nw.Expr
) -> Pending:
    """Every row that ``ignore_row_if`` leaves satisfies *ok*, where null is no.

    Raises:
        KeyError: if the arguments of the expectation have no ``ignore_row_if``.
    """
    kept = kept_rows(expectation.arguments["ignore_row_if"], columns)
    decided, wrong = _decided(plan, ok), ~ok.fill_null(value=False)
    right = plan.count(
        scope, ("ok", expectation.claim), decided if kept is None else kept & decided
    )
    return when_counted(
        plan,
        scope,
        expectation,
        judged=kept_count(plan, scope, expectation, columns),
        unexpected=lambda considered: considered - plan.number(right),
        nothing=all_set_aside,
        bad=wrong if kept is None else kept & wrong,
        values=columns,
    )


def kept_count(
    plan: Plan, scope: Scope, expectation: Expectation, columns: tuple[str, ...]
) -> Hashable:
    """Want how many rows ``ignore_row_if`` leaves."""
    ignored = expectation.arguments["ignore_row_if"]
    kept = kept_rows(ignored, columns)
    if kept is None:
        return plan.rows(scope)
    return plan.count(scope, ("kept", ignored, *columns), kept)


def all_set_aside(plan: Plan, rows: int) -> str:
    """The complaint where ``ignore_row_if`` leaves none of *rows*."""
    return f"ignore_row_if sets aside all {rows_said(plan, rows)}"


def _decided(plan: Plan, ok: nw.Expr) -> nw.Expr:
    """*ok* to be counted: SQL counts no nulls, which spares it a step per row."""
    return ok if plan.table.implementation in _SQL else ok.fill_null(value=False)


def kept_rows(ignore_row_if: str, columns: tuple[str, ...]) -> nw.Expr | None:
    """The rows that *ignore_row_if* leaves, None for all of them."""
    if ignore_row_if in ("neither", "never"):
        return None
    nulls = [nw.col(column).is_null() for column in columns]
    every = ignore_row_if in ("both_values_are_missing", "all_values_are_missing")
    found = nulls[0]
    for other in nulls[1:]:
        found = found & other if every else found | other
    return ~found


def any_of(parts: list[nw.Expr]) -> nw.Expr:
    """Whether one of *parts* holds, joined by halves: engines recurse into a chain."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return any_of(parts[:half]) | any_of(parts[half:])


def all_of(parts: list[nw.Expr]) -> nw.Expr:
    """Whether all of *parts* hold."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return all_of(parts[:half]) & all_of(parts[half:])
