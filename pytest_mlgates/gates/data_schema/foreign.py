"""Expectations that Great Expectations itself evaluates: their names, and what it would let pass.

GX's own models check the rest of their arguments; these rules need no GX to be told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.data_schema import arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

# Expectations of GX 1.x without a native form, so that a misspelt name is told where GX is absent.
GX_TYPES = frozenset(
    {
        "expect_column_bootstrapped_ks_test_p_value_to_be_greater_than",
        "expect_column_chisquare_test_p_value_to_be_greater_than",
        "expect_column_distinct_values_to_be_in_set",
        "expect_column_distinct_values_to_contain_set",
        "expect_column_distinct_values_to_equal_set",
        "expect_column_kl_divergence_to_be_less_than",
        "expect_column_most_common_value_to_be_in_set",
        "expect_column_pair_cramers_phi_value_to_be_less_than",
        "expect_column_pair_values_to_be_equal",
        "expect_column_pair_values_to_be_in_set",
        "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than",
        "expect_column_proportion_of_non_null_values_to_be_between",
        "expect_column_proportion_of_unique_values_to_be_between",
        "expect_column_quantile_values_to_be_between",
        "expect_column_stdev_to_be_between",
        "expect_column_type_to_be",
        "expect_column_unique_value_count_to_be_between",
        "expect_column_value_z_scores_to_be_less_than",
        "expect_column_values_to_be_dateutil_parseable",
        "expect_column_values_to_be_decreasing",
        "expect_column_values_to_be_increasing",
        "expect_column_values_to_be_json_parseable",
        "expect_column_values_to_match_json_schema",
        "expect_column_values_to_match_like_pattern",
        "expect_column_values_to_match_like_pattern_list",
        "expect_column_values_to_match_regex_list",
        "expect_column_values_to_match_strftime_format",
        "expect_column_values_to_not_be_outliers",
        "expect_column_values_to_not_match_like_pattern",
        "expect_column_values_to_not_match_like_pattern_list",
        "expect_column_values_to_not_match_regex_list",
        "expect_multicolumn_sum_to_equal",
        "expect_multicolumn_values_to_be_equal",
        "expect_multicolumn_values_to_be_unique",
        "expect_select_column_values_to_be_unique_within_record",
    }
)
# They run query text of the suite: text of a contract is never executed.
REFUSED = frozenset(
    {
        "unexpected_rows_expectation",
        "expect_query_results_to_match_comparison",
        "expect_table_row_count_to_equal_other_table",
    }
)
# Left out or null, GX judges nothing and passes.
_NEEDED = (
    ("_in_set", "value_set"),
    ("_contain_set", "value_set"),
    ("_equal_set", "value_set"),
    ("_regex_list", "regex_list"),
    ("_like_pattern", "like_pattern"),
    ("_like_pattern_list", "like_pattern_list"),
    ("pair_values_to_be_in_set", "value_pairs_set"),
)
# They ask about nulls or types, so a column without a value is an answer.
ABOUT_NULLS = frozenset(
    {"expect_column_proportion_of_non_null_values_to_be_between", "expect_column_type_to_be"}
)


def read(
    type_: str, kwargs: Mapping[str, Any], where: str
) -> tuple[dict[str, Any], list[MLGatesError]]:
    """The arguments for GX (without the condition), and every mistake in them."""
    if type_ in REFUSED:
        return {}, [
            MLGatesError(
                f"{type_} is not supported",
                where=where,
                got="an expectation that runs query text or reads another table",
                want="expectations over the columns of one table; suite text is never executed",
            )
        ]
    found = {
        key: value
        for key, value in kwargs.items()
        if key not in arguments.IGNORED and key not in arguments.CONDITION and value is not None
    }
    return found, list(_errors(type_, found, where))


def _errors(type_: str, kwargs: Mapping[str, Any], where: str) -> Iterator[MLGatesError]:
    if _holds_parameter(kwargs):
        yield MLGatesError(
            "suite parameters are not supported",
            where=where,
            got='{"$PARAMETER": …}',
            want="the value itself",
        )
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
    for ending, needed in _NEEDED:
        if type_.endswith(ending) and not kwargs.get(needed):
            if needed == "value_set" and type_.endswith("pair_values_to_be_in_set"):
                continue
            yield MLGatesError(
                f"{needed} is missing or empty",
                where=where,
                want="at least one value: without it the check cannot fail",
            )
    if type_.endswith("_to_be_between") and "quantile" not in type_:
        yield from arguments.range_errors(kwargs, {"min_value", "max_value"}, where)


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
