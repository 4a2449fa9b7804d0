"""Native expectations answer as Great Expectations' pandas engine does, on every backend.

Not compared, because GX is hollow or inconsistent there: nothing to judge (no rows left, only
nulls: ours must not pass), an index of 0, names of types, floats beyond 12 digits.
"""

from __future__ import annotations

import math
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema import KIND

pl = pytest.importorskip("polars")
pytest.importorskip("pandas")
pytest.importorskip("great_expectations")
duckdb = pytest.importorskip("duckdb")

FIELDS = ("success", "unexpected_count", "missing_count", "element_count", "observed_value")
BACKENDS = {
    "pandas": lambda frame: frame.to_pandas(),
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}

shares = st.integers(1, 20).map(lambda k: k / 20)
grid = st.integers(-8, 8).map(lambda k: k / 4)
texts = st.sampled_from(["", "a", "b", "ab", "a1", "Ünï", "12", "a b", "x\ny"])


@st.composite
def tables(draw):
    """1 to 12 rows: integers, integers with nulls, floats with nulls and NaN, texts, booleans."""
    n = draw(st.integers(1, 12))

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    floats = st.one_of(grid, st.sampled_from([math.nan, math.inf, -math.inf, -0.0]))
    return pl.DataFrame(
        {
            "i": pl.Series(column(st.integers(-3, 3)), dtype=pl.Int64),
            "k": pl.Series(column(st.integers(-(2**62), 2**62)), dtype=pl.Int64),
            "j": pl.Series(column(st.none() | st.integers(0, 4)), dtype=pl.Int64),
            "f": pl.Series(column(st.none() | floats), dtype=pl.Float64),
            "g": pl.Series(column(st.none() | grid), dtype=pl.Float64),
            "s": pl.Series(column(st.none() | texts), dtype=pl.String),
            "t": pl.Series(column(texts), dtype=pl.String),
            "b": pl.Series(column(st.booleans()), dtype=pl.Boolean),
        }
    )


numbers = st.sampled_from(["i", "j", "f", "g", "b"])
columns = st.sampled_from(["i", "k", "j", "f", "g", "s", "t", "b"])
conditions = st.sampled_from(
    [
        "i > 0",
        "i == 1 | i == 3",
        "i > 0 & f < 1",
        "s == 'a' or b",
        's != "a"',
        "not (j >= 2)",
        "~(j >= 2) and not b",
        "-1 <= i < 2",
        "2 > g",
        "`f` in [0.5, 1, 2]",
        "s not in ('a', 'b')",
        "i < j",
        "j != i",
        "b == False",
    ]
)


@st.composite
def ranges(draw, values=grid):
    """One-sided or two-sided, strict or not."""
    low, high = sorted((draw(values), draw(values)))
    found = draw(
        st.sampled_from(
            [
                {"min_value": low},
                {"max_value": high},
                {"min_value": low, "max_value": high},
            ]
        )
    )
    found = dict(found)
    for name in ("strict_min", "strict_max"):
        if draw(st.booleans()):
            found[name] = draw(st.booleans())
    return found


@st.composite
def expectations(draw):
    """One expectation with arguments that GX accepts."""
    column = draw(columns)
    kind = draw(st.sampled_from(sorted(MAKERS)))
    type_, kwargs = MAKERS[kind](draw, column)
    if kind not in ("types", "table") and draw(st.integers(0, 3)) == 0:
        kwargs |= {"row_condition": draw(conditions), "condition_parser": "pandas"}
    return {"type": type_, "kwargs": kwargs}


def _mostly(draw):
    return {"mostly": draw(shares)} if draw(st.booleans()) else {}


def _set(draw, column):
    if column in ("s", "t"):
        values = st.lists(texts, min_size=1, max_size=4)
    elif column == "b":
        values = st.lists(st.booleans(), min_size=1, max_size=2)
    else:
        values = st.lists(st.integers(-3, 3) | grid, min_size=1, max_size=4)
    verb = draw(st.sampled_from(["be", "not_be"]))
    kwargs = {"column": column, "value_set": draw(values)}
    return f"expect_column_values_to_{verb}_in_set", kwargs | _mostly(draw)


