"""Hook ``mlgates-check``: which gates changed files concern, and what is said of them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pytest_mlgates.cli import main as mlgates
from pytest_mlgates.hooks.mlgates_check import main
from tests.projects import BAD_DATA, CONFIGURATION, holdout, write_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path)


def test_a_good_change_passes_and_only_its_gates_run(project, capsys):
    assert main(["data/applications.csv"]) == 0
    out = capsys.readouterr().out
    assert "PASS" in out
    assert " 1 gate: 1 passed, 0 failed, 0 waived\n" in out
    assert "accuracy" not in out


def test_a_bad_change_is_refused_in_the_words_of_mlgates_check(project, capsys):
    (project / "data/applications.csv").write_text(BAD_DATA)
    assert main(["data/applications.csv"]) == 1
    hook = capsys.readouterr().out
    assert mlgates(["check", "schema"]) == 1
    command = capsys.readouterr().out.replace(" · evidence .mlgates/evidence.json", "")
    assert hook == command
    assert "gate 'schema' failed\n  1 of 2 expectations failed, 1 of 2 rows\n" in hook


def test_a_changed_suite_runs_the_gates_that_read_it(project, capsys):
    suite = project / "contracts/applications.json"
    kept = json.loads(suite.read_text())
    kept["expectations"][1]["kwargs"]["max_value"] = 40
    suite.write_text(json.dumps(kept))
    assert main(["contracts/applications.json"]) == 1
    assert "age: at least 0 and at most 40" in capsys.readouterr().out


def test_a_changed_configuration_runs_every_gate(project, capsys):
    assert main(["pyproject.toml"]) == 1  # the training function is the project's code
    out = capsys.readouterr().out
    assert " 3 gates: 3 passed" in out
    assert "gate 'training' is not evaluated here: it runs trainer_" in out
    assert "environment, and commit mlgates.lock: mlgates lock training\n" in out


def test_files_that_no_gate_reads_pass_and_are_named(project, capsys):
    (project / "other.csv").write_text("a\n1\n")
    (project / "package.json").write_text("{}")
    assert main(["other.csv", "package.json"]) == 0
    assert capsys.readouterr().out == (
        "mlgates-check: no gate of pyproject.toml reads other.csv, package.json\n"
    )


def test_nothing_to_do_says_so(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out == "mlgates-check: no files named\n"


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ('model = "models:/credit@challenger"', "its table is judged by the model models:/credit"),
        ('model = "package.module:predict"', "its table is judged by the model package.module"),
    ],
)
def test_a_gate_that_needs_the_project_is_refused_with_the_command(
    project, capsys, setting, reason
):
    (project / "pyproject.toml").write_text(
        CONFIGURATION.replace('path = "holdout.csv"', f'path = "holdout.csv"\n{setting}')
    )
    assert main(["holdout.csv"]) == 1
    out = capsys.readouterr().out
    for gate in ("accuracy", "parity"):
        assert f"gate '{gate}' is not evaluated here: {reason}" in out
        assert f"environment, and commit mlgates.lock: mlgates lock {gate}\n" in out


def test_a_champion_in_a_registry_needs_the_project_too(project, capsys):
    (project / "pyproject.toml").write_text(
        CONFIGURATION.replace("min = 0.6", 'no_worse_than = "models:/c@champion"\nmargin = 0.1')
    )
    assert main(["holdout.csv"]) == 1
    assert "gate 'accuracy' is not evaluated here: it is compared with the champion" in (
        capsys.readouterr().out
    )


def test_a_champion_in_a_file_is_compared_here_and_its_change_is_seen(project, capsys):
    (project / "pyproject.toml").write_text(
        CONFIGURATION.replace("min = 0.6", 'no_worse_than = "champion.csv"\nmargin = 0.1')
    )
    (project / "champion.csv").write_text((project / "holdout.csv").read_text())
    assert main(["champion.csv"]) == 0
    assert "accuracy vs champion" in capsys.readouterr().out


def test_a_library_that_the_hook_lacks_is_named_with_the_command(project, capsys, monkeypatch):
    (project / "contracts/applications.json").write_text(
        json.dumps(
            [
                {
                    "type": "expect_column_values_to_match_json_schema",
                    "kwargs": {"column": "age", "json_schema": {"type": "integer"}},
                }
            ]
        )
    )
    monkeypatch.setitem(__import__("sys").modules, "great_expectations", None)
    assert main(["data/applications.csv"]) == 1
    out = capsys.readouterr().out
    assert "gate 'schema' is not evaluated here: " in out
    assert "expect_column_values_to_match_json_schema" in out
    assert "great_expectations" in out
    assert "mlgates lock schema\n" in out


def test_a_data_file_without_a_configuration_is_misuse(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["data.csv", "package.json"]) == 2
    assert capsys.readouterr().err == (
        "no configuration governs 'data.csv'\n"
        "  want:  [tool.mlgates] in pyproject.toml, or mlgates.toml, in its folder or above\n"
        "  fix:   add one, or narrow `files:` of this hook\n"
    )


def test_json_of_somebody_else_needs_no_configuration(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["package.json"]) == 0
    assert "no configuration governs the named files" in capsys.readouterr().out


def test_several_configurations_are_judged_each_on_its_own(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path / "a")
    write_project(tmp_path / "b", data=BAD_DATA)
    assert main(["a/data/applications.csv", "b/data/applications.csv"]) == 1
    out = capsys.readouterr().out
    assert out.count(" 1 gate: ") == 2
    assert "1 passed, 0 failed" in out
    assert "0 passed, 1 failed" in out


def test_misuse_wins_over_a_failed_gate(project, capsys):
    (project / "data/applications.csv").write_text(BAD_DATA)
    (project / "holdout.csv").write_text("y_true,y_pred\n1,1\n")
    assert main(["data/applications.csv", "holdout.csv"]) == 2
    out = capsys.readouterr().out
    assert "gate 'schema' failed" in out
    assert "gate 'parity' could not be evaluated" in out


def test_another_configuration_can_be_named(project, capsys, monkeypatch):
    (project / "inner").mkdir()
    monkeypatch.chdir(project / "inner")
    assert main(["--config", "../pyproject.toml", "../data/applications.csv"]) == 0
    assert "1 gate: 1 passed" in capsys.readouterr().out


def test_a_deleted_file_of_a_gate_is_named(project, capsys):
    (project / "data/applications.csv").unlink()
    assert main(["data/applications.csv"]) == 2
    out = capsys.readouterr().out
    assert "no file matches 'data/*.csv'" in out
    assert "where: pyproject.toml [tool.mlgates.tables.applications] path" in out


def test_data_behind_a_link_keeps_its_name(project, capsys, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    (project / "data/applications.csv").rename(cache / "ab12")
    (project / "data/applications.csv").symlink_to(cache / "ab12")
    assert main(["data/applications.csv"]) == 0
    assert "1 gate: 1 passed" in capsys.readouterr().out


def test_a_bug_exits_3(project, capsys, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("4711")

    monkeypatch.setattr("pytest_mlgates.runner.evaluator.Evaluator.evaluate", broken)
    assert main(["data/applications.csv"]) == 3
    captured = capsys.readouterr()
    assert captured.err.startswith("BUG: RuntimeError at ")
    assert "4711" not in captured.err


def test_a_hook_imports_no_plugin_of_the_project(tmp_path, monkeypatch, capsys):
    """``plugins`` name code of the project: what needs it is for the project's environment."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "kinds.py").write_text("open('imported', 'w')\n", encoding="utf-8")
    (tmp_path / "mlgates.toml").write_text(
        'plugins = ["kinds"]\npythonpath = ["."]\n[tables.t]\npath = "t.csv"\n'
        '[gates.own]\nkind = "drift"\ntable = "t"\nspeed = 3\n',
        encoding="utf-8",
    )
    assert main(["t.csv"]) == 1
    assert not (tmp_path / "imported").exists()
    out = capsys.readouterr().out
    assert "gate 'own' is not evaluated here: a plugin of the project registers its kind" in out
    assert "mlgates lock own" in out


