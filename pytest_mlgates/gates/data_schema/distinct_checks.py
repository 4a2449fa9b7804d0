"""Checks of how many distinct values a column has, how many are there, and which is most common.

The numbers come out of the one aggregate; the most common values cost a group-by. No more than
1,000 values ever leave the engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.grouping import rows_of, unused
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import column_values, families
from pytest_mlgates.gates.data_schema.arguments import (
    COLUMN,
    COUNT_BOUNDS,
    STRICT,
    Argument,
    bound,
    flag,
)
from pytest_mlgates.gates.data_schema.column_answers import of_values, within
from pytest_mlgates.gates.data_schema.column_values import n_distinct
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import Pending, Result, no_rows
from pytest_mlgates.gates.data_schema.row_answers import compared_column, native_column
from pytest_mlgates.gates.data_schema.set_checks import SET, members
from pytest_mlgates.gates.data_schema.wording import ranged

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation

# More values than this are counted, but not listed.
_MOST_LISTED = 1000


def unique_count(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The number of distinct values lies in a range."""
    column = native_column(plan, expectation, decimals=True)
    given = expectation.arguments
    number = n_distinct(plan, scope, column, None, ("any",))

    def judge(_: int) -> Result:
        found = number()
        low, high = given.get("min_value"), given.get("max_value")
        return Result(
            success=within(found, low, high, given), observed_value=found, counts_rows=True
        )

    return of_values(plan, scope, column, judge, of_none=True)


def unique_share(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The number of distinct values, as a share of the values that are there, lies in a range."""
    column = native_column(plan, expectation, decimals=True)
    number = n_distinct(plan, scope, column, None, ("any",))
    return of_values(plan, scope, column, lambda there: _share(number(), there, expectation))


def present_share(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The share of rows with a value lies in a range. Columns of any type have that."""
    column = plan.require(expectation.arguments["column"])
    rows, there = plan.rows(scope), plan.present(scope, column)

    def finish() -> Result:
        total = plan.number(rows)
        if total == 0:
            return Result(success=None, error=no_rows(plan, scope))
        return _share(plan.number(there), total, expectation)

    return finish


def _share(part: int, whole: int, expectation: Expectation) -> Result:
    """*part* of *whole* in a range. The quotient is the nearest float, so only ties are rounded."""
    given = expectation.arguments
    found = part / whole
    low, high = given.get("min_value"), given.get("max_value")
    return Result(success=within(found, low, high, given), observed_value=found, discloses=True)


def most_common(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The most common value, or with ``ties_okay`` one of them, is a member of the set."""
    column, given = compared_column(plan, expectation), expectation.arguments
    member = families.is_in(plan.table, column, given["value_set"], what="value_set")

    rows_name = rows_of((column,))
    member_name = unused("__mlgates_member__", (column, rows_name))

    def read() -> tuple[list[tuple[Any, bool]], bool]:
        groups = column_values.groups(plan, scope, column)
        groups = groups.with_columns(member.cast(nw.Int64).alias(member_name))
        rows = plan.table.rows(groups.sort(rows_name, descending=True).head(_MOST_LISTED + 1))
        most = max(int(row[1]) for row in rows)
        ties = [
            (column_values.shown(plan, column, value), bool(is_member))
            for value, n, is_member in rows
            if n == most
        ]
        hit = any(is_member for _, is_member in ties)
        if len(ties) > _MOST_LISTED and not hit:
            left = groups.filter((nw.col(rows_name) == most) & (nw.col(member_name) == 1)).head(1)
            hit = bool(plan.table.rows(left))
        return ties, hit

    key = ("most common", scope.condition, column, repr(given["value_set"]))
    found = plan.step(key, f"group-by: {column}, most common", read)

    def judge(_: int) -> Result:
        ties, hit = found()
        success = hit and (len(ties) == 1 or bool(given.get("ties_okay")))
        if len(ties) > _MOST_LISTED:
            few = f"more than {_MOST_LISTED:,} values are equally common"
            return Result(success=success, note=None if success else few, discloses=True)
        listed = sorted((value for value, _ in ties), key=lambda v: (str(type(v)), v))
        return Result(success=success, observed_value=listed, discloses=True)

    return of_values(plan, scope, column, judge)


def proportion(value: Any) -> float:
    """A share of all, as a number of 0 to 1: 95 would be no bound."""
    found = bound(value)
    if isinstance(found, int | float) and 0 <= found <= 1:
        return found
    raise ValueError("a number from 0 to 1")


_SHARES = (Argument("min_value", proportion), Argument("max_value", proportion), *STRICT)


TYPES = {
    "expect_column_most_common_value_to_be_in_set": NativeType(
        arguments=(*SET, Argument("ties_okay", flag)),
        check=most_common,
        label="most common",
        wants=members("most common value in set"),
    ),
    "expect_column_unique_value_count_to_be_between": NativeType(
        arguments=(COLUMN, *COUNT_BOUNDS, *STRICT),
        check=unique_count,
        label="distinct count",
        wants=ranged("number of distinct values"),
    ),
    "expect_column_proportion_of_unique_values_to_be_between": NativeType(
        arguments=(COLUMN, *_SHARES),
        check=unique_share,
        label="distinct share",
        wants=ranged("share of distinct values"),
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": NativeType(
        arguments=(COLUMN, *_SHARES),
        check=present_share,
        label="not-null share",
        wants=ranged("share not null"),
    ),
}
