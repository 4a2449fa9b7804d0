"""In pytest too, signed evidence stands in for data that is not here, in every worker."""

from __future__ import annotations

import hashlib
import subprocess

import pytest

from pytest_mlgates.cli import main
from tests.keys import write_keys
from tests.projects import CONFIGURATION, holdout, record_in, write_project

pytest.importorskip("cryptography")
GATES = CONFIGURATION[: CONFIGURATION.index("[tool.mlgates.gates.training]")]
STAND_IN = ("--mlgates", "--mlgates-stand-in=made.json", "--mlgates-key=key.pub.pem")
MAKE = ("check", "--evidence", "made.json", "--sign-key", "key.pem")
IGNORED = "holdout.csv\n*.json\n*.pem\n.mlgates/\n__pycache__/\n"


@pytest.fixture
def project(pytester, monkeypatch):
    for name in ("GITHUB_STEP_SUMMARY", "MLGATES_SIGN_KEY"):
        monkeypatch.delenv(name, raising=False)
    root = write_project(pytester.path, configuration=GATES)
    write_keys(root)
    (root / ".gitignore").write_text(IGNORED)
    digest = hashlib.md5((root / "holdout.csv").read_bytes()).hexdigest()
    (root / "holdout.csv.dvc").write_text(f"outs:\n- md5: {digest}\n  path: holdout.csv\n")
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "first")):
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)
    return pytester


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "xdist"])
def test_the_verdict_of_the_evidence_is_taken_and_said_to_be(project, workers):
    assert main(list(MAKE)) == 0
    (project.path / "holdout.csv").unlink()
    result = project.runpytest_inprocess(*STAND_IN, *workers)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*warning (accuracy, parity): from signed evidence of *, key *"])
    found = {v["id"]: v for v in record_in(project.path / ".mlgates/evidence.json")["verdicts"]}
    assert len(found["accuracy"]["stands_in"]["keyid"]) == 64
    assert found["schema"]["stands_in"] is None


def test_evidence_that_does_not_fit_is_an_error_of_the_gate(project):
    assert main([*MAKE[:-1], "other.pem"]) == 0
    (project.path / "holdout.csv").unlink()
    result = project.runpytest_inprocess(*STAND_IN)
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*made.json does not stand in for it*", "*signed by another key*"])


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "xdist"])
def test_data_that_is_here_is_evaluated_and_evidence_that_claims_otherwise_fails(project, workers):
    data = (project.path / "holdout.csv").read_bytes()
    (project.path / "holdout.csv").write_text(holdout(300))
    assert main(list(MAKE)) == 0
    (project.path / "holdout.csv").write_bytes(data)
    result = project.runpytest_inprocess(*STAND_IN, *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*accuracy is not as made.json claims: *n 300 in it, 400 now*"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (STAND_IN[:2], "no key says whose evidence may stand in"),
        (("--mlgates-key=key.pub.pem",), "--mlgates-key is for evidence that stands in, and none"),
        ((*STAND_IN, "--mlgates-max-age=soon"), "--mlgates-max-age=soon is not usable"),
        ((*STAND_IN, "--mlgates-lock"), "--mlgates-stand-in and --mlgates-lock do not go together"),
    ],
)
def test_options_that_cannot_be_used_end_the_run_before_any_gate(project, options, told):
    assert main(list(MAKE)) == 0
    result = project.runpytest_inprocess(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{told}*"])
