"""Integers of JSON Lines are 64 bits wide where they fit."""

from __future__ import annotations

import pytest

from pytest_mlgates import data_schema
from pytest_mlgates.engines.tables import to_table


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        ([-1, 1, None], "Int64"),
        ([-(2**63), 2**63 - 1], "Int64"),
        ([1, 2**63], "UInt64"),
        ([-1, 2**63], "Int128"),
    ],
)
def test_integers_of_both_signs_are_64_bits_where_they_fit(tmp_path, values, type_):
    path = tmp_path / "t.jsonl"
    lines = (f'{{"x": {"null" if value is None else value}}}\n' for value in values)
    path.write_text("".join(lines))
    table = to_table(path)
    assert str(table.schema["x"]) == type_
    rows = [row[0] for row in table.rows(table.frame.select("x"))]
    assert rows == values


def test_a_contract_over_them_needs_no_other_engine(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("".join(f'{{"x": {value}}}\n' for value in range(-3, 9)))
    suite = [
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "x", "max_value": 8}},
        {"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "x", "type_": "int64"}},
    ]
    assert data_schema(path, suite).passed
