"""Checks of single values: nulls, ranges, sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.core.text import listing
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.arguments import EACH, RANGED, Argument, some_values, values
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import Pending, of_rows
from pytest_mlgates.gates.data_schema.row_answers import compared_column, each_value
from pytest_mlgates.gates.data_schema.wording import always, ranged

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
    present = plan.present(scope, column)

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
    column = compared_column(plan, expectation)
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
    return each_value(plan, scope, expectation, column, ok, keeps_null=True)


def in_set(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Values are members of a set."""
    column = compared_column(plan, expectation)
    ok = families.is_in(plan.table, column, expectation.arguments["value_set"], what="value_set")
    return each_value(plan, scope, expectation, column, ok)


def not_in_set(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Values are no members of a set."""
    column = compared_column(plan, expectation)
    ok = ~families.is_in(
        plan.table, column, expectation.arguments["value_set"], what="value_set"
    ).fill_null(value=False)
    return each_value(plan, scope, expectation, column, ok)


TYPES = {
    "expect_column_values_to_not_be_null": NativeType(
        arguments=EACH, check=not_null, label="not null", wants=always("not null")
    ),
    "expect_column_values_to_be_null": NativeType(
        arguments=EACH, check=null, label="null", wants=always("null")
    ),
    "expect_column_values_to_be_between": NativeType(
        arguments=(*EACH, *RANGED), check=between, label="between", wants=ranged()
    ),
    "expect_column_values_to_be_in_set": NativeType(
        arguments=(*EACH, Argument("value_set", values, required=True)),
        check=in_set,
        label="in set",
        wants=lambda given: f"in set {listing(given['value_set'], 6)}",
    ),
    "expect_column_values_to_not_be_in_set": NativeType(
        arguments=(*EACH, Argument("value_set", some_values, required=True)),
        check=not_in_set,
        label="not in set",
        wants=lambda given: f"not in set {listing(given['value_set'], 6)}",
    ),
}
