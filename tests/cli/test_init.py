"""``mlgates init``: a project as it is gets gates that pass, and loses nothing that it had."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from pytest_mlgates.cli import main
from pytest_mlgates.core.text import quoted
from pytest_mlgates.reports import starting_ci

_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_ROOT = Path(__file__).resolve().parents[2]
_ROWS = [(20 + i % 50, "FM"[i % 2], i % 3) for i in range(200)]
GOOD = "age,sex,kind\n" + "".join(f"{a},{s},{k}\n" for a, s, k in _ROWS)
JUDGED = "label,prediction,sex\n" + "".join(
    f"{i % 2},{i % 2 if i % 5 else 1 - i % 2},{'FM'[i // 2 % 2]}\n" for i in range(200)
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A git repository with one good table."""
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    write("data/people.csv", GOOD)
    return tmp_path


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8", newline="")


def state(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and not {".git", ".mlgates", "__pycache__"} & set(p.parts)
    }


def run_pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio"]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=False, env=environment
    )


def test_the_income_data_in_an_empty_repository_get_gates_that_pass(project, capsys):
    Path("data/people.csv").unlink()
    for file in (_EXAMPLES / "income" / "data").glob("*.parquet"):
        shutil.copy(file, "data")
    assert main(["init", "--yes", "--ci", "github"]) == 0
    out = capsys.readouterr().out
    assert " 6 files written; next:" in out
    assert '"contracts/adult_test.json": 9 columns: "workclass"' in out
    assert "If they are personal: --private" in out

    assert main(["check"]) == 0
    assert "2 gates: 2 passed, 0 failed" in capsys.readouterr().out
    done = run_pytest("--mlgates", "--mlgates-require")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 gates: 4 passed" in done.stdout

    before = state(project)
    assert main(["init", "--yes"]) == 0
    assert "nothing to write: no file was changed" in capsys.readouterr().out
    assert state(project) == before


def test_without_pyproject_the_configuration_gets_a_file_of_its_own(project, capsys):
    assert main(["init", "--yes"]) == 0
    raw = tomllib.loads(Path("mlgates.toml").read_text(encoding="utf-8"))
    assert raw["required"] == ["people-schema"]
    assert raw["tables"]["people"] == {"path": "data/people.csv"}
    assert "no CI   none was written: mlgates init --ci github|gitlab" in capsys.readouterr().out
    assert not Path(".github").exists()
    assert main(["check"]) == 0


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_pyproject_keeps_every_byte_and_grows_at_its_end(project, end):
    old = f"# mine{end}[project]{end}name   = 'x'  # spaced{end}[tool.other]{end}a = [ 1,2 ]"
    write("pyproject.toml", old)
    assert main(["init", "--yes"]) == 0
    new = Path("pyproject.toml").read_bytes().decode()
    assert new.startswith(old)
    assert new.count("\n") == new.count(end)
    assert tomllib.loads(new)["tool"]["mlgates"]["required"] == ["people-schema"]
    assert main(["check"]) == 0


def test_a_pyproject_that_takes_no_further_table_is_left_alone(project):
    write("pyproject.toml", 'tool = {other = {a = 1}}\n[project]\nname = "x"\n')
    before = Path("pyproject.toml").read_bytes()
    assert main(["init", "--yes"]) == 0
    assert Path("pyproject.toml").read_bytes() == before
    assert Path("mlgates.toml").exists()


def test_a_broken_pyproject_is_misuse_and_nothing_is_written(project, capsys):
    write("pyproject.toml", "[project\n")
    before = state(project)
    assert main(["init", "--yes"]) == 2
    assert "pyproject.toml cannot be read" in capsys.readouterr().err
    assert state(project) == before


def test_nothing_is_written_where_nobody_can_be_asked(project, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y"))
    before = state(project)
    assert main(["init"]) == 2
    said = capsys.readouterr()
    assert "write   mlgates.toml" in said.out
    assert "fix:   mlgates init --yes" in said.err
    assert state(project) == before


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("", False), ("no", False)])
def test_only_a_yes_writes(project, monkeypatch, answer, written):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    assert main(["init"]) == 0
    assert Path("mlgates.toml").exists() is written


