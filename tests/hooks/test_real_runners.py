"""The hooks through real pre-commit and prek alike: every stage and layout of a repository.

Each runner installs the hooks once, from a clone of this repository. What a test has installed
stays for those after it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.hooks.test_real_pre_commit import (
    Repository,
    environment,  # noqa: F401  (a fixture)
    hooks,  # noqa: F401  (a fixture)
    run,
)
from tests.projects import BAD_DATA, CONFIGURATION, GOOD_DATA, write_project

pytestmark = [
    pytest.mark.slow,
]
pytest.importorskip("pre_commit")

PREK = shutil.which("prek", path=str(Path(sys.executable).parent))
# What the light core can evaluate: no training.
LIGHT = CONFIGURATION.partition("[tool.mlgates.gates.training]")[0]
MODEL = 'path = "holdout.csv"\nmodel = "forest:predict"'


@pytest.fixture(scope="session", params=["pre-commit", "prek"])
def runner(request, tmp_path_factory):
    """The command, and the store of environments for all tests here."""
    if request.param == "pre-commit":
        return [sys.executable, "-m", "pre_commit"], {}
    if PREK is None:
        pytest.skip("needs prek")
    store = {"PREK_HOME": str(tmp_path_factory.mktemp("prek-home")), "PREK_COLOR": "never"}
    return [PREK], store


@pytest.fixture
def project(tmp_path, hooks, environment, runner):  # noqa: F811
    return made(tmp_path / "project", hooks, environment, runner)


class Project(Repository):
    def __init__(self, root, environment, command):  # noqa: F811
        super().__init__(root, environment)
        self.command = command

    def hook(self, *arguments: str, folder: Path | None = None) -> tuple[int, str]:
        command = [*self.command, "run", *arguments]
        done = run(command, folder or self.root, self.environment, check=False)
        return done.returncode, done.stdout + done.stderr


def made(root, hooks, environment, runner, folder="."):  # noqa: F811
    """A repository with one commit, and a project in *folder* of it."""
    command, store = runner
    write_project(root / folder, configuration=LIGHT)
    (root / ".pre-commit-config.yaml").write_text(hooks)
    project = Project(root, {**environment, **store}, command)
    project.git("init", "--quiet", "--initial-branch=main", "--template=")
    project.git("add", "-A")
    project.git("commit", "--quiet", "--message=first")
    return project


def change(project, name="data/applications.csv", text=BAD_DATA):
    (project.root / name).write_text(text)
    project.git("add", "-A")


def test_each_hook_accepts_and_refuses(project):
    assert project.hook("--all-files")[0] == 0
    change(project)
    code, text = project.hook()
    assert code == 1
    assert "gate 'schema' failed" in text
    change(project, text=GOOD_DATA)
    (project.root / "incoming").mkdir()
    change(project, "incoming/new.csv")
    code, text = project.hook("mlgates-data")
    assert code == 1
    assert "gate 'incoming/new.csv' failed" in text
    change(project, "incoming/new.csv", GOOD_DATA)
    change(project, "pyproject.toml", LIGHT.replace("max = 0.4", "max = 0.5"))
    code, text = project.hook("mlgates-config")
    assert code == 1
    assert "gate 'parity' is weakened" in text


def test_between_two_commits_the_files_that_changed_are_judged(project):
    change(project)
    project.git("commit", "--quiet", "--no-verify", "--message=bad")
    code, text = project.hook("--from-ref", "HEAD~1", "--to-ref", "HEAD")
    assert code == 1
    assert "gate 'schema' failed" in text
    code, text = project.hook("--from-ref", "HEAD", "--to-ref", "HEAD")
    assert code == 0


@pytest.mark.parametrize("stage", ["pre-push", "manual"])
def test_on_push_and_by_hand_a_weaker_gate_is_refused(project, stage):
    change(project, "pyproject.toml", LIGHT.replace("max = 0.4", "max = 0.5"))
    between = ()
    if stage == "pre-push":  # what git push tells
        project.git("commit", "--quiet", "--no-verify", "--message=weaker")
        between = ("--from-ref", "HEAD~1", "--to-ref", "HEAD")
    # Its name in pre-commit; prek takes it too.
    code, text = project.hook("mlgates-config", "--hook-stage", stage, *between)
    assert code == 1
    assert "gate 'parity' is weakened" in text


def test_in_a_worktree_a_fresh_clone_and_a_submodule(project, tmp_path):
    project.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "tree"))
    above = Project(tmp_path / "above", project.environment, project.command)
    above.root.mkdir()
    above.git("init", "--quiet", "--initial-branch=main", "--template=")
    allowed = ("-c", "protocol.file.allow=always")
    above.git(*allowed, "submodule", "--quiet", "add", str(project.root), "part")
    above.git("clone", "--quiet", str(project.root), str(tmp_path / "clone"))
    for root in (tmp_path / "tree", tmp_path / "clone", above.root / "part"):
        here = Project(root, project.environment, project.command)
        assert here.hook("--all-files")[0] == 0, root
        change(here)
        code, text = here.hook()
        assert code == 1, root
        assert "gate 'schema' failed" in text


def test_in_a_folder_of_a_monorepo(tmp_path, hooks, environment, runner):  # noqa: F811
    names = [line for line in hooks.splitlines() if "mlgates-data" not in line]
    names = [line for line in names if "incoming" not in line and "--suite" not in line]
    project = made(tmp_path, "\n".join(names), environment, runner, "services/credit")
    change(project, "services/credit/data/applications.csv")
    for folder in (project.root, project.root / "services/credit"):
        code, text = project.hook(folder=folder)
        assert code == 1
        assert "gate 'schema' failed" in text


def test_a_model_of_the_project_is_not_imported_by_the_hook(project):
    change(project, "forest.py", "raise SystemExit('imported')\n")
    change(project, "pyproject.toml", LIGHT.replace('path = "holdout.csv"', MODEL))
    code, text = project.hook("mlgates-check")
    assert code == 1
    assert "its table is judged by the model forest:predict" in text
    assert "mlgates lock accuracy" in text
    assert "imported" not in text


FOREST = """\
import sklearn  # the project has it, the environment of the hooks has not


