from pathlib import Path

import duckdb
import pytest

DATA = Path(__file__).with_name("data") / "titanic.csv"
AGES = {"column": "age", "min_value": 0, "max_value": 100}


@pytest.mark.data_schema([{"type": "expect_column_values_to_be_between", "kwargs": AGES}])
@pytest.mark.metric("accuracy", min=0.75)
@pytest.mark.fairness("demographic_parity_difference", max=0.25, by="pclass")
def test_women_first(mlgate):
    mlgate(duckdb.read_csv(str(DATA)).select("*, (sex = 'female')::int as predicted"))