def test_files_that_exist_are_kept_and_what_they_lack_is_printed(project, capsys):
    hooks = "repos:\n- repo: local  # mine\n  hooks: []\n"
    write(".pre-commit-config.yaml", hooks)
    write("tests/test_mlgates.py", "# mine\n")
    write("contracts/people.json", "{}")
    write(".gitlab-ci.yml", "stages: [test]\n")
    assert main(["init", "--yes"]) == 0
    out = capsys.readouterr().out
    assert " exists  .pre-commit-config.yaml: left as it is; paste into it" in out
    assert "   |       - id: mlgates-check" in out
    assert "   |   - local: .gitlab/mlgates.yml" in out
    assert " exists  tests/test_mlgates.py" in out
    assert Path(".pre-commit-config.yaml").read_text() == hooks
    assert Path("tests/test_mlgates.py").read_text() == "# mine\n"
    assert Path("contracts/people.json").read_text() == "{}"
    job = yaml.safe_load(Path(".gitlab/mlgates.yml").read_text())
    assert starting_ci.EVALUATE in job["ml-gates"]["script"]


def test_hooks_and_workflows_that_have_ours_need_nothing(project, capsys):
    write(".pre-commit-config.yaml", "repos:\n- repo: x\n  hooks:\n  - id: mlgates-check\n")
    write(".github/workflows/ci.yml", "jobs: {a: {steps: [{run: mlgates check}]}}\n")
    assert main(["init", "--yes"]) == 0
    out = capsys.readouterr().out
    assert " there   .pre-commit-config.yaml" in out
    assert " there   .github/workflows/ci.yml" in out
    assert "exists" not in out


def test_the_written_yaml_says_what_it_should(project):
    git("remote", "add", "origin", "git@github.com:me/project.git")
    assert main(["init", "--yes"]) == 0
    hooks = yaml.safe_load(Path(".pre-commit-config.yaml").read_text())
    (repository,) = hooks["repos"]
    assert [hook["id"] for hook in repository["hooks"]] == [
        "mlgates-data",
        "mlgates-check",
        "mlgates-config",
        "mlgates-model-files",
    ]
    assert "#       language: system" in Path(".pre-commit-config.yaml").read_text()
    workflow = yaml.safe_load(Path(".github/workflows/mlgates.yml").read_text())
    runs = [step["run"] for step in workflow["jobs"]["gates"]["steps"] if "run" in step]
    assert runs[:3] == [
        "pip install 'pytest-mlgates[report]'",
        starting_ci.REVIEW,
        starting_ci.EVALUATE,
    ]


def test_the_written_system_hook_is_one_once_the_marks_are_gone(project):
    assert main(["init", "--yes"]) == 0
    text = Path(".pre-commit-config.yaml").read_text()
    head, tail = text.split("  # - repo: local")
    whole = head + "  - repo: local" + tail.replace("\n  # ", "\n  ")
    (_, local) = yaml.safe_load(whole)["repos"]
    assert local["hooks"][0]["language"] == "system"


def test_labels_and_predictions_get_proposals_without_a_bound(project, capsys):
    write("data/people.csv", JUDGED)
    assert main(["init", "--yes"]) == 0
    text = Path("mlgates.toml").read_text(encoding="utf-8")
    assert 'y_true = "label"' in text
    assert "# min = BOUND  # the least that you accept; measured now: 0.80" in text
    assert '# by = "sex"' in text
    assert list(tomllib.loads(text)["gates"]) == ["people-schema"]
    # With a bound in it, the proposal is a gate.
    lines = text.splitlines()
    start = lines.index("# [gates.people-accuracy]")
    filled = "\n".join(
        line.removeprefix("#").removeprefix(" ").replace("BOUND", "0.7") if n >= start else line
        for n, line in enumerate(lines)
    )
    write("mlgates.toml", filled)
    capsys.readouterr()
    assert main(["check"]) == 0
    assert "3 gates: 3 passed" in capsys.readouterr().out


@pytest.mark.parametrize("header", ["label,score,sex", "truth,prediction,sex"])
def test_roles_are_not_guessed(project, header):
    write("data/people.csv", JUDGED.replace("label,prediction,sex", header))
    assert main(["init", "--yes"]) == 0
    assert "BOUND" not in Path("mlgates.toml").read_text(encoding="utf-8")


