"""What a hook judges but the commit does not bring is named; what is missing is never a pass."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pytest_mlgates.hooks import mlgates_check, mlgates_data
from tests.hooks.test_mlgates_config import git
from tests.projects import CONFIGURATION, GOOD_DATA, write_project

SCHEMA = CONFIGURATION.partition('[tool.mlgates.tables."holdout.csv"]')[0] + (
    '\n[tool.mlgates.gates.schema]\nkind = "data_schema"\ntable = "applications"\n'
    'suite = "contracts/applications.json"\n'
)
SAID = "judged but not tracked by git: the commit does not hold what is judged"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, configuration=SCHEMA)
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    return tmp_path


def ran(capsys, main, *arguments: str) -> tuple[int, str]:
    code = main(list(arguments))
    told = capsys.readouterr()
    return code, told.out + told.err


def test_inputs_that_are_tracked_are_not_named(project, capsys):
    code, text = ran(capsys, mlgates_check.main, "data/applications.csv")
    assert code == 0
    assert "tracked" not in text


@pytest.mark.parametrize("ignored", [True, False])
def test_an_untracked_or_ignored_part_of_a_table_is_judged_and_named(project, capsys, ignored):
    Path("data/more.csv").write_text(GOOD_DATA)
    if ignored:
        Path(".gitignore").write_text("data/more.csv\n")
    code, text = ran(capsys, mlgates_check.main, "data/applications.csv")
    assert code == 0
    assert "n=4" in text
    assert f"warning (schema): 'data/more.csv' is {SAID}" in text


def test_an_untracked_contract_is_named(project, capsys):
    git("rm", "-q", "--cached", "contracts/applications.json")
    code, text = ran(capsys, mlgates_check.main, "data/applications.csv")
    assert code == 0
    assert f"'contracts/applications.json' is {SAID}" in text
    suite = ("--suite", "contracts/applications.json")
    code, text = ran(capsys, mlgates_data.main, *suite, "data/applications.csv")
    assert code == 0
    assert f"'contracts/applications.json' is {SAID}" in text


def test_data_that_a_pointer_of_dvc_brings_is_not_named(project, capsys):
    git("rm", "-q", "--cached", "data/applications.csv")
    md5 = hashlib.md5(Path("data/applications.csv").read_bytes()).hexdigest()
    pointer = f"outs:\n- md5: {md5}\n  hash: md5\n  path: applications.csv\n"
    Path("data/applications.csv.dvc").write_text(pointer)
    code, text = ran(capsys, mlgates_check.main, "data/applications.csv")
    assert code == 0
    assert "tracked" not in text


@pytest.mark.parametrize(
    ("main", "arguments", "said"),
    [
        (mlgates_check.main, ["elsewhere/absent.csv"], "there is no file '"),
        (mlgates_data.main, ["elsewhere/absent.csv"], "no contract is declared for absent.csv"),
        (mlgates_data.main, ["--suite", "contracts/applications.json", "absent.csv"], "absent.csv"),
        (mlgates_data.main, ["--suite", "absent.json", "data/applications.csv"], "absent.json"),
    ],
)
def test_a_file_that_is_named_but_missing_is_told(project, capsys, main, arguments, said):
    code, text = ran(capsys, main, *arguments)
    assert said in text
    assert code == 2


def test_a_configuration_without_gates_refuses_data(project, capsys):
    Path("pyproject.toml").write_text("[tool.mlgates]\nconfidence = 0.9\n")
    for main in (mlgates_check.main, mlgates_data.main):
        code, text = ran(capsys, main, "data/applications.csv")
        assert code == 2
        assert "applications.csv" in text
    code, text = ran(capsys, mlgates_check.main, "contracts/applications.json")
    assert code == 0
    assert "no gate of pyproject.toml reads applications.json" in text
