"""``mlgates doctor``: what would not work is named, with what mends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from tests.projects import write_project

_HOOKS = "repos:\n- repo: x\n  rev: v1\n  hooks:\n  - id: mlgates-check\n  # - id: mlgates-data\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    return write_project(tmp_path)


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def findings(capsys) -> dict[tuple[str, str], dict[str, str]]:
    capsys.readouterr()
    code = main(["doctor", "--json", "-"])
    record = json.loads(capsys.readouterr().out)
    assert record["works"] is (code == 0)
    assert code == any(one["state"] == "broken" for one in record["findings"])
    return {(one["topic"], one["name"]): one for one in record["findings"]}


def test_a_sound_project_works(project, capsys):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert f"   ok      pytest-mlgates           {metadata.version('pytest-mlgates')}\n" in out
    assert " everything works; nothing was evaluated\n" in out
    found = findings(capsys)
    assert found["gates", "schema"]["says"] == "data_schema on table applications"
    assert found["gates", "training"]["says"].endswith("; needs the project's environment")
    assert found["hooks", ".pre-commit-config.yaml"]["fix"] == "mlgates init"
    assert found["lock", "mlgates.lock"]["state"] == "note"
    assert not (project / ".mlgates").exists()


def test_without_a_configuration_it_says_how_to_get_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == 0
    assert "fix: mlgates init" in capsys.readouterr().out


def test_every_mistake_of_the_configuration_is_told(project, capsys):
    path = Path("pyproject.toml")
    path.write_text(
        path.read_text().replace("max = 0.4", "max = 'x'").replace("min = 0.6", "m = 1")
    )
    found = findings(capsys)
    broken = [one for (topic, _), one in found.items() if topic == "configuration"]
    assert {one["state"] for one in broken} == {"broken"}
    assert len(broken) >= 2
    assert any("unknown key 'm'" in one["says"] for one in broken)


def test_hooks_that_are_configured_and_not_installed_do_not_work(project, capsys):
    Path(".pre-commit-config.yaml").write_text(_HOOKS)
    found = findings(capsys)
    assert found["hooks", ".pre-commit-config.yaml"]["says"] == "mlgates-check"
    assert found["hooks", "git hook"]["state"] == "broken"
    assert found["hooks", "git hook"]["fix"] == "pre-commit install"
    Path(".git/hooks").mkdir(exist_ok=True)
    Path(".git/hooks/pre-commit").write_text("#!/bin/sh\n")
    assert findings(capsys)["hooks", "git hook"]["state"] == "ok"
    git("config", "core.hooksPath", "elsewhere")
    found = findings(capsys)
    assert "core.hooksPath is elsewhere" in found["hooks", "git hook"]["says"]


def test_a_lock_is_up_to_date_or_not(project, capsys):
    assert main(["lock"]) == 0
    assert findings(capsys)["lock", "mlgates.lock"]["says"] == "up to date"
    Path("data/applications.csv").write_text("age,sex\n50,F\n")
    found = findings(capsys)["lock", "mlgates.lock"]
    assert (found["state"], found["fix"]) == ("broken", "mlgates lock")
    assert "schema" in found["says"]
    Path("mlgates.lock").write_text("<<<<<<< ours\n")
    assert findings(capsys)["lock", "mlgates.lock"]["state"] == "broken"


@pytest.mark.parametrize(
    ("name", "version", "topic", "key", "state", "words"),
    [
        ("duckdb", "1.2.9", "versions", "duckdb", "broken", "1.3 is the oldest that is supported"),
        ("duckdb", "1.3.0rc1", "versions", "duckdb", "ok", "1.3.0rc1"),
        ("duckdb", None, "versions", "duckdb", "broken", "not installed"),
        ("polars", "1.7", "extras", "polars", "broken", "1.8 is the oldest that is supported"),
        ("polars", "1.8.0", "extras", "polars", "ok", "polars 1.8.0"),
        ("polars", None, "extras", "polars", "note", "polars is not installed"),
    ],
)
def test_versions_under_the_oldest_are_named(
    project, capsys, monkeypatch, name, version, topic, key, state, words
):
    real = metadata.version

    def told(asked: str) -> str:
        if asked != name:
            return real(asked)
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(metadata, "version", told)
    found = findings(capsys)[topic, key]
    assert found["state"] == state
    assert words in found["says"]
    if topic == "extras" and state != "ok":
        assert found["fix"] == "pip install 'pytest-mlgates[polars]'"


def test_a_file_that_is_not_there_is_misuse(project, capsys):
    assert main(["doctor", "--config", "none.toml"]) == 2
    assert "'none.toml' is no file" in capsys.readouterr().err


def test_no_optional_library_is_imported(project):
    code = (
        "import sys; from pytest_mlgates.cli import main; main(['doctor']);"
        "heavy = {'pandas', 'polars', 'mlflow', 'sklearn', 'duckdb', 'great_expectations'};"
        "print('heavy:', sorted(heavy & set(sys.modules)))"
    )
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert "heavy: []" in done.stdout
