"""What ``mlgates-data`` tells of files that are not what their contract wants."""

from __future__ import annotations

import json

import pytest

from pytest_mlgates.hooks.mlgates_data import main

POSITIVE = [
    {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "age", "min_value": 0},
    }
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suite.json").write_text(json.dumps(POSITIVE))
    return tmp_path


def told(capsys, *arguments: str, code: int) -> str:
    assert main(["--suite", "suite.json", *arguments]) == code
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            ['{"age": "12"}', '{"age": "13"}'],
            "text where numbers are wanted: numbers in quotes, the first in line 1",
        ),
        (
            ['{"age": 12}', "", '{"age": null}', '{"age": "13"}'],
            "text where numbers are wanted: numbers in quotes, the first in line 4",
        ),
        (
            ['{"age": "12"}', '{"age": "old"}'],
            "text: 1 of 2 values is not a number, the first text is in line 1",
        ),
        (['{"age": 12}', '{"age": [1]}'], "text: 1 of 2 values is not a number"),
    ],
)
def test_numbers_in_quotes_are_told_with_the_line_of_the_first(folder, capsys, rows, words):
    (folder / "people.jsonl").write_text("\n".join(rows) + "\n")
    out = told(capsys, "people.jsonl", code=1)
    assert f"- age: at least 0   column 'age' holds {words}\n" in out


def test_numbers_in_quotes_of_a_private_table_are_told_without_a_line(folder, capsys):
    (folder / "people.jsonl").write_text('{"age": "12"}\n')
    (folder / "mlgates.toml").write_text('[tables.people]\npath = "people.jsonl"\nprivate = true\n')
    out = told(capsys, "people.jsonl", code=1)
    assert "column 'age' holds text where numbers are wanted\n" in out


def test_a_type_that_is_named_in_several_ways_is_told_once(folder, capsys):
    names = ["int64", "Int64Dtype", "int", "float64", "Float64Dtype", "int64"]
    kwargs = {"column": "age", "type_list": names}
    suite = [{"type": "expect_column_values_to_be_in_type_list", "kwargs": kwargs}]
    (folder / "suite.json").write_text(json.dumps(suite))
    (folder / "people.csv").write_text("age\nold\n")
    out = told(capsys, "people.csv", code=1)
    assert "    - age: type int64, float64   " in out
