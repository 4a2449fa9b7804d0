"""A stored run among the artifacts of a run of MLflow, in a real store."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core.errors import MissingExtraError, MLGatesError, UnreachableError
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.reproducibility import KIND


def train(bias: float = 0.0) -> dict[str, Any]:
    return {"weights": np.arange(4.0) + bias, "rows": 20}


@pytest.fixture(autouse=True)
def run(store: Any) -> str:
    """A run of its own: the artifacts of the template are shared by all tests."""
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{store.base / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("gates").experiment_id
    found = str(client.create_run(experiment).info.run_id)
    object.__setattr__(store, "run", found)
    return found


def held(store: Any, function: Any = train, run: str | None = None, **context: Any) -> Any:
    parameters = parse(KIND, (), {"against": f"runs:/{run or store.run}", "runs": 1})
    gate = Gate(id="team/training", kind=KIND, parameters=parameters, where="gates.training")
    return evaluate(gate, function, Context(base=store.base, **context))


def test_a_run_is_recorded_among_the_artifacts_and_compared_with(store: Any) -> None:
    with pytest.raises(MLGatesError, match="there is no stored run at 'runs:/") as caught:
        held(store)
    assert caught.value.fix == "mlgates record team/training"
    recorded = held(store, record=True)
    assert f"is recorded in runs:/{store.run}" in recorded.message
    verdict = held(store)
    assert verdict.finding == "proven"
    assert verdict.inputs[-1].digest == recorded.inputs[-1].digest
    message = held(store, lambda: train(0.5)).message
    assert "4 of 4 values differ (100 %), by at most 0.5" in message


def test_its_artifacts_are_called_after_the_gate(store: Any) -> None:
    held(store, record=True)
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{store.base / 'mlflow.db'}")
    names = {Path(one.path).name for one in client.list_artifacts(store.run, "mlgates")}
    assert "team-training.json" in names
    assert any(name.startswith("team-training.") and name.endswith(".npz") for name in names)


def test_recording_again_replaces_it(store: Any) -> None:
    held(store, record=True)
    message = held(store, lambda: train(0.5), record=True).message
    assert "against the one before it differs in 1 part of 3" in message
    assert held(store, lambda: train(0.5)).passed
    assert held(store, record=True).passed


def test_a_run_that_does_not_exist_is_misuse(store: Any) -> None:
    with pytest.raises(MLGatesError, match="'runs:/abc' does not load"):
        held(store, run="abc")
    with pytest.raises(MLGatesError, match="'runs:/abc' does not load"):
        held(store, run="abc", record=True)


def test_a_server_that_is_down_is_told(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(UnreachableError, match="MLflow does not answer"):
        held(store)


def test_without_the_extra_one_line_says_what_to_install(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match="needs mlflow, which does not import") as caught:
        held(store)
    assert caught.value.fix == "pip install 'pytest-mlgates[mlflow]'"


def test_the_command_line_records_into_the_run(
    store: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(store.base)
    module = "into_a_run_" + "".join(c if c.isalnum() else "_" for c in str(store.base))
    Path(f"{module}.py").write_text("def train():\n    return [0.5, 1.5]\n")
    Path("pyproject.toml").write_text(
        f"""
        [tool.mlgates]
        pythonpath = ["."]

        [tool.mlgates.gates.cli-training]
        kind = "reproducibility"
        entry = "{module}:train"
        against = "runs:/{store.run}"
        """
    )
    assert main(["check"]) == 2
    assert "fix:   mlgates record cli-training" in capsys.readouterr().out
    assert main(["record"]) == 0
    assert main(["check", "--json", "-"]) == 0
    (verdict,) = json.loads(capsys.readouterr().out.partition("{")[2].join(["{", ""]))["verdicts"]
    assert verdict["details"][-1]["stored"] == f"runs:/{store.run}"
