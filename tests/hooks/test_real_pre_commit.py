"""All hooks through real ``pre-commit`` and ``git commit``, from a clone of this repository."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.model_files import touching
from tests.projects import BAD_DATA, CONFIGURATION, GOOD_DATA, write_project

pytestmark = pytest.mark.slow
pytest.importorskip("pre_commit")

ROOT = Path(__file__).parents[2]
HOOKS = """
repos:
- repo: {repo}
  rev: {rev}
  hooks:
  - id: mlgates-check
  - id: mlgates-config
  - id: mlgates-data
    files: ^incoming/.*\\.csv$
    args: [--suite, contracts/applications.json]
  - id: mlgates-model-files
"""


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """Nothing of the machine's git, and one store of hook environments for all tests here."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PRE_COMMIT"))}
    person = {"NAME": "A Committer", "EMAIL": "committer@example.org"}
    return {
        **kept,
        **{f"GIT_{who}_{k}": v for who in ("AUTHOR", "COMMITTER") for k, v in person.items()},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("pre-commit-home")),
        "PRE_COMMIT_COLOR": "never",
    }


@pytest.fixture(scope="session")
def hooks(tmp_path_factory, environment):
    """The configuration that installs the hooks of this repository as it was last committed."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs the git repository that these tests belong to")
    clone = tmp_path_factory.mktemp("clone") / "hooks"
    run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], ROOT, environment)
    rev = run(["git", "rev-parse", "HEAD"], clone, environment).stdout.strip()
    return HOOKS.format(repo=clone, rev=rev)


@pytest.fixture
def repository(tmp_path, hooks, environment):
    """A project with the hooks installed and one commit in it."""
    write_project(tmp_path)
    (tmp_path / ".pre-commit-config.yaml").write_text(hooks)
    repository = Repository(tmp_path, environment)
    repository.git("init", "--quiet", "--initial-branch=main", "--template=")
    repository.git("add", "-A")
    repository.git("commit", "--quiet", "--message=first")
    run([sys.executable, "-m", "pre_commit", "install"], tmp_path, environment)
    return repository


class Repository:
    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root, self.environment = root, environment

    def git(self, *arguments: str) -> str:
        return run(["git", *arguments], self.root, self.environment).stdout

    def commit(self, changes: dict[str, str | bytes]) -> tuple[bool, str]:
        """Whether `git commit` of *changes* went through, and all that people read."""
        for name, text in changes.items():
            (self.root / name).parent.mkdir(exist_ok=True)
            content = text.encode() if isinstance(text, str) else text
            (self.root / name).write_bytes(content)
        self.git("add", "-A")
        before = self.git("rev-parse", "HEAD")
        done = run(["git", "commit", "--message=change"], self.root, self.environment, check=False)
        moved = self.git("rev-parse", "HEAD") != before
        assert moved == (done.returncode == 0)
        return moved, done.stdout + done.stderr


def run(arguments, folder, environment, *, check=True):
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def test_a_bad_change_is_refused_with_the_words_of_mlgates_check(repository):
    through, output = repository.commit({"data/applications.csv": BAD_DATA})
    assert not through
    assert "ML gates (declared)" in output
    assert "- exit code: 1" in output
    command = run(
        [sys.executable, "-m", "pytest_mlgates", "check", "schema"],
        repository.root,
        repository.environment,
        check=False,
    )
    assert command.returncode == 1
    lines = [line for line in command.stdout.splitlines() if line.strip()]
    for line in lines[:-1]:
        assert line.strip() in output  # pre-commit strips what it shows
    assert lines[-1].split(" · ")[0] in output


def test_a_good_change_goes_through(repository):
    through, output = repository.commit({"data/applications.csv": GOOD_DATA + "19,F\n"})
    assert through
    assert passed(output, "ML gates (declared)")


def test_an_unrelated_file_does_not_run_the_hooks(repository):
    through, output = repository.commit({"README.md": "words\n", "notes.txt": "x\n"})
    assert through
    for hook in ("ML gates (declared)", "ML gates (data contracts)"):
        assert skipped(output, hook)


def test_code_that_no_gate_calls_passes(repository):
    through, output = repository.commit({"other.py": "x = 1\n"})
    assert through
    assert passed(output, "ML gates (declared)")


def test_named_files_are_held_to_a_suite(repository):
    through, output = repository.commit({"incoming/new.csv": GOOD_DATA})
    assert through
    assert passed(output, "ML gates (data contracts)")
    through, output = repository.commit({"incoming/new.csv": BAD_DATA})
    assert not through
    assert "gate 'incoming/new.csv' failed\n  1 of 2 expectations failed, 1 of 2 rows" in output


def test_a_gate_with_a_model_is_refused_with_the_command_to_run(repository):
    text = CONFIGURATION.replace(
        'path = "holdout.csv"', 'path = "holdout.csv"\nmodel = "models:/credit@challenger"'
    )
    through, output = repository.commit({"pyproject.toml": text})
    assert not through
    reason = "its table is judged by the model models:/credit@challenger"
    assert f"gate 'accuracy' is not evaluated here: {reason}" in output
    assert "environment, and commit mlgates.lock: mlgates lock accuracy\n" in output
    assert "gate 'training' is not evaluated here: it runs " in output
    assert "PASS  schema" in output


def test_a_weaker_gate_is_refused_until_somebody_answers_for_it(repository):
    text = CONFIGURATION.replace('kind = "reproducibility"', 'kind = "reproducibility"\nruns = 3')
    trainer = next(repository.root.glob("trainer_*.py")).stem
    text = text.replace("TRAINER", trainer)
    weaker = text.replace("max = 0.4", "max = 0.45")
    lock(repository, weaker)
    through, output = repository.commit({})
    assert not through
    assert "gate 'parity' is weakened" in output
    assert "max changed from 0.4 to 0.45: weaker" in output
    allowed = weaker + (
        '[[tool.mlgates.allow-loosening]]\ngate = "parity"\nowner = "ana"\n'
        'reason = "agreed"\ndate = 2026-11-28\n'
    )
    lock(repository, allowed)
    through, output = repository.commit({})
    assert through, output
    assert "it is as locked; CI recomputes it" in output or passed(output, "ML gates (declared)")


def test_a_contract_that_is_removed_is_seen(repository):
    repository.git("rm", "-q", "contracts/applications.json")
    through, output = repository.commit({})
    assert not through
    assert "gate 'schema' is weakened" in output
    assert "its contract contracts/applications.json is gone" in output


def lock(repository, configuration):
    """Write *configuration* and its lock, as the project's own environment does."""
    (repository.root / "pyproject.toml").write_text(configuration)
    command = [sys.executable, "-m", "pytest_mlgates", "lock"]
    run(command, repository.root, repository.environment)


