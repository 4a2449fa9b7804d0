"""The promoting jobs of ``examples/ci``, run: the alias moves on proof of this very commit."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core.statement import EXTENSION
from tests import ci_files
from tests.ci_files import COMMIT, PROVIDERS, git
from tests.keys import private_pem, public_pem

pytest.importorskip("mlflow")

TOML = """
[tool.mlgates]
required = ["accuracy"]
y_true = "truth"

[tool.mlgates.tables.holdout]
path = "holdout.csv"
model = "models:/credit/2"

[tool.mlgates.gates.accuracy]
kind = "metric"
table = "holdout"
metric = "accuracy"
min = 0.5
"""


@pytest.fixture
def project(store, monkeypatch, capsys):
    """A commit whose ``credit`` version 2 was judged; version 1 is the champion."""
    from mlflow import MlflowClient

    monkeypatch.chdir(store.base)
    client = MlflowClient(f"sqlite:///{store.base / 'mlflow.db'}")
    first = client.get_model_version("credit", "1")
    experiment = client.get_experiment_by_name("gates").experiment_id
    run = client.create_run(experiment).info.run_id
    client.create_model_version("credit", first.source, run_id=run)
    frame = store.frame.assign(truth=store.models["credit"].predict(store.frame))
    frame.to_csv(store.base / "holdout.csv", index=False)
    (store.base / "pyproject.toml").write_text(TOML)
    (store.base / "mlgates.pub.pem").write_bytes(public_pem())
    git(store.base, "init", "-q", "-b", "main")
    git(store.base, "add", "pyproject.toml", "mlgates.pub.pem", "holdout.csv")
    git(store.base, "commit", "-q", "-m", "first")
    # Where Azure downloads what an earlier stage published.
    evidence = store.base / "evidence/evidence.json"
    assert main(["check", "--evidence", str(evidence)]) == 0
    capsys.readouterr()
    return SimpleNamespace(client=client, base=store.base, evidence=evidence)


def champion(project):
    return str(project.client.get_registered_model("credit").aliases["champion"])


def promote(project, provider, *, key=1, commit=None):
    """The job, after ``evidence.json`` was handed over; the exit code of its last step."""
    (project.base / "evidence.json").write_bytes(project.evidence.read_bytes())
    env = {
        "MODEL": "models:/credit/2",
        "MLFLOW_TRACKING_URI": f"sqlite:///{project.base / 'mlflow.db'}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        COMMIT[provider]: commit or git(project.base, "rev-parse", "HEAD"),
    }
    pem = private_pem(key).decode()
    if provider == "gitlab":  # which gives a variable to the whole job
        env[ci_files.KEY] = pem
    steps = [
        ci_files.Step(
            one.name,
            one.shell.replace("$(Pipeline.Workspace)", str(project.base)),
            one.condition,
            one.env,
        )
        for one in ci_files.promotion(provider)
    ]
    done = ci_files.run(steps, project.base, env, key=pem)
    for one in done.values():
        assert "PRIVATE KEY" not in one.stdout + one.stderr
    return list(done.values())[-1]


def tampered(project):
    statement = json.loads(project.evidence.read_text())
    (verdict,) = statement["predicate"][EXTENSION]["verdicts"]
    matrix = verdict["counts"]["parts"][0]["matrix"]
    matrix[0][0] += 40
    project.evidence.write_text(json.dumps(statement))


@pytest.mark.slow
@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_job_moves_the_alias_to_what_was_judged(project, provider):
    last = promote(project, provider)
    assert last.returncode == 0
    assert "credit v2 is 'champion' now (before: v1)" in last.stdout
    assert champion(project) == "2"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_evidence_that_somebody_edited_on_its_way_moves_nothing(project, provider):
    tampered(project)
    last = promote(project, provider)
    assert last.returncode == 1
    assert "counts" in last.stdout + last.stderr
    assert champion(project) == "1"


def test_another_key_than_the_published_one_moves_nothing(project):
    assert promote(project, "github", key=2).returncode == 1
    assert champion(project) == "1"


def test_evidence_of_another_commit_moves_nothing(project):
    assert promote(project, "github", commit="a" * 40).returncode == 1
    assert champion(project) == "1"
