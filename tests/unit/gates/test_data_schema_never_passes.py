"""What must never pass: contracts and tables that prove nothing. Each is told in one message."""

from __future__ import annotations

import json

import polars as pl
import pytest

from pytest_mlgates.core.errors import MLGatesError, TableError
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema.kind import KIND

FRAME = pl.DataFrame(
    {"x": [1.0, 2.0, None], "s": ["a", "b", "a"], "empty": pl.Series([None] * 3, dtype=pl.Float64)}
)


def expect(kind, **kwargs):
    return {"type": f"expect_{kind}", "kwargs": kwargs}


def check(*expectations, subject=FRAME):
    return KIND.evaluate(parse(KIND, [list(expectations)], {}), subject, Context())


def misuse(*expectations):
    with pytest.raises(MLGatesError) as error:
        check(*expectations)
    return str(error.value)


NOT_NULL = expect("column_values_to_not_be_null", column="s")


@pytest.mark.parametrize("suite", [[], {"name": "a", "expectations": []}])
def test_an_empty_suite_is_misuse(suite):
    with pytest.raises(MLGatesError, match="the suite has no expectations"):
        KIND.evaluate(parse(KIND, [suite], {}), FRAME, Context())


def test_a_table_without_rows_is_misuse():
    with pytest.raises(TableError, match="table 'table' has 0 rows"):
        check(NOT_NULL, expect("column_to_exist", column="s"), subject=FRAME.clear())


def test_a_table_without_rows_fails_a_suite_that_bounds_the_rows():
    verdict = check(
        expect("table_row_count_to_be_between", min_value=1), NOT_NULL, subject=FRAME.clear()
    )
    assert [one["success"] for one in verdict.details] == [False, None]
    assert verdict.details[1]["error"] == "the table has 0 rows, which prove nothing"
    assert verdict.outcome is Outcome.FAILED


def test_an_upper_bound_alone_does_not_allow_an_empty_table():
    verdict = check(
        expect("table_row_count_to_be_between", max_value=9), NOT_NULL, subject=FRAME.clear()
    )
    assert verdict.outcome is Outcome.FAILED


def test_a_suite_may_allow_an_empty_table_in_so_many_words():
    allowed = expect("table_row_count_to_be_between", min_value=0, max_value=9)
    assert check(allowed, NOT_NULL, subject=FRAME.clear()).outcome is Outcome.PASSED


def test_a_condition_that_keeps_no_row_cannot_pass():
    verdict = check(expect("column_values_to_not_be_null", column="s", row_condition="x > 9"))
    assert verdict.details[0]["success"] is None
    assert verdict.outcome is Outcome.FAILED
    assert verdict.message.endswith(
        "s: not null where x > 9   row_condition leaves 0 of 3 rows, which prove nothing"
    )


def test_a_condition_may_keep_no_row_where_the_suite_bounds_its_rows():
    condition = {"row_condition": "x > 9"}
    verdict = check(
        expect("table_row_count_to_equal", value=0, **condition),
        expect("column_values_to_not_be_null", column="s", **condition),
    )
    assert verdict.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("column_values_to_be_between", {"min_value": 0}),
        ("column_values_to_be_in_set", {"value_set": [1]}),
        ("column_values_to_not_be_in_set", {"value_set": [1]}),
        ("column_values_to_be_unique", {}),
        ("column_values_to_match_regex", {"regex": "a"}),
        ("column_values_to_not_match_regex", {"regex": "a"}),
        ("column_value_lengths_to_equal", {"value": 1}),
        ("column_sum_to_be_between", {"max_value": 1}),
        ("column_mean_to_be_between", {"max_value": 1}),
        ("column_max_to_be_between", {"max_value": 1}),
    ],
)
def test_a_column_of_nulls_cannot_pass_a_check_of_values(kind, kwargs):
    verdict = check(expect(kind, column="empty", **kwargs))
    assert verdict.details[0]["success"] is None
    assert verdict.details[0]["error"] == "no value to judge: null in all 3 rows"
    assert verdict.outcome is Outcome.FAILED


def test_rows_that_are_all_set_aside_cannot_pass():
    frame = pl.DataFrame({"a": [1, None], "b": [None, 2]})
    verdict = check(
        expect(
            "column_pair_values_a_to_be_greater_than_b",
            column_A="a",
            column_B="b",
            ignore_row_if="either_value_is_missing",
        ),
        subject=frame,
    )
    assert verdict.details[0]["error"] == "ignore_row_if sets aside all 2 rows"
    assert verdict.outcome is Outcome.FAILED


