"""A real MLflow store: one template per session, since making a new one takes seconds."""

from __future__ import annotations

import os
import shutil
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Store:
    """A store with models in it.

    Attributes:
        base: The folder that holds ``mlflow.db``.
        run: The run that logged them.
        models: The fitted models by name.
        frame: The features they were fitted on.
    """

    base: Path
    run: str
    models: dict[str, Any]
    frame: pd.DataFrame


@pytest.fixture(scope="session")
def mlflow_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Classifiers (numbers, text labels, without probabilities) and a regression, registered."""
    pytest.importorskip("mlflow")
    pytest.importorskip("sklearn")
    before = dict(os.environ)
    os.environ.update({"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"})
    base = tmp_path_factory.mktemp("mlflow")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        store = _filled(base)
    yield store
    os.environ.clear()
    os.environ.update(before)


def _filled(base: Path) -> Store:
    import mlflow
    import mlflow.sklearn
    from mlflow.models import infer_signature
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.svm import LinearSVC

    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"age": generator.integers(18, 90, 300), "income": generator.random(300)})
    truth = (frame["income"] + generator.normal(0, 0.2, 300) > 0.5).astype(int)
    text = np.where(truth == 1, "yes", "no")
    models = {
        "credit": LogisticRegression().fit(frame, truth),
        "words": LogisticRegression().fit(frame, text),
        "margins": LinearSVC().fit(frame, truth),
        "price": LinearRegression().fit(frame, frame["income"] * 3),
    }
    mlflow.set_tracking_uri(f"sqlite:///{base / 'mlflow.db'}")
    try:
        experiment = mlflow.create_experiment("gates", artifact_location=str(base / "artifacts"))
        with mlflow.start_run(experiment_id=experiment) as run:
            for name, model in models.items():
                mlflow.sklearn.log_model(
                    model,
                    name=name,
                    signature=infer_signature(frame, model.predict(frame)),
                    registered_model_name=name,
                    pip_requirements=["scikit-learn"],
                )
            mlflow.sklearn.log_model(
                models["credit"], name="bare", pip_requirements=["scikit-learn"]
            )
        client = mlflow.MlflowClient()
        for name in models:
            client.set_registered_model_alias(name, "champion", "1")
    finally:
        mlflow.set_tracking_uri(None)
    return Store(base=base, run=run.info.run_id, models=models, frame=frame)


@pytest.fixture
def store(
    mlflow_template: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """A copy of the template's database; nothing names it but its place."""
    shutil.copy(mlflow_template.base / "mlflow.db", tmp_path / "mlflow.db")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    yield Store(
        base=tmp_path,
        run=mlflow_template.run,
        models=mlflow_template.models,
        frame=mlflow_template.frame,
    )
    assert list(elsewhere.iterdir()) == []  # MLflow likes to make a store where it stands
