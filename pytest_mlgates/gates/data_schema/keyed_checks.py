"""Checks that need a group-by: uniqueness, and Python's answers over distinct values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.families import Family
from pytest_mlgates.gates.data_schema.results import (
    NotNativeError,
    Pending,
    all_null,
    kept_rows,
    of_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.results import Result
    from pytest_mlgates.gates.data_schema.suite import Expectation

# More distinct wrong values than this are counted, but not looked up again for examples.
_MOST_LOOKED_UP = 1000


def unique(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """No value of the column occurs twice; nulls are left out."""
    column = plan.require(expectation.arguments["column"])
    kept = ~nw.col(column).is_null()
    return _unique(plan, scope, expectation, (column,), kept, ("present", column))


def compound_unique(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """No combination of the columns' values occurs twice; nulls are equal to each other."""
    columns = tuple(plan.require(c) for c in expectation.arguments["column_list"])
    ignored = expectation.arguments.get("ignore_row_if", "all_values_are_missing")
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
    if any(families.family(plan.table, c) is Family.OTHER for c in columns):
        raise NotNativeError
    rows = plan.rows(scope)
    there = rows if kept is None else plan.count(scope, key, kept)

    def finish() -> Result:
        total, considered = plan.number(rows), plan.number(there)
        wrong = plan.duplicated(scope, columns, kept, key) if considered else 0
        return of_rows(
            plan,
            scope,
            expectation,
            rows=total,
            considered=considered,
            unexpected=wrong,
            missing=total - considered,
            nothing=all_null(plan, total),
            values=columns,
            samples=lambda most: plan.duplicates(scope, columns, kept, most),
        )

    return finish


def matches(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Python's ``re.search`` finds the pattern in every value."""
    return _regex(plan, scope, expectation, wanted=True)


def not_matches(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Python's ``re.search`` finds the pattern in no value."""
    return _regex(plan, scope, expectation, wanted=False)


def _regex(plan: Plan, scope: Scope, expectation: Expectation, *, wanted: bool) -> Pending:
    column = plan.require(expectation.arguments["column"])
    if families.family(plan.table, column) in (Family.OTHER, Family.DATE, Family.TIME):
        raise NotNativeError
    search = re.compile(expectation.arguments["regex"]).search
    return by_distinct_value(
        plan, scope, expectation, column, lambda value: (search(str(value)) is not None) == wanted
    )


def by_distinct_value(
    plan: Plan,
    scope: Scope,
    expectation: Expectation,
    column: str,
    holds: Callable[[Any], bool],
) -> Pending:
    """*holds* is asked once per distinct value."""
    rows = plan.rows(scope)

    def finish() -> Result:
        total = plan.number(rows)
        found = plan.distinct(scope, column) if total else []
        considered = sum(n for _, n in found)
        wrong = [(value, n) for value, n in found if not holds(value)]
        looked_up = wrong and len(wrong) <= _MOST_LOOKED_UP
        bad = (
            families.is_in(plan.table, column, [v for v, _ in wrong], what="").fill_null(
                value=False
            )
            if looked_up
            else None
        )
        return of_rows(
            plan,
            scope,
            expectation,
            rows=total,
            considered=considered,
            unexpected=sum(n for _, n in wrong),
            missing=total - considered,
            nothing=all_null(plan, total),
            bad=None if bad is None else scope.also(bad),
            values=(column,),
        )

    return finish


CHECKS: dict[str, Any] = {
    "expect_column_values_to_be_unique": unique,
    "expect_compound_columns_to_be_unique": compound_unique,
    "expect_column_values_to_match_regex": matches,
    "expect_column_values_to_not_match_regex": not_matches,
}