BETWEEN = "column_values_to_be_between"


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        (BETWEEN, {}, "no bound is given"),
        (BETWEEN, {"min_value": None, "max_value": None}, "no bound is given"),
        (BETWEEN, {"min_value": float("nan")}, "min_value is not usable"),
        (BETWEEN, {"max_value": float("inf")}, "max_value is not usable"),
        (BETWEEN, {"min_value": 2, "max_value": 1}, "min_value is over max_value"),
        (BETWEEN, {"min_value": 2, "max_value": "a"}, "min_value and max_value do not compare"),
        (BETWEEN, {"min_value": True}, "min_value is not usable"),
        (BETWEEN, {"min_value": {"$PARAMETER": "low"}}, "min_value is not usable"),
        (BETWEEN, {"min_value": 0, "mostly": "0.5"}, "mostly is not usable"),
        (BETWEEN, {"min_value": 0, "mostly": 1.5}, "mostly is not usable"),
        (BETWEEN, {"min_value": 0, "mostly": -0.1}, "mostly is not usable"),
        (BETWEEN, {"min_value": 0, "mostly": 0}, "0 holds for every table"),
        ("column_values_to_be_dateutil_parseable", {"mostly": 0}, "every table"),
        (BETWEEN, {"min_value": 0, "mostly": True}, "mostly is not usable"),
        (BETWEEN, {"min_value": 0, "strict_min": "yes"}, "strict_min is not usable"),
        ("column_values_to_be_in_set", {"value_set": None}, "value_set is not usable"),
        ("column_values_to_be_in_set", {}, "value_set is missing"),
        ("column_values_to_not_be_in_set", {"value_set": []}, "value_set is not usable"),
        ("column_values_to_not_be_in_set", {"value_set": [None]}, "value_set is not usable"),
        ("column_values_to_match_regex", {}, "regex is missing"),
        ("column_values_to_match_regex", {"regex": ""}, "regex is not usable"),
        ("column_values_to_match_regex", {"regex": "("}, "regex is not usable"),
        ("column_values_to_match_regex", {"regex": None}, "regex is not usable"),
        ("column_values_to_be_of_type", {"type_": "int46"}, "type_ is not usable"),
        ("column_values_to_be_in_type_list", {"type_list": []}, "type_list is not usable"),
        ("column_values_to_be_in_type_list", {"type_list": None}, "type_list is not usable"),
        ("column_value_lengths_to_be_between", {}, "no bound is given"),
        ("column_value_lengths_to_equal", {"value": 1.5}, "value is not usable"),
        ("column_mean_to_be_between", {}, "no bound is given"),
        # the same rules for expectations that GX evaluates
        ("column_stdev_to_be_between", {}, "no bound is given"),
        ("column_stdev_to_be_between", {"min_value": float("nan")}, "min_value is not usable"),
        ("column_stdev_to_be_between", {"min_value": "0"}, "min_value is not usable"),
        (
            "column_stdev_to_be_between",
            {"min_value": {"$PARAMETER": "low"}},
            "min_value is not usable",
        ),
        ("column_distinct_values_to_be_in_set", {}, "value_set is missing"),
        ("column_distinct_values_to_be_in_set", {"value_set": []}, "value_set is not usable"),
        ("column_distinct_values_to_contain_set", {"value_set": []}, "value_set is not usable"),
        ("column_distinct_values_to_contain_set", {"value_set": None}, "value_set is not usable"),
        ("column_unique_value_count_to_be_between", {}, "no bound is given"),
        ("column_unique_value_count_to_be_between", {"min_value": 0.5}, "min_value is not usable"),
        (
            "column_proportion_of_unique_values_to_be_between",
            {"max_value": 95},
            "a number from 0 to 1",
        ),
        (
            "column_proportion_of_non_null_values_to_be_between",
            {"min_value": "0.9"},
            "a number from 0 to 1",
        ),
        ("column_value_z_scores_to_be_less_than", {"threshold": 3}, "double_sided is missing"),
        (
            "column_value_z_scores_to_be_less_than",
            {"threshold": "3", "double_sided": True},
            "threshold is not usable",
        ),
        ("column_quantile_values_to_be_between", {}, "quantile_ranges is missing"),
        *(
            (
                "column_quantile_values_to_be_between",
                {"quantile_ranges": {"quantiles": wanted, "value_ranges": ranges}},
                said,
            )
            for wanted, ranges, said in (
                ([], [], "at least one quantile"),
                ([0.5], [], "one range for each quantile"),
                ([1.5], [[0, 1]], "quantiles from 0 to 1"),
                (["0.5"], [[0, 1]], "quantiles from 0 to 1"),
                ([0.5], [[None, None]], "a bound in at least one range"),
                ([0.5], [[1, 0]], "the lower first"),
                ([0.5], [[0, "1"]], "ranges of two numbers"),
                ([0.5], [[0, 1, 2]], "ranges of two values"),
                ([0.5], [[float("nan"), 1]], "quantile_ranges is not usable"),
                (0.5, [[0, 1]], "a list of quantiles"),
            )
        ),
        (
            "column_quantile_values_to_be_between",
            {
                "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1]]},
                "allow_relative_error": "exactly",
            },
            "allow_relative_error is not usable",
        ),
        ("column_values_to_be_increasing", {"strictly": 1}, "strictly is not usable"),
        ("column_values_to_match_regex_list", {"regex_list": []}, "regex_list is not usable"),
        ("column_values_to_be_json_parseable", {"mostly": "1"}, "mostly is not usable"),
        (
            "column_type_to_be",
            {"type_": {"$PARAMETER": "low"}},
            "suite parameters are not supported",
        ),
    ],
)
def test_an_argument_that_cannot_fail_a_table_is_misuse(kind, kwargs, said):
    text = misuse(expect(kind, column="x", **kwargs))
    assert said in text
    assert f"where: suite expectation 1 (expect_{kind})" in text


