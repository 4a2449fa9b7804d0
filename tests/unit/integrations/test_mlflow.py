"""Models and champions from a real MLflow store."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_mlgates.core.errors import (
    MissingExtraError,
    MLGatesError,
    NoChampionError,
    UnreachableError,
)
from pytest_mlgates.core.files import sha256_of_folder
from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.metric import KIND
from pytest_mlgates.integrations.mlflow import mlgates_load_model
from pytest_mlgates.runner.models import champion_resolver, predictions
from pytest_mlgates.runner.references import Roles

if TYPE_CHECKING:
    from pathlib import Path

mlflow = pytest.importorskip("mlflow")


def load(reference: str, store: Any) -> Any:
    return mlgates_load_model(reference, store.base)


def test_other_references_are_left_to_others(tmp_path: Path) -> None:
    assert mlgates_load_model("package.module:name", tmp_path) is None


def test_alias_version_and_run_name_one_artifact(store: Any) -> None:
    found = [
        load(reference, store)
        for reference in (
            "models:/credit@champion",
            "models:/credit/1",
            f"runs:/{store.run}/credit",
        )
    ]
    assert [model.name for model in found] == [
        "credit v1",
        "credit v1",
        f"model 'credit' of run {store.run[:8]}",
    ]
    assert len({model.digest for model in found}) == 1
    for model in found:
        assert model.features == ("age", "income")
        assert model.classes == (0, 1)
        expected = store.models["credit"]
        assert model.predict(store.frame).tolist() == expected.predict(store.frame).tolist()
        assert np.array_equal(model.score(store.frame), expected.predict_proba(store.frame))


def test_labels_are_no_scores(store: Any) -> None:
    model = load("models:/margins@champion", store)
    assert model.score is None
    margins = model.method("decision_function")(store.frame)
    assert np.array_equal(margins, store.models["margins"].decision_function(store.frame))
    assert model.method("predict_proba") is None
    table = to_table(store.frame, name="holdout")
    with pytest.raises(MLGatesError, match="has no method 'predict_proba', and scores are wanted"):
        predictions(
            "models:/margins@champion",
            table,
            roles=Roles(),
            want={"y_score"},
            base=store.base,
            cache={},
        )


def test_a_model_without_a_signature_has_no_features(store: Any) -> None:
    model = load(f"runs:/{store.run}/bare", store)
    assert model.features is None
    assert model.predict(store.frame).tolist() == (
        store.models["credit"].predict(store.frame).tolist()
    )


@pytest.mark.parametrize("kind", ["int8", "int32", "float64"])
def test_numbers_of_another_width_are_the_same_numbers(store: Any, kind: str) -> None:
    model = load("models:/credit@champion", store)
    frame = store.frame.assign(age=store.frame["age"].astype(kind), extra="x")
    assert model.predict(frame).tolist() == model.predict(store.frame).tolist()


def test_fractions_are_not_made_whole_for_a_signature(store: Any) -> None:
    model = load("models:/credit@champion", store)
    with pytest.raises(Exception, match="Incompatible input types"):
        model.predict(store.frame.assign(age=store.frame["age"] + 0.5))


def compared(store: Any, metric: str, reference: str, **given: Any) -> Any:
    model = store.models[given.pop("rival", "credit")]
    table = store.frame.assign(y_true=model.predict(store.frame), y_pred=model.predict(store.frame))
    if hasattr(model, "predict_proba"):
        table = table.assign(y_score=model.predict_proba(store.frame)[:, 1])
    options = {"no_worse_than": reference, "margin": 0.05, **given}
    parameters = parse(KIND, (metric,), options)
    context = Context(base=store.base, champion=champion_resolver(store.base, {}))
    return evaluate(Gate(id="g", kind=KIND, parameters=parameters), table, context)


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "brier"])
def test_a_champion_from_the_registry(store: Any, metric: str) -> None:
    verdict = compared(store, metric, "models:/credit@champion")
    assert verdict.finding is Finding.PROVEN
    assert "champion credit v1" in verdict.message
    assert "the predictions are identical on all 300 rows" in verdict.message
    (details,) = verdict.details
    assert details["features"] == ["age", "income"]
    assert str(details["champion_digest"]).startswith("sha256:")


def test_text_labels_and_their_scores(store: Any) -> None:
    verdict = compared(store, "roc_auc", "models:/words@champion", rival="words", pos_label="yes")
    assert verdict.details[0]["identical"] is True
    with pytest.raises(MLGatesError, match="pos_label"):
        compared(store, "roc_auc", "models:/words@champion", rival="words")


def test_a_regression(store: Any) -> None:
    verdict = compared(store, "rmse", "models:/price@champion", rival="price")
    assert verdict.details[0]["identical"] is True


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("models:/credti@champion", ["there is no registered model 'credti'", "'credit'"]),
        (
            "models:/credit@champoin",
            ["model 'credit' has no alias 'champoin'", "did you mean 'champion'?"],
        ),
        ("models:/credit/7", ["model 'credit' has no version 7", "versions 1"]),
        ("runs:/abc/credit", ["'runs:/abc/credit' does not load", "abc not found"]),
        ("models:/m-abc", ["'models:/m-abc' does not load"]),
    ],
)
def test_what_does_not_exist_is_told_with_what_does(
    store: Any, reference: str, words: list[str]
) -> None:
    with pytest.raises(NoChampionError) as caught:
        load(reference, store)
    for part in [*words, "where: tracking store sqlite:///"]:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("models:/credit", "'models:/credit' names no version of a model"),
        ("models:/credit/latest", "'latest' is no version of model 'credit'"),
        ("models:/credit/1/x", "names no version of a model"),
        ("runs:/abc", "'runs:/abc' names a run and no model in it"),
    ],
)
def test_references_that_are_not_whole(store: Any, reference: str, words: str) -> None:
    with pytest.raises(MLGatesError, match=words) as caught:
        load(reference, store)
    assert not isinstance(caught.value, NoChampionError)


def test_no_store_is_no_champion_and_makes_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(NoChampionError, match="there is no MLflow store") as caught:
        mlgates_load_model("models:/credit@champion", tmp_path)
    assert "set MLFLOW_TRACKING_URI" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_environment_names_the_store(
    store: Any, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store.base / 'mlflow.db'}")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert mlgates_load_model("models:/credit@champion", elsewhere).name == "credit v1"


def test_a_server_that_is_down_is_not_a_missing_model(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(UnreachableError, match="MLflow does not answer") as caught:
        load("models:/credit@champion", store)
    assert "secret" not in str(caught.value)
    with pytest.raises(UnreachableError):  # and no reason to judge a first model alone
        compared(store, "accuracy", "models:/credit@champion", first=True, min=0.1)


def test_a_store_that_mlflow_cannot_open(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nosuch://user:secret@host/db")
    with pytest.raises(MLGatesError, match="'models:/credit@champion' does not load") as caught:
        load("models:/credit@champion", store)
    assert "secret" not in str(caught.value)


def test_nothing_global_changes(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "5")
    before = dict(os.environ), mlflow.is_tracking_uri_set()
    model = load(f"runs:/{store.run}/credit", store)
    model.predict(store.frame)
    assert (dict(os.environ), mlflow.is_tracking_uri_set()) == before
    assert not [t.name for t in threading.enumerate() if "telemetry" in t.name.lower()]


def test_nothing_is_printed(store: Any, capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    load(f"runs:/{store.run}/credit", store).predict(store.frame)
    assert capfd.readouterr() == ("", "")


def test_the_digest_covers_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = sha256_of_folder(tmp_path)
    (tmp_path / "registered_model_meta").write_text("x")
    assert sha256_of_folder(tmp_path) == first
    (tmp_path / "a").write_text("2")
    changed = sha256_of_folder(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({first, changed, sha256_of_folder(tmp_path)}) == 3


def test_without_mlflow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(MissingExtraError, match=r"needs mlflow, which does not import") as caught:
        mlgates_load_model("models:/credit@champion", tmp_path)
    assert "pip install 'pytest-mlgates[mlflow]'" in str(caught.value)


def test_the_integration_is_light() -> None:
    code = (
        "import sys, pytest_mlgates.integrations.mlflow;"
        "print([m for m in ('mlflow', 'pandas', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_evidence_is_about_the_registered_model_that_was_judged(
    store: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A deployment compares the folder that it downloads."""
    from pytest_mlgates.cli import main

    truth = store.models["credit"].predict(store.frame)
    store.frame.assign(y_true=truth).to_csv(store.base / "h.csv", index=False)
    (store.base / "mlgates.toml").write_text(
        '[tables.h]\npath = "h.csv"\nmodel = "models:/credit@champion"\n'
        '[gates.right]\nkind = "metric"\ntable = "h"\nmetric = "accuracy"\nmin = 0.9\n'
    )
    monkeypatch.chdir(store.base)
    assert main(["check", "--evidence", "e.json"]) == 0
    folders = {
        name: mlflow.artifacts.download_artifacts(
            f"models:/{name}/1", dst_path=str(store.base / "shipped" / name)
        )
        for name in ("credit", "words")
    }
    assert main(["verify", "e.json", "--model", folders["credit"]]) == 0
    assert main(["verify", "e.json", "--model", folders["words"]]) == 1
    assert "it is about another model than " in capsys.readouterr().out
