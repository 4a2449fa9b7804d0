"""``mlgates.lock``: written whole, compared by digests alone, and believed by nobody in CI."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from tests.projects import CONFIGURATION, write_project

ALL = ("schema", "accuracy", "parity", "training")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(capsys, *arguments):
    code = main(list(arguments))
    out = capsys.readouterr()
    return code, out.out + out.err


def locked():
    return json.loads(Path("mlgates.lock").read_text())["gates"]


def test_every_declared_gate_is_locked_with_its_digests_and_numbers(project, capsys):
    code, text = ran(capsys, "lock")
    assert code == 0, text
    assert "4 gates evaluated, 0 unchanged · mlgates.lock" in text
    found = locked()
    assert set(found) == set(ALL)
    assert found["accuracy"]["definition"]["gate"]["min"] == 0.6
    assert found["accuracy"]["inputs"]["holdout.csv"].startswith("sha256:")
    assert found["accuracy"]["verdict"]["outcome"] == "passed"
    assert 0 <= found["accuracy"]["verdict"]["lower"] <= found["accuracy"]["verdict"]["estimate"]
    assert set(found["schema"]["inputs"]) == {
        "contracts/applications.json",
        *(p.relative_to(project).as_posix() for p in (project / "data").glob("*.csv")),
    }
    (trainer,) = found["training"]["inputs"]
    assert trainer.startswith("trainer_")
    assert "numpy" in found["accuracy"]["versions"]


def test_only_what_changed_is_evaluated_again(project, capsys):
    ran(capsys, "lock")
    before = Path("mlgates.lock").read_text()
    code, text = ran(capsys, "lock")
    assert (code, Path("mlgates.lock").read_text()) == (0, before)
    assert "0 gates evaluated, 4 unchanged" in text
    (project / "contracts" / "applications.json").write_text(
        (project / "contracts" / "applications.json").read_text().replace("120", "119")
    )
    code, text = ran(capsys, "lock")
    assert "1 gate evaluated, 3 unchanged" in text
    assert ran(capsys, "lock", "--refresh")[1].count("4 gates evaluated") == 1


def test_locked_compares_and_evaluates_nothing(project, capsys):
    ran(capsys, "lock")
    code, text = ran(capsys, "check", "--locked")
    assert code == 0
    assert "4 gates: 4 as locked, 0 changed, 0 failed; nothing was evaluated" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda p: (p / "holdout.csv").write_text("y_true,y_pred,sex\n1,1,F\n"),
            "holdout.csv changed",
        ),
        (lambda p: (p / "holdout.csv").unlink(), "holdout.csv is gone"),
        (lambda p: (p / "data" / "more.csv").write_text("age,sex\n1,F\n"), "data/more.csv is new"),
        (
            lambda p: (p / "pyproject.toml").write_text(
                (p / "pyproject.toml").read_text().replace("min = 0.6", "min = 0.5")
            ),
            "accuracy  its definition changed",
        ),
        (
            lambda p: (p / "pyproject.toml").write_text(
                (p / "pyproject.toml")
                .read_text()
                .replace("[tool.mlgates]\n", "[tool.mlgates]\nconfidence = 0.6\n")
            ),
            "its definition changed",
        ),
    ],
    ids=["data", "deleted", "added", "bound", "confidence"],
)
def test_whatever_changed_since_is_named(project, capsys, change, said):
    ran(capsys, "lock")
    change(project)
    code, text = ran(capsys, "check", "--locked")
    assert code == 1
    assert " STALE " in text
    assert said in text
    assert "fix:   run it in the project's environment: mlgates lock" in text


def test_without_a_lock_comparing_is_misuse(project, capsys):
    code, text = ran(capsys, "check", "--locked")
    assert code == 2
    assert "there is no mlgates.lock" in text


def test_a_failed_gate_is_locked_as_failed_and_never_passes(project, capsys):
    text = (project / "pyproject.toml").read_text().replace("min = 0.6", "min = 0.99")
    (project / "pyproject.toml").write_text(text)
    assert ran(capsys, "lock")[0] == 1
    code, text = ran(capsys, "check", "--locked")
    assert code == 1
    assert " FAIL   accuracy" in text


def test_a_gate_in_error_is_not_locked(project, capsys):
    ran(capsys, "lock")
    (project / "holdout.csv").write_text("y_true,sex\n1,F\n")
    assert ran(capsys, "lock")[0] == 2
    assert set(locked()) == {"schema", "training"}
    assert ran(capsys, "check", "--locked")[0] == 1


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda t: t[: len(t) // 2], "is damaged"),
        (lambda t: "<<<<<<< HEAD\n" + t, "a merge conflict"),
        (lambda t: t.replace('"version": "1"', '"version": "9"'), "version '9'"),
        (lambda t: t.replace('"verdict"', '"verdikt"'), "lacks"),
        (lambda t: "[]", "version"),
        (
            lambda t: t.replace('"accuracy": {', '"parity": {}, "accuracy": {', 1),
            "a key stands twice",
        ),
        (lambda _: "", "is damaged"),
        (lambda t: t.replace('"outcome": "passed"', '"outcome": 1'), "verdict.outcome is not one"),
        (lambda t: t.replace('"outcome": "passed"', '"outcome": "ok"'), "verdict.outcome is not"),
        (lambda t: t.replace('"finding": "proven"', '"finding": []'), "verdict.finding is not one"),
        (lambda t: t.replace('"n": 400', '"n": "many"'), "verdict.n is not a whole number"),
        (lambda t: t.replace('"n": 400', '"n": true'), "verdict.n is not a whole number"),
        (lambda t: t.replace('"n": 400', f'"n": {10**400}'), "verdict.n is not a whole number"),
        (lambda t: t.replace('"estimate": 0', '"estimate": NaN, "x": 0'), "NaN is no number"),
        (lambda t: t.replace('"estimate": 0', '"estimate": 1e999, "x": 0'), "is not a number"),
        (lambda t: t.replace('"summary": "', '"summary": [1], "x": "'), "verdict.summary is not a"),
        (
            lambda t: t.replace('"sha256:', '1, "x": "sha256:', 1),
            "inputs is not an object of texts",
        ),
        (lambda t: t.replace('"versions": {', '"versions": 3, "x": {', 1), "versions is not an"),
        (lambda t: t.replace('"verdict": {', '"stages": 3, "verdict": {', 1), "stages is not a"),
        (lambda t: t.replace('"verdict": {', '"stages": [3], "verdict": {', 1), "stages is not a"),
        (lambda t: t.replace('"verdict": {', '"champion": 3, "verdict": {', 1), "champion is not"),
        (lambda t: t.replace('"verdict": {', '"test": 3, "verdict": {', 1), "test is not a text"),
        (lambda t: t.replace('"gate": {', '"gate": 3, "x": {', 1), "definition.gate is not an"),
        (lambda t: t.replace('"verdict": {', f'"verdict": {"[" * 99999}', 1), "too deep"),
        (
            lambda t: t.replace('"gate": {', f'"gate": {{"a": {"[" * 200}{"]" * 200},', 1),
            "brackets in brackets, more than 60 deep",
        ),
    ],
)
def test_a_damaged_lock_is_misuse(project, capsys, whole_lock, damage, said):
    damaged = damage(whole_lock)
    assert damaged != whole_lock
    Path("mlgates.lock").write_text(damaged)
    for command in (("lock",), ("check", "--locked"), ("check", "schema")):
        code, text = ran(capsys, *command)
        assert code == 2
        assert said in text
        assert str(project / "mlgates.lock") in text
        assert "Traceback" not in text


@pytest.fixture(scope="module")
def whole_lock(tmp_path_factory):
    """The lock of the project: made once, for it is only damaged here."""
    folder = write_project(tmp_path_factory.mktemp("locked"))
    assert main(["lock", "--config", str(folder / "pyproject.toml")]) == 0
    return (folder / "mlgates.lock").read_text()


def test_what_a_lock_says_is_shown_in_one_line(project, capsys, whole_lock):
    """Nobody adds lines to what is printed by editing the lock."""
    lock = json.loads(whole_lock)
    lock["gates"]["accuracy"]["inputs"]["a\n 4 gates: 4 as locked"] = "sha256:0"
    Path("mlgates.lock").write_text(json.dumps(lock))
    code, text = ran(capsys, "check", "--locked")
    assert code == 1
    assert "a\\n 4 gates: 4 as locked is gone" in text
    assert "\n 4 gates: 4 as locked" not in text


def edited(key, value, gate="accuracy"):
    lock = json.loads(Path("mlgates.lock").read_text())
    lock["gates"][gate]["verdict"][key] = value
    Path("mlgates.lock").write_text(json.dumps(lock, indent=2))


@pytest.mark.parametrize(("key", "value"), [("estimate", 0.99), ("outcome", "failed"), ("n", 7)])
def test_in_ci_a_lock_that_claims_something_else_fails_the_run(
    project, capsys, monkeypatch, key, value
):
    ran(capsys, "lock")
    assert ran(capsys, "check")[0] == 0
    edited(key, value)
    code, text = ran(capsys, "check")
    assert code == 0
    assert f"accuracy is not as mlgates.lock claims: {key} {value} in the lock" in text
    monkeypatch.setenv("CI", "true")
    code, text = ran(capsys, "check")
    assert code == 1
    assert f"accuracy is not as mlgates.lock claims: {key} {value} in the lock" in text


def test_in_ci_a_stale_lock_and_one_with_a_gate_too_many_fail(project, capsys, monkeypatch):
    ran(capsys, "lock")
    monkeypatch.setenv("CI", "1")
    assert ran(capsys, "check")[0] == 0
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text.replace("min = 0.6", "min = 0.5"))
    code, said = ran(capsys, "check")
    assert code == 1
    assert "accuracy is not as mlgates.lock claims: its definition changed" in said
    start = text.index("[tool.mlgates.gates.accuracy]")
    end = text.index("[tool.mlgates.gates.parity]")
    (project / "pyproject.toml").write_text(text[:start] + text[end:])
    code, said = ran(capsys, "check")
    assert code == 1
    assert "accuracy is in mlgates.lock, and no gate is declared by that id" in said
    assert "1 dropped" in ran(capsys, "lock")[1]


def test_a_pointer_of_git_lfs_counts_as_its_data(project, capsys):
    ran(capsys, "lock")
    digest = locked()["accuracy"]["inputs"]["holdout.csv"]
    size = (project / "holdout.csv").stat().st_size
    pointer = f"version https://git-lfs.github.com/spec/v1\noid {digest}\nsize {size}\n"
    (project / "holdout.csv").write_text(pointer)
    assert ran(capsys, "check", "--locked")[0] == 0
    (project / "holdout.csv").write_text(pointer.replace("sha256:", "sha256:0")[:-1])
    assert ran(capsys, "check", "--locked")[0] == 1


@pytest.mark.parametrize("ci", [False, True], ids=["here", "ci"])
def test_a_large_file_that_stays_what_it_was_is_read_once(
    project, capsys, monkeypatch, tmp_path, ci
):
    """By `check --locked` and by the hook; in CI every byte is read every time."""
    from pytest_mlgates.core import known_digests
    from pytest_mlgates.hooks.mlgates_check import main as hook

    ran(capsys, "lock")
    read = []
    digest = known_digests.sha256_of_file
    later = time.time_ns() + 3_000_000_000
    monkeypatch.setenv(known_digests.ENVIRONMENT, str(tmp_path / "cache"))
    monkeypatch.setattr(known_digests, "_WORTH", 1)
    monkeypatch.setattr(known_digests.time, "time_ns", lambda: later)
    monkeypatch.setattr(known_digests, "sha256_of_file", lambda p: (read.append(p), digest(p))[1])
    if ci:
        monkeypatch.setenv("CI", "true")
    assert ran(capsys, "check", "--locked")[0] == 0
    once = set(read)
    assert project / "holdout.csv" in once
    read.clear()
    assert ran(capsys, "check", "--locked")[0] == 0
    (trainer,) = project.glob("trainer_*.py")
    assert hook([trainer.name]) == 0
    assert set(read) == (once if ci else set())
    trainer.write_text(trainer.read_text() + "# changed\n")
    assert ran(capsys, "check", "--locked")[0] == 1
    assert trainer in read


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('path = "holdout.csv"\nmodel = "model.skops"', "model.skops"),
        ('path = "holdout.csv"\nmodel = "elsewhere_not_here:predict"', "elsewhere_not_here"),
        ('path = "elsewhere/*.parquet"', "elsewhere/*.parquet"),
    ],
    ids=["model file", "callable", "table"],
)
def test_in_ci_what_is_not_there_is_an_error_that_names_it(
    project, capsys, monkeypatch, line, named
):
    ran(capsys, "lock")
    text = (project / "pyproject.toml").read_text()
    old = 'path = "holdout.csv"'
    (project / "pyproject.toml").write_text(text.replace(old, line))
    (project / "holdout.csv").write_text("y_true,sex,x\n1,F,1\n0,M,2\n")
    monkeypatch.setenv("CI", "true")
    assert ran(capsys, "check", "--json", "record.json")[0] == 2
    evidence = json.loads(Path("record.json").read_text())
    outcomes = {one["id"]: one for one in evidence["verdicts"]}
    assert evidence["result"] == "FAILED"
    for name in ("accuracy", "parity"):
        assert outcomes[name]["outcome"] == "error"
        assert named in outcomes[name]["message"]


def test_the_configuration_of_the_tests_has_a_gate_of_each_kind():
    assert all(f"[tool.mlgates.gates.{name}]" in CONFIGURATION for name in ALL)
