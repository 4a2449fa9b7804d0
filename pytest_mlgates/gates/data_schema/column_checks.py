"""Checks of one number per column: min, max, mean, median, sum. They share the one aggregate."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.exact import rounded, told
from pytest_mlgates.engines.columns import python_value
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import decimals, families, times
from pytest_mlgates.gates.data_schema.arguments import COLUMN, RANGED
from pytest_mlgates.gates.data_schema.column_answers import of_values, within
from pytest_mlgates.gates.data_schema.families import MEASURED, Family, MismatchError
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import Check, NotNativeError, Pending, Result
from pytest_mlgates.gates.data_schema.wording import ranged

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation

_ORDERED = ("min", "max")
_ADDED = ("sum", "mean")
_WRAP = 1 << 64


def _check(statistic: str, reduce: Callable[[nw.Expr], nw.Expr]) -> Check:
    def check(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
        column = plan.require(expectation.arguments["column"])
        kind = families.family(plan.table, column)
        families.refuse_inexact_decimals(plan.table, column)
        dtype, timed = plan.table.schema[column], kind in (Family.DATE, Family.TIME)
        if kind is Family.OTHER or (timed and statistic not in _ORDERED):
            raise NotNativeError
        if kind is Family.TEXT and statistic not in _ORDERED:
            raise MismatchError(f"column {column!r} of {kind} has no {statistic}")
        bounds = {
            name: families.literal(plan.table, column, expectation.arguments[name], what=name)
            for name in ("min_value", "max_value")
            if name in expectation.arguments
        }
        values = families.comparable(plan.table, column)
        if kind is Family.DECIMAL and statistic not in _ORDERED:
            values = families.floats(plan.table, column)
        values = families.only(plan.table, values, scope.mask)
        total = mean = None
        if statistic in _ADDED and kind is Family.INTEGER:
            # Engines add integers up as floats for a mean, and in 64 bits for a sum.
            wide = values.cast(nw.Int64) if isinstance(dtype, nw.Int32 | nw.UInt32) else values
            total = plan.ask(("sum", column, scope.condition), wide.sum())
            mean = plan.ask(("mean", column, scope.condition), values.mean())
        slot = (
            total
            if statistic == "sum" and total is not None
            else plan.ask((statistic, column, scope.condition), reduce(values))
        )
        held = _times_held(plan, scope, column, statistic, expectation) if timed else None

        def judge(there: int) -> Result:
            value = plan.value(slot)
            if value is None:  # infinities of both signs
                return Result(
                    success=False, error=f"{column!r} has no {statistic}: it is undefined"
                )
            observed = _observed(times.with_zone(value, dtype), kind, statistic)
            if total is not None and mean is not None:
                whole = _observed(plan.value(total), kind, "sum")
                observed = _unwrapped(whole, near=there * Fraction(plan.value(mean)))
                observed = float(Fraction(observed, there)) if statistic == "mean" else observed
            success = held() if held is not None else _within(observed, bounds, expectation, kind)
            shown = float(observed) if isinstance(observed, Decimal) else observed
            if statistic in _ADDED and isinstance(shown, float):
                shown = told(shown)
            return Result(success=success, observed_value=shown, discloses=True)

        return of_values(plan, scope, column, judge)

    return check


def _times_held(
    plan: Plan, scope: Scope, column: str, statistic: str, expectation: Expectation
) -> Callable[[], bool]:
    """Whether the least or greatest time lies in the range, as the engine compares it.

    What comes out of an engine may be cut to microseconds.
    """
    given = expectation.arguments
    slots = []
    for name, strict, inside, outside in (
        ("min_value", "strict_min", (">=", ">"), ("<", "<=")),
        ("max_value", "strict_max", ("<=", "<"), (">", ">=")),
    ):
        if given.get(name) is None:
            continue
        # The greatest is over a bound if one is, and under it if none is over it.
        some = (statistic == "max") == (name == "min_value")
        op = (inside if some else outside)[bool(given.get(strict))]
        expression = families.holds(plan.table, column, op, given[name], what=name)
        key = (statistic, column, op, given[name])
        slots.append((some, plan.count(scope, key, expression.fill_null(value=False))))
    return lambda: all((plan.number(slot) > 0) == some for some, slot in slots)


def _observed(value: Any, kind: Family, statistic: str) -> Any:
    value = python_value(value)
    if kind is Family.DATE and isinstance(value, dt.datetime):
        return value.date()
    if statistic in _ORDERED and kind is Family.BOOLEAN:
        return bool(value)
    if statistic in _ORDERED and kind is Family.DECIMAL:
        return value
    if kind is Family.INTEGER and not isinstance(value, float) and value == value // 1:
        return int(value)  # DuckDB sums integers as a Decimal
    return value if kind not in MEASURED or isinstance(value, int) else float(value)


def _unwrapped(total: int, *, near: Fraction) -> int:
    """The sum of integers of which *total* is what 64 bits hold, and *near* the sum as floats."""
    return total + round((near - total) / _WRAP) * _WRAP


def _within(observed: Any, bounds: dict[str, Any], expectation: Expectation, kind: Family) -> bool:
    """Whether *observed* lies in the range; float sums and means at 12 significant digits."""
    low, high = bounds.get("min_value"), bounds.get("max_value")
    if kind in MEASURED:
        observed = exact_value(observed)
        low, high = (None if b is None else decimals.fraction(b) for b in (low, high))
    return within(observed, low, high, expectation.arguments)


def exact_value(value: Any) -> Any:
    """*value* as it is compared: floats at 12 significant digits, infinities as they are."""
    if isinstance(value, int | Decimal):
        return Fraction(value)
    if value in (float("inf"), float("-inf")):
        return value
    return rounded(value)


def _type(statistic: str, reduce: Callable[[nw.Expr], nw.Expr]) -> NativeType:
    return NativeType(
        arguments=(COLUMN, *RANGED),
        check=_check(statistic, reduce),
        label=statistic,
        wants=ranged(statistic),
    )


TYPES = {
    "expect_column_min_to_be_between": _type("min", lambda values: values.min()),
    "expect_column_max_to_be_between": _type("max", lambda values: values.max()),
    "expect_column_mean_to_be_between": _type("mean", lambda values: values.mean()),
    "expect_column_median_to_be_between": _type("median", lambda values: values.median()),
    "expect_column_sum_to_be_between": _type("sum", lambda values: values.sum()),
}