def test_a_file_that_no_gate_reads_costs_no_validation(project, capsys):
    """The budget of a hook with nothing to do is 60 ms; msgspec alone takes more."""
    (project / "other.csv").write_text("a\n1\n")
    code = (
        "import sys; from pytest_mlgates.hooks.mlgates_check import main; main(['other.csv']); "
        "print(sorted({'msgspec', 'narwhals', 'duckdb', 'numpy'} & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True
    ).stdout
    assert shown == "mlgates-check: no gate of pyproject.toml reads other.csv\n[]\n"


def test_a_gate_that_is_as_locked_passes_without_the_project(project, capsys):
    assert mlgates(["lock"]) == 0
    capsys.readouterr()
    assert main(["pyproject.toml"]) == 0
    out = capsys.readouterr().out
    assert "gate 'training' is not evaluated here (it runs trainer_" in out
    assert "): it is as locked; CI recomputes it\n" in out


@pytest.fixture
def gpu(project, monkeypatch):
    """The project with a gate that needs a GPU, and none here."""
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text.replace("min = 0.6", 'min = 0.6\nneeds = "gpu"'))
    monkeypatch.setenv("MLGATES_GPU", "0")
    return project


def test_a_gate_that_needs_a_gpu_is_refused_without_one_and_without_a_lock(gpu, capsys):
    assert main(["holdout.csv"]) == 1
    out = capsys.readouterr().out
    assert "gate 'accuracy' is not evaluated here: it needs a GPU, and there is none here; " in out
    assert "and commit mlgates.lock: mlgates lock accuracy\n" in out
    assert " 1 gate: 1 passed" in out, "parity needs none"


