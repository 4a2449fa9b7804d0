"""``mlgates verify``: sound evidence is trusted, and nothing that was touched is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from tests.keys import write_keys
from tests.projects import write_project

REQUIRED = '[tool.mlgates]\nrequired = ["schema", "accuracy", "parity", "training"]'


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in ("GITHUB_STEP_SUMMARY", "MLGATES_SIGN_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path)
    path = Path("pyproject.toml")
    path.write_text(path.read_text().replace("[tool.mlgates]", REQUIRED, 1))
    write_keys(tmp_path)
    return tmp_path


def verified(capsys, *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["verify", *arguments])
    told = capsys.readouterr()
    return code, told.out + told.err


def test_signed_evidence_of_a_sound_run_is_trusted(project, capsys):
    assert main(["check", "--evidence", "e.json", "--sign-key", "key.pem"]) == 0
    wanted = ("--key", "key.pub.pem", "--policy", "pyproject.toml", "--max-age", "7d")
    code, text = verified(capsys, "e.json", *wanted, "--require", "accuracy,parity")
    assert code == 0
    assert text == ("e.json: trusted (PASSED; 4 gates: 1 checked, 2 recomputed, 1 as recorded)\n")


def test_unsigned_evidence_is_refused_where_a_key_is_given(project, capsys):
    assert main(["check", "--evidence", "e.json"]) == 0
    code, text = verified(capsys, "e.json", "--key", "key.pub.pem")
    assert code == 1
    assert "it is not signed, and a key was given to verify it with" in text


def test_without_a_key_the_rest_is_verified_and_the_signature_said_not_to_be(project, capsys):
    assert main(["check", "--evidence", "e.json"]) == 0
    code, text = verified(capsys, "e.json")
    assert code == 0
    assert "note: signature not checked (the evidence is not signed; --key checks it)" in text
