"""Expectations that certainly hold for a small table in memory, and what GX reports of them."""

from __future__ import annotations

import math
import operator
import statistics
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.exact import told
from pytest_mlgates.engines.text_types import Kind
from pytest_mlgates.gates.data_schema import small_values, table_checks, type_names
from pytest_mlgates.gates.data_schema.column_answers import within
from pytest_mlgates.gates.data_schema.column_checks import exact_value
from pytest_mlgates.gates.data_schema.decimals import fraction
from pytest_mlgates.gates.data_schema.quantile_checks import (
    each_quantile,
    in_range,
    value_between,
)
from pytest_mlgates.gates.data_schema.results import Result, mostly_holds
from pytest_mlgates.gates.data_schema.small_values import NUMERIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pytest_mlgates.engines.plain_csv import PlainTable
    from pytest_mlgates.gates.data_schema.suite import Expectation

    _Given = Mapping[str, Any]
    _Check = Callable[[PlainTable, Expectation], Result | None]

_TYPES = {
    Kind.TEXT: ("str",),
    Kind.WHOLE: ("int64",),
    Kind.NUMBER: ("float64",),
    Kind.TRUTH: ("bool",),
    Kind.DATE: ("date",),
    Kind.TIME: ("datetime64", "datetime"),
}


def holds(table: PlainTable, expectation: Expectation) -> Result | None:
    """The answer to *expectation* if it holds; None where it does not, or that is not certain."""
    check = _CHECKS.get(expectation.type)
    if check is None or expectation.condition is not None:
        return None
    found = check(table, expectation)
    return found if found is not None and found.success else None


def _exists(table: PlainTable, e: Expectation) -> Result | None:
    plain = e.arguments.get("column_index") is None
    return Result(success=plain and e.arguments["column"] in table.columns)


def _columns_match_set(table: PlainTable, e: Expectation) -> Result:
    wanted, found = set(e.arguments["column_set"]), set(table.columns)
    right = found == wanted if e.arguments.get("exact_match", True) else found >= wanted
    return Result(success=right, observed_value=sorted(found))


def _columns_match_list(table: PlainTable, e: Expectation) -> Result:
    found = list(table.columns)
    return Result(success=found == list(e.arguments["column_list"]), observed_value=found)


def _column_count(table: PlainTable, e: Expectation) -> Result:
    found = len(table.columns)
    return Result(success=table_checks.count_holds(found, e.arguments), observed_value=found)


def _row_count(table: PlainTable, e: Expectation) -> Result:
    right = table_checks.count_holds(table.n, e.arguments)
    return Result(success=right, observed_value=table.n, counts_rows=True)


def _type(table: PlainTable, e: Expectation) -> Result | None:
    column = table.column(e.arguments["column"])
    if column is None:
        return None
    wanted = e.arguments["type_list"] if "type_list" in e.arguments else (e.arguments["type_"],)
    own = _TYPES[column.kind]
    right = any(type_names.canonical(name) in own for name in wanted)
    return Result(success=right, observed_value=own[0])


def _not_null(table: PlainTable, e: Expectation) -> Result | None:
    column = table.column(e.arguments["column"])
    if column is None:
        return None
    nulls = table.n - len(column.present)
    return Result(
        success=mostly_holds(table.n, nulls, e.mostly),
        unexpected_count=nulls,
        element_count=table.n,
    )


def _each(test: small_values.Test) -> _Check:
    """The check that *test*, asked for the truth of each value that is there, makes."""

    def check(table: PlainTable, e: Expectation) -> Result | None:
        column = table.column(e.arguments["column"])
        found = None if column is None else test(column, e.arguments)
        if column is None or found is None:
            return None
        return _counted(table, e, len(column.present), sum(found))

    return check


def _counted(table: PlainTable, e: Expectation, judged: int, right: int) -> Result | None:
    if not judged:
        return None
    return Result(
        success=mostly_holds(judged, judged - right, e.mostly),
        unexpected_count=judged - right,
        missing_count=table.n - judged,
        element_count=table.n,
    )


def _unique(table: PlainTable, e: Expectation) -> Result | None:
    column = table.column(e.arguments["column"])
    if column is None:
        return None
    return _counted(table, e, len(column.present), _single(column.present))


def _compound_unique(table: PlainTable, e: Expectation) -> Result | None:
    rows = _rows(table, e.arguments["column_list"], e.arguments["ignore_row_if"])
    return None if rows is None else _counted(table, e, len(rows), _single(rows))


def _single(keys: Sequence[Any]) -> int:
    """How many of *keys* stand there once."""
    distinct = len(set(keys))
    if distinct == len(keys):
        return distinct
    return sum(count == 1 for count in Counter(keys).values())


def _rows(
    table: PlainTable, names: Iterable[str], ignore_row_if: str
) -> list[tuple[Any, ...]] | None:
    """The values of *names*, row by row, without the rows that are set aside."""
    columns = [table.column(name) for name in names]
    if None in columns:
        return None
    rows = list(zip(*(column.values for column in columns if column), strict=True))
    if all(len(column.present) == table.n for column in columns if column):
        return rows
    if ignore_row_if in ("neither", "never"):
        return rows
    if ignore_row_if in ("both_values_are_missing", "all_values_are_missing"):
        return [row for row in rows if any(value is not None for value in row)]
    return [row for row in rows if None not in row]


