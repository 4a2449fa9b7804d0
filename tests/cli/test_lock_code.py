"""What code a lock covers: all of the project that a gate runs, and what cannot be told is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.hooks.mlgates_check import main as hook
from tests.projects import holdout

GATE = """
[tool.mlgates]
{settings}
[tool.mlgates.tables.holdout]
path = "holdout.csv"

[tool.mlgates.gates.training]
kind = "reproducibility"
{gate}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "holdout.csv").write_text(holdout())
    return tmp_path


def write(project, files, gate, settings="pythonpath = ['.']"):
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (project / "pyproject.toml").write_text(GATE.format(gate=gate, settings=settings))


def locked_as_passed(project):
    """A lock as if `mlgates lock` had found that the gate passes: nothing is run here."""
    from pytest_mlgates.config.locked import current
    from pytest_mlgates.core.lock import Lock, LockedGate

    now = current(project / "pyproject.toml")
    found = {
        name: LockedGate(
            definition=one.definition, inputs=one.inputs, verdict={"outcome": "passed"}
        )
        for name, one in now.items()
    }
    (project / "mlgates.lock").write_text(Lock(gates=found).to_json())
    return found["training"].inputs


def compared(capsys):
    code = main(["check", "--locked"])
    return code, capsys.readouterr().out


TRAINING = "import shared\n\ndef train():\n    return shared.VALUE\n"
ENTRY = 'entry = "training:train"'
COMMAND = """command = "python {script} --out {{out}}"
outputs = ["a.txt"]"""


@pytest.mark.parametrize(
    ("files", "gate", "changed"),
    [
        ({"training.py": TRAINING, "shared.py": "VALUE = 1\n"}, ENTRY, "shared.py"),
        ({"training.py": TRAINING, "src/shared.py": "VALUE = 1\n"}, ENTRY, "src/shared.py"),
        ({"training.py": TRAINING, "shared/__init__.py": "V = 1\n"}, ENTRY, "shared/__init__.py"),
        (
            {
                "training.py": "from shared import deep\n",
                "shared/__init__.py": "",
                "shared/deep.py": "from .deeper import V\n",
                "shared/deeper.py": "from ..other import V\n",
                "other.py": "V = 1\n",
            },
            ENTRY,
            "other.py",
        ),
        (
            {"training.py": "from space.inner import leaf\n", "space/inner/leaf.py": "V = 1\n"},
            ENTRY,
            "space/inner/leaf.py",
        ),
        (
            {
                "training.py": "import importlib\nm = importlib.import_module('shared.a')\n",
                "shared/a.py": "V = 1\n",
            },
            ENTRY,
            "shared/a.py",
        ),
        (
            {"training.py": "def train():\n    from shared import *\n", "shared/a.py": "V = 1\n"},
            ENTRY,
            "shared/a.py",
        ),
        ({"jobs/fit.py": "V = 1\n"}, COMMAND.format(script="jobs/fit.py"), "jobs/fit.py"),
        (
            {"jobs/fit.py": "import helper\n", "jobs/helper.py": "V = 1\n"},
            COMMAND.format(script="-X dev -u jobs/fit.py"),
            "jobs/helper.py",
        ),
        (
            {"jobs/fit.py": "V = 1\n", "params.yaml": "a: 1\n"},
            COMMAND.format(script="{project}/jobs/fit.py --config=params.yaml"),
            "params.yaml",
        ),
        (
            {"shop/__init__.py": "", "shop/__main__.py": "from shop import a\n", "shop/a.py": ""},
            COMMAND.format(script="-m shop"),
            "shop/a.py",
        ),
        ({"shared.py": "V = 1\n"}, COMMAND.format(script="-c 'import shared'"), "shared.py"),
        (
            {"jobs/fit.py": "V = 1\n"},
            COMMAND.replace("python", "uv run python").format(script="jobs/fit.py"),
            "jobs/fit.py",
        ),
    ],
    ids=[
        *("sibling", "src", "package", "relative", "namespace", "by-literal", "star"),
        *("script", "beside-script", "named-file", "module", "inline", "runner"),
    ],
)
def test_whatever_a_gate_runs_makes_its_lock_stale(project, capsys, files, gate, changed):
    write(project, files, gate)
    assert changed in locked_as_passed(project)
    assert compared(capsys)[0] == 0
    with (project / changed).open("a") as stream:
        stream.write("# another\n")
    code, said = compared(capsys)
    assert code == 1
    assert f" STALE  training  {changed} changed" in said
    if changed.endswith(".py"):
        assert hook([changed]) == 1
        assert f"{changed} changed" in capsys.readouterr().out
    (project / changed).unlink()
    code, said = compared(capsys)
    assert code == 1
    assert f"{changed} is gone" in said


def test_what_is_not_run_is_not_covered(project, capsys):
    files = {"training.py": TRAINING, "shared.py": "", "other.py": "", "tests/test_it.py": ""}
    write(project, files, ENTRY)
    assert set(locked_as_passed(project)) == {"training.py", "shared.py"}


