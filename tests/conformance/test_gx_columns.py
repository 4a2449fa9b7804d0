"""Checks of a column as a whole answer as GX's pandas engine does, on every backend.

Not compared, because GX is hollow or inconsistent there: nothing to judge (only nulls, one value,
infinities: ours must not pass), a z-score within rounding of its threshold, infinities in a row,
text in a set of numbers.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_mlgates.core.errors import MLGatesError
from tests.conformance.oracle import (
    BACKENDS,
    FIELDS,
    columns,
    conditions,
    grid,
    numbers,
    ours,
    ranges,
    shares,
    tables,
    texts,
)

pl = pytest.importorskip("polars")

quantile_shares = st.sampled_from([0, 0.07, 0.1, 0.25, 0.3, 0.5, 0.75, 0.9, 0.99, 1])
# No quotient of a deviation and its standard deviation on the grid equals one of these.
thresholds = st.sampled_from([-0.7123, 0.3123, 0.8123, 1.2123, 1.9123])


def _members(draw, column, most=4):
    if column in ("s", "t"):
        values = texts
    elif column == "b":
        values = st.booleans() | st.integers(0, 1)
    else:
        values = st.integers(-3, 3) | grid
    return draw(st.lists(values, min_size=1, max_size=most))


def _distinct(draw, column):
    verb = draw(st.sampled_from(["to_be_in", "to_contain", "to_equal"]))
    found = _members(draw, column, 8)
    if draw(st.integers(0, 5)) == 0:
        found.append(None)
    return f"expect_column_distinct_values_{verb}_set", {"column": column, "value_set": found}


def _most_common(draw, column):
    kwargs = {"column": column, "value_set": _members(draw, column)}
    if draw(st.booleans()):
        kwargs["ties_okay"] = draw(st.booleans())
    return "expect_column_most_common_value_to_be_in_set", kwargs


def _shares(draw, column):
    name = draw(st.sampled_from(["unique", "non_null"]))
    kwargs = {"column": column} | draw(ranges(shares))
    return f"expect_column_proportion_of_{name}_values_to_be_between", kwargs


def _quantiles(draw, column):
    wanted = draw(st.lists(quantile_shares, min_size=1, max_size=4))
    pairs = []
    for _ in wanted:
        low, high = sorted((draw(grid), draw(grid)))
        pairs.append(draw(st.sampled_from([[low, high], [low, None], [None, high], [low, low]])))
    kwargs = {
        "column": draw(numbers),
        "quantile_ranges": {"quantiles": wanted, "value_ranges": pairs},
    }
    if draw(st.booleans()):
        kwargs["allow_relative_error"] = draw(
            st.sampled_from([False, "linear", "lower", "higher", "midpoint", "nearest"])
        )
    return "expect_column_quantile_values_to_be_between", kwargs


def _mostly(draw):
    return {"mostly": draw(shares)} if draw(st.booleans()) else {}


def _z_scores(draw, column):
    kwargs = {"column": draw(st.sampled_from(["i", "j", "f", "g", "b"]))}
    kwargs |= {"threshold": draw(thresholds), "double_sided": draw(st.booleans())}
    return "expect_column_value_z_scores_to_be_less_than", kwargs | _mostly(draw)


def _order(draw, column):
    way = draw(st.sampled_from(["increasing", "decreasing"]))
    kwargs = {"column": draw(st.sampled_from(["i", "j", "f", "g", "b"]))} | _mostly(draw)
    if draw(st.booleans()):
        kwargs["strictly"] = draw(st.booleans())
    return f"expect_column_values_to_be_{way}", kwargs


MAKERS = {
    "distinct": _distinct,
    "most common": _most_common,
    "count": lambda d, c: (
        "expect_column_unique_value_count_to_be_between",
        {"column": c} | d(ranges(st.integers(0, 8))),
    ),
    "shares": _shares,
    "stdev": lambda d, c: (
        "expect_column_stdev_to_be_between",
        {"column": d(numbers)} | d(ranges()),
    ),
    "quantiles": _quantiles,
    "z": _z_scores,
    "order": _order,
}


@st.composite
def expectations(draw):
    """One expectation with arguments that GX accepts."""
    type_, kwargs = MAKERS[draw(st.sampled_from(sorted(MAKERS)))](draw, draw(columns))
    if draw(st.integers(0, 3)) == 0:
        kwargs |= {"row_condition": draw(conditions), "condition_parser": "pandas"}
    return {"type": type_, "kwargs": kwargs}


def _metric(expectation):
    """What GX tells apart: it answers a second quantile of a column with the first one's."""
    if "quantile" not in expectation["type"]:
        return repr(expectation)
    kwargs = expectation["kwargs"]
    names = ("column", "row_condition", "allow_relative_error")
    return repr([kwargs.get(name) or None for name in names])


