"""Checks of text by regular expressions, which mean Python's ``re.search``.

Where a pattern is proven to mean the same to the table's engine, the engine searches, in the one
aggregate. Otherwise Python does, over distinct values and within a time limit.
"""

from __future__ import annotations

import re
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import listing
from pytest_mlgates.engines import judges
from pytest_mlgates.engines.backtracking import together, work
from pytest_mlgates.engines.distinct_values import Judge
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.engines.text import can_search, contains
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.arguments import EACH, Argument, one_of, text
from pytest_mlgates.gates.data_schema.families import Family
from pytest_mlgates.gates.data_schema.judged_answers import Known, by_distinct_value
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.regex import NOT_ASCII, Native, native_form
from pytest_mlgates.gates.data_schema.results import NotNativeError, Pending
from pytest_mlgates.gates.data_schema.row_answers import all_of, any_of, each_value, native_column

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation


def matches(plan: Plan, scope: Scope, expectation: Expectation, *, how: str = "") -> Pending:
    """*how* many of the patterns are found in every value: ``any``, ``all`` or ``none`` of them."""
    given = expectation.arguments
    patterns = given.get("regex_list") or (given["regex"],)
    how = how or given["match_on"]
    column = native_column(plan, expectation)
    kind = families.family(plan.table, column)
    if kind in (Family.DATE, Family.TIME):
        raise NotNativeError
    bound = together([work(pattern) for pattern in patterns])
    forms = [form for pattern in patterns if (form := native_form(pattern)) is not None]
    searchable = len(forms) == len(patterns) and can_search(plan.table, column, bound)
    if kind is Family.TEXT and searchable:
        value = families.comparable(plan.table, column)
    elif kind is Family.INTEGER and searchable:
        value = nw.col(column).cast(nw.String)
    else:
        value = None
    known = None
    if value is not None:
        ok = _holds(plan, value, forms, how)
        if kind is Family.INTEGER or not any(form.ascii_only for form in forms):
            return each_value(plan, scope, expectation, column, ok, keeps_null=True)
        known = Known("ASCII", ~contains(plan.table, value, NOT_ASCII), ok)
    judge = Judge("matching", (patterns, how), backtracks=True, work=bound)
    return by_distinct_value(plan, scope, expectation, column, judge, known, _late(patterns))


def _holds(plan: Plan, value: nw.Expr, forms: list[Native], how: str) -> nw.Expr:
    found = [contains(plan.table, value, form.text) for form in forms]
    if how == "all":
        return all_of(found)
    return any_of(found) if how == "any" else ~any_of(found)


def _late(patterns: tuple[str, ...]) -> str:
    return (
        f"no answer within {judges.LIMIT_S:g} s: {listing(patterns, 6)} backtracks on a value of "
        "the column; write it without a repeat inside a repeat, or bound the repeats"
    )


def pattern(value: Any) -> str:
    """A regular expression that Python reads."""
    found = text(value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            re.compile(found)
        except Exception as error:  # a number too large, groups too deep, a flag for bytes
            raise ValueError(f"a regular expression ({error})") from None
    return found


def patterns(value: Any) -> tuple[str, ...]:
    """At least one regular expression."""
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("a list of at least one regular expression")
    return tuple(pattern(one) for one in value)


_ONE = (*EACH, Argument("regex", pattern, required=True))
_SEVERAL = (*EACH, Argument("regex_list", patterns, required=True))
_HOW = Argument("match_on", one_of("any", "all"), default="any")
TYPES = {
    "expect_column_values_to_match_regex": NativeType(
        arguments=_ONE,
        check=partial(matches, how="any"),
        label="regex",
        wants=lambda given: f"matches {given['regex']!r}",
    ),
    "expect_column_values_to_not_match_regex": NativeType(
        arguments=_ONE,
        check=partial(matches, how="none"),
        label="not regex",
        wants=lambda given: f"does not match {given['regex']!r}",
    ),
    "expect_column_values_to_match_regex_list": NativeType(
        arguments=(*_SEVERAL, _HOW),
        check=matches,
        label="regexes",
        wants=lambda given: f"matches {given['match_on']} of {listing(given['regex_list'], 6)}",
    ),
    "expect_column_values_to_not_match_regex_list": NativeType(
        arguments=_SEVERAL,
        check=partial(matches, how="none"),
        label="not regexes",
        wants=lambda given: f"matches none of {listing(given['regex_list'], 6)}",
    ),
}
