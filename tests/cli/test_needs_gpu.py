"""A declared gate that needs a GPU: evaluated where one is, else an error, or stood in for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.runner.functions import metric
from tests.keys import write_keys
from tests.projects import CONFIGURATION, holdout, record_in, write_project

NEEDS = CONFIGURATION.replace("min = 0.6", 'min = 0.6\nneeds = "gpu"').replace(
    'entry = "TRAINER:train"', 'entry = "TRAINER:train"\nneeds = "gpu"\ninputs = ["params.yaml"]'
)
TAKE = ("check", "--evidence", "ci.json", "--stand-in", "made.json", "--key", "key.pub.pem")
IGNORED = "*.csv\n*.json\n!contracts/*.json\n*.pem\n.mlgates/\n__pycache__/\n"


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in ("GITHUB_STEP_SUMMARY", "MLGATES_SIGN_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLGATES_GPU", "0")
    write_project(tmp_path, configuration=NEEDS)
    (tmp_path / "params.yaml").write_text("rate: 0.1\n")
    return tmp_path


@pytest.fixture
def made(project, monkeypatch):
    """Evidence of this commit, signed where a GPU is; here is none."""
    pytest.importorskip("cryptography")
    write_keys(project)
    Path(".gitignore").write_text(IGNORED)
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    monkeypatch.setenv("MLGATES_GPU", "1")
    assert main(["check", "--evidence", "made.json", "--sign-key", "key.pem"]) == 0
    monkeypatch.setenv("MLGATES_GPU", "0")
    return project


def outcomes(name: str = "ci.json") -> dict[str, str]:
    return {v["id"]: v["outcome"] for v in record_in(Path(name))["verdicts"]}


def test_where_a_gpu_is_it_is_evaluated(project, monkeypatch):
    monkeypatch.setenv("MLGATES_GPU", "1")
    assert main(["check", "--evidence", "ci.json"]) == 0
    assert set(outcomes().values()) == {"passed"}
    assert record_in(Path("ci.json"))["environment"]["gpu"] is True


def test_where_none_is_it_is_an_error_and_the_others_are_evaluated(project, capsys):
    assert main(["check", "--evidence", "ci.json"]) == 2
    assert outcomes() == {
        "schema": "passed", "accuracy": "error", "parity": "passed", "training": "error",
    }  # fmt: skip
    out = capsys.readouterr().out
    assert "it needs a GPU, and there is none here\n" in out
    assert "where: pyproject.toml [tool.mlgates.gates.accuracy]" in out
    assert "mlgates check --stand-in evidence.json" in out
    assert "from the training function" not in out
    assert record_in(Path("ci.json"))["environment"]["gpu"] is False


def test_the_model_of_its_table_is_not_asked(project):
    """The model is what needs the GPU, and it may end the process without one."""
    text = Path("pyproject.toml").read_text().replace("[tool.mlgates.gates.parity]", "[ignored]")
    model = 'path = "holdout.csv"\nmodel = "nowhere:model"'
    Path("pyproject.toml").write_text(text.replace('path = "holdout.csv"', model))
    assert main(["check", "accuracy", "--evidence", "ci.json"]) == 2
    (verdict,) = record_in(Path("ci.json"))["verdicts"]
    assert verdict["message"].startswith("it needs a GPU, and there is none here")
    assert main(["plan", "accuracy", "--json", "plan.json"]) == 2
    assert "needs a GPU" in Path("plan.json").read_text()


def test_a_plan_needs_rows_and_no_gpu(project):
    assert main(["plan"]) == 0


def test_signed_evidence_stands_in_for_the_gpu(made, capsys):
    capsys.readouterr()
    assert main(list(TAKE)) == 0
    out = capsys.readouterr().out
    assert "warning (accuracy, training): from signed evidence of " in out
    assert "parity" not in out.partition("warning (")[2].splitlines()[0]
    taken = [v["id"] for v in record_in(Path("ci.json"))["verdicts"] if v["stands_in"]]
    assert taken == ["accuracy", "training"]


def test_data_that_is_here_must_be_what_was_judged(made, capsys):
    Path("holdout.csv").write_text(holdout(300))
    assert main(list(TAKE)) == 2
    out = capsys.readouterr().out
    assert "there is no GPU here, and made.json does not stand in for it" in out
    assert "it judged other data: holdout.csv changed" in out
    assert outcomes()["accuracy"] == "error"
    assert outcomes()["training"] == "passed"


def test_data_and_gpu_may_both_be_elsewhere(made, capsys):
    Path("holdout.csv").unlink()
    assert main(list(TAKE)) == 2
    out = capsys.readouterr().out
    assert "'holdout.csv' is not here, there is no GPU here, and made.json does not" in out
    assert "neither a pointer nor mlgates.lock says what holdout.csv is at this commit" in out
    assert "want:  the data and a GPU, or evidence of this very commit" in out


def test_evidence_of_a_gate_in_error_does_not_stand_in(made, capsys):
    assert main(["check", "--evidence", "made.json", "--sign-key", "key.pem"]) == 2
    assert main(list(TAKE)) == 2
    assert "the gate could not be evaluated there either" in capsys.readouterr().out


def test_a_training_that_names_no_inputs_is_not_stood_in_for(made, monkeypatch, capsys):
    text = Path("pyproject.toml").read_text().replace('inputs = ["params.yaml"]\n', "")
    Path("pyproject.toml").write_text(text)
    git("commit", "-q", "-a", "-m", "next")
    monkeypatch.setenv("MLGATES_GPU", "1")
    assert main(["check", "--evidence", "made.json", "--sign-key", "key.pem"]) == 0
    monkeypatch.setenv("MLGATES_GPU", "0")
    assert main(list(TAKE)) == 2
    assert "the gate has no `inputs`: nothing says what its code judges" in capsys.readouterr().out
    assert outcomes() == {
        "schema": "passed", "accuracy": "passed", "parity": "passed", "training": "error",
    }  # fmt: skip


def test_what_the_environment_does_not_say_is_an_error_of_the_gate(project, monkeypatch, capsys):
    monkeypatch.setenv("MLGATES_GPU", "maybe")
    assert main(["check", "--evidence", "ci.json"]) == 2
    assert "MLGATES_GPU is not usable" in capsys.readouterr().out
    assert outcomes()["parity"] == "passed"
    assert record_in(Path("ci.json"))["environment"]["gpu"] is None


def test_a_need_that_nobody_knows_is_misuse(project, capsys):
    Path("pyproject.toml").write_text(NEEDS.replace('"gpu"', '"tpu"'))
    assert main(["check"]) == 2
    assert "[tool.mlgates.gates.accuracy] needs\n  got:   'tpu'" in capsys.readouterr().err


def test_a_function_that_needs_a_gpu_refuses_to_run_without(project):
    with pytest.raises(MLGatesError, match="it needs a GPU, and there is none here"):
        metric("holdout.csv", "accuracy", min=0.6, needs="gpu")


@pytest.mark.parametrize(
    ("said", "state", "told"),
    [
        ("0", "note", "metric on table holdout.csv; needs a GPU, and there is none here"),
        ("1", "ok", "metric on table holdout.csv; needs a GPU, and there is one here"),
        ("maybe", "broken", "metric on table holdout.csv; MLGATES_GPU is not usable"),
    ],
)
def test_doctor_says_which_gates_need_one_and_whether_it_is_here(
    project, monkeypatch, capsys, said, state, told
):
    monkeypatch.setenv("MLGATES_GPU", said)
    assert main(["doctor", "--json", "-"]) == (state == "broken")
    found = json.loads(capsys.readouterr().out)["findings"]
    (gate,) = (one for one in found if (one["topic"], one["name"]) == ("gates", "accuracy"))
    assert (gate["state"], gate["says"]) == (state, told)