def test_a_table_judged_by_a_callable_of_the_project_is_covered_too(project, capsys):
    text = GATE.format(gate='entry = "training:train"', settings="") + (
        '[tool.mlgates.tables.judged]\npath = "holdout.csv"\nmodel = "model:predict"\n'
        '[tool.mlgates.gates.accuracy]\nkind = "metric"\ntable = "judged"\n'
        'metric = "accuracy"\nmin = 0.1\n'
    )
    write(project, {"training.py": "", "model.py": "import scaling\n", "scaling.py": ""}, "")
    (project / "pyproject.toml").write_text(text)
    locked_as_passed(project)
    (project / "scaling.py").write_text("FACTOR = 2\n")
    code, said = compared(capsys)
    assert code == 1
    assert " STALE  accuracy  scaling.py changed" in said
    assert "training" not in said


HIDDEN = {
    "computed": ("import importlib\nm = importlib.import_module('a' + x)\n", "training.py:2"),
    "renamed": ("from importlib import import_module as get\nget('a')\n", "training.py:1"),
    "exec": ("exec(open('a.txt').read())\n", "training.py:1 calls exec"),
    "path": ("import sys\nsys.path.insert(0, 'lib')\nimport a\n", "training.py:2 uses sys.path"),
    "program": ("import subprocess\nsubprocess.run(['sh', 'a'])\n", "calls subprocess.run"),
    "by-name": ("from subprocess import run\nrun(['sh', 'a'])\n", "imports subprocess.run"),
    "called-so": ("import subprocess as sp\nsp.run(['sh', 'a'])\n", "calls subprocess.run"),
    "path-by-name": ("from sys import path\npath.append('lib')\n", "imports sys.path"),
    "broken": ("def train(:\n", "training.py is no Python that can be parsed"),
}


@pytest.mark.parametrize(("text", "why"), HIDDEN.values(), ids=HIDDEN)
def test_what_cannot_be_followed_is_said_and_is_never_unchanged(project, capsys, text, why):
    write(project, {"training.py": text}, ENTRY)
    locked_as_passed(project)
    code, said = compared(capsys)
    assert code == 1
    assert " OPEN   training  cannot be told from digests: " in said
    assert why in said
    assert "0 as locked, 0 changed, 0 failed, 1 that digests cannot tell" in said
    assert hook(["training.py"]) == 1
    out = capsys.readouterr().out
    assert why in out
    assert "mlgates check training" in out


@pytest.mark.parametrize(
    ("gate", "why"),
    [
        (COMMAND.format(script="").replace("python", "bash train.sh"), "the command runs bash"),
        (COMMAND.format(script="").replace("python", "make fit"), "the command runs make"),
        (COMMAND.format(script="-i"), "{out} is gone"),
        ('entry = "elsewhere.training:train"', "module elsewhere.training is not among the files"),
    ],
)
def test_what_another_program_runs_is_not_followed(project, capsys, gate, why):
    write(project, {"train.sh": "python fit.py\n"}, gate)
    locked_as_passed(project)
    code, said = compared(capsys)
    assert code == 1
    assert why in said


def test_inputs_named_by_the_project_stand_for_what_cannot_be_followed(project, capsys):
    gate = COMMAND.format(script="").replace("python", "bash train.sh")
    files = {"train.sh": "python jobs/fit.py\n", "jobs/fit.py": "V = 1\n"}
    write(project, files, f'{gate}\ninputs = ["jobs/*.py"]')
    assert set(locked_as_passed(project)) == {"train.sh", "jobs/fit.py"}
    assert compared(capsys)[0] == 0
    (project / "jobs/fit.py").write_text("V = 2\n")
    code, said = compared(capsys)
    assert code == 1
    assert "jobs/fit.py changed" in said
    assert hook(["jobs/fit.py"]) == 1


@pytest.mark.parametrize("value", ['"jobs"', "[1]", '[""]'])
def test_inputs_that_name_no_files_are_misuse(project, capsys, value):
    write(project, {"training.py": ""}, f"{ENTRY}\ninputs = {value}")
    assert main(["check"]) == 2
    assert "inputs is not usable" in capsys.readouterr().err


def test_lock_evaluates_what_digests_cannot_tell_again(project, capsys):
    text = "import sys\nsys.path.append('lib')\n\ndef train():\n    return 1\n"
    name = "training_told_by_no_digest"
    write(project, {f"{name}.py": text}, ENTRY.replace("training:", f"{name}:"))
    assert main(["lock"]) == 0
    assert main(["lock"]) == 0
    assert capsys.readouterr().out.count("1 gate evaluated, 0 unchanged") == 2


def test_the_stages_of_a_training_stand_in_the_lock_in_their_order(project, capsys):
    name = "training_of_stages"
    text = (
        "import pytest_mlgates\n\ndef train():\n    pytest_mlgates.trace('split', [1, 2])\n"
        "    pytest_mlgates.trace('fit', STEP)\n    return 3\n\nSTEP = 1.0\n"
    )
    write(project, {f"{name}.py": text}, ENTRY.replace("training:", f"{name}:"))
    assert main(["lock"]) == 0, capsys.readouterr().out
    before = Path("mlgates.lock").read_text()
    split, fit = json.loads(before)["gates"]["training"]["stages"]
    assert (split["stage"], fit["stage"]) == ("split", "fit")
    assert all(one["digest"].startswith("sha256:") for one in (split, fit))
    (project / f"{name}.py").write_text(text.replace("1.0", "2.0"))
    assert main(["lock"]) == 0
    after = Path("mlgates.lock").read_text()
    changed = set(after.splitlines()) - set(before.splitlines())
    assert [line.split(":")[0].strip() for line in changed if fit["digest"] not in line] in (
        [f'"{name}.py"', '"digest"'],
        ['"digest"', f'"{name}.py"'],
    )
