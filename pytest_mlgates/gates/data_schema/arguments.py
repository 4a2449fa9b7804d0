"""What each native expectation takes, and the mistakes that must not become a pass.

GX itself lets some of these through: ``value_set`` null, a missing ``regex``, NaN bounds and
``mostly="0.5"`` all make a check that cannot fail.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.gates.data_schema.numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Written by GX or by old suites beside the arguments; they change what is reported, not what holds.
IGNORED = frozenset(
    {
        "batch_id",
        "result_format",
        "catch_exceptions",
        "include_config",
        "meta",
        "notes",
        "description",
        "id",
        "rendered_content",
        "auto",
        "profiler_config",
    }
)
CONDITION = ("row_condition", "condition_parser")
RANGE = ("min_value", "max_value", "strict_min", "strict_max")


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: how it is read, whether it must be there, what it is if it is not."""

    name: str
    read: Callable[[Any], Any]
    required: bool = False
    default: Any = None


def text(value: Any) -> str:
    """Text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise ValueError("text")


def names(value: Any) -> tuple[str, ...]:
    """Several column names."""
    items = tuple(value) if isinstance(value, list | tuple | set | frozenset) else ()
    if items and all(isinstance(item, str) for item in items):
        return tuple(sorted(items)) if isinstance(value, set | frozenset) else items
    raise ValueError("a list of column names")


def two_names(value: Any) -> tuple[str, ...]:
    """At least two different column names."""
    items = names(value)
    if len(items) > 1 and len(set(items)) == len(items):
        return items
    raise ValueError("a list of two or more different column names")


def whole(value: Any) -> int:
    """A whole number."""
    value = _unwrapped(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1:
        return int(value)
    raise ValueError("a whole number")


def count(value: Any) -> int:
    """A whole number that a count can reach."""
    found = whole(value)
    if found < 0:
        raise ValueError("a whole number, 0 or more")
    return found


def bound(value: Any) -> Any:
    """A finite number, a date or timestamp (ISO text too), or text."""
    value = _unwrapped(value)
    if isinstance(value, bool):
        raise ValueError("a number, a date or text")  # noqa: TRY004  (collected)
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if (isinstance(value, str) and value) or isinstance(value, dt.date):
        return value
    raise ValueError("a finite number, a date in ISO form, or text")


def flag(value: Any) -> bool:
    """True or false (null is false, as in GX)."""
    if isinstance(value, bool) or value is None:
        return bool(value)
    raise ValueError("true or false")


def share(value: Any) -> float:
    """A share of rows that can be missed."""
    value = _unwrapped(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1:
        return float(value)
    raise ValueError("a number over 0 and at most 1, without quotes: 0 holds for every table")


def values(value: Any) -> tuple[Any, ...]:
    """A set of values."""
    if not isinstance(value, list | tuple | set | frozenset | range):
        raise ValueError("a list of values")  # noqa: TRY004  (collected)
    items = sorted(value, key=repr) if isinstance(value, set | frozenset) else list(value)
    items = [_unwrapped(item) for item in items]
    if any(isinstance(item, float) and not math.isfinite(item) for item in items):
        raise ValueError("a list of values without NaN or infinities")
    return tuple(items)


def some_values(value: Any) -> tuple[Any, ...]:
    """A set that excludes something: an empty one would pass every table."""
    items = values(value)
    if all(item is None for item in items):
        raise ValueError("a list of at least one value")
    return items


def one_of(*choices: str) -> Callable[[Any], str]:
    """One of *choices*."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value in choices:
            return value
        raise ValueError(f"one of {listing(choices)}")

    return read


COLUMN = Argument("column", text, required=True)
MOSTLY = Argument("mostly", share)
BOUNDS = (Argument("min_value", bound), Argument("max_value", bound))
COUNT_BOUNDS = (Argument("min_value", count), Argument("max_value", count))
STRICT = (Argument("strict_min", flag), Argument("strict_max", flag))
EACH = (COLUMN, MOSTLY)
RANGED = (*BOUNDS, *STRICT)
VALUE = Argument("value", count, required=True)
PAIR = (Argument("column_A", text, required=True), Argument("column_B", text, required=True))
IGNORED_PAIRS = Argument(
    "ignore_row_if",
    one_of("both_values_are_missing", "either_value_is_missing", "neither"),
    default="both_values_are_missing",
)
IGNORED_ROWS = Argument(
    "ignore_row_if",
    one_of("all_values_are_missing", "any_value_is_missing", "never"),
    default="all_values_are_missing",
)


def read(
    arguments: tuple[Argument, ...], kwargs: Mapping[str, Any], where: str
) -> tuple[dict[str, Any], list[MLGatesError]]:
    """The arguments as they are meant, and every mistake in them."""
    known = {argument.name: argument for argument in arguments}
    errors: list[MLGatesError] = []
    found = {a.name: a.default for a in arguments if a.default is not None}
    for name, value in kwargs.items():
        if name in IGNORED or name in CONDITION:
            continue
        if name not in known:
            errors.append(
                MLGatesError(
                    f"unknown argument {name!r}",
                    where=where,
                    want=f"one of {listing(known, 20)}",
                    fix=did_you_mean(name, list(known)),
                )
            )
            continue
        if value is None and not known[name].required:
            continue
        try:
            found[name] = known[name].read(value)
        except ValueError as error:
            errors.append(
                MLGatesError(f"{name} is not usable", where=where, got=repr(value), want=str(error))
            )
    errors += [
        MLGatesError(f"{a.name} is missing", where=where, want=f"a value for {a.name!r}")
        for a in arguments
        if a.required and a.name not in kwargs
    ]
    if not errors:
        errors += range_errors(found, set(known), where)
    return found, errors


def range_errors(kwargs: Mapping[str, Any], known: set[str], where: str) -> list[MLGatesError]:
    """A range needs a bound, and its bounds the right way round."""
    if not {"min_value", "max_value"} <= known:
        return []
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if low is None and high is None:
        return [
            MLGatesError(
                "no bound is given",
                where=where,
                want="min_value, max_value or both: without one the check cannot fail",
            )
        ]
    if low is None or high is None:
        return []
    try:
        upside_down = low > high
    except TypeError:
        return [
            MLGatesError(
                "min_value and max_value do not compare",
                where=where,
                got=f"{low!r} and {high!r}",
                want="two values of one kind",
            )
        ]
    if upside_down:
        in_quotes = all(isinstance(one, str) and is_number(one) for one in (low, high))
        return [
            MLGatesError(
                "min_value is over max_value",
                where=where,
                got=f"min {low!r}, max {high!r}" + (", which are texts" if in_quotes else ""),
                fix="write numbers without quotes" if in_quotes else "",
            )
        ]
    return []


def _unwrapped(value: Any) -> Any:
    """A numpy scalar as plain Python."""
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "ndim", 1) == 0 else value
