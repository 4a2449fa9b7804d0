"""Checks of the distinct values of a column against a set.

As in GX 1.24, ``unexpected_count`` counts distinct values outside the set, and ``missing_count``
members of the set that are no values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import listing, plural
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import column_values, families
from pytest_mlgates.gates.data_schema.arguments import COLUMN, Argument, some_values
from pytest_mlgates.gates.data_schema.column_answers import of_values
from pytest_mlgates.gates.data_schema.column_values import n_distinct
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import Pending, Result
from pytest_mlgates.gates.data_schema.row_answers import compared_column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation

# DuckDB compares each row with one member after the other.
_MOST_PER_ROW = 32


def in_set(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Every distinct value is a member of the set."""
    return _of_set(plan, scope, expectation, only=True, all_of=False)


def contain_set(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Every member of the set is a value."""
    return _of_set(plan, scope, expectation, only=False, all_of=True)


def equal_set(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The distinct values are the members of the set."""
    return _of_set(plan, scope, expectation, only=True, all_of=True)


def _of_set(
    plan: Plan, scope: Scope, expectation: Expectation, *, only: bool, all_of: bool
) -> Pending:
    column = compared_column(plan, expectation)
    given = expectation.arguments["value_set"]
    member = families.is_in(plan.table, column, given, what="value_set").fill_null(value=False)
    # As in GX, null is no distinct value: a set that holds it is never there as a whole.
    wanted = {
        v if v is None else families.literal(plan.table, column, v, what="value_set") for v in given
    }
    other = ~nw.col(column).is_null() & ~member
    outside = _number(plan, scope, column, member, given, inside=False) if only else None
    inside = _number(plan, scope, column, member, given, inside=True) if all_of else None

    def judge(_: int) -> Result:
        unexpected = None if outside is None else outside()
        missing = None if inside is None else len(wanted) - inside()
        notes = []
        if unexpected:
            counted = f"{plural(unexpected, 'distinct value')} outside the set"
            notes.append("values outside the set" if plan.table.private else counted)
        if missing:
            lost = "" if plan.table.private else _lost(plan, scope, column, member, wanted)
            notes.append(f"not found: {lost}" if lost else "members of the set are not found")
        return Result(
            success=not notes,
            unexpected_count=unexpected,
            missing_count=missing,
            note="; ".join(notes) or None,
            samples=lambda most: _examples(plan, scope, column, other, most),
        )

    return of_values(plan, scope, column, judge, of_none=not all_of)


def _number(
    plan: Plan,
    scope: Scope,
    column: str,
    member: nw.Expr,
    given: tuple[Any, ...],
    *,
    inside: bool,
) -> Callable[[], int]:
    """Want how many distinct values are members of the set *given*, or how many are not."""
    if plan.table.implementation != "duckdb" or len(given) <= _MOST_PER_ROW:
        kept = member if inside else ~nw.col(column).is_null() & ~member
        key = ("inside" if inside else "outside", repr(given))
        return n_distinct(plan, scope, column, kept, key)

    def read() -> tuple[int, int]:
        members = member.cast(nw.Int64).sum().alias("members")
        groups = column_values.groups(plan, scope, column)
        row = plan.table.rows(groups.select(nw.len().alias("rows"), members))[0]
        return int(row[0]), int(row[1] or 0)

    named = ("members", scope.condition, column, repr(given))
    found = plan.step(named, f"group-by: {column}, members of a set", read)
    return (lambda: found()[1]) if inside else (lambda: found()[0] - found()[1])


def _lost(plan: Plan, scope: Scope, column: str, member: nw.Expr, wanted: set[Any]) -> str:
    """Which of *wanted* are no values. One more scan, only after a failure."""
    plan.answers.scans.append(f"group-by: {column}, members that are there")
    rows = plan.table.rows(column_values.groups(plan, scope, column, member))
    found = {column_values.shown(plan, column, value) for value, _ in rows}
    return listing(sorted((v for v in wanted if v not in found), key=repr), 6)


def _examples(
    plan: Plan, scope: Scope, column: str, other: nw.Expr, most: int
) -> list[dict[str, Any]]:
    plan.answers.scans.append("examples")
    groups = column_values.groups(plan, scope, column, other)
    found = plan.table.rows(groups.sort(column).head(most))
    return [{"row": None, "value": column_values.shown(plan, column, v)} for v, _ in found]


SET = (COLUMN, Argument("value_set", some_values, required=True))


def members(words: str) -> Callable[[Mapping[str, Any]], str]:
    """*words*, then the first members of the set."""
    return lambda given: f"{words} {listing(given['value_set'], 6)}"


TYPES = {
    "expect_column_distinct_values_to_be_in_set": NativeType(
        arguments=SET,
        check=in_set,
        label="distinct in set",
        wants=members("distinct values in set"),
    ),
    "expect_column_distinct_values_to_contain_set": NativeType(
        arguments=SET,
        check=contain_set,
        label="contains set",
        wants=members("distinct values contain"),
    ),
    "expect_column_distinct_values_to_equal_set": NativeType(
        arguments=SET,
        check=equal_set,
        label="equals set",
        wants=members("distinct values are"),
    ),
}