def _regex(draw, column):
    column = draw(st.sampled_from(["i", "s", "t", "b", "f"]))
    regex = draw(
        st.sampled_from(["a", "^a", "[0-9]+", "^-?[0-9.]+$", "a|b", "^$", "Ü", "(?i)A", "e"])
    )
    verb = draw(st.sampled_from(["match", "not_match"]))
    return f"expect_column_values_to_{verb}_regex", {"column": column, "regex": regex} | _mostly(
        draw
    )


def _lengths(draw, column):
    column = draw(st.sampled_from(["i", "s", "t", "b"]))
    if draw(st.booleans()):
        kwargs = {"column": column, "value": draw(st.integers(0, 4))}
        return "expect_column_value_lengths_to_equal", kwargs | _mostly(draw)
    kwargs = {"column": column} | draw(ranges(st.integers(0, 4))) | _mostly(draw)
    return "expect_column_value_lengths_to_be_between", kwargs


def _pair(draw, column):
    kwargs = {"column_A": draw(numbers), "column_B": draw(numbers)} | _mostly(draw)
    if draw(st.booleans()):
        kwargs["or_equal"] = draw(st.booleans())
    if draw(st.booleans()):
        kwargs["ignore_row_if"] = draw(
            st.sampled_from(["both_values_are_missing", "either_value_is_missing", "neither"])
        )
    return "expect_column_pair_values_a_to_be_greater_than_b", kwargs


def _compound(draw, column):
    names = draw(st.lists(columns, min_size=2, max_size=3, unique=True))
    kwargs = {"column_list": names} | _mostly(draw)
    if draw(st.booleans()):
        kwargs["ignore_row_if"] = draw(
            st.sampled_from(["all_values_are_missing", "any_value_is_missing", "never"])
        )
    return "expect_compound_columns_to_be_unique", kwargs


def _statistic(draw, column):
    name = draw(st.sampled_from(["min", "max", "mean", "median", "sum"]))
    return f"expect_column_{name}_to_be_between", {"column": draw(numbers)} | draw(ranges())


def _types(draw, column):
    names = st.sampled_from(["int64", "int", "int32", "float64", "float", "str", "bool", "object"])
    column = draw(st.sampled_from(["i", "f", "s", "b"]))
    return "expect_column_values_to_be_of_type", {"column": column, "type_": draw(names)}


def _table(draw, column):
    names = draw(st.permutations(["i", "k", "j", "f", "g", "s", "t", "b"]))
    counts = st.integers(0, 12)
    return draw(
        st.sampled_from(
            [
                ("expect_column_to_exist", {"column": column}),
                ("expect_column_to_exist", {"column": column, "column_index": 2}),
                ("expect_table_columns_to_match_set", {"column_set": names}),
                ("expect_table_columns_to_match_set", {"column_set": names[:3]}),
                (
                    "expect_table_columns_to_match_set",
                    {"column_set": names[:3], "exact_match": False},
                ),
                ("expect_table_columns_to_match_ordered_list", {"column_list": names}),
                ("expect_table_column_count_to_equal", {"value": draw(counts)}),
                ("expect_table_column_count_to_be_between", {"min_value": draw(counts)}),
                ("expect_table_row_count_to_equal", {"value": draw(counts)}),
                ("expect_table_row_count_to_be_between", draw(ranges(counts))),
            ]
        )
    )


MAKERS = {
    "not null": lambda d, c: ("expect_column_values_to_not_be_null", {"column": c} | _mostly(d)),
    "null": lambda d, c: ("expect_column_values_to_be_null", {"column": c} | _mostly(d)),
    "unique": lambda d, c: ("expect_column_values_to_be_unique", {"column": c} | _mostly(d)),
    "between": lambda d, c: (
        "expect_column_values_to_be_between",
        {"column": d(numbers)} | d(ranges()) | _mostly(d),
    ),
    "set": _set,
    "regex": _regex,
    "lengths": _lengths,
    "pair": _pair,
    "compound": _compound,
    "statistic": _statistic,
    "types": _types,
    "table": _table,
}


