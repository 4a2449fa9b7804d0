"""A test whose gate needs a GPU is run where one is; elsewhere evidence from there stands in."""

from __future__ import annotations

import subprocess

import pytest

from tests.keys import write_keys
from tests.projects import holdout, record_in

pytest.importorskip("cryptography")
MAKE = ("--mlgates-evidence=made.json", "--mlgates-sign-key=key.pem")
TAKE = ("--mlgates-stand-in=made.json", "--mlgates-key=key.pub.pem", "--mlgates-evidence=ci.json")
ID = "test_model.py::test_model::metric:accuracy"
NEEDS = """
import pytest

@pytest.fixture
def gpu():
    with open("ran.txt", "a") as file:
        file.write("x")

@pytest.mark.metric("accuracy", min=0.6, needs="gpu", inputs=["holdout.csv"])
def test_model(mlgate, gpu):
    mlgate("holdout.csv")

@pytest.mark.metric("accuracy", min=0.6)
def test_other(mlgate):
    mlgate("holdout.csv")
"""


@pytest.fixture
def project(pytester, monkeypatch):
    for name in ("GITHUB_STEP_SUMMARY", "MLGATES_SIGN_KEY"):
        monkeypatch.delenv(name, raising=False)
    root = pytester.path
    (root / "pyproject.toml").write_text("[tool.mlgates]\nmin_cell = 10\n")
    (root / "holdout.csv").write_text(holdout())
    (root / "test_model.py").write_text(NEEDS)
    (root / ".gitignore").write_text("*.csv\n*.txt\n*.json\n*.pem\n.mlgates/\n__pycache__/\n")
    write_keys(root)
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "first")):
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)
    return pytester


def verdicts(project):
    return {one["id"]: one for one in record_in(project.path / "ci.json")["verdicts"]}


def test_where_a_gpu_is_the_test_is_run(project, monkeypatch):
    monkeypatch.setenv("MLGATES_GPU", "1")
    project.runpytest_inprocess(*MAKE).assert_outcomes(passed=2)
    project.runpytest_inprocess(*TAKE).assert_outcomes(passed=2)
    assert [one["stands_in"] for one in verdicts(project).values()] == [None, None]
    assert (project.path / "ran.txt").read_text() == "xx"


def test_where_none_is_nothing_of_the_test_runs_and_its_gate_is_an_error(project, monkeypatch):
    monkeypatch.setenv("MLGATES_GPU", "0")
    result = project.runpytest_inprocess("--mlgates-evidence=ci.json")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "it needs a GPU, and there is none here",
            "  where: test_model.py::test_model @pytest.mark.metric(*needs='gpu'*",
            "  fix: *mlgates check --stand-in evidence.json*",
        ]
    )
    assert verdicts(project)[ID]["outcome"] == "error"
    assert not (project.path / "ran.txt").exists()


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "xdist"])
def test_signed_evidence_stands_in_for_the_gpu(project, monkeypatch, workers):
    monkeypatch.setenv("MLGATES_GPU", "1")
    assert project.runpytest_inprocess(*MAKE).ret == 0
    monkeypatch.setenv("MLGATES_GPU", "0")
    project.runpytest_inprocess(*TAKE, *workers).assert_outcomes(passed=2)
    found = verdicts(project)
    assert found[ID]["stands_in"] is not None
    assert found["test_model.py::test_other::metric:accuracy"]["stands_in"] is None
    assert (project.path / "ran.txt").read_text() == "x"


def test_a_file_that_is_here_must_be_the_one_that_was_judged(project, monkeypatch):
    monkeypatch.setenv("MLGATES_GPU", "1")
    assert project.runpytest_inprocess(*MAKE).ret == 0
    monkeypatch.setenv("MLGATES_GPU", "0")
    (project.path / "holdout.csv").write_text(holdout(300))
    result = project.runpytest_inprocess(*TAKE)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "there is no GPU here, and made.json does not stand in for it",
            "*it judged other data: holdout.csv changed*",
            "  want:  a GPU, or evidence of this very commit that the key has signed",
        ]
    )
    assert verdicts(project)[ID]["outcome"] == "error"


def test_a_gate_without_inputs_is_not_stood_in_for(project, monkeypatch):
    (project.path / "test_model.py").write_text(NEEDS.replace(', inputs=["holdout.csv"]', ""))
    subprocess.run(["git", "add", "-A"], cwd=project.path, check=True)
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    command = ["git", *identity, "commit", "-q", "-m", "next"]
    subprocess.run(command, cwd=project.path, check=True)
    monkeypatch.setenv("MLGATES_GPU", "1")
    assert project.runpytest_inprocess(*MAKE).ret == 0
    monkeypatch.setenv("MLGATES_GPU", "0")
    result = project.runpytest_inprocess(*TAKE)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*the gate has no `inputs`: nothing says what its code judges*"])


def test_a_call_that_needs_a_gpu_is_an_error_where_none_is(project, monkeypatch):
    project.makepyfile(
        test_model="""
        def test_model(mlgate):
            mlgate.metric("holdout.csv", "accuracy", min=0.6, needs="gpu")
        """
    )
    monkeypatch.setenv("MLGATES_GPU", "0")
    result = project.runpytest_inprocess("--mlgates-evidence=ci.json")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["it needs a GPU, and there is none here"])
    assert [one["outcome"] for one in verdicts(project).values()] == ["error"]


def test_what_no_machine_has_is_misuse(project):
    (project.path / "test_model.py").write_text(NEEDS.replace('"gpu"', '"tpu"'))
    result = project.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["needs is not usable", "  got:   'tpu'", "  want:  'gpu'"])


def test_an_environment_that_does_not_say_it_is_an_error_of_the_gate(project, monkeypatch):
    monkeypatch.setenv("MLGATES_GPU", "yes")
    result = project.runpytest_inprocess("--mlgates-evidence=ci.json")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["MLGATES_GPU is not usable"])
    assert verdicts(project)[ID]["outcome"] == "error"
