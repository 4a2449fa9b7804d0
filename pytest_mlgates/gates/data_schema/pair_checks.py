"""Checks of two columns row by row."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import listing
from pytest_mlgates.engines.columns import python_value
from pytest_mlgates.engines.grouping import grouped
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.arguments import IGNORED_PAIRS, MOSTLY, PAIR, Argument, flag
from pytest_mlgates.gates.data_schema.column_comparison import compare_columns
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import when_counted
from pytest_mlgates.gates.data_schema.row_answers import (
    all_set_aside,
    any_of,
    each_row,
    kept_count,
    kept_rows,
    native_columns,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.results import Pending
    from pytest_mlgates.gates.data_schema.suite import Expectation

_WHAT = "value_pairs_set"
_MOST_GROUPS = 100
_BATCH = 20_000
_MOST_SHOWN = 100


def a_greater_than_b(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """In each row one column is greater than another; a null on either side is not."""
    op = ">=" if expectation.arguments.get("or_equal") else ">"
    return _compared(plan, scope, expectation, op=op)


def _compared(plan: Plan, scope: Scope, expectation: Expectation, *, op: str) -> Pending:
    given = expectation.arguments
    left, right = columns = native_columns(plan, (given["column_A"], given["column_B"]))
    ok = compare_columns(plan.table, left, op, right)
    return each_row(plan, scope, expectation, columns, ok)


def in_pairs(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The values of each row are a pair of a set; null is a member where the set names it."""
    given = expectation.arguments
    columns = native_columns(plan, (given["column_A"], given["column_B"]))
    firsts: dict[Any, list[Any]] = {}
    seconds: dict[Any, list[Any]] = {}
    for first, second in given["value_pairs_set"]:
        firsts.setdefault(first, []).append(second)
        seconds.setdefault(second, []).append(first)
    one, other, groups = *columns, firsts
    if len(seconds) < len(firsts):
        one, other, groups = other, one, seconds
    if len(groups) > _MOST_GROUPS:
        return _in_many_pairs(plan, scope, expectation, columns)
    parts = [
        _member(plan.table, one, [value]) & _member(plan.table, other, partners)
        for value, partners in groups.items()
    ]
    return each_row(plan, scope, expectation, columns, any_of(parts))


def _member(table: Table, column: str, values: list[Any]) -> nw.Expr:
    """Whether *column* holds one of *values*, null among them; never null."""
    found = families.is_in(table, column, values, what=_WHAT).fill_null(value=False)
    return found | nw.col(column).is_null() if None in values else found


def _in_many_pairs(
    plan: Plan, scope: Scope, expectation: Expectation, columns: tuple[str, ...]
) -> Pending:
    """As :func:`in_pairs`, by one group-by: engines take long to plan so large an expression."""
    given = expectation.arguments
    wanted = {
        tuple(
            None if value is None else families.literal(plan.table, column, value, what=_WHAT)
            for column, value in zip(columns, pair, strict=True)
        )
        for pair in given["value_pairs_set"]
    }
    kept = kept_rows(given["ignore_row_if"], columns)

    def read() -> tuple[int, list[Any]]:
        frame: Any = plan.view(scope).frame
        frame = frame if kept is None else frame.filter(kept)
        keys = list(dict.fromkeys(columns))
        groups = grouped(frame, keys)
        wrong = 0
        shown: list[Any] = []
        for batch in plan.table.batches(groups, _BATCH):
            for *values, rows in batch:
                row = tuple(map(python_value, (values[0], values[-1])))
                if row not in wanted:
                    wrong += int(rows)
                    shown += [row] if len(shown) < _MOST_SHOWN else []
        return wrong, shown

    key = ("pairs", expectation.claim, scope.condition)
    answer = plan.step(key, f"group-by: {', '.join(columns)}", read)
    return when_counted(
        plan,
        scope,
        expectation,
        judged=kept_count(plan, scope, expectation, columns),
        unexpected=lambda _: answer()[0],
        nothing=all_set_aside,
        values=columns,
        samples=lambda most: [
            {"row": None, "value": dict(zip(columns, row, strict=True))}
            for row in answer()[1][:most]
        ],
    )


def pairs(value: Any) -> tuple[tuple[Any, Any], ...]:
    """A set of pairs of values."""
    wanted = "a list of pairs of values, without NaN or infinities: [[1, 'a'], [2, None]]"
    if not isinstance(value, list | tuple | set | frozenset) or not value:
        raise ValueError(wanted)
    found = [tuple(pair) if isinstance(pair, list | tuple) else () for pair in value]
    for pair in found:
        odd = any(isinstance(one, float) and not math.isfinite(one) for one in pair)
        if odd or len(pair) != 2 or any(isinstance(one, list | dict | set) for one in pair):
            raise ValueError(wanted)
    return tuple((first, second) for first, second in found)


def _names(given: Mapping[str, Any], op: str) -> str:
    return f"{given['column_A']} {op} {given['column_B']}"


TYPES = {
    "expect_column_pair_values_a_to_be_greater_than_b": NativeType(
        arguments=(*PAIR, MOSTLY, Argument("or_equal", flag), IGNORED_PAIRS),
        check=a_greater_than_b,
        label="greater",
        wants=lambda given: _names(given, ">=" if given.get("or_equal") else ">"),
    ),
    "expect_column_pair_values_to_be_equal": NativeType(
        arguments=(*PAIR, MOSTLY, IGNORED_PAIRS),
        check=partial(_compared, op="=="),
        label="equal",
        wants=lambda given: _names(given, "="),
    ),
    "expect_column_pair_values_to_be_in_set": NativeType(
        arguments=(*PAIR, MOSTLY, Argument("value_pairs_set", pairs, required=True), IGNORED_PAIRS),
        check=in_pairs,
        label="pair in set",
        wants=lambda given: f"pair in set {listing(given['value_pairs_set'], 6)}",
    ),
}
