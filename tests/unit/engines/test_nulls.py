"""NaN is null wherever it comes from: a Parquet footer that knows of none is no evidence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pytest_mlgates import MLGatesError, data_schema, fairness, metric
from pytest_mlgates.engines.tables import to_table

pl = pytest.importorskip("polars")
duckdb = pytest.importorskip("duckdb")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

# No null beside NaN, and infinities in one column only: statistics of these files hold no NaN.
COLUMNS = {
    "double": np.array([1.0, math.nan, 2.0, 3.0]),
    "single": np.array([1.0, math.nan, 2.0, 3.0], dtype=np.float32),
    "wide": np.array([1.0, math.nan, math.inf, -math.inf]),
    "alone": np.array([math.nan] * 4),
}
ROWS = 1000


def by_polars(path):
    pl.DataFrame({name: np.tile(values, ROWS) for name, values in COLUMNS.items()}).write_parquet(
        path
    )


def by_pyarrow(path):
    pq.write_table(pa.table({n: np.tile(values, ROWS) for n, values in COLUMNS.items()}), path)


def by_duckdb(path):
    frame = pa.table({n: np.tile(values, ROWS) for n, values in COLUMNS.items()})
    duckdb.from_arrow(frame).write_parquet(str(path))


@pytest.fixture(params=[by_polars, by_pyarrow, by_duckdb], ids=lambda writer: writer.__name__)
def path(request, tmp_path):
    request.param(tmp_path / "t.parquet")
    return tmp_path / "t.parquet"


OPENED = {
    "file": str,
    "relation": lambda path: duckdb.read_parquet(str(path)),
    "view": lambda path: duckdb.sql(f"select * from '{path}' where true"),
    "polars lazy": pl.scan_parquet,
    "polars": pl.read_parquet,
    "pyarrow": pq.read_table,
    "pandas": lambda path: pytest.importorskip("pandas").read_parquet(path),
}


@pytest.fixture(params=OPENED)
def table(request, path):
    return OPENED[request.param](path)


def expect(kind, column, **kwargs):
    return {"type": f"expect_column_{kind}", "kwargs": {"column": column, **kwargs}}


@pytest.mark.parametrize("column", ["double", "single", "wide"])
def test_every_nan_is_missing(table, column):
    suite = [
        expect("values_to_not_be_null", column),
        expect("values_to_be_between", column, min_value=0, mostly=0.1),
        expect("unique_value_count_to_be_between", column, min_value=3, max_value=3),
        expect("max_to_be_between", column, min_value=0),
    ]
    found = data_schema(table, suite)
    nulls, between, distinct, largest = found.details
    assert nulls["unexpected_count"] == ROWS
    assert between["missing_count"] == ROWS
    assert distinct["observed_value"] == 3
    assert largest["success"] is True
    assert largest["observed_value"] == (None if column == "wide" else 3)  # JSON has no infinity
    assert not found.passed


def test_a_column_of_nan_alone_has_nothing_to_judge(table):
    found = data_schema(table, [expect("values_to_be_between", "alone", min_value=0), CORRECT])
    assert not found.passed
    assert found.details[0]["missing_count"] == 4 * ROWS


CORRECT = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 4 * ROWS}}


@pytest.fixture
def predictions(tmp_path):
    """Labels with a NaN among them, as a file whose footer knows of none."""
    pl.DataFrame(
        {
            "y_true": [0.0, 1.0, math.nan, 1.0] * 50,
            "y_pred": [0.0, 1.0, 1.0, 1.0] * 50,
            "score": [0.1, math.nan, 0.8, 0.9] * 50,
            "label": [0, 1, 0, 1] * 50,
            "g": [1.0, math.nan, 2.0, 2.0] * 50,
        }
    ).write_parquet(tmp_path / "p.parquet")
    return tmp_path / "p.parquet"


def test_missing_labels_scores_and_groups_of_a_file_are_misuse(predictions):
    for call in (
        lambda: metric(predictions, "accuracy", min=0.1),
        lambda: metric(predictions, "roc_auc", y_true="label", y_score="score", min=0.1),
        lambda: fairness(
            predictions,
            "selection_rate_difference",
            by="g",
            y_pred="label",
            y_true="label",
            max=0.9,
        ),
    ):
        with pytest.raises(MLGatesError):
            call()


def test_counts_of_a_file_have_nan_as_null(path):
    counted = dict(to_table(path).counts(["double"]))
    assert counted == {(1.0,): ROWS, (2.0,): ROWS, (3.0,): ROWS, (None,): ROWS}
