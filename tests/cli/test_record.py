"""``mlgates record``: makes the stored runs of declared gates, and never judges."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.config.loosening import loosened

TRAINER = """
import itertools
from pytest_mlgates import trace

BIAS = 0.0
COUNT = itertools.count()

def train():
    trace("data", [1.0, 2.0])
    return {"weights": [0.5 + BIAS, 1.5]}

def unstable():
    return {"weights": [float(next(COUNT)), 1.5]}
"""
CONFIGURATION = """
[tool.mlgates]
pythonpath = ["."]

[tool.mlgates.gates.training]
kind = "reproducibility"
fresh_process = false
entry = "MODULE:train"
against = "repro/training.json"
runs = 1

[tool.mlgates.gates.unstable]
kind = "reproducibility"
fresh_process = false
entry = "MODULE:unstable"
against = "repro/unstable.json"

[tool.mlgates.gates.free]
kind = "reproducibility"
fresh_process = false
entry = "MODULE:train"
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The name of the project's module: one per project, as they all live in this process."""
    for name in ("GITHUB_STEP_SUMMARY", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    name = "recorded_" + "".join(c if c.isalnum() else "_" for c in str(tmp_path))
    Path(f"{name}.py").write_text(TRAINER)
    Path("pyproject.toml").write_text(CONFIGURATION.replace("MODULE", name))
    return name


def test_a_missing_run_names_the_command_that_makes_it_and_that_command_does(module, capsys):
    assert main(["check", "training"]) == 2
    assert "fix:   mlgates record training\n" in capsys.readouterr().out
    assert main(["record", "training"]) == 0
    assert capsys.readouterr().out == (
        "training\n"
        "  train is recorded in repro/training.json: 2 runs in one process, equal in 1 part and "
        "2 values, 1 stage; nothing was judged\n"
        "    - it is the first one there\n"
    )
    assert main(["check", "training"]) == 0
    assert "bitwise, against repro/training.json: proven" in capsys.readouterr().out


def test_recording_is_no_check_and_leaves_no_evidence(module):
    main(["record", "training"])
    assert not Path(".mlgates").exists()


def test_a_change_fails_the_check_and_is_shown_when_it_is_recorded(module, capsys, monkeypatch):
    main(["record", "training"])
    monkeypatch.setattr(f"{module}.BIAS", 0.25)
    assert main(["check", "training"]) == 1
    out = capsys.readouterr().out
    assert 'result["weights"]: 1 of 2 values differ (50 %), by at most 0.25' in out
    assert "fix:   find the change; if it was meant, mlgates record training" in out
    assert main(["record", "training"]) == 0
    assert "against the one before it differs in 1 part of 2" in capsys.readouterr().out
    assert main(["check", "training"]) == 0


def test_what_does_not_repeat_itself_is_not_recorded_and_the_others_are(module, capsys):
    assert main(["record"]) == 1
    out = capsys.readouterr().out
    assert "it was not recorded in repro/unstable.json" in out
    assert "free" not in out
    assert sorted(path.name for path in Path("repro").glob("*.json")) == ["training.json"]


def test_json_says_what_was_recorded(module, capsys):
    assert main(["record", "training", "--json", "-"]) == 0
    captured = capsys.readouterr()
    (gate,) = json.loads(captured.out)["gates"]
    assert (gate["id"], gate["recorded"], gate["finding"]) == ("training", True, "inconclusive")
    assert "is recorded in" in captured.err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["free"], "'free' cannot be recorded: there is no stored run to make"),
        (["training", "free"], "'free' cannot be recorded"),
        (["trainin"], "did you mean 'training'?"),
    ],
)
def test_only_gates_with_a_stored_run_are_recorded(arguments, text, module, capsys):
    assert main(["record", *arguments]) == 2
    assert text in capsys.readouterr().err
    assert not Path("repro").exists()


def test_a_project_without_stored_runs_has_nothing_to_record(module, capsys):
    text = Path("pyproject.toml").read_text()
    Path("pyproject.toml").write_text(
        "\n".join(x for x in text.splitlines() if "against" not in x).replace("runs = 1", "")
    )
    assert main(["record"]) == 2
    assert "there are no stored runs to make" in capsys.readouterr().err


def test_a_training_that_raises_is_misuse_and_stores_nothing(module, capsys, monkeypatch):
    main(["record", "training"])
    before = Path("repro/training.json").read_bytes()
    capsys.readouterr()
    monkeypatch.setattr(f"{module}.BIAS", "text")
    assert main(["record", "training"]) == 2
    assert "train raised TypeError in run 1" in capsys.readouterr().out
    assert Path("repro/training.json").read_bytes() == before


def test_one_run_beside_nothing_is_misuse(module, capsys):
    text = Path("pyproject.toml").read_text()
    Path("pyproject.toml").write_text(text.replace('against = "repro/training.json"', ""))
    assert main(["check"]) == 2
    assert "runs = 1 compares nothing" in capsys.readouterr().err


def test_a_stored_run_is_an_input_of_the_lock(module, capsys):
    text = Path("pyproject.toml").read_text()
    Path("pyproject.toml").write_text(text.partition("[tool.mlgates.gates.unstable]")[0])
    main(["record"])
    assert main(["lock"]) == 0
    assert main(["check", "--locked"]) == 0
    stored = Path("repro/training.json")
    stored.write_text(stored.read_text().replace(" ", "  ", 1))
    capsys.readouterr()
    assert main(["check", "--locked"]) == 1
    captured = capsys.readouterr()
    assert "repro/training.json changed" in captured.out + captured.err


def test_letting_go_of_a_stored_run_is_weaker_and_taking_one_is_not():
    held = {"gate": {"kind": "reproducibility", "against": "repro/training.json"}}
    free = {"gate": {"kind": "reproducibility"}}
    assert loosened(held, free) == ['against "repro/training.json" is gone']
    assert loosened(free, held) == []
    other = {"gate": {"kind": "reproducibility", "against": "repro/other.json"}}
    (line,) = loosened(held, other)
    assert "it cannot be compared" in line
