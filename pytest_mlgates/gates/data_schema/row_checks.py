"""Checks that judge each row by itself: nulls, ranges, sets, lengths, pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.families import Family
from pytest_mlgates.gates.data_schema.keyed_checks import by_distinct_value
from pytest_mlgates.gates.data_schema.results import (
    NotNativeError,
    Pending,
    all_null,
    kept_rows,
    of_rows,
    rows_said,
)

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.results import Result
    from pytest_mlgates.gates.data_schema.suite import Expectation


def not_null(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Every value is there."""
    return _nullness(plan, scope, expectation, bad_if_null=True)


def null(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """No value is there."""
    return _nullness(plan, scope, expectation, bad_if_null=False)


def _nullness(plan: Plan, scope: Scope, e: Expectation, *, bad_if_null: bool) -> Pending:
    column = plan.require(e.arguments["column"])
    is_null = nw.col(column).is_null()
    rows = plan.rows(scope)
    present = plan.count(scope, ("present", column), ~is_null)

    def finish() -> Result:
        total, there = plan.number(rows), plan.number(present)
        return of_rows(
            plan,
            scope,
            e,
            rows=total,
            considered=total,
            unexpected=total - there if bad_if_null else there,
            missing=None,
            nothing="",
            bad=scope.also(is_null if bad_if_null else ~is_null),
            values=(column,),
        )

    return finish


def between(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Values lie in a range."""
    column = _native_column(plan, expectation)
    ok = None
    for name, strict, inclusive, exclusive in (
        ("min_value", "strict_min", ">=", ">"),
        ("max_value", "strict_max", "<=", "<"),
    ):
        bound = expectation.arguments.get(name)
        if bound is None:
            continue
        op = exclusive if expectation.arguments.get(strict) else inclusive
        part = families.holds(plan.table, column, op, bound, what=name)
        ok = part if ok is None else ok & part
    assert ok is not None  # noqa: S101  (arguments.range_errors refused that)
    return _each_value(plan, scope, expectation, column, ok)


def in_set(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Values are members of a set."""
    column = _native_column(plan, expectation)
    ok = families.is_in(plan.table, column, expectation.arguments["value_set"], what="value_set")
    return _each_value(plan, scope, expectation, column, ok)


def not_in_set(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Values are no members of a set."""
    column = _native_column(plan, expectation)
    ok = ~families.is_in(
        plan.table, column, expectation.arguments["value_set"], what="value_set"
    ).fill_null(value=False)
    return _each_value(plan, scope, expectation, column, ok)


def lengths(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Texts have a length in a range; numbers and booleans are measured as Python writes them."""
    column = _native_column(plan, expectation)
    kind = families.family(plan.table, column)
    least, most = _length_range(expectation)
    if kind in (Family.DATE, Family.TIME):
        raise NotNativeError
    if kind is not Family.TEXT:
        return by_distinct_value(
            plan,
            scope,
            expectation,
            column,
            lambda value: least <= len(str(value)) and (most is None or len(str(value)) <= most),
        )
    measured = families.comparable(plan.table, column).str.len_chars()
    ok = measured >= least
    if most is not None:
        ok = ok & (measured <= most)
    return _each_value(plan, scope, expectation, column, ok)


def _length_range(expectation: Expectation) -> tuple[int, int | None]:
    given = expectation.arguments
    if "value" in given:
        return given["value"], given["value"]
    least = given.get("min_value", 0) + bool(given.get("strict_min") and "min_value" in given)
    most = given.get("max_value")
    return least, None if most is None else most - bool(given.get("strict_max"))


def a_greater_than_b(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """In each row one column is greater than another; a null on either side is not."""
    given = expectation.arguments
    left, right = plan.require(given["column_A"]), plan.require(given["column_B"])
    if Family.OTHER in (families.family(plan.table, left), families.family(plan.table, right)):
        raise NotNativeError
    op = ">=" if given.get("or_equal") else ">"
    ok = families.compare_columns(plan.table, left, op, right).fill_null(value=False)
    ignored = given.get("ignore_row_if", "both_values_are_missing")
    kept = kept_rows(ignored, (left, right))
    bad = ~ok if kept is None else kept & ~ok
    rows = plan.rows(scope)
    there = rows if kept is None else plan.count(scope, ("kept", ignored, left, right), kept)
    wrong = plan.count(scope, ("bad", id(expectation)), bad)

    def finish() -> Result:
        total, considered = plan.number(rows), plan.number(there)
        return of_rows(
            plan,
            scope,
            expectation,
            rows=total,
            considered=considered,
            unexpected=plan.number(wrong),
            missing=total - considered,
            nothing=f"ignore_row_if sets aside all {rows_said(plan, total)}",
            bad=scope.also(bad),
            values=(left, right),
        )

    return finish


def _native_column(plan: Plan, expectation: Expectation) -> str:
    column = plan.require(expectation.arguments["column"])
    if families.family(plan.table, column) is Family.OTHER:
        raise NotNativeError
    return column


def _each_value(
    plan: Plan, scope: Scope, expectation: Expectation, column: str, ok: nw.Expr
) -> Pending:
    present = ~nw.col(column).is_null()
    bad = present & ~ok.fill_null(value=False)
    rows = plan.rows(scope)
    there = plan.count(scope, ("present", column), present)
    wrong = plan.count(scope, ("bad", id(expectation)), bad)

    def finish() -> Result:
        total, considered = plan.number(rows), plan.number(there)
        return of_rows(
            plan,
            scope,
            expectation,
            rows=total,
            considered=considered,
            unexpected=plan.number(wrong),
            missing=total - considered,
            nothing=all_null(plan, total),
            bad=scope.also(bad),
            values=(column,),
        )

    return finish


CHECKS: dict[str, Any] = {
    "expect_column_values_to_not_be_null": not_null,
    "expect_column_values_to_be_null": null,
    "expect_column_values_to_be_between": between,
    "expect_column_values_to_be_in_set": in_set,
    "expect_column_values_to_not_be_in_set": not_in_set,
    "expect_column_value_lengths_to_be_between": lengths,
    "expect_column_value_lengths_to_equal": lengths,
    "expect_column_pair_values_a_to_be_greater_than_b": a_greater_than_b,
}