@pytest.fixture(scope="module")
def gx_pandas():
    """``(pandas frame, suite) → results in order``, in one context."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        asset = context.data_sources.add_pandas("oracle").add_dataframe_asset("table")
        whole = asset.add_batch_definition_whole_dataframe("whole")

    def evaluate(frame, suite):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            asked = [{**e, "meta": {"at": at}} for at, e in enumerate(suite)]
            found = whole.get_batch(batch_parameters={"dataframe": frame}).validate(
                gx.ExpectationSuite(name="oracle", expectations=asked),
                result_format="BASIC",
            )
        by_place = {r.expectation_config.meta["at"]: r for r in found.results}
        return [_fields(by_place[at]) for at in range(len(suite))]

    return evaluate


def _fields(result):
    info = result.exception_info or {}
    raised = info.get("raised_exception") or any(
        isinstance(part, dict) and part.get("raised_exception") for part in info.values()
    )
    values = result.result or {}
    fields = {name: values.get(name) for name in FIELDS[1:]}
    return {"success": bool(result.success), **fields, "raised": bool(raised)}


def ours(suite, subject):
    # What is false keeps a suite in which nothing else can be evaluated from being an error.
    false = {"type": "expect_column_to_exist", "kwargs": {"column": "nowhere"}}
    found = KIND.evaluate(parse(KIND, [[*suite, false]], {}), subject, Context())
    return found.details[:-1]


def comparable(expectation, value):
    if value is None or "of_type" in expectation["type"]:
        return None
    if isinstance(value, list):
        return sorted(value) if "set" in expectation["type"] else value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return float(f"{float(value):.11e}")


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(table=tables(), suite=st.lists(expectations(), min_size=8, max_size=14))
def test_native_expectations_equal_gx_on_every_backend(gx_pandas, table, suite):
    oracle = gx_pandas(table.to_pandas(), suite)
    for name, convert in BACKENDS.items():
        for expectation, gx, mine in zip(suite, oracle, ours(suite, convert(table)), strict=True):
            assert mine["engine"] == "native"
            if mine["success"] is None or gx["raised"]:
                # Nothing to judge, or values of another kind: GX passes or raises, ours never.
                assert mine["success"] is not True, (name, expectation, gx, mine)
                assert mine["error"] or mine["success"] is False, (name, expectation, gx, mine)
                continue
            for field in FIELDS[:-1]:
                assert mine[field] == gx[field], (name, field, expectation, gx, mine)
            got = comparable(expectation, mine["observed_value"])
            want = comparable(expectation, gx["observed_value"])
            assert got == want, (name, expectation, gx, mine)


@pytest.fixture(scope="module")
def spark():
    sql = pytest.importorskip("pyspark.sql")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        builder = sql.SparkSession.builder.master("local[1]").appName("mlgates")
        for key, value in {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.driver.bindAddress": "127.0.0.1",
        }.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        yield session
        session.stop()


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
def test_spark_gives_the_answers_of_pandas_in_spark(spark, gx_pandas):
    rows = [(1, "a", 1.0, True), (2, None, math.nan, False), (2, "bb", None, True)]
    frame = spark.createDataFrame(rows, "i long, s string, f double, b boolean")
    same = pl.DataFrame(rows, schema=["i", "s", "f", "b"], orient="row", nan_to_null=True)
    suite = [
        {"type": f"expect_{kind}", "kwargs": kwargs}
        for kind, kwargs in (
            ("column_values_to_not_be_null", {"column": "f"}),
            ("column_values_to_be_between", {"column": "f", "min_value": 2}),
            ("column_values_to_be_unique", {"column": "i", "mostly": 0.5}),
            ("column_values_to_match_regex", {"column": "s", "regex": "^.$"}),
            ("column_mean_to_be_between", {"column": "f", "max_value": 1}),
            ("column_median_to_be_between", {"column": "i", "max_value": 1}),
            ("column_sum_to_be_between", {"column": "b", "max_value": 1}),
            ("column_value_lengths_to_equal", {"column": "s", "value": 2}),
            ("compound_columns_to_be_unique", {"column_list": ["i", "b"]}),
            (
                "column_values_to_not_be_in_set",
                {
                    "column": "i",
                    "value_set": [2],
                    "row_condition": "s != 'a' and b",
                    "condition_parser": "pandas",
                },
            ),
            ("column_stdev_to_be_between", {"column": "i", "max_value": 0.1}),
        )
    ]
    mine = ours(suite, frame)
    oracle = gx_pandas(same.to_pandas(), suite)
    for one, other in zip(mine, oracle, strict=True):
        assert [one[f] for f in FIELDS[:-1]] == [other[f] for f in FIELDS[:-1]]
        assert one["observed_value"] == pytest.approx(other["observed_value"])
    assert [one["engine"] for one in mine] == ["native"] * 10 + ["great_expectations"]
