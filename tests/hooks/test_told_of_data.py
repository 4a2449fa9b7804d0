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


WRONG = {
    "quick": "age,name,note\n1,Ada,x\n2,Zoe,Zürich\n",
    "engine": 'age,name,note\n1,"Ada",x\n2,Zoe,Zürich\n',
}


@pytest.mark.parametrize("rows", WRONG.values(), ids=list(WRONG))
def test_a_wrong_encoding_is_told_of_the_columns_that_are_read(folder, capsys, rows):
    """The docs say so: to look at all others costs as much as the contract."""
    (folder / "people.csv").write_bytes(rows.encode("latin-1"))
    assert "1 expectation held" in told(capsys, "people.csv", code=0)
    named = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "note"}}
    (folder / "suite.json").write_text(json.dumps([*POSITIVE, named]))
    out = told(capsys, "people.csv", code=2)
    assert "got:   it is not UTF-8 text\n" in out
    assert 'encoding = "cp1252"\n' in out


def test_where_an_encoding_is_named_the_whole_file_is_held_to_it(folder, capsys):
    (folder / "people.csv").write_bytes(WRONG["quick"].encode())
    (folder / "mlgates.toml").write_text(
        '[tables.people]\npath = "people.csv"\nencoding = "ascii"\n'
    )
    assert "people.csv:3\n" in told(capsys, "people.csv", code=2)
