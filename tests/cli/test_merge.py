"""``mlgates report merge``: shards of one run become one, and nothing is taken on trust."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from tests.keys import write_keys
from tests.projects import record_in, write_project

REQUIRED = '[tool.mlgates]\nrequired = ["schema", "accuracy", "parity"]'


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in ("GITHUB_STEP_SUMMARY", "MLGATES_SIGN_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path)
    path = Path("pyproject.toml")
    path.write_text(path.read_text().replace("[tool.mlgates]", REQUIRED, 1))
    return tmp_path


def shard(name: str, *gates: str, code: int = 0) -> str:
    assert main(["check", *gates, "--evidence", name]) == code
    return name


def merged(capsys, *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["report", "merge", *arguments, "-o", "all.json"])
    told = capsys.readouterr()
    return code, told.out + told.err


def edit(path: str, **changes) -> str:
    statement = json.loads(Path(path).read_text())
    (extension,) = (v for v in statement["predicate"].values() if isinstance(v, dict))
    extension.update(changes)
    Path(path).write_text(json.dumps(statement))
    return path


def test_shards_that_evaluated_all_that_is_required_are_complete_together(project, capsys):
    one, two = shard("a.json", "schema", "accuracy"), shard("b.json", "parity")
    edit(one, created="2026-01-01T00:00:00+00:00")
    assert [record_in(Path(name))["complete"] for name in (one, two)] == [False, False]
    code, text = merged(capsys, one, two)
    assert code == 0
    assert "3 gates: 3 passed, 0 failed, 0 waived · evidence all.json" in text
    found = record_in(Path("all.json"))
    assert (found["complete"], found["result"]) == (True, "PASSED")
    assert found["created"] == "2026-01-01T00:00:00+00:00", "as old as its oldest part"
    assert [v["id"] for v in found["verdicts"]] == ["schema", "accuracy", "parity"]
    assert main(["verify", "all.json", "--policy", "pyproject.toml"]) == 1, "training is missing"
    shard("c.json", "training")
    assert merged(capsys, one, two, "c.json")[0] == 0
    assert main(["verify", "all.json", "--policy", "pyproject.toml"]) == 0


def test_a_required_gate_in_no_shard_fails_the_whole(project, capsys):
    code, text = merged(capsys, shard("a.json", "schema"), shard("b.json", "parity"))
    assert code == 1
    assert "required, not evaluated: accuracy" in text
    assert record_in(Path("all.json"))["complete"] is False


def test_a_gate_that_failed_in_one_shard_fails_the_whole(project, capsys):
    Path("holdout.csv").write_text(Path("holdout.csv").read_text().replace("1,1,", "1,0,"))
    shards = shard("a.json", "schema", "parity"), shard("b.json", "accuracy", code=1)
    code, _ = merged(capsys, *shards)
    assert code == 1
    assert record_in(Path("all.json"))["result"] == "FAILED"


def test_a_shard_that_did_not_come_to_its_end_leaves_the_whole_incomplete(project, capsys):
    one, two = shard("a.json", "schema", "accuracy"), shard("b.json", "parity")
    assert merged(capsys, one, edit(two, finished=False))[0] == 0
    assert record_in(Path("all.json"))["complete"] is False


def test_the_same_gate_in_two_shards_must_have_the_same_verdict(project, capsys):
    one = shard("a.json", "schema", "accuracy", "parity")
    assert merged(capsys, one, shard("b.json", "accuracy"))[0] == 0
    assert len(record_in(Path("all.json"))["verdicts"]) == 3
    Path("holdout.csv").write_text(Path("holdout.csv").read_text().replace("1,0,", "1,1,", 3))
    code, text = merged(capsys, one, shard("b.json", "accuracy"))
    assert code == 2
    assert "gate 'accuracy' has different verdicts in 'a.json' and 'b.json'" in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"commit": {"sha": "ab" * 20, "dirty": False}}, "different commits"),
        ({"configuration": {"name": "x", "digest": "sha256:" + "ab" * 32}}, "different config"),
        ({"policy": "pass"}, "different policies"),
    ],
)
def test_shards_of_different_runs_are_misuse(project, capsys, changes, told):
    one, two = shard("a.json", "schema"), shard("b.json", "parity")
    code, text = merged(capsys, one, edit(two, **changes))
    assert code == 2
    assert "'a.json' and 'b.json' are of " + told in text
    assert not Path("all.json").exists()


def test_what_one_shard_requires_all_must_have(project, capsys):
    one, two = shard("a.json", "schema"), shard("b.json", "parity")
    code, text = merged(capsys, edit(one, required=[]), edit(two, required=["parity", "odds"]))
    assert code == 1
    assert "required, not evaluated: odds" in text


def test_how_tests_ended_is_told_once(project, capsys):
    tests = [{"id": "test_a.py::test_a", "outcome": "passed", "gates": ["schema"]}]
    more = [{"id": "test_b.py::test_b", "outcome": "failed", "gates": ["parity"]}]
    one = edit(shard("a.json", "schema", "accuracy"), tests=tests)
    two = edit(shard("b.json", "parity"), tests=[*tests, *more])
    assert merged(capsys, one, two)[0] == 0
    assert record_in(Path("all.json"))["tests"] == [*tests, *more]
    code, text = merged(capsys, one, edit(two, tests=[{**tests[0], "outcome": "failed"}]))
    assert code == 2
    assert "test 'test_a.py::test_a' is told of in two ways, in 'a.json' and 'b.json'" in text
    assert "got:   passed and failed" in text


def test_one_shard_alone_is_nothing_to_merge(project, capsys):
    code, text = merged(capsys, shard("a.json", "schema"))
    assert code == 2
    assert "there is nothing to merge" in text


def test_signed_shards_are_verified_where_a_key_is_given_and_told_of_where_not(project, capsys):
    write_keys(project)
    for name, gates in (("a.json", ["schema", "accuracy"]), ("b.json", ["parity"])):
        assert main(["check", *gates, "--evidence", name, "--sign-key", "key.pem"]) == 0
    code, text = merged(capsys, "a.json", "b.json")
    assert code == 0
    assert "note: a.json is signed, and its signature was not checked (--key)" in text
    code, text = merged(capsys, "a.json", "b.json", "--key", "other.pub.pem")
    assert code == 2
    assert "'a.json' cannot be merged\n  where: --key\n  got:   signed by another key" in text
    signed = ("--key", "key.pub.pem", "--sign-key", "key.pem")
    assert merged(capsys, "a.json", "b.json", *signed)[0] == 0
    assert main(["verify", "all.json", "--key", "key.pub.pem"]) == 0
    shard("b.json", "parity")
    code, text = merged(capsys, "a.json", "b.json", "--key", "key.pub.pem")
    assert code == 2
    assert "got:   not signed" in text
