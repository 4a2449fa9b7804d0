"""Champions that the lock pins, in a real MLflow store whose aliases move."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_mlgates.cli import main
from tests.projects import record_in

if TYPE_CHECKING:
    from pathlib import Path

mlflow = pytest.importorskip("mlflow")

CONFIGURATION = """
[tables.holdout]
path = "holdout.csv"

[gates.held]
kind = "metric"
table = "holdout"
metric = "accuracy"
no_worse_than = "models:/credit@champion"
margin = 0.05
EXTRA
[gates.fair]
kind = "fairness"
table = "holdout"
metric = "demographic_parity_difference"
by = "sex"
no_worse_than = "models:/credit@champion"
margin = 0.05
features = ["age", "income"]
"""
REFRESH = "mlgates lock --refresh"


@pytest.fixture
def project(store: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(store.base)
    model = store.models["credit"]
    frame = store.frame.assign(
        y_true=model.predict(store.frame),
        y_pred=model.predict(store.frame),
        sex=np.where(np.arange(300) % 2, "F", "M"),
    )
    frame.to_csv(store.base / "holdout.csv", index=False)
    write(store.base)
    base: Path = store.base
    return base


def write(base: Path, extra: str = "") -> None:
    (base / "mlgates.toml").write_text(CONFIGURATION.replace("EXTRA", extra))


def client(base: Path) -> Any:
    return mlflow.MlflowClient(tracking_uri=f"sqlite:///{base / 'mlflow.db'}")


def second_version(store: Any) -> None:
    """A worse model becomes the champion: what is held to it finds another difference."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own = client(store.base)
        source = own.get_model_version("margins", "1").source
        own.create_model_version("credit", source)
        own.set_registered_model_alias("credit", "champion", "2")


def locked(base: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((base / "mlgates.lock").read_text())["gates"]
    return found


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(list(arguments))
    out = capsys.readouterr()
    return code, out.out + out.err


def details(base: Path, gate: str) -> dict[str, Any]:
    evidence = record_in(base / ".mlgates/evidence.json")
    verdict = next(one for one in evidence["verdicts"] if one["id"] == gate)
    return {key: value for one in verdict["details"] for key, value in one.items()}


def test_a_champion_is_pinned_until_the_lock_is_refreshed(
    project: Path, store: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = ran(capsys, "lock")
    assert code == 0, said
    for gate in ("held", "fair"):
        pin = locked(project)[gate]["champion"]
        assert (pin["reference"], pin["version"]) == ("models:/credit@champion", "1")
        assert pin["model"].startswith("sha256:")
        assert pin["predictions"].startswith("sha256:")
    code, said = ran(capsys, "check")
    assert code == 0
    assert "pinned" not in said
    assert details(project, "held")["champion_pinned"] is True

    second_version(store)
    moved = f"champion pinned at version 1; alias 'champion' now points to 2: {REFRESH}"
    code, said = ran(capsys, "check")
    assert code == 0
    assert f"warning (held, fair): {moved}" in said
    assert details(project, "held")["champion"] == "credit v1"

    # A gate that changed is evaluated anew, and its champion stays.
    write(project, "confidence = 0.9")
    code, said = ran(capsys, "lock")
    assert "1 gate evaluated, 1 unchanged" in said
    assert moved in said
    assert locked(project)["held"]["champion"]["version"] == "1"

    # In CI the registry is asked, and what the lock says of another champion is told.
    monkeypatch.setenv("CI", "true")
    code, said = ran(capsys, "check")
    drift = f"models:/credit@champion is version 2 now, 1 in mlgates.lock: {REFRESH}"
    assert f"warning (held, fair): {drift}" in said
    assert code == 1
    assert "held is not as mlgates.lock claims: its champion is version 2 now, 1 in the" in said
    monkeypatch.delenv("CI")

    code, said = ran(capsys, "lock", "--refresh")
    assert code == 0
    assert drift in said
    assert locked(project)["held"]["champion"]["version"] == "2"
    code, said = ran(capsys, "check")
    assert code == 0
    assert "warning (held" not in said


def test_a_pin_outlives_its_alias_and_not_its_model(
    project: Path, store: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, "first = true\nmin = 0.1")
    assert ran(capsys, "lock", "held")[0] == 0
    client(project).delete_registered_model_alias("credit", "champion")
    code, said = ran(capsys, "check", "held")
    assert code == 0
    assert f"champion pinned at version 1; alias 'champion' is gone: {REFRESH}" in said
    client(project).delete_model_version("credit", "1")
    code, said = ran(capsys, "check", "held")
    assert code == 2
    assert "the champion that was locked is gone: model 'credit' has no version 1" in said


def test_another_model_under_the_pinned_version_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(capsys, "lock", "held")
    lock = json.loads((project / "mlgates.lock").read_text())
    lock["gates"]["held"]["champion"]["model"] = "sha256:" + "0" * 64
    (project / "mlgates.lock").write_text(json.dumps(lock))
    code, said = ran(capsys, "check", "held")
    assert code == 2
    assert "credit v1 is another model than the champion that was locked" in said
    monkeypatch.setenv("CI", "true")
    code, said = ran(capsys, "check", "held")
    assert f"credit v1 is another model now than in mlgates.lock: {REFRESH}" in said


def test_without_a_champion_only_first_beside_an_absolute_bound_is_judged(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client(project).delete_registered_model_alias("credit", "champion")
    code, said = ran(capsys, "lock", "held")
    assert code == 2
    assert "model 'credit' has no alias 'champion'" in said
    write(project, "first = true\nmin = 0.1")
    code, said = ran(capsys, "lock", "held")
    assert code == 0
    assert "no champion yet" in said
    assert "champion" not in locked(project)["held"]
    client(project).set_registered_model_alias("credit", "champion", "1")
    code, said = ran(capsys, "check", "held")
    assert code == 0
    assert details(project, "held")["champion_pinned"] is False


def test_a_store_that_is_not_there_in_ci_is_an_error_that_names_the_model(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, "first = true\nmin = 0.1")
    assert ran(capsys, "lock", "held")[0] == 0
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    for ci in ("true", "false"):
        monkeypatch.setenv("CI", ci)
        code, said = ran(capsys, "check", "held")
        assert code == 2
        assert "MLflow does not answer, so 'models:/credit" in said
        assert "1 in error" in said or "ERROR" in said


@pytest.mark.slow
def test_markers_are_held_to_pinned_champions_too(
    project: Path, store: Any, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project / 'mlflow.db'}")
    pytester.makeini("[pytest]\naddopts = -p no:asyncio\n")
    pytester.path.joinpath("mlgates.toml").write_text("confidence = 0.95\n")
    pytester.makepyfile(
        f"""
        import pandas as pd
        import pytest

        @pytest.mark.metric("accuracy", no_worse_than="models:/credit@champion", margin=0.05)
        def test_model(mlgate):
            mlgate(pd.read_csv({str(project / "holdout.csv")!r}).drop(columns="sex"))
        """
    )

    def version() -> str:
        (entry,) = locked(pytester.path).values()
        found: str = entry["champion"]["version"]
        return found

    run = pytester.runpytest_subprocess
    assert run("--mlgates-lock").ret == 0
    assert version() == "1"
    second_version(store)
    result = run("--mlgates-lock")
    command = "pytest --mlgates-lock --mlgates-refresh"
    result.stdout.fnmatch_lines([f"*champion pinned at version 1*points to 2: {command}*"])
    assert version() == "1"
    assert run("--mlgates-lock", "--mlgates-refresh").ret == 0
    assert version() == "2"
