"""Checks of text: regular expressions and lengths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.arguments import (
    COUNT_BOUNDS,
    EACH,
    STRICT,
    VALUE,
    Argument,
    pattern,
)
from pytest_mlgates.gates.data_schema.families import Family
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import NotNativeError, Pending
from pytest_mlgates.gates.data_schema.row_answers import (
    by_distinct_value,
    each_value,
    native_column,
)
from pytest_mlgates.gates.data_schema.wording import equal, ranged

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation


def matches(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Python's ``re.search`` finds the pattern in every value."""
    return _regex(plan, scope, expectation, wanted=True)


def not_matches(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Python's ``re.search`` finds the pattern in no value."""
    return _regex(plan, scope, expectation, wanted=False)


def _regex(plan: Plan, scope: Scope, expectation: Expectation, *, wanted: bool) -> Pending:
    column = plan.require(expectation.arguments["column"])
    if families.family(plan.table, column) in (
        Family.OTHER,
        Family.DECIMAL,
        Family.DATE,
        Family.TIME,
    ):
        raise NotNativeError
    search = re.compile(expectation.arguments["regex"]).search
    return by_distinct_value(
        plan, scope, expectation, column, lambda value: (search(str(value)) is not None) == wanted
    )


def lengths(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Texts have a length in a range; numbers and booleans are measured as Python writes them."""
    column = native_column(plan, expectation)
    kind = families.family(plan.table, column)
    least, most = _length_range(expectation)
    if kind in (Family.DATE, Family.TIME):
        raise NotNativeError
    if kind is not Family.TEXT:
        return by_distinct_value(
            plan,
            scope,
            expectation,
            column,
            lambda value: least <= len(str(value)) and (most is None or len(str(value)) <= most),
        )
    measured = families.comparable(plan.table, column).str.len_chars()
    ok = measured >= least
    if most is not None:
        ok = ok & (measured <= most)
    return each_value(plan, scope, expectation, column, ok)


def _length_range(expectation: Expectation) -> tuple[int, int | None]:
    given = expectation.arguments
    if "value" in given:
        return given["value"], given["value"]
    least = given.get("min_value", 0) + bool(given.get("strict_min") and "min_value" in given)
    most = given.get("max_value")
    return least, None if most is None else most - bool(given.get("strict_max"))


_REGEX = (*EACH, Argument("regex", pattern, required=True))
TYPES = {
    "expect_column_values_to_match_regex": NativeType(
        arguments=_REGEX,
        check=matches,
        label="regex",
        wants=lambda given: f"matches {given['regex']!r}",
    ),
    "expect_column_values_to_not_match_regex": NativeType(
        arguments=_REGEX,
        check=not_matches,
        label="not regex",
        wants=lambda given: f"does not match {given['regex']!r}",
    ),
    "expect_column_value_lengths_to_be_between": NativeType(
        arguments=(*EACH, *COUNT_BOUNDS, *STRICT),
        check=lengths,
        label="length",
        wants=ranged("length"),
    ),
    "expect_column_value_lengths_to_equal": NativeType(
        arguments=(*EACH, VALUE), check=lengths, label="length", wants=equal("length")
    ),
}
