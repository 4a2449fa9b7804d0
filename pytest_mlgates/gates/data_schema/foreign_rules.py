"""What Great Expectations would run, fetch, or pass without judging: refused before it is asked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.data_schema import arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUERY = (
    "an expectation that runs query text or reads another table",
    "expectations over the columns of one table; suite text is never executed",
    "",
)
_LIKE = (
    "an expectation that Great Expectations has for SQL databases only",
    "expectations that Great Expectations has for dataframes",
    "write the pattern as a regular expression: expect_column_values_to_match_regex",
)
REFUSED = {
    "unexpected_rows_expectation": _QUERY,
    "expect_query_results_to_match_comparison": _QUERY,
    "expect_table_row_count_to_equal_other_table": _QUERY,
    "expect_column_values_to_match_like_pattern": _LIKE,
    "expect_column_values_to_not_match_like_pattern": _LIKE,
    "expect_column_values_to_match_like_pattern_list": _LIKE,
    "expect_column_values_to_not_match_like_pattern_list": _LIKE,
}
# They are about a column, not about rows: GX takes no condition there.
UNCONDITIONED = frozenset({"expect_column_type_to_be"})
# Left out or null, GX judges nothing and passes, or breaks.
_KL = "expect_column_kl_divergence_to_be_less_than"
_SCHEMA = "expect_column_values_to_match_json_schema"
_NEEDED = {
    _KL: ("partition_object", "threshold"),
    _SCHEMA: ("json_schema",),
    "expect_column_pair_values_to_be_in_set": ("value_pairs_set",),
    "expect_column_values_to_match_regex_list": ("regex_list",),
    "expect_column_values_to_not_match_regex_list": ("regex_list",),
}
# Written as text, GX takes them for numbers.
_NUMBERS = {
    _KL: ("threshold",),
    "expect_column_values_to_not_be_outliers": ("multiplier",),
    "expect_multicolumn_sum_to_equal": ("sum_total",),
}
_PLAIN_TYPE = re.compile(r"[A-Za-z_]\w*(\[[\w ,:=+/-]+\])*", re.ASCII)
# A JSON schema that asks for none of these holds for every value.
_ASKS = frozenset(
    {
        "$ref",
        "additionalItems",
        "additionalProperties",
        "allOf",
        "anyOf",
        "const",
        "contains",
        "dependencies",
        "dependentRequired",
        "dependentSchemas",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "if",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "not",
        "oneOf",
        "pattern",
        "patternProperties",
        "prefixItems",
        "properties",
        "propertyNames",
        "required",
        "type",
        "unevaluatedItems",
        "unevaluatedProperties",
        "uniqueItems",
    }
)
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def refusal(type_: str, where: str) -> MLGatesError | None:
    """Why *type_* is evaluated nowhere, None if it is."""
    if type_ not in REFUSED:
        return None
    got, want, fix = REFUSED[type_]
    return MLGatesError(f"{type_} is not supported", where=where, got=got, want=want, fix=fix)


def errors(type_: str, kwargs: Mapping[str, Any], where: str) -> Iterator[MLGatesError]:
    """Every mistake in the arguments of an expectation that GX evaluates."""
    if _holds_parameter(kwargs):
        yield MLGatesError(
            "suite parameters are not supported",
            where=where,
            got='{"$PARAMETER": …}',
            want="the value itself",
        )
    for name in kwargs:
        if str(name).lower().endswith("query"):
            yield MLGatesError(f"{name} is not supported", where=where, got=_QUERY[0])
    if not _is_finite(kwargs):
        yield MLGatesError(
            "NaN or an infinity among the arguments", where=where, want="finite numbers"
        )
    if "mostly" in kwargs:
        try:
            arguments.share(kwargs["mostly"])
        except ValueError as error:
            yield MLGatesError(
                "mostly is not usable", where=where, got=repr(kwargs["mostly"]), want=str(error)
            )
    yield from _number_errors(type_, kwargs, where)
    yield from _needed_errors(type_, kwargs, where)
    yield from _column_list_errors(type_, kwargs, where)
    if type_ == "expect_column_type_to_be":
        yield from _type_errors(kwargs.get("type_"), where)
    if type_ == _SCHEMA:
        yield from _schema_errors(kwargs.get("json_schema"), where)


def _number_errors(type_: str, kwargs: Mapping[str, Any], where: str) -> Iterator[MLGatesError]:
    for name in _NUMBERS.get(type_, ()):
        value = kwargs.get(name)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            continue
        if not hasattr(value, "item"):  # a numpy scalar in an inline contract
            yield MLGatesError(
                f"{name} is not usable", where=where, got=repr(value), want="a number"
            )


def _needed_errors(type_: str, kwargs: Mapping[str, Any], where: str) -> Iterator[MLGatesError]:
    for needed in _NEEDED.get(type_, ()):
        value = kwargs.get(needed)
        if value or value == 0:
            continue
        yield MLGatesError(
            f"{needed} is missing or empty",
            where=where,
            want="at least one value: without it the check cannot fail",
        )


def _column_list_errors(
    type_: str, kwargs: Mapping[str, Any], where: str
) -> Iterator[MLGatesError]:
    if not type_.startswith("expect_multicolumn_values_to_be_"):
        return
    try:
        arguments.two_names(kwargs.get("column_list"))
    except ValueError as error:
        yield MLGatesError(
            "column_list is not usable",
            where=where,
            got=repr(kwargs.get("column_list")),
            want=str(error),
        )


def _type_errors(name: Any, where: str) -> Iterator[MLGatesError]:
    """Pandas opens the file that ``datetime64[ns, dateutil/…]`` names."""
    if isinstance(name, str) and _PLAIN_TYPE.fullmatch(name) and "dateutil" not in name:
        return
    yield MLGatesError(
        "type_ is not usable",
        where=where,
        got=repr(name)[:120],
        want="the name of a type, such as int64, str or datetime64[ns, Europe/Berlin]",
    )


def _schema_errors(schema: Any, where: str) -> Iterator[MLGatesError]:
    """A JSON schema may send its reader to files and servers; some hold for every value."""
    for reference in _references(schema):
        if not (isinstance(reference, str) and reference.startswith("#")):
            yield MLGatesError(
                "json_schema refers to something outside of itself",
                where=where,
                got=repr(reference),
                want='"#/…": nothing is fetched for a suite',
            )
    if isinstance(schema, Mapping) and schema and not _ASKS & set(schema):
        yield MLGatesError(
            "json_schema asks for nothing",
            where=where,
            got=f"the keys {', '.join(sorted(map(str, schema)))}",
            want="at least one of type, properties, required, enum, …: it holds for every value",
        )


def _references(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key in _REFERENCES and not isinstance(part, Mapping):
                yield part
            else:
                yield from _references(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _references(part)


def _is_finite(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_finite(v) for v in value.values())
    if isinstance(value, list | tuple | set):
        return all(_is_finite(v) for v in value)
    return not isinstance(value, float) or math.isfinite(value)


def _holds_parameter(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "$PARAMETER" in value or any(_holds_parameter(v) for v in value.values())
    if isinstance(value, list | tuple | set):
        return any(_holds_parameter(v) for v in value)
    return False
