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


@pytest.mark.parametrize(
    ("text", "words", "fix"),
    [
        (None, "cannot be read (No such file or directory)", "mlgates infer TABLE -o contracts/a"),
        ("{", "is not JSON", ""),
        ("[]", "has no expectations", "want: at least one"),
    ],
)
def test_a_suite_that_cannot_be_judged_by_does_not_work(project, capsys, text, words, fix):
    suite = Path("contracts/applications.json")
    suite.unlink() if text is None else suite.write_text(text)
    assert main(["doctor"]) == 1
    assert " 1 thing would not work; nothing was evaluated\n" in capsys.readouterr().out
    found = findings(capsys)["gates", "schema"]
    assert found["state"] == "broken"
    assert words in found["says"]
    assert fix in found["fix"]


def test_a_misspelt_suite_is_mended_by_its_name(project, capsys):
    Path("contracts/applications.json").rename("contracts/aplications.json")
    assert findings(capsys)["gates", "schema"]["fix"] == "did you mean 'aplications.json'?"


def test_a_table_that_is_not_here_is_told_with_what_becomes_of_its_gates(project, capsys):
    Path("data/applications.csv").unlink()
    assert main(["doctor"]) == 0
    last = " what is here works; the data of 1 table is not here; nothing was evaluated\n"
    assert last in capsys.readouterr().out
    found = findings(capsys)
    assert found["tables", "holdout.csv"]["says"] == "holdout.csv, 1 file"
    away = found["tables", "applications"]
    assert away["state"] == "note"
    assert "no file matches 'data/*.csv': its gates end in an error (exit 2)" in away["says"]
    assert "mlgates check --stand-in" in away["fix"]
    assert main(["check", "schema"]) == 2


def test_pointers_in_the_place_of_data_say_how_to_fetch_it(project, capsys):
    data = Path("data/applications.csv")
    data.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n")
    away = findings(capsys)["tables", "applications"]
    assert away["state"] == "note"
    assert away["fix"] == "git lfs pull --include 'data/applications.csv'"
    data.unlink()
    Path("data/applications.csv.dvc").write_text(f"outs:\n- md5: {'0' * 32}\n  path: x\n")
    away = findings(capsys)["tables", "applications"]
    assert (away["state"], away["fix"]) == ("note", "dvc pull data/applications.csv.dvc")


def test_a_table_that_is_no_table_does_not_work(project, capsys):
    Path("data/_delta_log").mkdir()
    path = Path("pyproject.toml")
    path.write_text(path.read_text().replace("data/*.csv", "data"))
    found = findings(capsys)["tables", "applications"]
    assert found["state"] == "broken"
    assert "Delta Lake" in found["says"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read anything")
def test_what_may_not_be_read_does_not_work(project, capsys):
    Path("data/applications.csv").chmod(0)
    Path("contracts/applications.json").chmod(0)
    found = findings(capsys)
    assert found["tables", "applications"]["state"] == "broken"
    assert found["gates", "schema"]["fix"] == "chmod u+r contracts/applications.json"