suites = st.lists(expectations(), min_size=8, max_size=14, unique_by=_metric)


def same(value):
    """An observed value that is compared: lists in any order, floats at 12 digits."""
    if isinstance(value, dict):
        return {key: [comparable_number(v) for v in part] for key, part in value.items()}
    if isinstance(value, list):
        numbers = [comparable_number(v) for v in value]
        return sorted(numbers, key=lambda v: (v is None, 0 if v is None else v))
    return comparable_number(value)


def comparable_number(value):
    """A number at 12 digits, anything else as it is."""
    item = getattr(value, "item", None)
    value = item() if callable(item) else value
    if isinstance(value, float):
        return None if not math.isfinite(value) else float(f"{value:.11e}") + 0.0
    return value


def judged(backend, expectation):
    """Whether *backend* judges *expectation*: only rows with an order can increase."""
    lazy = backend in ("polars lazy", "duckdb")
    return not (lazy and "creasing" in expectation["type"])


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(table=tables(), suite=suites)
def test_checks_of_columns_equal_gx_on_every_backend(gx_pandas, table, suite):
    oracle = gx_pandas(table.to_pandas(), suite)
    for name, convert in BACKENDS.items():
        asked = [(e, gx) for e, gx in zip(suite, oracle, strict=True) if judged(name, e)]
        if not asked:
            continue
        answers = ours([e for e, _ in asked], convert(table))
        for (expectation, gx), mine in zip(asked, answers, strict=True):
            assert mine["engine"] == "native"
            if mine["success"] is None or gx["raised"] or infinite(expectation, table):
                # Nothing to judge: GX passes or raises, ours never passes.
                assert mine["success"] is not True or gx["success"], (name, expectation, gx, mine)
                assert mine["error"] or mine["success"] is not None, (name, expectation, gx, mine)
                continue
            for field in FIELDS[:-1]:
                assert mine[field] == gx[field], (name, field, expectation, gx, mine)
            got, want = same(mine["observed_value"]), same(gx["observed_value"])
            assert got == want, (name, expectation, gx, mine)


def infinite(expectation, table):
    """Whether infinities make GX's differences undefined, which it passes."""
    steps = "creasing" in expectation["type"] or "z_score" in expectation["type"]
    steps = steps or expectation["kwargs"].get("allow_relative_error") in ("linear", "midpoint")
    column = expectation["kwargs"]["column"]
    return steps and column == "f" and bool(table["f"].is_infinite().any())


ROWS = [
    (1, "a", 1.0, True, 0.5),
    (2, None, math.nan, False, 0.25),
    (2, "b", None, True, -0.0),
    (3, "a", 9.0, None, 0.0),
]


@pytest.fixture
def small_answers(monkeypatch):
    """Fails where rows of a Spark table leave Spark: more than a group-by's answers."""
    from pyspark.sql.classic.dataframe import DataFrame

    collect = DataFrame.collect

    def collected(self):
        found = collect(self)
        assert len(found) <= 1001
        return found

    def to_pandas(self):
        raise AssertionError("rows leave Spark")

    monkeypatch.setattr(DataFrame, "collect", collected)
    monkeypatch.setattr(DataFrame, "toPandas", to_pandas)
    monkeypatch.setattr(DataFrame, "toArrow", to_pandas)


def _of(kind, **kwargs):
    return {"type": f"expect_column_{kind}", "kwargs": kwargs}


def _range(*quantiles, low=None, high=1):
    return {"quantiles": list(quantiles), "value_ranges": [[low, high]] * len(quantiles)}