ODD = [
    'quote".csv',
    "it's.csv",
    "line\nbreak.csv",
    "[brackets].csv",
    "star*.csv",
    "größe – 数.csv",
    "sep\u2028line.csv",
    "del\x7f\x9f.csv",
    "{{x}} ${{ y }} # z.csv",
    "back\\slash.csv",
]


@pytest.mark.skipif(os.name == "nt", reason="such names do not exist there")
@pytest.mark.parametrize("name", ODD)
def test_names_of_files_are_text_in_every_file(project, capsys, name):
    Path("data/people.csv").rename(Path("data") / name)
    assert main(["init", "--yes", "--ci", "github"]) == 0
    raw = tomllib.loads(Path("mlgates.toml").read_text(encoding="utf-8"))
    (table,) = raw["tables"].values()
    assert table["path"] == f"data/{name}"
    hooks = yaml.safe_load(Path(".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert re.search(hooks["repos"][0]["hooks"][0]["files"], f"data/{name}")
    compile(Path("tests/test_mlgates.py").read_text(encoding="utf-8"), "tests", "exec")
    yaml.safe_load(Path(".github/workflows/mlgates.yml").read_text(encoding="utf-8"))
    capsys.readouterr()
    assert main(["check"]) == 0
    assert main(["init", "--yes"]) == 0
    assert "no file was changed" in capsys.readouterr().out


def test_names_of_columns_are_text_in_every_file(project, capsys):
    odd = 'a"b\nc]'
    rows = "".join(f"{i % 2},{i % 2},{'FM'[i % 3 % 2]}\n" for i in range(200))
    write("data/people.csv", 'y_true,y_pred,"a""b\nc]"\n' + rows)
    assert main(["init", "--yes"]) == 0
    said = capsys.readouterr().out
    assert odd not in said
    assert main(["check"]) == 0
    done = run_pytest()
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("text", [*ODD, "\U0001f600\U000e0001", "'\"\\\t\r\0"])
def test_quoted_text_is_the_same_in_three_languages(text):
    line = quoted(text)
    assert "\n" not in line
    assert line.isprintable()
    assert tomllib.loads(f"a = {line}")["a"] == text
    assert yaml.safe_load(f"a: {line}")["a"] == text
    assert eval(line) == text


def test_private_tables_show_no_value(project, capsys):
    write("data/people.csv", GOOD.replace("F,", "Anna,").replace("M,", "Otto,"))
    assert main(["init", "--yes", "--private"]) == 0
    assert "If they are personal" not in capsys.readouterr().out
    assert not any(b"Anna" in text for p, text in state(project).items() if "data/" not in p)
    raw = tomllib.loads(Path("mlgates.toml").read_text(encoding="utf-8"))
    assert raw["tables"]["people"]["private"] is True
    assert main(["check"]) == 0


def test_an_empty_folder_is_misuse_that_says_what_was_looked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--yes"]) == 2
    err = capsys.readouterr().err
    assert "there is no data file that a gate could judge" in err
    assert "no CSV, Parquet or JSON Lines file, down to four folders deep" in err
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_cannot_be_read_is_told_and_left_out(project, capsys):
    write("data/a.parquet", "no parquet")
    write("data/b.csv", "x\n1\n")
    assert main(["init", "--yes"]) == 0
    out = capsys.readouterr().out
    assert " skipped data/a.parquet: " in out
    assert " skipped data/b.csv: table 'b.csv' is too small" in out
    raw = tomllib.loads(Path("mlgates.toml").read_text(encoding="utf-8"))
    assert list(raw["tables"]) == ["people"]


def test_environments_and_tests_are_not_searched(project, capsys):
    for folder in (".venv", "node_modules/x", "tests/data", "mlruns/0", "own"):
        write(f"{folder}/other.csv", GOOD)
    write("own/pyvenv.cfg", "")
    assert main(["init", "--yes"]) == 0
    assert capsys.readouterr().out.count(" found   data/people.csv") == 1
    raw = tomllib.loads(Path("mlgates.toml").read_text(encoding="utf-8"))
    assert list(raw["tables"]) == ["people"]


def test_more_files_than_a_first_look_takes_are_named(project, capsys):
    for i in range(6):
        write(f"data/part-{i}.csv", GOOD)
    assert main(["init", "--yes"]) == 0
    assert " skipped data/part-5.csv: only the first 5 are taken" in capsys.readouterr().out
    assert main(["check"]) == 0


def test_mlflow_and_ignored_data_are_told(project, capsys):
    write("requirements.txt", "numpy\nmlflow>=3\n")
    write(".gitignore", "data/\n")
    assert main(["init", "--yes", "--ci", "gitlab"]) == 0
    out = capsys.readouterr().out
    assert " found   MLflow: a line of requirements.txt" in out
    assert "git ignores it: CI must fetch it before the gates run" in out
    assert '# model = "models:/NAME@ALIAS"' in Path("mlgates.toml").read_text()
    script = yaml.safe_load(Path(".gitlab/mlgates.yml").read_text())["ml-gates"]["script"]
    assert script[:2] == [
        "pip install -r requirements.txt",
        "pip install 'pytest-mlgates[mlflow,report]'",
    ]


def test_a_configuration_that_exists_is_built_on_and_left_alone(project, capsys):
    text = '[tables.people]\npath = "data/people.csv"\n'
    write("mlgates.toml", text)
    assert main(["init", "--yes"]) == 0
    assert Path("mlgates.toml").read_text() == text
    assert not Path("tests").exists()
    assert "id: mlgates-check" in Path(".pre-commit-config.yaml").read_text()
    assert " found   mlgates.toml" in capsys.readouterr().out


def test_a_second_run_prints_what_the_first_one_did(project, capsys):
    write("data/more rows.csv", GOOD)
    hooks = "repos:\n- repo: local  # mine\n  hooks: []\n"
    write(".pre-commit-config.yaml", hooks)

    def pasted() -> str:
        assert main(["init", "--yes"]) == 0
        return "".join(re.findall(r"^   \|.*\n", capsys.readouterr().out, re.MULTILINE))

    first = pasted()
    assert "- id: mlgates-data" in first
    assert pasted() == first


@pytest.mark.parametrize(
    ("path", "there", "not_there"),
    [
        ("data/*.csv", "data/b.csv", "data/old/b.csv"),
        ("data/**/*.csv", "data/old/b.csv", "data/b.jsonl"),
        ("data/part-?.csv", "data/part-1.csv", "data/part-11.csv"),
        ("data/part-[0-9].csv", "data/part-1.csv", "data/part-11.csv"),
        ("data", "data/year=2024/b.csv", "data.csv"),
        ("./data/a.csv", "data/a.csv", "data/aXcsv"),
    ],
)
def test_the_hook_of_declared_tables_sees_their_files(project, capsys, path, there, not_there):
    gate = '[gates.s]\nkind = "data_schema"\ntable = "t"\nsuite = "s.json"\n'
    write("mlgates.toml", f"[tables.t]\npath = '{path}'\n[tables.u]\npath = 'u.csv'\n{gate}")
    assert main(["init", "--yes"]) == 0
    hooks = yaml.safe_load(Path(".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    files = next(hook["files"] for hook in hooks if hook["id"] == "mlgates-data")
    assert re.search(files, there)
    assert not re.search(files, not_there)
    assert not re.search(files, "u.csv")


def test_a_configuration_with_mistakes_is_built_on_by_nothing(project, capsys):
    write("mlgates.toml", "tabels = 1\n")
    before = state(project)
    assert main(["init", "--yes"]) == 2
    assert "unknown key 'tabels'" in capsys.readouterr().err
    assert state(project) == before


def test_the_tests_go_where_pytest_looks(project):
    write("pyproject.toml", '[tool.pytest.ini_options]\ntestpaths = ["checks/unit"]\n')
    assert main(["init", "--yes"]) == 0
    assert Path("checks/unit/test_mlgates.py").exists()


def test_a_run_that_was_cut_short_starts_over(project, capsys):
    assert main(["init", "--yes"]) == 0
    whole = state(project)
    Path("mlgates.toml").unlink()
    Path(".pre-commit-config.yaml").unlink()
    assert main(["init", "--yes"]) == 0
    assert " there   contracts/people.json" in capsys.readouterr().out
    assert state(project) == whole
    assert json.loads(whole["contracts/people.json"])["name"] == "people"
