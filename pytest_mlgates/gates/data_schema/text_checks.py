"""Checks of the length of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.engines.distinct_values import Judge
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.arguments import COUNT_BOUNDS, EACH, STRICT, VALUE
from pytest_mlgates.gates.data_schema.families import Family
from pytest_mlgates.gates.data_schema.judged_answers import by_distinct_value
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.results import NotNativeError, Pending
from pytest_mlgates.gates.data_schema.row_answers import each_value, native_column
from pytest_mlgates.gates.data_schema.wording import equal, ranged

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation


def lengths(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Texts have a length in a range; numbers and booleans are measured as Python writes them."""
    column = native_column(plan, expectation)
    kind = families.family(plan.table, column)
    least, most = _length_range(expectation)
    if kind in (Family.DATE, Family.TIME):
        raise NotNativeError
    if kind in (Family.NUMBER, Family.BOOLEAN):
        return by_distinct_value(plan, scope, expectation, column, Judge("sized", (least, most)))
    text = families.comparable(plan.table, column)
    measured = (text.cast(nw.String) if kind is Family.INTEGER else text).str.len_chars()
    if least == most:
        ok = measured == least
    elif most is None:
        ok = measured >= least
    else:
        ok = (measured >= least) & (measured <= most)
    return each_value(plan, scope, expectation, column, ok, keeps_null=True)


def _length_range(expectation: Expectation) -> tuple[int, int | None]:
    given = expectation.arguments
    if "value" in given:
        return given["value"], given["value"]
    least = given.get("min_value", 0) + bool(given.get("strict_min") and "min_value" in given)
    most = given.get("max_value")
    return least, None if most is None else most - bool(given.get("strict_max"))


TYPES = {
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
