"""Checks of several columns row by row."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce
from itertools import combinations
from operator import add, and_
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.arguments import (
    IGNORED_ROWS,
    MOSTLY,
    Argument,
    bound,
    two_names,
)
from pytest_mlgates.gates.data_schema.column_comparison import compare_columns
from pytest_mlgates.gates.data_schema.families import NUMERIC, Family, MismatchError
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.row_answers import any_of, each_row, native_columns
from pytest_mlgates.gates.data_schema.wide import sum_equals
from pytest_mlgates.gates.data_schema.wording import always, value_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.results import Pending
    from pytest_mlgates.gates.data_schema.suite import Expectation

# Half a unit of the 12th significant digit, which rounding may have moved a sum of floats by.
_SLACK = 5e-13
_ORDERED = (Family.DATE, Family.TIME)


def unique_within(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """No value occurs twice in a row; nulls are equal to each other."""
    columns = native_columns(plan, expectation.arguments["column_list"])
    equal = [
        _same(plan.table, left, right)
        if _comparable(plan.table, left, right)
        else _both_null(left, right)
        for left, right in combinations(columns, 2)
    ]
    return each_row(plan, scope, expectation, columns, ~any_of(equal))


def all_equal(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """All values of a row are equal; nulls are equal to each other, and to nothing else."""
    first, *others = columns = native_columns(plan, expectation.arguments["column_list"])
    ok = reduce(and_, [_same(plan.table, first, other) for other in others])
    return each_row(plan, scope, expectation, columns, ok)


def sums(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The values of each row sum to a number, where a null sums to none.

    Sums of integers are exact; of floats, equal at 12 significant digits of what was added.
    """
    columns = native_columns(plan, expectation.arguments["column_list"])
    for column in columns:
        kind = families.family(plan.table, column)
        if kind not in NUMERIC or isinstance(plan.table.schema[column], nw.UInt64):
            what = kind if kind not in NUMERIC else plan.table.schema[column]
            raise MismatchError(f"column {column!r} of {what} has no sum with others")
    ok = _sum_is(plan.table, columns, expectation.arguments["sum_total"])
    return each_row(plan, scope, expectation, columns, ok)


def _sum_is(table: Table, columns: Sequence[str], total: float) -> nw.Expr:
    values = [families.comparable(table, column) for column in columns]
    if all(families.family(table, column) is not Family.NUMBER for column in columns):
        if Fraction(total).denominator != 1:
            return families.never(values[0])
        return sum_equals([value.cast(nw.Int64) for value in values], int(total))
    floats = [families.floats(table, column) for column in columns]
    try:
        wanted = float(total)
    except OverflowError:
        return families.never(values[0])
    added = reduce(add, [value.abs() for value in floats])
    off = (reduce(add, floats) - wanted).abs()
    # An infinity is no sum: it is further off than any finite number is large.
    near = (off <= _SLACK * abs(wanted)) | (off <= added * _SLACK)
    return near & (added < math.inf)


def _same(table: Table, left: str, right: str) -> nw.Expr:
    equal = compare_columns(table, left, "==", right).fill_null(value=False)
    return equal | _both_null(left, right)


def _both_null(left: str, right: str) -> nw.Expr:
    return nw.col(left).is_null() & nw.col(right).is_null()


def _comparable(table: Table, left: str, right: str) -> bool:
    """Whether a value of *left* may equal one of *right*: a text is no number."""
    kinds = {families.family(table, left), families.family(table, right)}
    return len(kinds) == 1 or kinds <= set(NUMERIC) or kinds <= set(_ORDERED)


def number(value: Any) -> float:
    """A finite number."""
    wanted = "a finite number"
    try:
        found = bound(value)
    except ValueError:
        raise ValueError(wanted) from None
    if not isinstance(found, int | float):
        raise ValueError(wanted)  # noqa: TRY004  (collected)
    return found


_COLUMNS = (Argument("column_list", two_names, required=True), MOSTLY, IGNORED_ROWS)
TYPES = {
    "expect_select_column_values_to_be_unique_within_record": NativeType(
        arguments=_COLUMNS,
        check=unique_within,
        label="unique within record",
        wants=always("all different"),
    ),
    "expect_multicolumn_values_to_be_equal": NativeType(
        arguments=_COLUMNS,
        check=all_equal,
        label="equal",
        wants=always("all equal"),
    ),
    "expect_multicolumn_sum_to_equal": NativeType(
        arguments=(*_COLUMNS, Argument("sum_total", number, required=True)),
        check=sums,
        label="sum",
        wants=lambda given: f"sum {value_in_words(given['sum_total'])}",
    ),
}
