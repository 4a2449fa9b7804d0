"""pytest signs the evidence of a run, and says at once what would keep it from it."""

from __future__ import annotations

import json

import pytest

from pytest_mlgates.cli import main
from tests.keys import private_pem, write_keys

pytest.importorskip("cryptography")
TEST = """
    import os
    import pytest

    @pytest.mark.metric("accuracy", min=0.1, id="quality")
    def test_model(mlgate):
        assert "MLGATES_SIGN_KEY" not in os.environ
        mlgate(y_true=[0, 1] * 50, y_pred=[0, 1] * 50)
"""


@pytest.fixture
def project(pytester, monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.delenv("MLGATES_SIGN_KEY", raising=False)
    write_keys(pytester.path)
    (pytester.path / "model.bin").write_bytes(b"model")
    (pytester.path / "mlgates.toml").write_text('required = ["quality"]\n')
    pytester.makepyfile(TEST)
    return pytester


def verified(capsys, *options: str) -> str:
    capsys.readouterr()
    main(["verify", "e.json", "--key", "key.pub.pem", *options])
    return capsys.readouterr().out


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "xdist"])
def test_a_run_signs_what_it_found_about_the_model_that_it_was_told(project, capsys, workers):
    options = ("--mlgates-evidence=e.json", "--mlgates-sign-key=key.pem", *workers)
    result = project.runpytest_inprocess(
        *options, "--mlgates-subject=model.bin", "--mlgates-require"
    )
    result.assert_outcomes(passed=1)
    assert set(json.loads((project.path / "e.json").read_text())) == {
        "payload", "payloadType", "signatures"
    }  # fmt: skip
    assert "e.json: trusted (PASSED; 1 gate: 1 recomputed)" in verified(
        capsys, "--model", "model.bin"
    )
    (project.path / "model.bin").write_bytes(b"other")
    assert "it is about another model than 'model.bin'" in verified(capsys, "--model", "model.bin")


def test_the_key_of_the_environment_signs_and_tests_do_not_see_it(project, capsys, monkeypatch):
    monkeypatch.setenv("MLGATES_SIGN_KEY", private_pem().decode())
    result = project.runpytest_subprocess("--mlgates-evidence=e.json", "--mlgates-require", "-n1")
    result.assert_outcomes(passed=1)
    assert "e.json: trusted" in verified(capsys)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--mlgates", "--mlgates-sign-key=none.pem"], "the key 'none.pem' cannot be read"),
        (["--mlgates", "--mlgates-sign-key=model.bin"], "this is no Ed25519 private key in PEM"),
        (["--mlgates", "--mlgates-subject=none.bin"], "the model 'none.bin' cannot be read"),
        (["--mlgates-sign-key=key.pem"], "--mlgates-sign-key is for evidence, and this run writes"),
        (["--mlgates-subject=model.bin"], "--mlgates-subject is for evidence, and this run writes"),
    ],
)
def test_what_would_leave_evidence_unsigned_ends_the_run_before_any_test(project, options, told):
    result = project.runpytest_inprocess(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{told}*"])