def test_an_expectation_of_great_expectations_is_refused_with_the_command_to_run(repository):
    suite = [
        {
            "type": "expect_column_values_to_match_json_schema",
            "kwargs": {"column": "age", "json_schema": {"type": "integer"}},
        }
    ]
    through, output = repository.commit({"contracts/applications.json": json.dumps(suite)})
    assert not through
    assert "gate 'schema' is not evaluated here: " in output
    assert "expect_column_values_to_match_json_schema" in output
    assert "environment, and commit mlgates.lock: mlgates lock schema\n" in output


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data/applications.csv": ""}, "'applications.csv' is empty"),
        ({"data/applications.csv": "age,sex\n"}, "has 0 rows"),
        ({"data/applications.csv": "agee,sex\n3,F\n"}, "did you mean 'agee'?"),
        (
            {"pyproject.toml": CONFIGURATION.replace("contracts/app", "contracts/ap")},
            "did you mean 'applications.json'?",
        ),
        ({"incoming/a.csv": "age\n1,2\n"}, "'a.csv' cannot be read"),
    ],
)
def test_what_cannot_be_judged_is_refused_and_named(repository, changes, words):
    through, output = repository.commit(changes)
    assert not through
    assert words in output


def test_data_without_a_configuration_is_refused(repository):
    (repository.root / "pyproject.toml").unlink()
    through, output = repository.commit({"other/x.csv": "a\n1\n"})
    assert not through
    assert "no configuration governs 'other/x.csv'" in output


def test_a_deleted_file_is_named_when_a_gate_of_it_runs(repository):
    (repository.root / "data/applications.csv").unlink()
    text = (repository.root / "pyproject.toml").read_text() + "\n"
    through, output = repository.commit({"pyproject.toml": text})
    assert not through
    assert "no file matches 'data/*.csv'" in output
    assert "gate 'schema' could not be evaluated" in output


def passed(output: str, hook: str) -> bool:
    return any(hook in line and line.endswith("Passed") for line in output.splitlines())


def skipped(output: str, hook: str) -> bool:
    lines = [line for line in output.splitlines() if hook in line]
    return bool(lines) and all(line.endswith("(no files to check)Skipped") for line in lines)


def test_a_model_file_that_runs_code_is_refused_and_does_not_run(repository):
    canary = repository.root / "canary"
    hostile = touching(str(canary))["os.system"]
    through, output = repository.commit({"models/new.joblib": hostile})
    assert not through
    assert "ML gates (model files)" in output
    assert "would import os.system, which is dangerous (picklescan)" in output
    assert not canary.exists()
    through, output = repository.commit({"models/new.joblib": pickle.dumps([1.5])})
    assert through
    assert passed(output, "ML gates (model files)")
