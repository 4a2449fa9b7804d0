"""Checks of the distinct values of a column: which they are, how many, and the most common one.

Their numbers come out of the one aggregate; the most common values cost a group-by. No more than
1,000 values ever leave the engine.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.core.text import listing, plural
from pytest_mlgates.engines.columns import python_value
from pytest_mlgates.gates.data_schema import families, times
from pytest_mlgates.gates.data_schema.arguments import (
    COLUMN,
    COUNT_BOUNDS,
    STRICT,
    Argument,
    bound,
    flag,
    some_values,
)
from pytest_mlgates.gates.data_schema.column_answers import of_values, within
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import Pending, Result, no_rows
from pytest_mlgates.gates.data_schema.row_answers import compared_column, native_column
from pytest_mlgates.gates.data_schema.wording import ranged

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation

# More values than this are counted, but not listed.
_MOST_LISTED = 1000
_ROWS = "__mlgates_rows__"
_MEMBER = "__mlgates_member__"


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
    outside = _distinct(plan, scope, column, other, ("outside", repr(given))) if only else None
    inside = _distinct(plan, scope, column, member, ("inside", repr(given))) if all_of else None

    def judge(_: int) -> Result:
        unexpected = None if outside is None else outside()
        missing = None if inside is None else len(wanted) - inside()
        notes = []
        if unexpected:
            notes.append("values outside the set")
            if not plan.table.private:
                notes = [f"{plural(unexpected, 'distinct value')} outside the set"]
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


def _distinct(
    plan: Plan, scope: Scope, column: str, kept: nw.Expr | None, key: tuple[Any, ...]
) -> Callable[[], int]:
    """Want how many distinct values *column* has where *kept* (null: in no row) holds."""
    values = nw.col(column)
    if kept is not None or scope.mask is not None:
        inside = scope.also(~nw.col(column).is_null() if kept is None else kept)
        values = families.only(plan.table, families.comparable(plan.table, column), inside)
    slot = plan.ask(("n unique", *key, column, scope.condition), values.n_unique())
    nulls = plan.ask(("n nulls", *key, column, scope.condition), values.null_count())

    def number() -> int:
        # Null counts as one more value, on every engine.
        return plan.number(slot) - (plan.number(nulls) > 0)

    return number


def _lost(plan: Plan, scope: Scope, column: str, member: nw.Expr, wanted: set[Any]) -> str:
    """Which of *wanted* are no values. One more scan, only after a failure."""
    plan.answers.scans.append(f"group-by: {column}, members of a set")
    frame: Any = plan.view(scope).frame
    groups = frame.filter(member).select(nw.col(column)).group_by(column).agg(nw.len().alias(_ROWS))
    found = {_shown(plan, column, value) for value, _ in plan.table.rows(groups)}
    return listing(sorted((v for v in wanted if v not in found), key=repr), 6)


def _examples(
    plan: Plan, scope: Scope, column: str, other: nw.Expr, most: int
) -> list[dict[str, Any]]:
    plan.answers.scans.append("examples")
    frame: Any = plan.view(scope).frame
    groups = frame.filter(other).select(nw.col(column)).group_by(column).agg(nw.len().alias(_ROWS))
    found = plan.table.rows(groups.sort(column).head(most))
    return [{"row": None, "value": _shown(plan, column, value)} for value, _ in found]


def _shown(plan: Plan, column: str, value: Any) -> Any:
    """A value as results have it: decimals are numbers there."""
    value = times.with_zone(python_value(value), plan.table.schema[column])
    return float(value) if isinstance(value, Decimal) else value


def unique_count(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The number of distinct values lies in a range."""
    column, given = native_column(plan, expectation, decimals=True), expectation.arguments
    number = _distinct(plan, scope, column, None, ("any",))

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
    number = _distinct(plan, scope, column, None, ("any",))
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

    def groups() -> Any:
        frame: Any = plan.view(scope).frame
        found = frame.filter(~nw.col(column).is_null()).select(nw.col(column))
        return (
            found.group_by(column)
            .agg(nw.len().alias(_ROWS))
            .with_columns(member.cast(nw.Int64).alias(_MEMBER))
        )

    def read() -> tuple[list[tuple[Any, bool]], bool]:
        rows = plan.table.rows(groups().sort(_ROWS, descending=True).head(_MOST_LISTED + 1))
        most = max(int(row[1]) for row in rows)
        ties = [
            (_shown(plan, column, value), bool(is_member))
            for value, n, is_member in rows
            if n == most
        ]
        hit = any(is_member for _, is_member in ties)
        if len(ties) > _MOST_LISTED and not hit:
            left = groups().filter((nw.col(_ROWS) == most) & (nw.col(_MEMBER) == 1)).head(1)
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


_SET = (COLUMN, Argument("value_set", some_values, required=True))
_SHARES = (Argument("min_value", proportion), Argument("max_value", proportion), *STRICT)


def _members(words: str) -> Any:
    return lambda given: f"{words} {listing(given['value_set'], 6)}"


TYPES = {
    "expect_column_distinct_values_to_be_in_set": NativeType(
        arguments=_SET,
        check=in_set,
        label="distinct in set",
        wants=_members("distinct values in set"),
    ),
    "expect_column_distinct_values_to_contain_set": NativeType(
        arguments=_SET,
        check=contain_set,
        label="contains set",
        wants=_members("distinct values contain"),
    ),
    "expect_column_distinct_values_to_equal_set": NativeType(
        arguments=_SET,
        check=equal_set,
        label="equals set",
        wants=_members("distinct values are"),
    ),
    "expect_column_most_common_value_to_be_in_set": NativeType(
        arguments=(*_SET, Argument("ties_okay", flag)),
        check=most_common,
        label="most common",
        wants=_members("most common value in set"),
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
