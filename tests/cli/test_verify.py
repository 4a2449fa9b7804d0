"""``mlgates verify``: sound evidence is trusted, and nothing that was touched is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from tests.keys import write_keys
from tests.projects import record_in, write_project

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


def test_a_plain_record_and_a_missing_file_are_told_apart_from_evidence(project, capsys):
    assert main(["check", "--json", "j.json"]) == 0
    code, text = verified(capsys, "j.json")
    assert code == 1
    assert "it is a plain record (--json), and no statement: verify what --evidence wrote" in text
    code, text = verified(capsys, "none.json")
    assert code == 2
    assert "there is no evidence in 'none.json'" in text


def test_evidence_without_keys_that_came_later_is_still_read(project, capsys):
    assert main(["check", "--evidence", "e.json"]) == 0
    statement = json.loads(Path("e.json").read_text())
    (own,) = (v for v in statement["predicate"].values() if isinstance(v, dict))
    for name in ("finished", "commit", "url", "named", "models", "tables"):
        del own[name]
    own["added_later"] = {"a": 1}
    statement["subject"] = []
    Path("e.json").write_text(json.dumps(statement))
    assert verified(capsys, "e.json")[0] == 0


def undecided(promote: str = "") -> None:
    path = Path("pyproject.toml")
    text = path.read_text().replace("min = 0.6\n", "min = 0.79\n" + promote, 1)
    path.write_text(text)


def test_a_required_gate_that_the_rows_do_not_decide_is_not_proven(project, capsys):
    undecided()
    assert main(["check", "--evidence", "e.json"]) == 0
    code, text = verified(capsys, "e.json")
    assert code == 1
    assert "required gate 'accuracy' is not proven: the rows do not decide it" in text


def test_the_policy_may_promote_a_gate_on_its_estimate(project, capsys):
    undecided('promote = "estimate"\n')
    assert main(["check", "--evidence", "e.json"]) == 0
    assert verified(capsys, "e.json")[0] == 1, "the evidence itself cannot allow that"
    code, text = verified(capsys, "e.json", "--policy", "pyproject.toml")
    assert code == 0
    assert "note: gate 'accuracy' is not decided; the policy promotes on its estimate" in text
    assert "e.json: trusted (WARNED; 4 gates" in text


def test_promote_takes_two_words(project, capsys):
    undecided('promote = "always"\n')
    assert main(["check"]) == 2
    told = capsys.readouterr().err
    assert "promote is not usable\n" in told
    assert "got:   'always'" in told


def test_a_waived_gate_is_not_proven_and_its_waiver_must_be_the_policys(project, capsys):
    path = Path("pyproject.toml")
    text = path.read_text().replace("min = 0.6", "min = 0.95", 1)
    Path("policy.toml").write_text(text)
    waiver = 'gate = "accuracy"\nowner = "ana"\nreason = "later"\nexpires = 2099-01-01\n'
    path.write_text(f"{text}\n[[tool.mlgates.waivers]]\n{waiver}")
    assert main(["check", "--evidence", "e.json"]) == 0
    code, told = verified(capsys, "e.json")
    assert code == 1
    assert "required gate 'accuracy' is waived, not proven" in told
    Path("main").mkdir()
    Path("main/pyproject.toml").write_text(text)
    _, told = verified(capsys, "e.json", "--policy", "main/pyproject.toml")
    assert "gate 'accuracy' is waived, and the policy has no such waiver" in told


def test_a_selection_is_not_complete(project, capsys):
    assert main(["check", "accuracy", "--evidence", "e.json"]) == 0
    code, text = verified(capsys, "e.json")
    assert code == 1
    assert "it is not complete: a part of the gates was selected" in text
    assert "gate 'parity', which its own configuration requires, was not evaluated" in text


def test_a_run_that_did_not_finish_is_refused(project, capsys):
    assert main(["check", "--evidence", "e.json"]) == 0
    Path("pyproject.toml").write_text(
        Path("pyproject.toml").read_text().replace("data/*.csv", "nothing/*.csv")
    )
    assert main(["check", "--evidence", "e.json"]) == 2
    code, text = verified(capsys, "e.json")
    assert code == 1
    assert "gate 'schema' error" in text


def test_a_folder_is_a_model_by_the_digest_that_the_page_describes(project, capsys):
    folder = Path("model")
    (folder / "data").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors")
    (folder / "data/weights.bin").write_bytes(b"1")
    assert main(["check", "--evidence", "e.json", "--subject", "model"]) == 0
    (model,) = record_in(Path("e.json"))["models"]
    command = (
        "cd model && find . -type f | sed 's|^./||' | LC_ALL=C sort | while read f; do "
        "printf '%s\\0sha256:%s\\n' \"$f\" \"$(sha256sum < $f | cut -d' ' -f1)\"; done | sha256sum"
    )
    if sys.platform == "linux":
        told = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
        assert model["digest"] == "sha256:" + told.stdout.split()[0]
    (folder / "registered_model_meta").write_text("written by a download")
    assert verified(capsys, "e.json", "--model", "model")[0] == 0
    (folder / "data/weights.bin").rename(folder / "weights.bin")
    code, text = verified(capsys, "e.json", "--model", "model")
    assert code == 1
    assert "it is about another model than 'model'" in text


def test_a_model_that_is_no_file_is_misuse(project, capsys):
    assert main(["check", "--evidence", "e.json"]) == 0
    Path("empty").mkdir()
    Path("linked").mkdir()
    Path("linked/there").symlink_to("../data", target_is_directory=True)
    Path("linked/file").write_text("x")
    for model, told in (
        ("none.bin", "the model 'none.bin' cannot be read"),
        ("empty", "there is no file in 'empty'"),
        ("linked", "is a link to a folder"),
    ):
        code, text = verified(capsys, "e.json", "--model", model)
        assert code == 2
        assert told in text


@pytest.mark.parametrize("age", ["7", "d", "0d", "7 d", "-1d", "1.5h", "\u0667d"])
def test_an_age_is_a_number_and_a_unit(project, capsys, age):
    code, text = verified(capsys, "e.json", f"--max-age={age}")
    assert code == 2
    assert "is no age: 7d, 12h or 30m" in text


def test_verifying_loads_no_engine_and_no_library_of_tables(project):
    assert main(["check", "--evidence", "e.json"]) == 0
    code = (
        "import sys; from pytest_mlgates.cli import main; "
        "assert main(['verify', 'e.json', '--policy', 'pyproject.toml']) == 0; "
        "heavy = {'duckdb', 'pandas', 'polars', 'pyarrow', 'sklearn', 'mlflow', 'pytest'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"
