"""All that is wrong with one gate is told in one run, each where the user wrote it."""

from __future__ import annotations

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.hooks import mlgates_check, mlgates_data

GATE = """
[tables.people]
path = "people.csv"

[gates.contract]
kind = "data_schema"
table = "people"
suite = {suite}
"""
BOTH = """\
  2 mistakes in mlgates.toml [gates.contract]
  no file matches 'people.csv'
    where: mlgates.toml [tables.people] path
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlgates.toml").write_text(GATE.format(suite='"people.json"'))
    return tmp_path


@pytest.mark.parametrize(
    "run",
    [lambda: main(["check"]), lambda: mlgates_check.main(["people.csv"])],
    ids=["cli", "hook"],
)
def test_a_table_and_a_suite_that_are_missing_are_both_told(folder, capsys, run):
    assert run() == 2
    out = capsys.readouterr().out
    row = "ERROR  contract  data_schema  no file matches 'people.csv' (and 1 more mistake)"
    assert row in out
    assert BOTH in out
    assert f"  suite 'people.json' cannot be read\n    where: {folder}\n" in out


def test_explain_tells_both_as_well(folder, capsys):
    assert main(["check", "--explain"]) == 2
    told = capsys.readouterr().err
    assert "  where: mlgates.toml [tables.people] path\n" in told
    assert "suite 'people.json' cannot be read" in told


def test_the_data_hook_tells_both(folder, capsys):
    (folder / "mlgates.toml").unlink()
    assert mlgates_data.main(["--suite", "people.json", "people.csv"]) == 2
    out = capsys.readouterr().out
    assert "2 mistakes in mlgates-data --suite people.json\n" in out
    assert "people.csv'\n" in out
    assert "people.json' cannot be read\n" in out


def test_a_missing_table_alone_names_its_key(folder, capsys):
    (folder / "people.json").write_text(
        '[{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "name"}}]'
    )
    assert main(["check"]) == 2
    assert "where: mlgates.toml [tables.people] path\n" in capsys.readouterr().out
    assert main(["check", "--explain"]) == 2
    assert "  where: mlgates.toml [tables.people] path\n" in capsys.readouterr().err


def test_the_row_of_an_inline_suite_is_one_line(folder, capsys):
    (folder / "people.csv").write_text("name\nAda\n")
    inline = '[{type = "expect_column_values_to_be_unique", kwargs = {colum = "name"}}]'
    (folder / "mlgates.toml").write_text(GATE.format(suite=inline))
    assert main(["check"]) == 2
    out = capsys.readouterr().out
    row, *_ = out.splitlines()
    assert row == " ERROR  contract  data_schema  unknown argument 'colum' (and 1 more mistake)"
    assert (
        "  2 mistakes in suite\n  unknown argument 'colum'\n    where: suite expectation 1" in out
    )
