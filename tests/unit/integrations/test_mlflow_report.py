"""``mlgates report --mlflow RUN``: in a real store, by MLflow's own client."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core.statement import EXTENSION
from tests.projects import record_in, write_project

pytest.importorskip("mlflow")


@pytest.fixture
def project(store, monkeypatch, capsys):
    write_project(store.base)
    monkeypatch.chdir(store.base)
    assert main(["check"]) == 0
    capsys.readouterr()
    return store


def test_a_run_gets_the_result_the_numbers_and_the_file(project, capsys):
    from mlflow import MlflowClient

    assert main(["report", "--mlflow", project.run]) == 0, capsys.readouterr().err
    client = MlflowClient(f"sqlite:///{project.base / 'mlflow.db'}")
    data = client.get_run(project.run).data
    content = Path(".mlgates/evidence.json").read_bytes()
    assert data.tags["mlgates.result"] == "PASSED"
    assert data.tags["mlgates.complete"] == "true"
    assert data.tags["mlgates.evidence_sha256"] == hashlib.sha256(content).hexdigest()
    verdicts = {one["id"]: one for one in record_in(Path(".mlgates/evidence.json"))["verdicts"]}
    for side in ("estimate", "lower", "upper"):
        assert data.metrics[f"mlgates.accuracy.{side}"] == verdicts["accuracy"][side]
    folder = client.download_artifacts(project.run, "mlgates")
    assert (Path(folder) / "evidence.json").read_bytes() == content


def test_ids_that_mlflow_would_take_for_one_name_or_refuse_have_names_of_their_own(project, capsys):
    from mlflow import MlflowClient

    content = json.loads(Path(".mlgates/evidence.json").read_text())
    record = content["predicate"][EXTENSION]
    (accuracy,) = (one for one in record["verdicts"] if one["id"] == "accuracy")
    ids = ["a:b", "a_b", "A_B", "\u00e9", "\u00e8", "a//b", "../x", "/", "x" * 400, "x" * 401, "."]
    record["verdicts"] = [
        {**accuracy, "id": name, "estimate": place} for place, name in enumerate(ids)
    ]
    record["required"] = []
    Path("odd.json").write_text(json.dumps(record))
    assert main(["report", "odd.json", "--mlflow", project.run]) == 0, capsys.readouterr().err
    client = MlflowClient(f"sqlite:///{project.base / 'mlflow.db'}")
    metrics = client.get_run(project.run).data.metrics
    found = [value for name, value in metrics.items() if name.endswith(".estimate")]
    assert sorted(found) == list(range(len(ids)))


def test_a_run_that_is_not_there_is_misuse(project, capsys):
    assert main(["report", "--mlflow", "runs:/0123456789abcdef0123456789abcdef"]) == 2
    assert "0123456789abcdef" in capsys.readouterr().err


def test_the_ledger_of_holdouts_in_mlflow_counts_across_folders(project, capsys, tmp_path):
    from mlflow import MlflowClient

    path = project.base / "pyproject.toml"
    path.write_text(
        path.read_text().replace("[tool.mlgates]\n", '[tool.mlgates]\nledger = "mlflow"\n')
    )
    for want in ("1 time\n", "1 time\n"):
        assert main(["check"]) == 0
        assert f"used {want}" in capsys.readouterr().out
    holdout = project.base / "holdout.csv"
    lines = holdout.read_text().splitlines()
    truth, predicted, *rest = lines[1].split(",")
    lines[1] = ",".join([truth, str(1 - int(predicted)), *rest])
    holdout.write_text("\n".join(lines) + "\n")
    assert main(["check"]) == 0
    assert "used 2 times\n" in capsys.readouterr().out
    client = MlflowClient(f"sqlite:///{project.base / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("mlgates-holdouts")
    kinds = [
        run.data.tags["mlgates.line"].split()[0]
        for run in client.search_runs([experiment.experiment_id])
    ]
    assert sorted(kinds) == ["evaluation", "evaluation", "holdout"]
