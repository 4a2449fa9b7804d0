"""The names of one commit, split over processes: the same verdict, told again, evaluated once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_mlgates.hooks.mlgates_check import main
from pytest_mlgates.runner import evaluator
from tests.projects import BAD_DATA, CONFIGURATION, GOOD_DATA, write_project

LIGHT = CONFIGURATION.partition("[tool.mlgates.gates.training]")[0]


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("MLGATES_DIGEST_CACHE", str(tmp_path / "cache"))
    write_project(root, data=BAD_DATA, configuration=LIGHT)
    (root / "data/more.csv").write_text(GOOD_DATA)
    return root


@pytest.fixture
def evaluated(monkeypatch):
    """The ids of the gates that an engine was asked for."""
    found = []
    real = evaluator.Evaluator.evaluate

    def evaluate(self, gate, subject):
        found.append(gate.id)
        return real(self, gate, subject)

    monkeypatch.setattr(evaluator.Evaluator, "evaluate", evaluate)
    return found


def ran(capsys, name: str = "data/applications.csv") -> tuple[int, str]:
    code = main([name])
    return code, capsys.readouterr().out


def records() -> list[Path]:
    return sorted(Path("../cache/verdicts").glob("*.json"))


def test_the_same_failure_is_told_again_and_found_once(project, capsys, evaluated):
    first = ran(capsys)
    assert first[0] == 1
    assert ran(capsys, "data/more.csv") == first
    assert evaluated == ["schema"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("data/more.csv", "31", "32"),
        ("contracts/applications.json", "120", "140"),
        ("pyproject.toml", "min = 0.6", "min = 0.7"),
    ],
)
def test_other_bytes_are_judged_anew(project, capsys, evaluated, name, old, new):
    ran(capsys)
    text = Path(name).read_text()
    assert old in text
    Path(name).write_text(text.replace(old, new))
    ran(capsys)
    assert evaluated == ["schema", "schema"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"key": 1}', b"\xff\x00"])
def test_a_damaged_record_is_ignored_and_written_anew(project, capsys, evaluated, content):
    first = ran(capsys)
    (record,) = records()
    whole = record.read_bytes()
    record.write_bytes(content)
    assert ran(capsys) == first
    assert ran(capsys) == first
    assert evaluated == ["schema", "schema"]
    assert len(record.read_bytes()) > len(whole) // 2


def test_a_verdict_that_was_edited_is_not_believed(project, capsys, evaluated):
    first = ran(capsys)
    (record,) = records()
    record.write_text(record.read_text().replace('"failed"', '"passed"'))
    assert ran(capsys) == first
    assert evaluated == ["schema", "schema"]


def test_in_ci_nothing_is_remembered(project, capsys, evaluated, monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert ran(capsys) == ran(capsys)
    assert evaluated == ["schema", "schema"]
    assert records() == []


def test_nothing_of_a_private_table_is_remembered(project, capsys, evaluated):
    Path("pyproject.toml").write_text(LIGHT.replace('"data/*.csv"', '"data/*.csv"\nprivate = true'))
    ran(capsys)
    ran(capsys)
    assert evaluated == ["schema", "schema"]
    assert records() == []


def test_what_could_not_be_evaluated_is_not_remembered(project, capsys, evaluated):
    Path("data/more.csv").write_text("age,sex\n1,2,3\n")
    assert ran(capsys)[0] == 2
    assert all(record.stat().st_size == 0 for record in records())


def test_a_process_that_is_killed_holds_no_lock(project, capsys):
    first = ran(capsys)
    (record,) = records()
    record.write_bytes(b"")
    hold = (
        "import fcntl, sys, time; f = open(sys.argv[1], 'r+b'); "
        "fcntl.flock(f, fcntl.LOCK_EX); f.write(b'{'); f.flush(); print('held', flush=True); "
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(record)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    before = time.monotonic()
    assert ran(capsys) == first
    assert time.monotonic() - before < 30


def test_nothing_of_a_table_with_a_budget_is_remembered(project, capsys, evaluated):
    path = Path("pyproject.toml")
    path.write_text(path.read_text().replace('"data/*.csv"\n', '"data/*.csv"\nbudget = 3\n', 1))
    ran(capsys)
    ran(capsys)
    assert evaluated == ["schema", "schema"]
    assert records() == []
