"""Expectations that Great Expectations evaluates: safely, in order, and without a trace."""

from __future__ import annotations

import os
import sys

import polars as pl
import pytest

from pytest_mlgates.core.errors import MissingExtraError, MLGatesError
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema import KIND

pd = pytest.importorskip("pandas")
duckdb = pytest.importorskip("duckdb")

FRAME = pl.DataFrame({"x": [1, 2, 3, 9], "s": ["a", "b", None, "zz"], "mix": ["1", "2", "3", "x"]})
BACKENDS = {
    "pandas": lambda frame: frame.to_pandas(),
    "polars": lambda frame: frame,
    "lazy": lambda frame: frame.lazy(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}
HOSTILE = (
    '@pd.io.common.os.system("touch {file}")',
    '@data.to_csv("{file}")',
    '__import__("os").system("touch {file}")',
    'x > 0 and @pd.io.common.os.system("touch {file}")',
    's.to_csv("{file}")',
    'x.map(lambda v: open("{file}", "w"))',
    "`x`.to_csv('{file}')",
)


def expect(kind, **kwargs):
    return {"type": f"expect_{kind}", "kwargs": kwargs}


def check(*expectations, subject=FRAME, **options):
    return KIND.evaluate(parse(KIND, [list(expectations)], options), subject, Context())


@pytest.fixture
def gx():
    return pytest.importorskip("great_expectations")


@pytest.mark.parametrize("kind", ["column_values_to_not_be_null", "column_values_to_be_increasing"])
@pytest.mark.parametrize("condition", HOSTILE)
@pytest.mark.parametrize("form", ["text", "pass_through"])
def test_a_hostile_condition_touches_nothing_on_either_path(tmp_path, kind, condition, form):
    text = condition.format(file=tmp_path / "hacked")
    given = text if form == "text" else {"type": "pass_through", "pass_through_filter": text}
    suite = [expect(kind, column="x", row_condition=given, condition_parser="pandas")]
    with pytest.raises(MLGatesError, match=r"row_condition .* cannot be used"):
        check(*suite, subject=FRAME.to_pandas())
    assert list(tmp_path.iterdir()) == []


def test_gx_never_sees_a_condition(gx, monkeypatch):
    """The rows are selected before: ``DataFrame.query`` is where GX would execute the text."""
    monkeypatch.setattr(pd.DataFrame, "query", None)
    found = check(
        expect("column_stdev_to_be_between", column="x", max_value=1, row_condition="x < 3"),
        expect("column_unique_value_count_to_be_between", column="s", min_value=9),
    )
    assert [one["success"] for one in found.details] == [True, False]
    assert found.details[0]["observed_value"] == pytest.approx(0.5**0.5)
    assert found.details[0]["kwargs"]["row_condition"] == "x < 3"


@pytest.mark.parametrize("backend", BACKENDS)
def test_answers_keep_the_order_of_the_suite_on_every_backend(gx, backend):
    """GX groups its results by column."""
    found = check(
        expect("column_values_to_match_regex_list", column="s", regex_list=["^a", "^b"]),
        expect("column_values_to_be_between", column="x", max_value=3),
        expect("column_values_to_be_increasing", column="x"),
        expect("column_values_to_be_json_parseable", column="mix"),
        expect("column_proportion_of_unique_values_to_be_between", column="s", min_value=1),
        subject=BACKENDS[backend](FRAME),
    )
    counts = [(one["engine"][0], one["success"], one["unexpected_count"]) for one in found.details]
    assert counts == [
        ("g", False, 1),
        ("n", False, 1),
        ("g", True, 0),
        ("g", False, 1),
        ("g", True, None),
    ]
    assert found.message.startswith("3 of 5 expectations failed, up to 3 of 4 rows")


def test_examples_of_gx_are_shown_when_asked_for(gx):
    found = check(
        expect("column_values_to_match_regex_list", column="s", regex_list=["^a"]), examples=2
    )
    assert found.details[0]["examples"] == [
        {"row": None, "value": "b"},
        {"row": None, "value": "zz"},
    ]


def test_columns_of_mixed_values_are_gx_business(gx):
    frame = pd.DataFrame({"m": pd.Series([1, "a", None], dtype=object)})
    found = check(
        expect("column_values_to_be_of_type", column="m", type_="str"), subject=frame
    ).details[0]
    assert (found["engine"], found["unexpected_count"]) == ("great_expectations", 1)


def test_a_column_of_nulls_is_not_handed_to_gx(gx):
    frame = pl.DataFrame({"x": pl.Series([None, None], dtype=pl.Int64)})
    found = check(
        expect("column_distinct_values_to_be_in_set", column="x", value_set=[1]), subject=frame
    )
    assert found.outcome is Outcome.FAILED
    assert found.details[0]["error"] == "no value to judge: 'x' is null in all 2 rows"


def test_what_gx_raises_is_no_verdict_beside_which_false_ones_stay_false(gx):
    asked = expect("column_stdev_to_be_between", column="s", max_value=1)
    with pytest.raises(MLGatesError) as caught:
        check(asked)
    lines = str(caught.value).splitlines()
    assert lines[0] == "1 of 1 expectation could not be evaluated"
    assert ": Great Expectations could not evaluate this: " in lines[2]
    verdict = check(asked, expect("column_to_exist", column="nowhere"))
    assert verdict.outcome is Outcome.FAILED
    assert verdict.details[0]["success"] is None


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({"column": "x", "min_valu": 1, "max_value": 2}, "did you mean 'min_value'?"),
        ({"min_value": 1}, "column is not usable"),
    ],
)
def test_an_argument_that_gx_does_not_know_is_misuse(gx, kwargs, said):
    with pytest.raises(MLGatesError) as error:
        check(expect("column_stdev_to_be_between", **kwargs))
    assert said in str(error.value)
    assert "where: suite expectation 1 (expect_column_stdev_to_be_between)" in str(error.value)


def test_the_projects_own_gx_context_stays_current(gx, monkeypatch):
    monkeypatch.delenv("GX_ANALYTICS_ENABLED", raising=False)
    factory = pytest.importorskip("great_expectations.data_context.data_context.context_factory")
    before = factory.project_manager
    mine = gx.get_context(mode="ephemeral")
    check(expect("column_values_to_be_increasing", column="x"))
    assert before.get_current_project() is mine
    assert "GX_ANALYTICS_ENABLED" not in os.environ


def test_no_file_is_written(gx, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(expect("column_values_to_be_increasing", column="x"))
    assert list(tmp_path.iterdir()) == []


def test_without_gx_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    with pytest.raises(MissingExtraError) as error:
        check(expect("column_values_to_be_increasing", column="x"))
    assert str(error.value) == (
        "the expectation expect_column_values_to_be_increasing (it has no native form here) needs "
        "great_expectations, which does not import here\n"
        "  got:   ModuleNotFoundError: import of great_expectations halted; None in sys.modules\n"
        "  fix:   pip install 'pytest-mlgates[gx]'"
    )


def test_a_misspelt_expectation_is_told_without_gx_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    monkeypatch.setitem(sys.modules, "great_expectations.expectations.registry", None)
    with pytest.raises(MLGatesError, match="did you mean 'expect_column_values_to_be_increasing'"):
        check(expect("column_values_to_be_increasin", column="x"))
