"""Spark frames: the rows that conditions keep, and suites that Great Expectations runs there."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema import conditions as grammar
from pytest_mlgates.gates.data_schema.kind import KIND
from pytest_mlgates.gates.data_schema.masks import mask_of

pd = pytest.importorskip("pandas")
pytest.importorskip("pyspark")

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning"),
]

ROWS = [
    (0, 1, None, 0.5, "a", True, dt.date(2020, 1, 1)),
    (1, 2, 3, None, None, False, None),
    (2, 3, 3, -1.0, "it's", True, dt.date(2021, 1, 1)),
    (3, None, 1, 2.0, "", False, dt.date(2020, 6, 1)),
    (4, -2, None, None, "A", True, dt.date(2020, 1, 1)),
]
FIELDS = "n int, i long, j int, f double, s string, b boolean, d date"
# The words of both: SQL's own answer is the oracle.
SQL = [
    "i > 1",
    "i <> 2",
    "i != 2 AND s = 'a'",
    "NOT i > 1",
    "not (i > 1 or s = 'a')",
    "NOT (i > 1 AND j = 3)",
    "i IN (1, 2, 7)",
    "i NOT IN (1, 2)",
    "s NOT IN ('a', 'b')",
    "NOT s IN ('a')",
    "i IS NULL OR j IS NOT NULL",
    "NOT (i IS NULL)",
    "j BETWEEN 1 AND 2",
    "j NOT BETWEEN 1 AND 2",
    "i < j",
    "NOT i < j",
    "b",
    "NOT b AND i = 2",
    "b = true OR f < 0",
    "! b",
    "f >= -1e0 and f <= .5",
    "s >= 'a'",
    's = "it\\\'s"',
    "s = ''",
    "`i` = 1 or `s` <> 'a'",
    "d > '2020-03-01'",
    "d = '2020-01-01'",
    "1 < i",
]
QUERY = [
    "i > 1",
    "j != 3",
    "not (j == 3)",
    "s != 'a' and b",
    "s not in ['a']",
    "~(i > 1 | s == 'a')",
    "j.isnull() or f > 0",
    "-1 <= f < 2",
    "f == f",
    "f != f",
]


@pytest.fixture(scope="module")
def frame(spark):
    return spark.createDataFrame(ROWS, FIELDS)


def kept(table, condition, parser=None):
    mask = mask_of(grammar.parse(condition, parser), table)
    return sorted(row[0] for row in table.rows(table.frame.filter(mask).select("n")))


@pytest.mark.parametrize("condition", SQL)
def test_a_condition_for_spark_keeps_the_rows_of_spark_itself(frame, condition):
    wanted = sorted(row[0] for row in frame.filter(condition).select("n").collect())
    assert kept(to_table(frame), condition, "spark") == wanted


@pytest.mark.parametrize("condition", SQL)
def test_a_condition_for_spark_means_the_same_elsewhere(frame, condition):
    wanted = sorted(row[0] for row in frame.filter(condition).select("n").collect())
    names = [field.split()[0] for field in FIELDS.split(", ")]
    same = pd.DataFrame(ROWS, columns=names).astype({"d": "datetime64[us]"})
    if "d " not in condition:
        same = same.drop(columns="d")
    assert kept(to_table(same), condition, "spark") == wanted


@pytest.mark.parametrize("condition", QUERY)
def test_every_other_condition_keeps_the_rows_of_pandas_in_spark(frame, condition):
    names = [field.split()[0] for field in FIELDS.split(", ")]
    wanted = pd.DataFrame(ROWS, columns=names).query(condition)["n"].tolist()
    assert kept(to_table(frame), condition) == wanted


def test_gx_works_in_the_session_that_is_there_and_leaves_it_as_it_was(spark, frame, monkeypatch):
    pytest.importorskip("great_expectations")
    frames = pytest.importorskip("pyspark.sql.classic.dataframe")
    collected = []

    def refuse(self, *args, **more):
        raise AssertionError("a Spark frame was collected into pandas")

    monkeypatch.setattr(frames.DataFrame, "toPandas", refuse)
    monkeypatch.setattr(frames.DataFrame, "toArrow", refuse)
    collect = frames.DataFrame.collect
    monkeypatch.setattr(
        frames.DataFrame, "collect", lambda self: collected.append(found := collect(self)) or found
    )
    settings, application = spark.sparkContext.getConf().getAll(), spark.sparkContext.applicationId
    divergence = {
        "column": "b",
        "partition_object": {"values": ["0", "1"], "weights": [0.5, 0.5]},
        "threshold": 0.01,
    }
    kind = "expect_column_kl_divergence_to_be_less_than"
    suite = [
        {"type": kind, "kwargs": {**divergence, "row_condition": "b == '0'"}},
        {"type": kind, "kwargs": divergence},
    ]
    rows = [(n, n or 7, str(n % 2)) for n in range(200)]
    table = spark.createDataFrame(rows, "n int, m int, b string")
    found = KIND.evaluate(parse(KIND, [suite], {}), table, Context())
    answers = [(d["engine"], d["success"], d["element_count"]) for d in found.details]
    assert answers == [("great_expectations", False, None), ("great_expectations", True, None)]
    assert max(map(len, collected)) < 30, "rows of the table left Spark"
    assert spark.sparkContext.applicationId == application
    assert spark.sparkContext.getConf().getAll() == settings
    assert spark.sparkContext._jsc.getPersistentRDDs().isEmpty()


def test_a_frame_that_the_project_keeps_in_memory_stays_there(spark, frame):
    pytest.importorskip("great_expectations")
    kept_frame = frame.select("n", "i", "s").cache()
    suite = [
        {"type": "expect_column_type_to_be", "kwargs": {"column": "s", "type_": "StringType"}},
    ]
    found = KIND.evaluate(parse(KIND, [suite], {}), kept_frame, Context())
    assert found.details[0]["success"] is True
    assert kept_frame.storageLevel.useMemory
    kept_frame.unpersist()