def _pair(table: PlainTable, e: Expectation, compare: Callable[[Any, Any], bool]) -> Result | None:
    names = e.arguments["column_A"], e.arguments["column_B"]
    kinds = {column.kind for name in names if (column := table.column(name)) is not None}
    rows = _rows(table, names, e.arguments["ignore_row_if"])
    if rows is None or (len(kinds) > 1 and not kinds <= set(NUMERIC)):
        return None
    right = sum(a is not None and b is not None and compare(a, b) for a, b in rows)
    return _counted(table, e, len(rows), right)


def _greater(table: PlainTable, e: Expectation) -> Result | None:
    return _pair(table, e, operator.ge if e.arguments.get("or_equal") else operator.gt)


def _equal(table: PlainTable, e: Expectation) -> Result | None:
    return _pair(table, e, operator.eq)


def _statistic(
    reduce: Callable[[Sequence[Any]], Any], doubt: Callable[[Sequence[float]], float] | None = None
) -> _Check:
    """The check that *reduce* of all values lies in a range.

    Args:
        reduce: The number of the values.
        doubt: How far an engine, that adds floats in an order of its own, may lie from it.
    """

    def check(table: PlainTable, e: Expectation) -> Result | None:
        column = table.column(e.arguments["column"])
        given = e.arguments
        bounds = [given.get(name) for name in ("min_value", "max_value")]
        numeric = all(bound is None or isinstance(bound, int | float) for bound in bounds)
        if column is None or column.kind not in NUMERIC or not numeric:
            return None
        added = doubt is not None and column.kind is Kind.NUMBER
        try:
            found = reduce(column.present)
            far = doubt(column.present) if doubt and added else 0.0
        except OverflowError:
            return None
        ends = (found - far, found + far) if far else (found,)
        if not all(map(math.isfinite, ends)):
            return None
        low, high = (None if bound is None else fraction(bound) for bound in bounds)
        shown = told(found) if doubt is not None and isinstance(found, float) else found
        return Result(
            success=all(within(exact_value(end), low, high, given) for end in ends),
            observed_value=shown + 0,  # one zero
            discloses=True,
        )

    return check


def _sum_doubt(values: Sequence[float]) -> float:
    """The most that sums of *values* in two orders differ by (Higham 2002, section 4.2), twice."""
    return 2 * len(values) * sys.float_info.epsilon * math.fsum(map(abs, values))


def _mean_doubt(values: Sequence[float]) -> float:
    return _sum_doubt(values) / len(values)


def _sum(values: Sequence[Any]) -> Any:
    return sum(values) if isinstance(values[0], int) else math.fsum(values)


def _mean(values: Sequence[Any]) -> float:
    return float(_sum(values) / len(values))


def _quantiles(table: PlainTable, e: Expectation) -> Result | None:
    column, method = table.column(e.arguments["column"]), e.arguments["allow_relative_error"]
    if column is None or column.kind not in NUMERIC:
        return None
    ranked = dict(enumerate(sorted(column.present)))
    n = len(ranked)
    wanted = each_quantile(e.arguments["quantile_ranges"])
    found = [value_between(ranked, one.share, n, method) for one in wanted]
    return Result(
        success=all(map(in_range, found, wanted)),
        observed_value={"quantiles": [one.share for one in wanted], "values": found},
        discloses=True,
    )


_CHECKS: dict[str, _Check] = {
    "expect_column_to_exist": _exists,
    "expect_table_columns_to_match_set": _columns_match_set,
    "expect_table_columns_to_match_ordered_list": _columns_match_list,
    "expect_table_column_count_to_equal": _column_count,
    "expect_table_column_count_to_be_between": _column_count,
    "expect_table_row_count_to_equal": _row_count,
    "expect_table_row_count_to_be_between": _row_count,
    "expect_column_values_to_be_of_type": _type,
    "expect_column_values_to_be_in_type_list": _type,
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_between": _each(small_values.between),
    "expect_column_values_to_be_in_set": _each(small_values.in_set),
    "expect_column_values_to_not_be_in_set": _each(small_values.not_in_set),
    "expect_column_values_to_match_regex": _each(small_values.searched(any)),
    "expect_column_values_to_not_match_regex": _each(small_values.searched(small_values.no)),
    "expect_column_values_to_match_regex_list": _each(small_values.searched(None)),
    "expect_column_values_to_not_match_regex_list": _each(small_values.searched(small_values.no)),
    "expect_column_value_lengths_to_be_between": _each(small_values.length),
    "expect_column_value_lengths_to_equal": _each(small_values.length),
    "expect_column_values_to_be_unique": _unique,
    "expect_compound_columns_to_be_unique": _compound_unique,
    "expect_column_pair_values_a_to_be_greater_than_b": _greater,
    "expect_column_pair_values_to_be_equal": _equal,
    "expect_column_min_to_be_between": _statistic(min),
    "expect_column_max_to_be_between": _statistic(max),
    "expect_column_mean_to_be_between": _statistic(_mean, _mean_doubt),
    "expect_column_median_to_be_between": _statistic(
        lambda values: float(statistics.median(values))
    ),
    "expect_column_sum_to_be_between": _statistic(_sum, _sum_doubt),
    "expect_column_quantile_values_to_be_between": _quantiles,
}
