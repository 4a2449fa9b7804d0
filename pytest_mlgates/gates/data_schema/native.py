"""The native expectations: what each takes, how it is evaluated, what messages call it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import did_you_mean
from pytest_mlgates.gates.data_schema import (
    column_checks,
    keyed_checks,
    row_checks,
    table_checks,
    type_names,
)
from pytest_mlgates.gates.data_schema.arguments import (
    BOUNDS,
    COLUMN,
    COUNT_BOUNDS,
    MOSTLY,
    STRICT,
    Argument,
    count,
    flag,
    names,
    one_of,
    pattern,
    some_values,
    text,
    two_names,
    values,
    whole,
)

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.results import Check


@dataclass(frozen=True, slots=True)
class NativeType:
    """One native expectation.

    Attributes:
        arguments: What it takes.
        label: What it is called beside its column: ``price between``.
        check: How it is evaluated.
        conditioned: Whether it takes a ``row_condition``.
    """

    arguments: tuple[Argument, ...]
    label: str
    check: Check
    conditioned: bool = True


def _type_name(value: Any) -> str:
    found = type_names.canonical(value) if isinstance(value, str) else None
    if found is None:
        hint = did_you_mean(str(value), list(type_names.NAMES))
        raise ValueError(
            "a type name such as int64, float64, str, bool, datetime64"
            + (f" ({hint})" if hint else "")
        )
    return found


def _type_names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple | set) or not value:
        raise ValueError("a list of type names")
    return tuple(_type_name(item) for item in value)


_BOTH = one_of("both_values_are_missing", "either_value_is_missing", "neither")
_EVERY = one_of("all_values_are_missing", "any_value_is_missing", "never")
_EACH = (COLUMN, MOSTLY)
_VALUE = Argument("value", count, required=True)
_RANGED = (*BOUNDS, *STRICT)

_ARGUMENTS: dict[str, tuple[tuple[Argument, ...], str, bool]] = {
    "expect_column_to_exist": ((COLUMN, Argument("column_index", whole)), "exists", False),
    "expect_table_columns_to_match_set": (
        (Argument("column_set", names, required=True), Argument("exact_match", flag)),
        "column set",
        False,
    ),
    "expect_table_columns_to_match_ordered_list": (
        (Argument("column_list", names, required=True),),
        "column order",
        False,
    ),
    "expect_table_column_count_to_equal": ((_VALUE,), "column count", False),
    "expect_table_column_count_to_be_between": (COUNT_BOUNDS, "column count", False),
    "expect_table_row_count_to_equal": ((_VALUE,), "row count", True),
    "expect_table_row_count_to_be_between": ((*COUNT_BOUNDS, *STRICT), "row count", True),
    "expect_column_values_to_be_of_type": (
        (*_EACH, Argument("type_", _type_name, required=True)),
        "type",
        True,
    ),
    "expect_column_values_to_be_in_type_list": (
        (*_EACH, Argument("type_list", _type_names, required=True)),
        "type",
        True,
    ),
    "expect_column_values_to_not_be_null": (_EACH, "not null", True),
    "expect_column_values_to_be_null": (_EACH, "null", True),
    "expect_column_values_to_be_between": ((*_EACH, *_RANGED), "between", True),
    "expect_column_values_to_be_in_set": (
        (*_EACH, Argument("value_set", values, required=True)),
        "in set",
        True,
    ),
    "expect_column_values_to_not_be_in_set": (
        (*_EACH, Argument("value_set", some_values, required=True)),
        "not in set",
        True,
    ),
    "expect_column_values_to_be_unique": (_EACH, "unique", True),
    "expect_compound_columns_to_be_unique": (
        (
            Argument("column_list", two_names, required=True),
            MOSTLY,
            Argument("ignore_row_if", _EVERY),
        ),
        "unique",
        True,
    ),
    "expect_column_values_to_match_regex": (
        (*_EACH, Argument("regex", pattern, required=True)),
        "regex",
        True,
    ),
    "expect_column_values_to_not_match_regex": (
        (*_EACH, Argument("regex", pattern, required=True)),
        "not regex",
        True,
    ),
    "expect_column_value_lengths_to_be_between": (
        (*_EACH, *COUNT_BOUNDS, *STRICT),
        "length",
        True,
    ),
    "expect_column_value_lengths_to_equal": ((*_EACH, _VALUE), "length", True),
    "expect_column_pair_values_a_to_be_greater_than_b": (
        (
            Argument("column_A", text, required=True),
            Argument("column_B", text, required=True),
            MOSTLY,
            Argument("or_equal", flag),
            Argument("ignore_row_if", _BOTH),
        ),
        "greater",
        True,
    ),
    **{
        f"expect_column_{statistic}_to_be_between": ((COLUMN, *_RANGED), statistic, True)
        for statistic in ("min", "max", "mean", "median", "sum")
    },
}
_CHECKS = {
    **table_checks.CHECKS,
    **row_checks.CHECKS,
    **keyed_checks.CHECKS,
    **column_checks.CHECKS,
}
NATIVE = {
    name: NativeType(arguments, label, _CHECKS[name], conditioned)
    for name, (arguments, label, conditioned) in _ARGUMENTS.items()
}
