"""Expectations that Great Expectations evaluates: in order, quietly, and with nothing hollow."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import threading
import types

import polars as pl
import pytest

from pytest_mlgates.core.errors import MissingExtraError, MLGatesError
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema.kind import KIND

pd = pytest.importorskip("pandas")
duckdb = pytest.importorskip("duckdb")

FRAME = pl.DataFrame(
    {
        "x": [1, 2, 3, 9],
        "y": [1, 2, 3, 8],
        "s": ["a", "b", None, "zz"],
        "doc": ['{"a": 1}', '{"a": 2}', "{}", '{"a": "x"}'],
    }
)
BACKENDS = {
    "pandas": lambda frame: frame.to_pandas(),
    "polars": lambda frame: frame,
    "lazy": lambda frame: frame.lazy(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def expect(kind, **kwargs):
    return {"type": f"expect_{kind}", "kwargs": kwargs}


def equal(*columns, **kwargs):
    return expect("multicolumn_values_to_be_equal", column_list=list(columns), **kwargs)


OUTLIERS = expect("column_values_to_not_be_outliers", column="x", method="iqr", multiplier=1.5)
DOCUMENTS = expect("column_values_to_match_json_schema", column="doc", json_schema=SCHEMA)


def check(*expectations, subject=FRAME, **options):
    return KIND.evaluate(parse(KIND, [list(expectations)], options), subject, Context())


def misuse(*expectations, subject=FRAME):
    with pytest.raises(MLGatesError) as error:
        check(*expectations, subject=subject)
    return str(error.value)


@pytest.fixture
def gx():
    return pytest.importorskip("great_expectations")


def test_gx_never_sees_a_condition(gx, monkeypatch):
    """The rows are selected before: ``DataFrame.query`` is where GX would execute the text."""
    monkeypatch.setattr(pd.DataFrame, "query", None)
    monkeypatch.setattr(pd.DataFrame, "eval", None)
    seen = []
    engine = pytest.importorskip("great_expectations.execution_engine.pandas_execution_engine")
    records = engine.PandasExecutionEngine.get_domain_records
    monkeypatch.setattr(
        engine.PandasExecutionEngine,
        "get_domain_records",
        lambda self, domain_kwargs: seen.append(domain_kwargs) or records(self, domain_kwargs),
    )
    some = {**DOCUMENTS, "kwargs": {**DOCUMENTS["kwargs"], "row_condition": "x < 5"}}
    found = check(some, DOCUMENTS)
    assert [one["success"] for one in found.details] == [True, False]
    assert found.details[0]["element_count"] == 3
    assert found.details[0]["kwargs"]["row_condition"] == "x < 5"
    assert seen
    assert not any(one.get("row_condition") for one in seen)


@pytest.mark.parametrize("backend", BACKENDS)
def test_answers_keep_the_order_of_the_suite_on_every_backend(gx, backend):
    """GX groups its results by column."""
    found = check(
        OUTLIERS,
        DOCUMENTS,
        expect("column_values_to_be_between", column="x", max_value=3),
        {**OUTLIERS, "kwargs": {**OUTLIERS["kwargs"], "column": "y"}},
        expect("column_type_to_be", column="x", type_="int64"),
        OUTLIERS,
        subject=BACKENDS[backend](FRAME),
    )
    counts = [(one["engine"][0], one["success"], one["unexpected_count"]) for one in found.details]
    assert counts == [
        ("g", False, 1),
        ("g", False, 1),
        ("n", False, 1),
        ("g", True, 0),
        ("g", True, None),
        ("g", False, 1),
    ]
    assert found.message.startswith("4 of 6 expectations failed, up to 4 of 4 rows")


def test_only_the_columns_asked_about_reach_gx(gx, monkeypatch):
    seen = []
    asset = pytest.importorskip("great_expectations.datasource.fluent.pandas_datasource")
    build = asset.DataFrameAsset.build_batch_request
    monkeypatch.setattr(
        asset.DataFrameAsset,
        "build_batch_request",
        lambda self, options, **more: (
            seen.append(list(options["dataframe"])) or build(self, options, **more)
        ),
    )
    check(OUTLIERS)
    check(DOCUMENTS, OUTLIERS)
    assert {tuple(one) for one in seen} == {("x",), ("x", "doc")}


def test_examples_of_gx_are_shown_when_asked_for(gx):
    found = check(DOCUMENTS, examples=2)
    assert found.details[0]["examples"] == [{"row": None, "value": '{"a": "x"}'}]


def test_columns_of_mixed_values_are_gx_business(gx):
    frame = pd.DataFrame({"m": pd.Series([1, "a", None], dtype=object)})
    found = check(
        expect("column_values_to_be_of_type", column="m", type_="str"), subject=frame
    ).details[0]
    assert (found["engine"], found["unexpected_count"]) == ("great_expectations", 1)


def test_a_column_of_nulls_is_not_handed_to_gx(gx):
    frame = pl.DataFrame({"x": pl.Series([None, None], dtype=pl.Int64), "y": [1, 2]})
    found = check(OUTLIERS, subject=frame)
    assert found.outcome is Outcome.FAILED
    assert found.details[0]["error"] == "no value to judge: 'x' is null in all 2 rows"


def test_no_rows_are_no_pass(gx):
    found = check(equal("x", "y", row_condition="x > 100")).details[0]
    assert (found["success"], found["element_count"]) == (None, 0)
    assert "row_condition leaves 0 of 4 rows" in found["error"]
    assert "0 rows" in misuse(equal("x", "y"), subject=FRAME.clear())


def test_rows_that_are_all_set_aside_are_no_pass(gx):
    frame = pl.DataFrame({"x": [[1], None], "y": [None, [2]]})  # lists, which have no native form
    asked = equal("x", "y", ignore_row_if="any_value_is_missing")
    assert check(asked, subject=frame).details[0]["success"] is None


def test_what_gx_raises_is_no_verdict_beside_which_false_ones_stay_false(gx):
    asked = expect("column_values_to_not_be_outliers", column="s", method="std", multiplier=1)
    text = misuse(asked).splitlines()
    assert text[0] == "1 of 1 expectation could not be evaluated"
    assert ": Great Expectations could not evaluate this: " in text[2]
    verdict = check(asked, expect("column_to_exist", column="nowhere"))
    assert verdict.outcome is Outcome.FAILED
    assert verdict.details[0]["success"] is None


def test_an_expectation_that_breaks_gx_leaves_the_others_their_answers(gx):
    """GX raises over the whole suite where a partition has no sense."""
    nonsense = expect(
        "column_kl_divergence_to_be_less_than",
        column="s",
        threshold=0.1,
        partition_object={"values": ["a"], "weights": [7]},
    )
    found = check(OUTLIERS, nonsense, DOCUMENTS)
    assert [one["success"] for one in found.details] == [False, None, False]
    assert "Invalid partition_object provided" in found.details[1]["error"]
    private = to_table(FRAME, private=True)
    found = check(OUTLIERS, nonsense, subject=private)
    assert found.details[1]["error"] == "Great Expectations could not evaluate this"


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({"column": "x", "multiplie": 1}, "did you mean 'multiplier'?"),
        ({"method": "iqr", "multiplier": 1}, "column is not usable"),
        ({"column": "x", "method": "mad", "multiplier": 1}, "method is not usable"),
    ],
)
def test_an_argument_that_gx_does_not_know_is_misuse(gx, kwargs, said):
    text = misuse(expect("column_values_to_not_be_outliers", **kwargs))
    assert said in text
    assert "where: suite expectation 1 (expect_column_values_to_not_be_outliers)" in text


def test_a_type_of_another_version_of_gx_is_misuse(gx):
    text = misuse(expect("column_chisquare_test_p_value_to_be_greater_than", column="x"))
    assert "is not in the installed Great Expectations" in text


def test_the_projects_own_gx_context_stays_current(gx, monkeypatch):
    monkeypatch.delenv("GX_ANALYTICS_ENABLED", raising=False)
    factory = pytest.importorskip("great_expectations.data_context.data_context.context_factory")
    before = factory.project_manager
    mine = gx.get_context(mode="ephemeral")
    check(OUTLIERS)
    misuse(expect("column_values_to_not_be_outliers", column="s", method="std", multiplier=1))
    assert before.get_current_project() is mine
    assert "GX_ANALYTICS_ENABLED" not in os.environ


def test_nothing_is_printed_logged_or_left_running(gx, capfd, caplog, recwarn):
    level = logging.getLogger("great_expectations").level
    before = set(threading.enumerate())
    check(OUTLIERS, DOCUMENTS)
    misuse(expect("column_values_to_not_be_outliers", column="s", method="std", multiplier=1))
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
    assert list(recwarn) == []
    started = set(threading.enumerate()) - before
    assert not [thread for thread in started if "tqdm" in thread.name.lower()]
    assert logging.getLogger("great_expectations").level == level


def test_without_gx_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    with pytest.raises(MissingExtraError) as error:
        check(OUTLIERS)
    assert str(error.value) == (
        "the expectation expect_column_values_to_not_be_outliers (it has no native form here) "
        "needs great_expectations, which does not import here\n"
        "  got:   ModuleNotFoundError: import of great_expectations halted; None in sys.modules\n"
        "  fix:   pip install 'pytest-mlgates[gx]'"
    )


@pytest.mark.parametrize(("pyspark", "extra"), [(True, "gx,spark"), (False, "gx")])
def test_a_system_exit_on_import_is_an_error_with_the_fix(monkeypatch, tmp_path, pyspark, extra):
    """pyspark without its ``connect`` extra ends whoever imports great_expectations with 0."""
    (tmp_path / "great_expectations").mkdir()
    (tmp_path / "great_expectations/__init__.py").write_text("raise SystemExit(0)\n")
    for name in [n for n in sys.modules if n.partition(".")[0] == "great_expectations"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: pyspark if name == "pyspark" else spec(name)
    )
    with pytest.raises(MissingExtraError, match="needs great_expectations") as error:
        check(OUTLIERS)
    assert "got:   SystemExit: 0" in str(error.value)
    assert f"fix:   pip install 'pytest-mlgates[{extra}]'" in str(error.value)


def test_a_misspelt_expectation_is_told_without_gx_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    monkeypatch.setitem(sys.modules, "great_expectations.expectations.registry", None)
    with pytest.raises(
        MLGatesError, match="did you mean 'expect_column_values_to_not_be_outliers'"
    ):
        check(expect("column_values_to_not_be_outlier", column="x"))


def test_a_class_of_the_projects_own_runs_and_no_other_is_imported(gx, monkeypatch):
    """Registered by the import of whoever wrote it; text of a suite imports nothing."""
    validated = []

    class ExpectColumnSumToBeOdd(gx.expectations.expectation.BatchExpectation):
        column: str

        def _validate(self, metrics, runtime_configuration=None, execution_engine=None):
            frame = execution_engine.batch_manager.active_batch_data.dataframe
            validated.append(list(frame))
            return {"success": bool(frame[self.column].sum() % 2), "result": {}}

    registry = pytest.importorskip("great_expectations.expectations.registry")
    name = "expect_column_sum_to_be_odd"
    assert name in registry.list_registered_expectation_implementations()
    try:
        found = check(
            {"type": name, "kwargs": {"column": "x"}}, expect("column_to_exist", column="x")
        )
        assert found.details[0]["success"] is True
        assert found.details[0]["engine"] == "great_expectations"
        assert check({"type": name, "kwargs": {"column": "y"}}).details[0]["success"] is False
        assert validated[0] == FRAME.columns, "a class of one's own may look at any column"
    finally:
        registry._registered_expectations.pop(name)

    trap = types.ModuleType("trap_of_a_suite")
    monkeypatch.setitem(sys.modules, "trap_of_a_suite", trap)
    before = set(sys.modules)
    for type_ in ("trap_of_a_suite.ExpectEvil", "trap_of_a_suite:ExpectEvil", "wave", "os.system"):
        assert "unknown expectation" in misuse({"type": type_, "kwargs": {"column": "x"}})
    assert "wave" not in sys.modules
    assert not {name for name in set(sys.modules) - before if "trap" in name}


@pytest.mark.usefixtures("gx")
@pytest.mark.parametrize(
    "kind", ["compound_columns_to_be_unique", "select_column_values_to_be_unique_within_record"]
)
def test_several_columns_of_a_kind_that_is_not_native_are_asked_there(kind):
    frame = pd.DataFrame({"d": [pd.Timedelta(seconds=k) for k in range(5)]})
    frame["e"] = frame["d"] + pd.Timedelta(seconds=9)
    found = check(expect(kind, column_list=["d", "e"]), subject=frame)
    assert found.outcome is Outcome.PASSED