IN_SPARK = [
    _of("distinct_values_to_be_in_set", column="s", value_set=["a"]),
    _of("distinct_values_to_be_in_set", column="d", value_set=[0.5, 0]),
    _of("distinct_values_to_contain_set", column="i", value_set=[1, 2, 7]),
    _of("distinct_values_to_equal_set", column="s", value_set=["a", "c"]),
    _of("distinct_values_to_equal_set", column="b", value_set=[True, False]),
    _of("most_common_value_to_be_in_set", column="i", value_set=[2]),
    _of("most_common_value_to_be_in_set", column="f", value_set=[9], ties_okay=True),
    _of("most_common_value_to_be_in_set", column="d", value_set=[0]),
    _of("unique_value_count_to_be_between", column="d", max_value=2),
    _of("unique_value_count_to_be_between", column="f", min_value=2, row_condition="i > 1"),
    _of("proportion_of_unique_values_to_be_between", column="i", min_value=0.9),
    _of("proportion_of_non_null_values_to_be_between", column="f", min_value=0.5),
    _of("stdev_to_be_between", column="i", max_value=0.1),
    _of("stdev_to_be_between", column="f", max_value=1, row_condition="i != 2"),
    _of("quantile_values_to_be_between", column="i", quantile_ranges=_range(0, 0.5, 0.75)),
    _of(
        "quantile_values_to_be_between",
        column="d",
        quantile_ranges=_range(0.5, 0.9),
        allow_relative_error="linear",
    ),
    _of("value_z_scores_to_be_less_than", column="i", threshold=1, double_sided=True),
    _of("value_z_scores_to_be_less_than", column="d", threshold=0.3, double_sided=False),
]


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
def test_checks_of_columns_are_answered_in_spark(spark, gx_pandas, small_answers):
    frame = spark.createDataFrame(ROWS, "i long, s string, f double, b boolean, d double")
    same_rows = pl.DataFrame(ROWS, schema=list("isfbd"), orient="row", nan_to_null=True)
    suite = [
        {**e, "kwargs": e["kwargs"] | {"condition_parser": "pandas"}}
        if "row_condition" in e["kwargs"]
        else e
        for e in IN_SPARK
    ]
    oracle = gx_pandas(same_rows.to_pandas(), suite)
    for expectation, mine, gx in zip(suite, ours(suite, frame), oracle, strict=True):
        assert mine["engine"] == "native"
        assert [mine[f] for f in FIELDS[:-1]] == [gx[f] for f in FIELDS[:-1]], expectation
        assert same(mine["observed_value"]) == same(gx["observed_value"]), expectation


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("way", ["increasing", "decreasing"])
def test_rows_of_spark_have_no_order(spark, way):
    """GX numbers them as they happen to lie."""
    frame = spark.createDataFrame([(1,), (2,)], "i long")
    with pytest.raises(MLGatesError, match="the rows of table 'table' have no order"):
        ours([_of(f"values_to_be_{way}", column="i")], frame)


OVER_CONNECT = """
import json, sys, warnings
warnings.simplefilter("ignore")
from pyspark.sql import SparkSession
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema.kind import KIND

builder = SparkSession.builder.remote("local[2]")
for key, value in {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.bindAddress": "127.0.0.1",
}.items():
    builder = builder.config(key, value)
session = builder.getOrCreate()
rows, suite = json.loads(sys.argv[1])
frame = session.createDataFrame([tuple(row) for row in rows], "i long, s string, f double")
print("ANSWERS" + json.dumps(KIND.evaluate(parse(KIND, [suite], {}), frame, Context()).details))
session.stop()
"""


@pytest.mark.spark
@pytest.mark.slow
def test_spark_connect_answers_as_spark_does(gx_pandas):
    """A process of its own: Spark's two clients do not live in one."""
    pytest.importorskip("grpc")
    pytest.importorskip("pyspark.sql.connect")
    rows = [(1, "a", 1.0), (2, None, None), (2, "b", 4.0)]
    suite = [
        _of("distinct_values_to_be_in_set", column="s", value_set=["a"]),
        _of("most_common_value_to_be_in_set", column="i", value_set=[2]),
        _of("unique_value_count_to_be_between", column="f", min_value=2),
        _of("stdev_to_be_between", column="f", min_value=0),
        _of("quantile_values_to_be_between", column="f", quantile_ranges=_range(0, 0.5, 1)),
        _of("value_z_scores_to_be_less_than", column="i", threshold=1, double_sided=True),
        _of("values_to_not_be_null", column="f"),
    ]
    ran = subprocess.run(
        [sys.executable, "-c", OVER_CONNECT, json.dumps([rows, suite])],
        capture_output=True,
        text=True,
        check=False,
        # A session of this process has left its own address in the environment.
        env={k: v for k, v in os.environ.items() if "SPARK" not in k}
        | {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_TESTING": "1"},  # a free port
    )
    assert "ANSWERS" in ran.stdout, ran.stderr[-2000:]
    found = json.loads(ran.stdout.split("ANSWERS")[1])
    same_rows = pl.DataFrame(rows, schema=["i", "s", "f"], orient="row")
    for mine, gx in zip(found, gx_pandas(same_rows.to_pandas(), suite), strict=True):
        assert mine["engine"] == "native"
        assert [mine[f] for f in FIELDS[:-1]] == [gx[f] for f in FIELDS[:-1]], mine
        assert same(mine["observed_value"]) == same(gx["observed_value"]), mine
