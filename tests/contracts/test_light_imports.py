"""A contract over files loads the engine that reads them, and nothing of what other gates need."""

from __future__ import annotations

import subprocess
import sys

import pytest

PARQUET = """
import duckdb
duckdb.sql("copy (select i as id, 'a' as code from range(10) r(i)) to 't.parquet'")
"""
JUDGE = """
import sys
{judge}
heavy = {{"numpy", "pandas", "polars", "pyarrow", "mlflow", "sklearn"}}
others = {{"gates.stored_places", "gates.data_schema.conditions", "gates.data_schema.masks"}}
print(sorted((heavy | {{f"pytest_mlgates.{{name}}" for name in others}}) & set(sys.modules)))
"""
AS_FUNCTION = """
from pytest_mlgates import data_schema
assert data_schema("t.parquet", "suite.json").passed
"""
AS_HOOK = """
from pytest_mlgates.hooks.mlgates_data import main
assert main(["--suite", "suite.json", "t.parquet"]) == 0
"""


@pytest.mark.parametrize("judge", [AS_FUNCTION, AS_HOOK], ids=["function", "hook"])
def test_a_contract_over_parquet_loads_only_what_it_uses(tmp_path, judge):
    (tmp_path / "suite.json").write_text(
        '[{"type": "expect_column_values_to_be_between",'
        ' "kwargs": {"column": "id", "min_value": 0, "max_value": 9}},'
        ' {"type": "expect_column_value_lengths_to_equal", "kwargs": {"column": "code",'
        ' "value": 1}}]'
    )
    subprocess.run([sys.executable, "-c", PARQUET], cwd=tmp_path, check=True)
    command = [sys.executable, "-c", JUDGE.format(judge=judge)]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"
