"""Many gates over one table read it as often as their plan says, not once per gate."""

from __future__ import annotations

import json

import narwhals.stable.v2 as nw
import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core.errors import TableError
from pytest_mlgates.engines.table import Table
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.data_schema.answers import Answers

ROWS = "".join(f"{i},{i % 7},{'ab'[i % 2]}\n" for i in range(200))
GATE = """
[tool.mlgates.gates.gate-{i}]
kind = "data_schema"
table = "t"
suite = [
  {{type = "expect_column_values_to_be_between", kwargs = {{column = "n", max_value = {i}}}}},
  {{type = "expect_column_values_to_be_unique", kwargs = {{column = "id"}}}},
]
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text("id,n,c\n" + ROWS)
    gates = "".join(GATE.format(i=i) for i in range(40))
    (tmp_path / "pyproject.toml").write_text('[tool.mlgates.tables.t]\npath = "t.csv"\n' + gates)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def scans(monkeypatch):
    """The number of queries whose rows left an engine."""
    found = []
    read = Table.rows
    monkeypatch.setattr(Table, "rows", lambda self, frame: found.append(frame) or read(self, frame))
    return found


def test_forty_gates_of_a_table_are_two_scans(project, scans, capsys):
    assert main(["check"]) == 1  # the first six bounds do not hold
    assert "40 gates: 34 passed, 6 failed" in capsys.readouterr().out
    failures = 6  # each is told how many rows break it, which is known
    assert len(scans) <= 2 + failures


def test_the_plan_names_every_scan_and_evaluates_nothing(project, scans, capsys):
    assert main(["check", "--explain"]) == 0
    assert capsys.readouterr().out == (
        "t\n  aggregate: 45 expressions\n  unique key: id\nnothing was evaluated\n"
    )
    assert scans == []
    assert not (project / ".mlgates").exists()


def test_the_plan_as_json(project, capsys):
    assert main(["check", "--explain", "gate-3", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "t": ["aggregate: 6 expressions", "unique key: id"]
    }


def test_what_an_engine_cannot_evaluate_is_the_error_of_its_own_gate(project):
    answers = Answers(to_table(project / "t.csv"))
    answers.want("most", nw.col("n").max(), of="sound")
    answers.want("wrong", nw.col("c").cast(nw.Int64).max(), of="wrong")
    assert answers.value("most") == 6
    with pytest.raises(TableError):
        answers.value("wrong")


def test_a_file_that_cannot_be_read_is_not_read_again_for_every_gate(project):
    table = to_table(project / "t.csv")
    (project / "t.csv").unlink()
    answers = Answers(table)
    for place in range(40):
        answers.want(place, nw.col("n").max() + place, of=place)
    with pytest.raises(TableError):
        answers.value(39)
    assert len(answers.scans) == 3


def test_declared_gates_under_pytest_share_their_scans(pytester, monkeypatch):
    pytester.path.joinpath("t.csv").write_text("id,n,c\n" + ROWS)
    gates = "".join(GATE.format(i=i) for i in range(7, 27))
    pytester.path.joinpath("pyproject.toml").write_text(
        '[tool.mlgates.tables.t]\npath = "t.csv"\n' + gates
    )
    pytester.makeconftest(
        """
        from pytest_mlgates.engines.table import Table
        read, seen = Table.rows, []
        Table.rows = lambda self, frame: seen.append(1) or read(self, frame)
        def pytest_unconfigure():
            print("scans:", len(seen))
        """
    )
    result = pytester.runpytest_subprocess("--mlgates", "-q", "-s")
    result.assert_outcomes(passed=20)
    result.stdout.fnmatch_lines(["scans: 2"])
