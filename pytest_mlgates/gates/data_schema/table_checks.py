"""Checks of a table's shape and types: answered by its schema, and its number of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.gates.data_schema import families, type_names
from pytest_mlgates.gates.data_schema.arguments import (
    COLUMN,
    COUNT_BOUNDS,
    EACH,
    STRICT,
    VALUE,
    Argument,
    flag,
    names,
    whole,
)
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import NotNativeError, Pending, Result
from pytest_mlgates.gates.data_schema.wording import always, equal, ranged

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation


def column_exists(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The column is there, at ``column_index`` if one is given (0 counts, unlike in GX)."""
    del scope
    column = plan.require(expectation.arguments["column"])
    index = expectation.arguments.get("column_index")
    if index is None:
        return lambda: Result(success=True)
    columns = plan.table.columns
    at = columns[index] if -len(columns) <= index < len(columns) else None
    if at == column:
        return lambda: Result(success=True)
    where = columns.index(column)
    return lambda: Result(
        success=False, note=f"column {column!r} is at position {where}, not at {index}"
    )


def columns_match_set(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The columns are these, in any order; more are allowed unless ``exact_match``."""
    del scope
    wanted = set(expectation.arguments["column_set"])
    missing = sorted(wanted - set(plan.table.columns), key=str)
    more = sorted(set(plan.table.columns) - wanted, key=str)
    exact = bool(expectation.arguments.get("exact_match", True))
    bad = bool(missing) or (exact and bool(more))
    return lambda: Result(
        success=not bad,
        observed_value=sorted(plan.table.columns, key=str),
        note=_difference(missing, more if exact else []) if bad else None,
    )


def columns_match_list(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The columns are these, in this order."""
    del scope
    wanted, found = list(expectation.arguments["column_list"]), plan.table.columns
    note = None
    if wanted != found:
        missing = [name for name in wanted if name not in found]
        more = [name for name in found if name not in wanted]
        note = _difference(missing, more) if missing or more else _order(wanted, found)
    return lambda: Result(success=note is None, observed_value=list(found), note=note)


def _difference(missing: list[str], more: list[str]) -> str:
    parts = []
    for name in missing[:12]:
        hint = did_you_mean(name, more)
        parts.append(f"column {name!r} is missing" + (f"; {hint}" if hint else ""))
    if len(missing) > 12:
        parts.append(f"{len(missing) - 12} more are missing")
    if more:
        parts.append(f"not in the contract: {listing(more)}")
    return "; ".join(parts)


def _order(wanted: list[str], found: list[str]) -> str:
    pairs = list(zip(wanted, found, strict=False))
    for place, (want, got) in enumerate(pairs):
        if want != got:
            return f"position {place} holds {got!r}, want {want!r}"
    return f"{len(found)} columns, want {len(wanted)}"


def column_count(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The number of columns is, or lies between."""
    del scope
    found = len(plan.table.columns)
    return lambda: Result(success=count_holds(found, expectation.arguments), observed_value=found)


def row_count(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The number of rows is, or lies between."""
    rows = plan.rows(scope)

    def finish() -> Result:
        found = plan.number(rows)
        holds = count_holds(found, expectation.arguments)
        return Result(success=holds, observed_value=found, counts_rows=True)

    return finish


def count_holds(found: int, arguments: Any) -> bool:
    """Whether the count *found* is the value, or lies in the range, that *arguments* say."""
    if "value" in arguments:
        return bool(found == arguments["value"])
    low, high = arguments.get("min_value"), arguments.get("max_value")
    if low is not None and (found <= low if arguments.get("strict_min") else found < low):
        return False
    return high is None or not (found >= high if arguments.get("strict_max") else found > high)


def allows_no_rows(expectation: Expectation) -> bool:
    """Whether *expectation* says in so many words that 0 rows are right."""
    given = expectation.arguments
    if expectation.type not in ROW_COUNTS:
        return False
    said = given.get("value") == 0 or given.get("min_value") == 0
    return said and count_holds(0, given)


def column_type(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The column's type is one of these names (``type_names``)."""
    del scope
    given = expectation.arguments
    column = plan.require(given["column"])
    wanted = given["type_list"] if "type_list" in given else (given["type_"],)
    dtype, is_object = plan.table.schema[column], families.is_object(plan.table, column)
    success = any(type_names.is_type(dtype, name, is_object=is_object) for name in wanted)
    if not success and is_object:  # a mixed column: GX asks each value
        raise NotNativeError
    observed = type_names.name_of(dtype, is_object=is_object)
    return lambda: Result(success=success, observed_value=observed)


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
    return tuple(dict.fromkeys(_type_name(item) for item in value))  # several names, one type


ROW_COUNTS = (
    "expect_table_row_count_to_equal",
    "expect_table_row_count_to_be_between",
)
_COLUMNS = Argument("column_list", names, required=True)
TYPES = {
    "expect_column_to_exist": NativeType(
        arguments=(COLUMN, Argument("column_index", whole)),
        check=column_exists,
        label="exists",
        wants=always("exists"),
        conditioned=False,
    ),
    "expect_table_columns_to_match_set": NativeType(
        arguments=(Argument("column_set", names, required=True), Argument("exact_match", flag)),
        check=columns_match_set,
        label="column set",
        wants=always("the columns of the contract"),
        conditioned=False,
    ),
    "expect_table_columns_to_match_ordered_list": NativeType(
        arguments=(_COLUMNS,),
        check=columns_match_list,
        label="column order",
        wants=always("the columns of the contract, in order"),
        conditioned=False,
    ),
    "expect_table_column_count_to_equal": NativeType(
        arguments=(VALUE,),
        check=column_count,
        label="column count",
        wants=equal("column count"),
        conditioned=False,
    ),
    "expect_table_column_count_to_be_between": NativeType(
        arguments=COUNT_BOUNDS,
        check=column_count,
        label="column count",
        wants=ranged("column count"),
        conditioned=False,
    ),
    "expect_table_row_count_to_equal": NativeType(
        arguments=(VALUE,), check=row_count, label="row count", wants=equal("row count")
    ),
    "expect_table_row_count_to_be_between": NativeType(
        arguments=(*COUNT_BOUNDS, *STRICT),
        check=row_count,
        label="row count",
        wants=ranged("row count"),
    ),
    "expect_column_values_to_be_of_type": NativeType(
        arguments=(*EACH, Argument("type_", _type_name, required=True)),
        check=column_type,
        label="type",
        wants=lambda given: f"type {given['type_']}",
    ),
    "expect_column_values_to_be_in_type_list": NativeType(
        arguments=(*EACH, Argument("type_list", _type_names, required=True)),
        check=column_type,
        label="type",
        wants=lambda given: f"type {', '.join(given['type_list'])}",
    ),
}
