"""Each expectation of GX 1.24 without a native form: evaluated, or refused with the reason."""

from __future__ import annotations

import json

import polars as pl
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema import foreign, foreign_rules
from pytest_mlgates.gates.data_schema.kind import KIND
from pytest_mlgates.gates.data_schema.native import NATIVE

pytest.importorskip("pandas")
duckdb = pytest.importorskip("duckdb")
registry = pytest.importorskip("great_expectations.expectations.registry")

FRAME = pl.DataFrame(
    {
        "x": [1.0, 2.0, 3.0, 4.0, 9.0],
        "k": [1, 2, 3, 4, 9],
        "s": ["a", "a", "b", "b", "c"],
        "day": ["2020-01-01", "Jan 3 2021", "2020", "nonsense", None],
        "doc": ['{"a": 1}', "{}", '{"a": "x"}', None, '{"a": 2}'],
    }
)
PARTITION = {"values": ["a", "b", "c"], "weights": [0.4, 0.4, 0.2]}
BINS = {"bins": [0, 5, 10], "weights": [0.8, 0.2]}
OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}}
KL, OUTLIERS = (
    "expect_column_kl_divergence_to_be_less_than",
    "expect_column_values_to_not_be_outliers",
)
# Arguments, and (success, unexpected, missing) of GX on pandas: whoever evaluates them.
EVALUATED = [
    (KL, {"column": "s", "partition_object": PARTITION, "threshold": 0.1}, (True, None, None)),
    (
        KL,
        {
            "column": "s",
            "partition_object": {**PARTITION, "weights": [0.8, 0.1, 0.1]},
            "threshold": 0.1,
        },
        (False, None, None),
    ),
    (KL, {"column": "x", "partition_object": BINS, "threshold": 0.1}, (True, None, None)),
    (
        "expect_column_values_to_be_dateutil_parseable",
        {"column": "day"},
        (False, 1, 1),
    ),
    (
        "expect_column_values_to_match_json_schema",
        {"column": "doc", "json_schema": OBJECT, "mostly": 0.5},
        (True, 1, 1),
    ),
    (OUTLIERS, {"column": "x", "method": "std", "multiplier": 1}, (False, 1, 0)),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["x", "k"]}, (True, 0, 0)),
    ("expect_column_type_to_be", {"column": "k", "type_": "int64"}, (True, None, None)),
    ("expect_column_type_to_be", {"column": "k", "type_": "float64"}, (False, None, None)),
    ("expect_column_values_to_be_json_parseable", {"column": "doc"}, (True, 0, 1)),
    (
        "expect_column_values_to_match_strftime_format",
        {"column": "day", "strftime_format": "%Y-%m-%d"},
        (False, 3, 1),
    ),
    (
        "expect_column_values_to_match_regex_list",
        {"column": "s", "regex_list": ["a", "b"], "match_on": "any"},
        (False, 1, 0),
    ),
    (
        "expect_column_values_to_not_match_regex_list",
        {"column": "s", "regex_list": ["^a"]},
        (False, 2, 0),
    ),
    ("expect_column_pair_values_to_be_equal", {"column_A": "x", "column_B": "k"}, (True, 0, 0)),
    (
        "expect_column_pair_values_to_be_in_set",
        {"column_A": "s", "column_B": "k", "value_pairs_set": [["a", 1], ["a", 2]]},
        (False, 3, 0),
    ),
    (
        "expect_multicolumn_sum_to_equal",
        {"column_list": ["x", "k"], "sum_total": 2},
        (False, 4, 0),
    ),
    (
        "expect_select_column_values_to_be_unique_within_record",
        {"column_list": ["x", "k"]},
        (False, 5, 0),
    ),
]
HOLLOW = [
    (KL, {"column": "s", "partition_object": PARTITION}, "threshold is missing"),
    (KL, {"column": "s", "threshold": 0.1}, "partition_object is missing or empty"),
    (KL, {"column": "s", "partition_object": {}, "threshold": 0.1}, "partition_object is missing"),
    (
        KL,
        {"column": "s", "partition_object": PARTITION, "threshold": "1"},
        "threshold is not usable",
    ),
    (KL, {"column": "s", "partition_object": PARTITION, "threshold": float("inf")}, "an infinity"),
    (
        KL,
        {
            "column": "s",
            "partition_object": {"values": ["a"], "weights": [float("nan")]},
            "threshold": 1,
        },
        "NaN",
    ),
    (OUTLIERS, {"column": "x", "method": "iqr", "multiplier": "9"}, "multiplier is not usable"),
    (OUTLIERS, {"column": "x", "method": "iqr", "multiplier": float("nan")}, "NaN"),
    (OUTLIERS, {"column": "x", "method": "iqr", "multiplier": 1, "mostly": "0.5"}, "mostly is not"),
    (OUTLIERS, {"column": "x", "method": "iqr", "multiplier": 1, "mostly": 0}, "mostly is not"),
    ("expect_column_values_to_match_json_schema", {"column": "doc"}, "json_schema is missing"),
    (
        "expect_column_values_to_match_json_schema",
        {"column": "doc", "json_schema": {}},
        "json_schema is missing or empty",
    ),
    (
        "expect_column_values_to_match_json_schema",
        {"column": "doc", "json_schema": {"tipe": "object", "title": "x"}},
        "json_schema asks for nothing",
    ),
    (
        "expect_column_values_to_match_json_schema",
        {"column": "doc", "json_schema": {"type": "object", "not": {"$ref": "other.json"}}},
        "refers to something outside of itself",
    ),
    (
        "expect_multicolumn_values_to_be_equal",
        {"column_list": ["x", "x"]},
        "column_list is not usable",
    ),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["x"]}, "column_list is not usable"),
    ("expect_multicolumn_values_to_be_equal", {}, "column_list is missing"),
    ("expect_column_type_to_be", {"column": "k"}, "type_ is not usable"),
    ("expect_column_type_to_be", {"column": "k", "type_": "dateutil/x"}, "type_ is not usable"),
    (
        "expect_column_type_to_be",
        {"column": "k", "type_": "int64", "row_condition": "k > 1"},
        "unknown argument 'row_condition'",
    ),
]


