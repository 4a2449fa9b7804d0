"""The index that pandas writes into a file is no column of its table, as it is none for pandas."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pytest_mlgates import data_schema, read_table
from pytest_mlgates.cli import main

_COLUMNS = ["age", "sex", "y_true", "y_pred"]


def frame(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """A table as a split leaves it: its index is the shuffled places of its rows."""
    generator = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": generator.integers(20, 60, rows),
            "sex": generator.choice(["F", "M"], rows),
            "y_true": generator.integers(0, 2, rows),
            "y_pred": generator.integers(0, 2, rows),
        }
    )
    return table.iloc[generator.permutation(rows)]


def written(table: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:  # to_feather refuses such an index; pyarrow does not
        arrow = pa.Table.from_pandas(table)
        with pa.ipc.new_file(path, arrow.schema) as writer:
            writer.write_table(arrow)
    return path


def ordered(columns: list[str]) -> dict[str, object]:
    return {
        "name": "s",
        "expectations": [
            {
                "type": "expect_table_columns_to_match_ordered_list",
                "kwargs": {"column_list": columns},
            },
            {"type": "expect_table_column_count_to_equal", "kwargs": {"value": len(columns)}},
        ],
    }


@pytest.fixture(params=["t.parquet", "t.arrow", "t.feather"])
def path(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return written(frame(), tmp_path / request.param)


def test_the_inferred_contract_does_not_name_it_and_holds_for_the_dataframe_too(path, capsys):
    assert main(["infer", path.name, "-o", "suite.json"]) == 0
    assert "__index_level_0__" not in Path("suite.json").read_text()
    for table in (path, frame(), frame(seed=1)):
        assert data_schema(table, "suite.json").outcome == "passed"


def test_columns_are_counted_and_ordered_as_pandas_has_them(path):
    suite = ordered(_COLUMNS)
    assert data_schema(path, suite).outcome == "passed"
    assert data_schema(frame(), suite).outcome == "passed"
    assert data_schema(path, ordered([*_COLUMNS, "__index_level_0__"])).outcome == "failed"


def test_slices_do_not_cut_by_it(path, capsys):
    arguments = ["--y-true", "y_true", "--y-pred", "y_pred", "--json", "slices.json"]
    assert main(["slices", path.name, "--metric", "accuracy", *arguments]) == 0
    assert "__index_level" not in Path("slices.json").read_text() + capsys.readouterr().out


def test_what_somebody_named_stays_a_column(tmp_path):
    table = frame()
    named = written(table.rename_axis("row"), tmp_path / "named.parquet")
    assert data_schema(named, ordered([*_COLUMNS, "row"])).outcome == "passed"
    # A column of that name that is not the index, in a file of pandas and in one of another writer.
    data = table.reset_index(drop=True).assign(__index_level_0__=1)
    columns = [*_COLUMNS, "__index_level_0__"]
    assert data_schema(written(data, tmp_path / "d.parquet"), ordered(columns)).outcome == "passed"
    bare = pa.Table.from_pandas(table).replace_schema_metadata(None)
    pa.parquet.write_table(bare, tmp_path / "bare.parquet")
    assert data_schema(tmp_path / "bare.parquet", ordered(columns)).outcome == "passed"


@pytest.mark.parametrize("metadata", ["no JSON", "[]", '{"index_columns": 3}', "null", "\xff"])
def test_metadata_that_say_nothing_leave_a_column(tmp_path, metadata):
    arrow = pa.Table.from_pandas(frame()).replace_schema_metadata(
        {"pandas": metadata.encode("latin-1")}
    )
    pa.parquet.write_table(arrow, tmp_path / "t.parquet")
    suite = ordered([*_COLUMNS, "__index_level_0__"])
    assert data_schema(tmp_path / "t.parquet", suite).outcome == "passed"


def test_an_index_alone_is_all_that_the_table_has(tmp_path):
    written(frame()[[]], tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").columns == ["__index_level_0__"]


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_files_of_one_table_may_differ_in_it(tmp_path, suffix):
    folder = tmp_path / "year=2024"
    folder.mkdir()
    table = frame(40)
    written(table, folder / f"a.{suffix}")
    written(table.reset_index(drop=True), folder / f"b.{suffix}")  # a count of rows is not written
    written(table.set_index(table.index.astype(str)), folder / f"c.{suffix}")
    levels = pd.MultiIndex.from_arrays([range(40), range(40)])
    written(table.set_index(levels), folder / f"d.{suffix}")
    suite = ordered([*_COLUMNS, "year"])
    suite["expectations"].append(
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 160}}
    )
    suite["expectations"].append(
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "age"}}
    )
    verdict = data_schema(tmp_path, json.loads(json.dumps(suite)))
    assert verdict.outcome == "passed", verdict.message
