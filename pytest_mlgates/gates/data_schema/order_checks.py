"""Checks of the order of rows: each value against the one before it, nulls left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import row_order
from pytest_mlgates.engines.columns import python_value
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.arguments import EACH, Argument, flag
from pytest_mlgates.gates.data_schema.families import Family, MismatchError
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import Pending, all_null, of_rows
from pytest_mlgates.gates.data_schema.row_answers import native_column

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.results import Result
    from pytest_mlgates.gates.data_schema.suite import Expectation


def increasing(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """No value is less than the one before it."""
    return _ordered(plan, scope, expectation, ">")


def decreasing(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """No value is greater than the one before it."""
    return _ordered(plan, scope, expectation, "<")


def _ordered(plan: Plan, scope: Scope, expectation: Expectation, direction: str) -> Pending:
    if not plan.table.is_ordered:
        raise MLGatesError(
            f"the rows of table {plan.table.name!r} have no order",
            where=expectation.where,
            got=f"a lazy table of {plan.table.implementation}, which may hand them over in any",
            want="a dataframe in memory, or the path of files, which are read in their order",
            fix="sort and collect the table before it is judged, or leave this expectation out",
        )
    column = native_column(plan, expectation, decimals=True)
    kind = families.family(plan.table, column)
    if kind in (Family.TEXT, Family.BOOLEAN):
        # GX refuses text, and passes every increasing column of booleans.
        raise MismatchError(f"column {column!r} of {kind} neither increases nor decreases")
    strictly = expectation.arguments.get("strictly")
    step = direction if strictly else f"{direction}="
    values = families.comparable(plan.table, column)
    kept = scope.also(~nw.col(column).is_null())
    rows, there = plan.rows(scope), plan.present(scope, column)
    wrong = plan.step(
        ("order", step, column, scope.condition),
        f"rows in order: {column}",
        lambda: row_order.out_of_order(plan.table, values, kept, step),
    )

    def samples(most: int) -> list[dict[str, Any]]:
        plan.answers.scans.append("examples")
        found = row_order.examples(plan.table, values, kept, step, most)
        return [{"row": row, "value": python_value(value)} for row, value in found]

    def finish() -> Result:
        total, considered = plan.number(rows), plan.number(there)
        return of_rows(
            plan,
            scope,
            expectation,
            rows=total,
            considered=considered,
            unexpected=wrong() if considered else 0,
            missing=total - considered,
            nothing=all_null(plan, total),
            values=(column,),
            samples=samples,
        )

    return finish


_ARGUMENTS = (*EACH, Argument("strictly", flag))


def _type(check: Any, word: str) -> NativeType:
    return NativeType(
        arguments=_ARGUMENTS,
        check=check,
        label=word,
        wants=lambda given: f"strictly {word}" if given.get("strictly") else word,
    )


TYPES = {
    "expect_column_values_to_be_increasing": _type(increasing, "increasing"),
    "expect_column_values_to_be_decreasing": _type(decreasing, "decreasing"),
}