def check(type_, kwargs, subject=FRAME):
    suite = [{"type": type_, "kwargs": kwargs}]
    return KIND.evaluate(parse(KIND, [suite], {}), subject, Context())


def test_every_expectation_of_this_gx_is_native_or_tried_here_or_refused():
    tried = {type_ for type_, *_ in EVALUATED}
    known = set(registry.list_registered_expectation_implementations())
    core = {
        name
        for name in known
        if registry.get_expectation_impl(name).__module__.startswith("great_expectations.")
    }
    assert core - set(NATIVE) - set(foreign_rules.REFUSED) - tried == set()
    assert core - set(NATIVE) <= foreign.GX_TYPES | set(foreign_rules.REFUSED)


@pytest.mark.parametrize("backend", ["pandas", "polars", "duckdb"])
@pytest.mark.parametrize(("type_", "kwargs", "wanted"), EVALUATED, ids=lambda v: str(v)[:60])
def test_what_has_no_native_form_is_evaluated_by_gx(type_, kwargs, wanted, backend):
    subject = {
        "pandas": FRAME.to_pandas,
        "polars": FRAME.clone,
        "duckdb": lambda: duckdb.from_arrow(FRAME.to_arrow()),
    }[backend]()
    verdict = check(type_, kwargs, subject)
    found = verdict.details[0]
    counts = (found["success"], found["unexpected_count"], found["missing_count"])
    assert counts == wanted
    assert verdict.outcome is (Outcome.PASSED if wanted[0] else Outcome.FAILED)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(("type_", "kwargs", "said"), HOLLOW, ids=lambda v: str(v)[:60])
def test_what_gx_would_pass_without_judging_is_misuse(type_, kwargs, said):
    with pytest.raises(MLGatesError) as error:
        check(type_, kwargs)
    assert said in str(error.value)


@pytest.mark.parametrize("type_", sorted(foreign_rules.REFUSED))
def test_what_gx_has_for_databases_only_is_refused_with_the_reason(type_):
    with pytest.raises(MLGatesError, match=f"{type_} is not supported") as error:
        check(type_, {"column": "s", "like_pattern": "a%", "like_pattern_list": ["a%"]})
    if "like" in type_:
        assert "for SQL databases only" in str(error.value)
        assert "expect_column_values_to_match_regex" in str(error.value)
    else:
        assert "suite text is never executed" in str(error.value)


def test_a_schema_may_refer_to_itself():
    schema = {"$ref": "#/definitions/o", "definitions": {"o": OBJECT}}
    kwargs = {"column": "doc", "json_schema": schema}
    found = check("expect_column_values_to_match_json_schema", kwargs).details[0]
    assert (found["success"], found["unexpected_count"]) == (False, 1)


@pytest.mark.parametrize("severity", ["critical", "warning", "info"])
def test_a_severity_that_gx_writes_decides_whether_a_failure_blocks(severity):
    gx = pytest.importorskip("great_expectations")
    failing = gx.expectations.ExpectColumnValuesToNotBeOutliers(
        column="x", method="std", multiplier=1, severity=severity
    )
    holding = gx.expectations.ExpectColumnToExist(column="x")
    suite = gx.ExpectationSuite(name="s", expectations=[failing, holding]).to_json_dict()
    assert [one["severity"] for one in suite["expectations"]] == [severity, "critical"]
    verdict = KIND.evaluate(parse(KIND, [suite], {}), FRAME, Context())
    assert verdict.outcome is (Outcome.FAILED if severity == "critical" else Outcome.PASSED)
    assert (verdict.details[0]["success"], verdict.details[0]["severity"]) == (False, severity)
    assert ("does not block" in verdict.message) is (severity != "critical")
