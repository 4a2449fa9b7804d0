"""Which columns are judged here: each cell of the table of types and engines is a test."""

from __future__ import annotations

import datetime as dt
import warnings
from decimal import Decimal

import duckdb
import polars as pl
import pytest

from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema.kind import KIND

# The table of the documentation. GX: Great Expectations judges it, in Spark for a Spark frame.
TABLE = """
| column                      | pandas  | pandas, Arrow types | polars | pyarrow | DuckDB, files | PySpark |
|-----------------------------|---------|---------------------|--------|---------|---------------|---------|
| integers                    | native  | native              | native | native  | native        | native  |
| integers with nulls         | native  | native              | native | native  | native        | native  |
| floats                      | native  | native              | native | native  | native        | native  |
| decimals                    | refused | native              | native | native  | native        | native  |
| text                        | native  | native              | native | native  | native        | native  |
| booleans                    | native  | native              | native | native  | native        | native  |
| booleans with nulls         | GX      | native              | native | native  | native        | native  |
| dates                       | GX      | native              | native | native  | native        | native  |
| timestamps without a zone   | native  | native              | native | native  | native        | native  |
| timestamps with a zone      | native  | native              | native | native  | native        | native  |
| categories of text          | native  | native              | native | native  | native        | -       |
| lists, structs              | GX      | GX                  | GX     | GX      | GX            | GX      |
| objects of mixed types      | GX      | -                   | GX     | -       | -             | -       |
| durations                   | GX      | GX                  | GX     | GX      | GX            | GX      |
"""  # noqa: E501
NOON = dt.datetime(2020, 1, 1, 12)  # noqa: DTZ001
COLUMNS = {
    "integers": (pl.Series([1, 2], dtype=pl.Int64), [1, 2.0]),
    "integers with nulls": (pl.Series([1, None], dtype=pl.Int64), [1]),
    "floats": (pl.Series([0.5, None, -0.0]), [0.5, 0]),
    "decimals": (pl.Series([Decimal("0.30"), None]).cast(pl.Decimal(10, 2)), [0.3]),
    "text": (pl.Series(["é", "b", None]), ["é", "b"]),
    "booleans": (pl.Series([True, False]), [True, 0]),
    "booleans with nulls": (pl.Series([True, None, False]), [True, False]),
    "dates": (pl.Series([NOON.date(), None]), ["2020-01-01"]),
    "timestamps without a zone": (pl.Series([NOON, None]), ["2020-01-01 12:00"]),
    "timestamps with a zone": (
        pl.Series([NOON, None]).dt.replace_time_zone("Europe/Paris"),
        ["2020-01-01 11:00+00:00"],
    ),
    "categories of text": (pl.Series(["a", "b", None]).cast(pl.Categorical), ["a", "b"]),
    "lists, structs": (pl.Series([[1], [2]]), [1]),
    "objects of mixed types": (pl.Series([1, "a", None], dtype=pl.Object), [1, "a"]),
    "durations": (pl.Series([dt.timedelta(1), None]), ["1 day"]),
}


def cells(*, of_spark):
    """Column, engine and what the table says of them, where it says something."""
    header, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.strip().splitlines()
    ]
    for row in rows:
        for engine, said in zip(header[1:], row[1:], strict=True):
            if said != "-" and (engine == "PySpark") == of_spark:
                yield pytest.param(row[0], engine, said, id=f"{row[0]} in {engine}")


def in_pandas(series):
    pd = pytest.importorskip("pandas")
    if series.dtype == pl.Object:
        return pd.DataFrame({"c": pd.Series(series.to_list(), dtype=object)})
    if series.dtype == pl.Date:  # as pandas itself makes a column of them
        return pd.DataFrame({"c": series.to_list()})
    return series.to_frame("c").to_pandas()


def arrow_backed(series):
    pytest.importorskip("pandas")
    return series.to_frame("c").to_pandas(use_pyarrow_extension_array=True)


CONVERT = {
    "pandas": in_pandas,
    "pandas, Arrow types": arrow_backed,
    "polars": lambda series: series.to_frame("c"),
    "pyarrow": lambda series: series.to_frame("c").to_arrow(),
    "DuckDB, files": lambda series: duckdb.from_arrow(series.to_frame("c").to_arrow()),
}


def judge(subject, members):
    """Who judged a set of members, and how."""
    suite = [
        {
            "type": "expect_column_distinct_values_to_be_in_set",
            "kwargs": {"column": "c", "value_set": members},
        },
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "c", "mostly": 0.1}},
        {"type": "expect_column_to_exist", "kwargs": {"column": "nowhere"}},
    ]
    members_there, not_null, _ = KIND.evaluate(parse(KIND, [suite], {}), subject, Context()).details
    assert (not_null["engine"], not_null["success"]) == ("native", True)
    if members_there["engine"] == "great_expectations":
        return "GX"
    if members_there["success"] is None:
        return "refused"
    assert members_there["success"] is True
    return "native"


@pytest.mark.parametrize(("column", "engine", "said"), list(cells(of_spark=False)))
def test_the_table_of_types_says_who_judges(column, engine, said):
    if said == "GX":
        pytest.importorskip("great_expectations")
    series, members = COLUMNS[column]
    assert judge(CONVERT[engine](series), members) == said


@pytest.fixture(scope="module")
def spark():
    sql = pytest.importorskip("pyspark.sql")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = (
            sql.SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.session.timeZone", "America/New_York")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate()
        )
        yield session
        session.stop()


SPARK_TYPES = {
    "integers": "long",
    "integers with nulls": "int",
    "floats": "double",
    "decimals": "decimal(10, 2)",
    "text": "string",
    "booleans": "boolean",
    "booleans with nulls": "boolean",
    "dates": "date",
    "timestamps without a zone": "timestamp_ntz",
    "timestamps with a zone": "timestamp",
    "lists, structs": "array<long>",
    "durations": "interval day to second",
}


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize(("column", "engine", "said"), list(cells(of_spark=True)))
def test_the_table_of_types_says_who_judges_in_spark(spark, column, engine, said):
    series, members = COLUMNS[column]
    rows = [(value,) for value in series.to_list()]
    subject = spark.createDataFrame(rows, f"c {SPARK_TYPES[column]}")
    assert judge(subject, members) == said
