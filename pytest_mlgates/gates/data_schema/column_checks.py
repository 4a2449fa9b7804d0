"""Checks of one number per column: min, max, mean, median, sum. They share the one aggregate."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.core.exact import exact, rounded
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.arguments import COLUMN, RANGED
from pytest_mlgates.gates.data_schema.families import NUMERIC, Family, MismatchError
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import (
    Check,
    NotNativeError,
    Pending,
    Result,
    all_null,
    no_rows,
)
from pytest_mlgates.gates.data_schema.wording import ranged

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation


def _check(statistic: str, reduce: Callable[[nw.Expr], nw.Expr]) -> Check:
    ordered = statistic in ("min", "max")

    def check(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
        column = plan.require(expectation.arguments["column"])
        kind = families.family(plan.table, column)
        if kind is Family.OTHER or (not ordered and kind in (Family.DATE, Family.TIME)):
            raise NotNativeError
        if kind is Family.TEXT and not ordered:
            raise MismatchError(f"column {column!r} of {kind} has no {statistic}")
        bounds = {
            name: families.literal(plan.table, column, expectation.arguments[name], what=name)
            for name in ("min_value", "max_value")
            if name in expectation.arguments
        }
        rows = plan.rows(scope)
        there = plan.count(scope, ("present", column), ~nw.col(column).is_null())
        values = families.comparable(plan.table, column)
        if scope.mask is not None:
            values = nw.when(scope.mask).then(values)
        slot = plan.ask((statistic, column, scope.condition), reduce(values))

        def finish() -> Result:
            total = plan.number(rows)
            if total == 0:
                return Result(success=None, error=no_rows(plan, scope))
            if plan.number(there) == 0:
                return Result(success=None, error=all_null(plan, total))
            value = plan.value(slot)
            if value is None:  # infinities of both signs
                return Result(
                    success=False, error=f"{column!r} has no {statistic}: it is undefined"
                )
            observed = _observed(value, kind, ordered=ordered)
            return Result(
                success=_within(observed, bounds, expectation.arguments, kind),
                observed_value=observed,
                discloses=True,
            )

        return finish

    return check


def _observed(value: Any, kind: Family, *, ordered: bool) -> Any:
    to_datetime = getattr(value, "to_pydatetime", None)
    if callable(to_datetime):
        value = to_datetime()
    if kind is Family.DATE and isinstance(value, dt.datetime):
        return value.date()
    if ordered and kind is Family.BOOLEAN:
        return bool(value)
    if kind is Family.INTEGER and not isinstance(value, float) and value == value // 1:
        return int(value)  # DuckDB sums integers as a Decimal
    return value if kind not in NUMERIC or isinstance(value, int) else float(value)


def _within(observed: Any, bounds: dict[str, Any], arguments: Any, kind: Family) -> bool:
    """Whether *observed* lies in the range; float sums and means at 12 significant digits."""
    low, high = bounds.get("min_value"), bounds.get("max_value")
    if kind in NUMERIC:
        observed = _exact(observed)
        low, high = (None if b is None else _exact_bound(b) for b in (low, high))
    if low is not None and not (observed > low if arguments.get("strict_min") else observed >= low):
        return False
    return high is None or bool(
        observed < high if arguments.get("strict_max") else observed <= high
    )


def _exact(value: Any) -> Any:
    if isinstance(value, int):
        return Fraction(value)
    if value in (float("inf"), float("-inf")):
        return value
    return rounded(value)


def _exact_bound(value: Any) -> Fraction:
    return Fraction(value) if isinstance(value, int) else exact(value)


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