def test_a_gate_that_needs_a_gpu_is_compared_with_the_lock_without_one(gpu, capsys, monkeypatch):
    monkeypatch.setenv("MLGATES_GPU", "1")
    assert mlgates(["lock"]) == 0
    assert main(["holdout.csv"]) == 0
    assert " 2 gates: 2 passed" in capsys.readouterr().out
    monkeypatch.setenv("MLGATES_GPU", "0")
    assert main(["holdout.csv"]) == 0
    told = "gate 'accuracy' is not evaluated here (it needs a GPU, and there is none here): it is"
    assert f"{told} as locked; CI recomputes it\n" in capsys.readouterr().out
    (gpu / "holdout.csv").write_text(holdout(300))
    assert main(["holdout.csv"]) == 1
    assert "there is none here; holdout.csv changed" in capsys.readouterr().out


def test_changed_code_is_seen_and_refused_until_it_is_locked(project, capsys):
    assert mlgates(["lock"]) == 0
    (trainer,) = project.glob("trainer_*.py")
    assert main([trainer.name]) == 0
    trainer.write_text(trainer.read_text().replace("2.0", "3.0"))
    capsys.readouterr()
    assert main([trainer.name]) == 1
    out = capsys.readouterr().out
    assert f"{trainer.name} changed" in out
    assert "and commit mlgates.lock: mlgates lock training\n" in out


def test_a_gate_locked_as_failed_is_refused(project, capsys):
    (trainer,) = project.glob("trainer_*.py")
    trainer.write_text("import random\ndef train():\n    return random.random()\n")
    assert mlgates(["lock", "training"]) == 1
    capsys.readouterr()
    assert main([trainer.name]) == 1
    assert "the lock says that it failed" in capsys.readouterr().out


def test_code_that_no_gate_calls_is_no_business_of_a_hook(project, capsys):
    (project / "other.py").write_text("x = 1\n")
    assert main(["other.py"]) == 0
    assert "no gate of pyproject.toml reads other.py" in capsys.readouterr().out
