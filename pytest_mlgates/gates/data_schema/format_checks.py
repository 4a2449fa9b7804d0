"""Checks of what texts can be read as: dates by a form, dates by any form, JSON."""

from __future__ import annotations

import importlib.util
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.distinct_values import Judge
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.engines.text import can_search, contains
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.arguments import EACH, Argument, text
from pytest_mlgates.gates.data_schema.families import Family, MismatchError
from pytest_mlgates.gates.data_schema.judged_answers import Known, by_distinct_value
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import NotNativeError
from pytest_mlgates.gates.data_schema.row_answers import each_value, native_column
from pytest_mlgates.gates.data_schema.time_forms import evident
from pytest_mlgates.gates.data_schema.wording import always

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.results import Pending
    from pytest_mlgates.gates.data_schema.suite import Expectation


def strftime(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """``datetime.strptime`` reads every text; the engine accepts those that are evident."""
    column = _texts(plan, expectation)
    form = expectation.arguments["strftime_format"]
    pattern, known = evident(form), None
    if pattern is not None and can_search(plan.table, column, None):
        value = families.comparable(plan.table, column)
        rows = contains(plan.table, value, pattern)
        known = Known(f"evident {form}", rows, families.always(nw.col(column)))
    return by_distinct_value(plan, scope, expectation, column, Judge("timed", (form,)), known)


def json(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """``json.loads`` reads every value; what is no text is no JSON."""
    column = native_column(plan, expectation)
    if families.family(plan.table, column) is not Family.TEXT:
        never = families.never(nw.col(column))
        return each_value(plan, scope, expectation, column, never)
    return by_distinct_value(plan, scope, expectation, column, Judge("json_like"))


def dateutil(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """``dateutil.parser.parse`` reads every text."""
    column = _texts(plan, expectation)
    if importlib.util.find_spec("dateutil") is None:
        raise NotNativeError
    return by_distinct_value(plan, scope, expectation, column, Judge("dated"))


def _texts(plan: Plan, expectation: Expectation) -> str:
    """The column of *expectation*, if it holds texts.

    Raises:
        MismatchError: if it holds something else, of which GX makes an exception.
    """
    column = native_column(plan, expectation)
    kind = families.family(plan.table, column)
    if kind is not Family.TEXT:
        raise MismatchError(f"column {column!r} of {kind} holds no texts to be read as dates")
    return column


def form(value: Any) -> str:
    """A form that ``strftime`` writes and ``strptime`` reads."""
    found = text(value)
    some = datetime(2001, 12, 31, 23, 59, 58, 123456, tzinfo=UTC)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            datetime.strptime(some.strftime(found), found)  # noqa: DTZ007
        except Exception as error:
            raise ValueError(f"a form that datetime.strptime reads ({error})") from None
    return found


TYPES = {
    "expect_column_values_to_match_strftime_format": NativeType(
        arguments=(*EACH, Argument("strftime_format", form, required=True)),
        check=strftime,
        label="form",
        wants=lambda given: f"dates as {given['strftime_format']!r}",
    ),
    "expect_column_values_to_be_json_parseable": NativeType(
        arguments=EACH, check=json, label="JSON", wants=always("JSON")
    ),
    "expect_column_values_to_be_dateutil_parseable": NativeType(
        arguments=EACH, check=dateutil, label="date", wants=always("dates that dateutil reads")
    ),
}