def test_a_table_check_without_its_columns_is_misuse():
    assert "column_set is not usable" in misuse(
        expect("table_columns_to_match_set", column_set=None)
    )
    assert "no bound is given" in misuse(expect("table_row_count_to_be_between"))


def test_query_text_is_never_run():
    text = misuse(
        {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "select 1"}}
    )
    assert "unexpected_rows_expectation is not supported" in text
    assert "suite text is never executed" in text


def test_a_misspelt_expectation_is_misuse_and_the_nearest_is_named():
    text = misuse(expect("column_values_to_be_betwen", column="x", min_value=0))
    assert "unknown expectation 'expect_column_values_to_be_betwen'" in text
    assert "did you mean 'expect_column_values_to_be_between'?" in text


def test_a_suite_of_the_time_before_gx_1_is_told_what_to_rename():
    text = misuse({"expectation_type": "expect_column_to_exist", "kwargs": {"column": "x"}})
    assert "rename 'expectation_type' to 'type' (GX 1.x)" in text


@pytest.mark.parametrize("severities", [["warning"], ["info", "warning"]])
def test_a_suite_in_which_nothing_blocks_is_misuse(severities):
    text = misuse(*({**NOT_NULL, "severity": one} for one in severities))
    assert text.splitlines() == [
        "no expectation of this suite blocks: it holds for every table",
        "  where: suite",
        f"  got:   severity {', '.join(map(repr, severities))}",
        "  want:  at least one expectation of severity 'critical', which is the default",
        "  fix:   leave out the severity of what must hold",
    ]
    assert check(NOT_NULL, *({**NOT_NULL, "severity": one} for one in severities)).passed


def test_an_unknown_severity_is_misuse():
    assert "severity is not usable" in misuse({**NOT_NULL, "severity": "wrning"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ('{"name": "x"}', "no key 'expectations'"),
        ("[1]", "an expectation without a type"),
        ("3", "this is not a suite"),
    ],
)
def test_a_file_that_is_no_suite_is_misuse(tmp_path, content, said):
    (tmp_path / "suite.json").write_text(content)
    with pytest.raises(MLGatesError) as error:
        KIND.evaluate(parse(KIND, ["suite.json"], {}), FRAME, Context(base=tmp_path))
    assert said in str(error.value)


def test_a_missing_suite_file_names_its_neighbours(tmp_path):
    (tmp_path / "applications.json").write_text(json.dumps([NOT_NULL]))
    with pytest.raises(MLGatesError) as error:
        KIND.evaluate(parse(KIND, ["aplications.json"], {}), FRAME, Context(base=tmp_path))
    assert "suite 'aplications.json' cannot be read" in str(error.value)
    assert "did you mean 'applications.json'?" in str(error.value)


def test_an_unreadable_suite_is_not_mistaken_for_a_misspelt_one(tmp_path):
    (tmp_path / "s.json").mkdir()  # where root runs the tests, no mode makes a file unreadable
    with pytest.raises(MLGatesError) as error:
        KIND.evaluate(parse(KIND, ["s.json"], {}), FRAME, Context(base=tmp_path))
    assert error.value.got == "Is a directory"
    assert error.value.where == str(tmp_path / "s.json")
    assert error.value.fix == ""


def test_a_suite_that_is_not_there_and_like_no_other_is_to_be_written(tmp_path):
    with pytest.raises(MLGatesError) as error:
        KIND.evaluate(parse(KIND, ["s.json"], {}), FRAME, Context(base=tmp_path))
    assert error.value.fix == "write it from a good table: mlgates infer TABLE -o s.json"


@pytest.mark.parametrize("suite", [None, 3, ""])
def test_something_that_is_no_suite_is_misuse_at_once(suite):
    with pytest.raises(MLGatesError, match="suite is not usable"):
        parse(KIND, [suite], {})


def test_infinities_of_both_signs_have_no_mean():
    frame = pl.DataFrame({"x": [float("inf"), float("-inf")]})
    found = check(expect("column_mean_to_be_between", column="x", min_value=0), subject=frame)
    assert found.details[0]["error"] == "'x' has no mean: it is undefined"
    assert found.outcome is Outcome.FAILED


def test_a_private_table_does_not_quote_an_engine(monkeypatch):
    """What GX raises may hold a value of the table."""
    pytest.importorskip("great_expectations")
    table = to_table(pl.DataFrame({"s": ["canary-7"]}), private=True)
    asked = expect("column_values_to_not_be_outliers", column="s", method="iqr")
    with pytest.raises(MLGatesError) as caught:
        check(asked, subject=table)
    assert "outliers: Great Expectations could not evaluate this\n" in str(caught.value)
    assert "canary" not in str(caught.value)
    verdict = check(asked, expect("column_to_exist", column="nowhere"), subject=table)
    assert verdict.details[0]["error"] == "Great Expectations could not evaluate this"
    assert "canary" not in verdict.to_json()
