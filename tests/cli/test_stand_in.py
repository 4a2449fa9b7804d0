"""Signed evidence stands in for data that is not here: of this commit and data, or not at all."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.config.load import load
from pytest_mlgates.core import dsse
from pytest_mlgates.core.lock import LockedGate
from pytest_mlgates.core.statement import EXTENSION
from pytest_mlgates.core.verdict import Bound, Outcome, Verdict
from pytest_mlgates.runner.check import run
from pytest_mlgates.runner.signing import signer_of
from pytest_mlgates.runner.standing_in import of_registry
from tests.keys import write_keys
from tests.projects import CONFIGURATION, holdout, record_in, write_project

pytest.importorskip("cryptography")
MADE = "made.json"
GATES = CONFIGURATION[: CONFIGURATION.index("[tool.mlgates.gates.training]")]
CHECK = ("check", "--evidence", "ci.json", "--stand-in", MADE, "--key", "key.pub.pem")
IGNORED = "holdout.csv\n*.json\n!contracts/*.json\n*.pem\n.mlgates/\n__pycache__/\n"


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def commit(message: str = "change") -> None:
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", message)


def point() -> None:
    digest = hashlib.md5(Path("holdout.csv").read_bytes()).hexdigest()
    Path("holdout.csv.dvc").write_text(f"outs:\n- md5: {digest}\n  path: holdout.csv\n")


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A commit in which no file says what the holdout is."""
    for name in ("GITHUB_STEP_SUMMARY", "MLGATES_SIGN_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, configuration=GATES)
    write_keys(tmp_path)
    Path(".gitignore").write_text(IGNORED)
    git("init", "-q", "-b", "main")
    commit("first")
    return tmp_path


@pytest.fixture
def pointed(bare):
    """A commit in which a pointer of DVC stands for the holdout."""
    point()
    commit("pointer")
    return bare


def make(*options: str) -> None:
    """Evaluate and sign where the data is, then take it away."""
    assert main(["check", "--evidence", MADE, "--sign-key", "key.pem", *options]) == 0
    Path("holdout.csv").unlink()


def checked(capsys, *options: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main([*CHECK, *options])
    told = capsys.readouterr()
    return code, told.out + told.err


def refused(capsys, reason: str, *options: str) -> None:
    code, out = checked(capsys, *options)
    assert code == 2, out
    assert "'holdout.csv' is not here, and made.json does not stand in for it" in out
    assert reason in out, out
    outcomes = {v["id"]: v["outcome"] for v in record_in(Path("ci.json"))["verdicts"]}
    assert outcomes["accuracy"] == "error"
    assert outcomes["schema"] == "passed"  # its data is here


def resign(change) -> None:
    """As the holder of the key could: other contents, a valid signature."""
    envelope = dsse.opened(json.loads(Path(MADE).read_text()))
    statement = json.loads(envelope.payload)
    change(statement["predicate"][EXTENSION])
    signer = signer_of("key.pem", option="--key")
    assert signer is not None
    Path(MADE).write_text(signer.seal(json.dumps(statement).encode()))


def test_a_verdict_of_the_data_that_this_commit_names_is_taken_and_said_to_be(pointed, capsys):
    make()
    (before,) = (v for v in recorded(MADE) if v["id"] == "accuracy")
    code, out = checked(capsys)
    assert code == 0, out
    assert "warning (accuracy, parity): from signed evidence of " in out
    assert "warning (schema" not in out
    by_id = {v["id"]: v for v in record_in(Path("ci.json"))["verdicts"]}
    assert by_id["schema"]["stands_in"] is None
    taken = by_id["accuracy"]
    told = taken.pop("stands_in")
    digest = hashlib.sha256(Path(MADE).read_bytes()).hexdigest()
    assert told["digest"] == f"sha256:{digest}"
    assert len(told["keyid"]) == 64
    assert set(told) == {"created", "keyid", "commit", "digest"}
    assert taken["warnings"].pop().endswith(told["keyid"][:16])
    del before["stands_in"]
    assert taken == before


def recorded(name: str) -> list[dict]:
    envelope = dsse.opened(json.loads(Path(name).read_text()))
    return json.loads(envelope.payload)["predicate"][EXTENSION]["verdicts"]


def test_what_was_taken_over_is_verified_like_what_was_found_here(pointed, capsys):
    make()
    assert checked(capsys, "--sign-key", "key.pem")[0] == 0
    wanted = ("--key", "key.pub.pem", "--policy", "pyproject.toml", "--require", "accuracy")
    assert main(["verify", "ci.json", *wanted, "--max-age", "7d"]) == 0
    assert "note: gate 'accuracy' is from signed evidence of" in capsys.readouterr().out


def test_verify_refuses_what_was_taken_from_evidence_that_is_too_old(pointed, capsys):
    def age(record):
        record["created"] = (dt.datetime.now(tz=dt.UTC) - dt.timedelta(days=3)).isoformat()

    make()
    resign(age)
    assert checked(capsys)[0] == 0
    assert main(["verify", "ci.json", "--max-age", "2d"]) == 1
    assert "the evidence that gate 'accuracy' was taken from: it is 3d" in capsys.readouterr().out


def test_the_key_of_the_configuration_counts_where_none_is_given(bare, capsys):
    text = GATES.replace("pythonpath", 'public_key = "key.pub.pem"\npythonpath')
    write_project(bare, configuration=text)
    point()
    commit()
    make()
    assert main(["check", "--stand-in", MADE]) == 0


def test_a_digest_in_the_lock_says_what_the_data_is(bare, capsys):
    assert main(["lock"]) == 0
    commit("lock")
    make()
    assert checked(capsys)[0] == 0


def test_in_ci_the_lock_agrees_with_what_was_taken_over(bare, capsys, monkeypatch):
    assert main(["lock"]) == 0
    commit("lock")
    make()
    monkeypatch.setenv("CI", "true")
    code, out = checked(capsys)
    assert code == 0, out


def test_a_pointer_of_git_lfs_says_what_the_data_is(bare, capsys):
    data = Path("holdout.csv").read_bytes()
    pointer = (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{hashlib.sha256(data).hexdigest()}\nsize {len(data)}\n"
    )
    Path("holdout.csv").write_text(pointer)
    git("add", "-f", "holdout.csv")
    commit("pointer")
    Path("holdout.csv").write_bytes(data)
    git("update-index", "--assume-unchanged", "holdout.csv")  # as the filter of LFS has it
    make()
    git("update-index", "--no-assume-unchanged", "holdout.csv")
    git("checkout", "-q", "--", "holdout.csv")
    code, out = checked(capsys)
    assert code == 0, out
    assert "warning (accuracy, parity): from signed evidence of " in out


def test_a_pointer_of_a_folder_says_what_is_in_it(bare, capsys):
    git("rm", "-q", "--cached", "data/applications.csv")
    Path(".gitignore").write_text(IGNORED + "data/\n")
    digest = hashlib.md5(Path("data/applications.csv").read_bytes()).hexdigest()
    listed = json.dumps([{"md5": digest, "relpath": "applications.csv"}], sort_keys=True)
    digest = hashlib.md5(listed.encode()).hexdigest()
    Path("data.dvc").write_text(f"outs:\n- md5: {digest}.dir\n  path: data\n")
    point()
    commit()
    make()
    Path("data/applications.csv").unlink()
    Path("data").rmdir()
    code, out = checked(capsys)
    assert code == 0, out
    assert "warning (schema, accuracy, parity): from signed evidence of " in out


def test_a_private_table_is_stood_in_for_without_a_value_of_it(bare, capsys):
    text = GATES.replace('path = "holdout.csv"', 'path = "holdout.csv"\nprivate = true')
    write_project(bare, configuration=text)
    point()
    commit()
    make()
    code, out = checked(capsys)
    assert code == 0, out
    parity = next(v for v in record_in(Path("ci.json"))["verdicts"] if v["id"] == "parity")
    assert parity["stands_in"] is not None
    assert not {"F", "M"} & {part for group in parity["groups"] for part in group["group"]}


def test_no_commit_says_what_a_registry_holds():
    definition = {
        "gate": {"no_worse_than": "models:/a@champion"},
        "table": {"model": "models:/b/3"},
    }
    verdict = Verdict(
        id="a", kind="metric", finding=None, outcome=Outcome.PASSED, message="",
        bound=Bound(no_worse_than="models:/a@champion"),
        details=({"predictions_digest": "p", "champion_version": "1", "champion_digest": "d"},),
    )  # fmt: skip
    pinned = {"reference": "models:/a@champion", "version": "1", "model": "d", "predictions": "p"}
    locked = LockedGate(definition={}, inputs={}, verdict={}, champion=pinned)
    model = "nothing in this commit says what its model 'models:/b/3' is"
    champion = "nothing in this commit says what its no_worse_than 'models:/a@champion' is"
    assert list(of_registry(definition, verdict, locked)) == [model]
    assert list(of_registry(definition, verdict, None)) == [champion, model]
    moved = dataclasses.replace(locked, champion={**pinned, "version": "2"})
    assert list(of_registry(definition, verdict, moved)) == [champion, model]


def test_a_gate_that_failed_there_fails_here(pointed, capsys):
    text = Path("pyproject.toml").read_text().replace("min = 0.6", "min = 0.99")
    Path("pyproject.toml").write_text(text)
    commit()
    assert main(["check", "--evidence", MADE, "--sign-key", "key.pem"]) == 1
    Path("holdout.csv").unlink()
    code, out = checked(capsys)
    assert code == 1
    assert "gate 'accuracy' failed" in out


def other_commit():
    make()
    commit()


def dirty_here():
    make()
    path = next(Path().glob("trainer_*.py"))
    path.write_text(path.read_text() + "# more\n")


def dirty_there():
    path = next(Path().glob("trainer_*.py"))
    text = path.read_text()
    path.write_text(text + "# more\n")
    make()
    path.write_text(text)


def other_data_than_pointed_to():
    Path("holdout.csv").write_text(holdout(300))
    make()


def other_definition():
    make("--inconclusive", "fail")


def unsigned():
    assert main(["check", "--evidence", MADE]) == 0
    Path("holdout.csv").unlink()


def other_key():
    assert main(["check", "--evidence", MADE, "--sign-key", "other.pem"]) == 0
    Path("holdout.csv").unlink()


def expired():
    make()
    created = (dt.datetime.now(tz=dt.UTC) - dt.timedelta(days=8)).isoformat()
    resign(lambda record: record.update(created=created))


def edited():
    make()
    envelope = json.loads(Path(MADE).read_text())
    payload = envelope["payload"]
    envelope["payload"] = ("A" if payload[0] != "A" else "B") + payload[1:]
    Path(MADE).write_text(json.dumps(envelope))


def edited_and_signed():
    make()
    resign(lambda record: record["verdicts"][1].update(estimate=0.99))


def without_the_gate():
    make("schema", "parity")


def no_evidence():
    make()
    Path(MADE).write_text("{}")


def in_error_there():
    gone = Path("holdout.csv").read_bytes()
    Path("holdout.csv").unlink()
    assert main(["check", "--evidence", MADE, "--sign-key", "key.pem"]) == 2
    del gone


def not_finished():
    make()
    resign(lambda record: record.update(finished=False, complete=False))


def without_files():
    make()
    resign(lambda record: [v.update(files={}) for v in record["verdicts"]])


REFUSED = {
    other_commit: "it is of commit ",
    dirty_here: "tracked files differ from the commit ",
    dirty_there: "tracked files differed from its commit when it was made",
    other_data_than_pointed_to: "holdout.csv was not the data that its pointer says",
    other_definition: "it judged by another definition",
    unsigned: "it is not signed, and a key was given to verify it with",
    other_key: "signed by another key",
    expired: "it is 8d",
    edited: "it is no evidence",
    edited_and_signed: "its verdict does not follow: its estimate is 0.99",
    without_the_gate: "it has no verdict of this gate",
    no_evidence: "it is no evidence",
    in_error_there: "the gate could not be evaluated there either",
    not_finished: "its run did not come to its end",
    without_files: "it does not say which files it judged",
}


@pytest.mark.parametrize("change", REFUSED, ids=[one.__name__ for one in REFUSED])
def test_evidence_that_does_not_fit_is_an_error_that_says_why(pointed, capsys, change):
    change()
    refused(capsys, REFUSED[change])


def test_a_signature_over_other_contents_is_refused(pointed, capsys):
    make()
    envelope = json.loads(Path(MADE).read_text())
    resign(lambda record: record.update(notes=["more"]))
    other = json.loads(Path(MADE).read_text())
    Path(MADE).write_text(json.dumps({**other, "signatures": envelope["signatures"]}))
    refused(capsys, "the signature does not verify")


def test_the_digest_of_another_pointer_is_refused(pointed, capsys):
    """The commit is the same, so that the pointer is one that git does not see as changed."""
    make()
    Path("holdout.csv.dvc").write_text(f"outs:\n- md5: {'a' * 32}\n  path: holdout.csv\n")
    git("update-index", "--assume-unchanged", "holdout.csv.dvc")
    refused(capsys, "it judged other data: holdout.csv.dvc changed")


def test_a_pointer_that_is_no_part_of_the_commit_says_nothing(bare, capsys):
    point()
    make()
    refused(capsys, "holdout.csv.dvc is no part of this commit")


def test_data_of_which_the_commit_says_nothing_is_not_stood_in_for(bare, capsys):
    make()
    refused(capsys, "neither a pointer nor mlgates.lock says what holdout.csv is at this commit")


def test_a_lock_that_is_no_part_of_the_commit_says_nothing(bare, capsys):
    assert main(["lock"]) == 0
    make()
    refused(capsys, "neither a pointer nor mlgates.lock says what holdout.csv is at this commit")


def test_a_lock_with_another_digest_is_refused(bare, capsys):
    assert main(["lock"]) == 0
    commit("lock")
    Path("holdout.csv").write_text(holdout(300))
    make()
    refused(capsys, "it judged other data: holdout.csv changed")


def test_another_configuration_is_refused(pointed, capsys):
    make()
    text = Path("pyproject.toml").read_text()
    Path("pyproject.toml").write_text(text + "\n")
    git("update-index", "--assume-unchanged", "pyproject.toml")
    refused(capsys, "it is of another configuration than pyproject.toml")


def test_what_was_taken_over_does_not_stand_in_again(pointed, capsys):
    make()
    assert checked(capsys, "--sign-key", "key.pem")[0] == 0
    Path(MADE).write_bytes(Path("ci.json").read_bytes())
    refused(capsys, "its verdict was itself taken from other evidence")


def test_data_that_is_here_is_evaluated_and_evidence_that_claims_otherwise_fails(pointed, capsys):
    data = Path("holdout.csv").read_bytes()
    Path("holdout.csv").write_text(holdout(300))
    make()
    Path("holdout.csv").write_bytes(data)
    code, out = checked(capsys)
    assert code == 1
    assert "accuracy is not as made.json claims: " in out
    assert "n 300 in it, 400 now" in out
    by_id = {v["id"]: v for v in record_in(Path("ci.json"))["verdicts"]}
    assert (by_id["accuracy"]["n"], by_id["accuracy"]["stands_in"]) == (400, None)


def test_data_that_is_here_needs_no_evidence_and_it_is_said_that_it_would_not_do(pointed, capsys):
    assert main(["check", "--evidence", MADE]) == 0
    code, out = checked(capsys)
    assert code == 0
    assert "made.json stands in for no gate: it is not signed" in out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--stand-in", MADE], "no key says whose evidence may stand in"),
        (["--stand-in", "none.json", "--key", "key.pub.pem"], "there is no evidence in"),
        (["--stand-in", MADE, "--key", "none.pem"], "the key 'none.pem' cannot be read"),
        (["--stand-in", MADE, "--key", "key.pem"], "a private key was given to verify with"),
        (["--key", "key.pub.pem"], "--key is for evidence that stands in, and none is given"),
        (["--max-age", "7d"], "--max-age is for evidence that stands in, and none is given"),
        (
            ["--stand-in", MADE, "--key", "key.pub.pem", "--evidence", MADE],
            "'made.json' is where this run writes its own evidence",
        ),
    ],
)
def test_options_that_cannot_be_used_are_misuse(pointed, capsys, options, told):
    make()
    made = Path(MADE).read_bytes()
    capsys.readouterr()
    assert main(["check", *options]) == 2
    assert told in capsys.readouterr().err
    assert Path(MADE).read_bytes() == made


def test_a_shorter_age_may_be_asked_for(pointed, capsys):
    make()
    created = (dt.datetime.now(tz=dt.UTC) - dt.timedelta(hours=2)).isoformat()
    resign(lambda record: record.update(created=created))
    assert checked(capsys)[0] == 0
    refused(capsys, "it is 2h", "--max-age", "1h")


def test_what_is_committed_while_gates_are_evaluated_was_not_judged(pointed):
    found = run(load(Path("pyproject.toml")))
    assert (found.commit["dirty"], found.commit["folder"]) == (False, ".")
    found = run(load(Path("pyproject.toml")), progress=lambda _: commit("while it ran"))
    assert found.commit["dirty"] is True
