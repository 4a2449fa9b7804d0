"""Checks of quantiles: the values at the ranks that GX takes on pandas, in one second scan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.arguments import COLUMN, Argument, bound
from pytest_mlgates.gates.data_schema.column_answers import of_values
from pytest_mlgates.gates.data_schema.families import MEASURED, Family, MismatchError
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import NotNativeError, Pending, Result
from pytest_mlgates.gates.data_schema.wording import range_in_words, value_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation

# GX takes a value this near a bound for the bound.
_RELATIVE, _ABSOLUTE = 1e-4, 1e-8


class Quantile(NamedTuple):
    """One quantile and its range, None for no bound."""

    share: float
    low: float | None
    high: float | None


def quantiles(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Each quantile lies in its range."""
    given = expectation.arguments
    column = plan.require(given["column"])
    kind, method = families.family(plan.table, column), given["allow_relative_error"]
    if kind is Family.OTHER:
        raise NotNativeError
    if kind not in MEASURED or (kind is Family.BOOLEAN and method in ("linear", "midpoint")):
        raise MismatchError(f"column {column!r} of {kind} has no quantiles")
    wanted = each_quantile(given["quantile_ranges"])
    values = families.comparable(plan.table, column)
    if kind is Family.DECIMAL:
        values = families.floats(plan.table, column)
    values = families.only(plan.table, values, scope.mask)
    there = plan.present(scope, column)
    by_rank = plan.answers.second.rank(
        ("ranks", column, scope.condition),
        column,
        values,
        lambda: plan.number(there),
        lambda n: sorted(
            {rank for one in wanted for rank in ranks_between(one.share, n, method)[:2]}
        ),
    )

    def judge(n: int) -> Result:
        ranked = by_rank()
        found = [value_between(ranked, one.share, n, method) for one in wanted]
        wrong = [
            f"quantile {value_in_words(one.share)} is {value:.6g}"
            for one, value in zip(wanted, found, strict=True)
            if not in_range(value, one)
        ]
        shown = [bool(v) for v in found] if kind is Family.BOOLEAN else found
        return Result(
            success=not wrong,
            observed_value={"quantiles": [one.share for one in wanted], "values": shown},
            discloses=True,
            note=None if plan.table.private else ", ".join(wrong) or None,
        )

    return of_values(plan, scope, column, judge)


def ranks_between(share: float, n: int, method: str) -> tuple[int, int, float]:
    """The two ranks of *n* values that a quantile lies between, and how far: as numpy has it."""
    place = (n - 1) * share
    below, above = math.floor(place), math.ceil(place)
    if method == "nearest":
        below = above = round(place)
    elif method == "lower":
        above = below
    elif method == "higher":
        below = above
    return below, above, 0.5 if method == "midpoint" and above > below else place - below


def value_between(ranked: Mapping[int, Any], share: float, n: int, method: str) -> Any:
    """The quantile of *n* values of which those *ranked* are known, with numpy's last digit."""
    below, above, part = ranks_between(share, n, method)
    low, high = ranked[below], ranked[above]
    if below == above:
        return low if method not in ("linear", "midpoint") else float(low)
    distance = high - low
    # numpy's own two forms, so that the last digit is its digit.
    return high - distance * (1 - part) if part >= 0.5 else low + distance * part


def in_range(value: float, wanted: Quantile) -> bool:
    """Whether *value* lies in the range of *wanted*, or as near to it as GX allows."""
    low = -math.inf if wanted.low is None else wanted.low
    high = math.inf if wanted.high is None else wanted.high
    return low <= value <= high or _near(value, low) or _near(value, high)


def _near(value: float, limit: float) -> bool:
    if not math.isfinite(limit):
        return value == limit
    return abs(float(value) - float(limit)) <= _ABSOLUTE + _RELATIVE * abs(float(limit))


def _ranges(value: Any) -> dict[str, Any]:
    """``{"quantiles": [0.5], "value_ranges": [[1, 2]]}``, which GX takes where it must."""
    if not isinstance(value, dict) or set(value) != {"quantiles", "value_ranges"}:
        raise ValueError('{"quantiles": […], "value_ranges": [[…, …], …]}')
    shares, pairs = value["quantiles"], value["value_ranges"]
    if not isinstance(shares, list | tuple) or not isinstance(pairs, list | tuple):
        raise ValueError("a list of quantiles, and a list of ranges")  # noqa: TRY004  (collected)
    if not shares or len(shares) != len(pairs):
        raise ValueError("one range for each quantile, and at least one quantile")
    found = each_quantile(value)
    if all(one.low is None and one.high is None for one in found):
        raise ValueError("a bound in at least one range: without one the check cannot fail")
    return value


def each_quantile(ranges: Mapping[str, Any]) -> list[Quantile]:
    """The quantiles of an argument, each with its range."""
    pairs = zip(ranges["quantiles"], ranges["value_ranges"], strict=True)
    return [_one(share, pair) for share, pair in pairs]


def _one(share: Any, pair: Any) -> Quantile:
    share = bound(share)
    if not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError("quantiles from 0 to 1")
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise ValueError("ranges of two values, null where there is no bound")
    low, high = (None if one is None else bound(one) for one in pair)
    if isinstance(low, str) or isinstance(high, str) or not _ordered(low, high):
        raise ValueError("ranges of two numbers, the lower first")
    return Quantile(share, low, high)


def _ordered(low: Any, high: Any) -> bool:
    numbers = all(v is None or isinstance(v, int | float) for v in (low, high))
    return numbers and (low is None or high is None or low <= high)


def _method(value: Any) -> str:
    """How a quantile between two values is found; true allows an error that is not made here."""
    if value is None or isinstance(value, bool):
        return "nearest"
    if value in ("linear", "lower", "higher", "midpoint", "nearest"):
        return str(value)
    raise ValueError("true, false, 'linear', 'lower', 'higher', 'midpoint' or 'nearest'")


def _wants(given: Mapping[str, Any]) -> str:
    parts = []
    for one in each_quantile(given["quantile_ranges"]):
        words = range_in_words({"min_value": one.low, "max_value": one.high})
        parts.append(f"{value_in_words(one.share)} {words}".strip())
    return f"quantile {', '.join(parts)}"


TYPES = {
    "expect_column_quantile_values_to_be_between": NativeType(
        arguments=(
            COLUMN,
            Argument("quantile_ranges", _ranges, required=True),
            Argument("allow_relative_error", _method, default="nearest"),
        ),
        check=quantiles,
        label="quantiles",
        wants=_wants,
    ),
}
