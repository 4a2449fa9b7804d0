"""Checks of two columns row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.arguments import IGNORED_PAIRS, MOSTLY, PAIR, Argument, flag
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.row_answers import each_row, native_columns

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.results import Pending
    from pytest_mlgates.gates.data_schema.suite import Expectation


def a_greater_than_b(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """In each row one column is greater than another; a null on either side is not."""
    given = expectation.arguments
    left, right = columns = native_columns(plan, (given["column_A"], given["column_B"]))
    op = ">=" if given.get("or_equal") else ">"
    ok = families.compare_columns(plan.table, left, op, right)
    return each_row(plan, scope, expectation, columns, ok)


TYPES = {
    "expect_column_pair_values_a_to_be_greater_than_b": NativeType(
        arguments=(*PAIR, MOSTLY, Argument("or_equal", flag), IGNORED_PAIRS),
        check=a_greater_than_b,
        label="greater",
        wants=lambda given: (
            f"{given['column_A']} {'>=' if given.get('or_equal') else '>'} {given['column_B']}"
        ),
    ),
}
