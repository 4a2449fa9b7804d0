"""What is asked of each value of a small column; None where the engine decides."""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.backtracking import work
from pytest_mlgates.engines.text_types import Kind
from pytest_mlgates.gates.data_schema.column_answers import within
from pytest_mlgates.gates.data_schema.numbers import is_number

if TYPE_CHECKING:
    from pytest_mlgates.engines.plain_csv import Column

NUMERIC = (Kind.WHOLE, Kind.NUMBER)
Test = Callable[["Column", Mapping[str, Any]], Iterable[bool] | None]
_Given = Mapping[str, Any]
_MOST_STEPS = 500_000_000  # of ``re``: a few seconds, where a text is made for it


def between(column: Column, given: _Given) -> Iterable[bool] | None:
    """Whether each value lies in the range."""
    low, high = (_literal(column.kind, given.get(name)) for name in ("min_value", "max_value"))
    if low is _NONE_SUCH or high is _NONE_SUCH:
        return None
    if column.kind is Kind.TEXT and all(map(is_number, column.present)):  # it may be refused
        return None
    values = column.present
    found: Iterable[bool] | None = None
    if low is not None:
        over = operator.gt if given.get("strict_min") else operator.ge
        found = [over(value, low) for value in values]
    if high is not None:
        under = operator.lt if given.get("strict_max") else operator.le
        below = [under(value, high) for value in values]
        found = below if found is None else map(operator.and_, found, below)
    return found


def in_set(column: Column, given: _Given) -> Iterable[bool] | None:
    """Whether each value is a member of the set."""
    members = _members(column.kind, given["value_set"])
    return None if members is None else map(members.__contains__, column.present)


def not_in_set(column: Column, given: _Given) -> Iterable[bool] | None:
    """Whether each value is no member of the set."""
    members = _members(column.kind, given["value_set"])
    return None if members is None else (value not in members for value in column.present)


def _members(kind: Kind, given: Iterable[Any]) -> frozenset[Any] | None:
    found = [_literal(kind, value) for value in given if value is not None]
    return None if _NONE_SUCH in found else frozenset(found)


_NONE_SUCH = object()


def _literal(kind: Kind, value: Any) -> Any:
    """*value* of a contract as one of a column of *kind*, ``_NONE_SUCH`` where the engine decides.

    Python compares integers and floats exactly, and truth values as 0 and 1.
    """
    if value is None:
        return None
    if kind in (*NUMERIC, Kind.TRUTH) and isinstance(value, int | float):
        return value
    if isinstance(value, str):
        if kind is Kind.TEXT:
            return value
        try:
            if kind is Kind.DATE:
                return date.fromisoformat(value)
            if kind is Kind.TIME and (found := datetime.fromisoformat(value)).tzinfo is None:
                return found
        except ValueError:
            pass
    return _NONE_SUCH


def length(column: Column, given: _Given) -> Iterable[bool] | None:
    """Whether each text has a length in the range."""
    if column.kind is not Kind.TEXT:
        return None
    if "value" in given:
        return map(given["value"].__eq__, map(len, column.present))
    least, most = given.get("min_value"), given.get("max_value")
    return (within(len(value), least, most, given) for value in column.present)


def searched(want: Callable[[Iterable[bool]], bool] | None) -> Test:
    """The test of patterns: *want* of which are found is right; None: as the argument says."""

    def test(column: Column, given: _Given) -> Iterable[bool] | None:
        patterns = given.get("regex_list") or (given["regex"],)
        works = [work(pattern) for pattern in patterns]
        values = Counter(column.present)
        if column.kind is not Kind.TEXT or None in works:
            return None
        longest = max(map(len, values))
        if sum(one.steps(longest) for one in works if one) * len(values) > _MOST_STEPS:
            return None
        wanted = want or {"any": any, "all": all}[given["match_on"]]
        searches = [re.compile(pattern).search for pattern in patterns]
        right = {v: wanted(search(v) is not None for search in searches) for v in values}
        return map(right.__getitem__, column.present)

    return test


def no(found: Iterable[bool]) -> bool:
    """Whether nothing was found."""
    return not any(found)