def predict(features):
    return (features["signal"] > 0.5).astype(int)
"""


def test_a_model_that_only_the_project_can_import_is_judged_by_its_lock(project):
    pytest.importorskip("sklearn")
    change(project, "forest.py", FOREST)
    held = (project.root / "holdout.csv").read_text().splitlines()
    rows = [line.split(",") for line in held[1:]]
    signals = "".join(f"{truth},{score},{sex}\n" for truth, _, score, sex in rows)
    change(project, "holdout.csv", f"y_true,signal,sex\n{signals}")
    model = f'{MODEL}\nfeatures = ["signal"]'
    change(project, "pyproject.toml", LIGHT.replace('path = "holdout.csv"', model))
    locked = [sys.executable, "-m", "pytest_mlgates", "lock"]
    scripts = {**project.environment, "PYTHONPATH": str(Path(__file__).parents[2])}
    assert run(locked, project.root, scripts, check=False).returncode == 0
    project.git("add", "-A")
    code, text = project.hook("mlgates-check", "--verbose")
    assert code == 0, text
    assert "it is as locked" in text
    change(project, "forest.py", FOREST.replace("> 0.5", "> 0.9"))
    code, text = project.hook("mlgates-check")
    assert code == 1
    assert "forest.py changed" in text


def test_a_contract_that_is_removed_is_seen(project):
    project.git("rm", "-q", "contracts/applications.json")
    code, text = project.hook("mlgates-config")
    assert code == 1
    assert "its contract contracts/applications.json is gone" in text


def test_names_split_over_processes_give_the_same_answer(project):
    names = [f"data/part-{i:02}.csv" for i in range(20)]
    for name in names:
        (project.root / name).write_text(GOOD_DATA)
    change(project, names[13], BAD_DATA)
    scripts = {**project.environment, "PYTHONPATH": str(Path(__file__).parents[2])}
    found = [
        run(
            [sys.executable, "-m", "pytest_mlgates.hooks.mlgates_check", *some],
            project.root,
            scripts,
            check=False,
        )
        for some in (names[:10], names[10:], names)
    ]
    assert {one.returncode for one in found} == {1}
    assert len({one.stdout for one in found}) == 1
    code, text = project.hook("mlgates-check")
    assert code == 1
    assert "1 of 2 expectations failed, 1 of 42 rows" in text
