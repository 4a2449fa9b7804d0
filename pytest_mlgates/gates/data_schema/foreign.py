"""Expectations that Great Expectations itself evaluates: their names, and what it would let pass.

GX's own models check the rest of their arguments; these rules need no GX to be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.gates.data_schema import arguments, foreign_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlgates.core.errors import MLGatesError

# Expectations of GX 1.x without a native form, so that a misspelt name is told where GX is absent.
GX_TYPES = frozenset(
    {
        "expect_column_bootstrapped_ks_test_p_value_to_be_greater_than",
        "expect_column_chisquare_test_p_value_to_be_greater_than",
        "expect_column_kl_divergence_to_be_less_than",
        "expect_column_pair_cramers_phi_value_to_be_less_than",
        "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than",
        "expect_column_type_to_be",
        "expect_column_values_to_match_json_schema",
        "expect_column_values_to_match_like_pattern",
        "expect_column_values_to_match_like_pattern_list",
        "expect_column_values_to_not_be_outliers",
        "expect_column_values_to_not_match_like_pattern",
        "expect_column_values_to_not_match_like_pattern_list",
        "expect_multicolumn_values_to_be_unique",
    }
)
# They ask about types, so a column without a value is an answer.
ABOUT_NULLS = frozenset({"expect_column_type_to_be"})


def read(
    type_: str, kwargs: Mapping[str, Any], where: str
) -> tuple[dict[str, Any], list[MLGatesError]]:
    """The arguments for GX (without the condition), and every mistake in them."""
    refusal = foreign_rules.refusal(type_, where)
    if refusal is not None:
        return {}, [refusal]
    found = {
        key: value
        for key, value in kwargs.items()
        if key not in arguments.IGNORED and key not in arguments.CONDITION and value is not None
    }
    return found, list(foreign_rules.errors(type_, found, where))
