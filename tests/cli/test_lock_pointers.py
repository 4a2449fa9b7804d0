"""Pointers of DVC and Git LFS count as the data that they stand for."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.hooks.mlgates_check import main as hook
from tests.projects import record_in, write_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path)
    return tmp_path


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


def point(name, digest):
    """As `dvc add` writes it; what a file was imported from has a hash too."""
    path = Path(f"{name}.dvc")
    path.write_text(
        f"md5: {'0' * 32}\nfrozen: true\ndeps:\n- md5: {'1' * 32}\n  path: elsewhere\nouts:\n"
        f"- md5: {digest}\n  size: 17\n  hash: md5\n  path: {Path(name).name}\n"
    )
    return path


def of_folder(folder):
    listed = [
        {"md5": md5(path), "relpath": path.relative_to(folder).as_posix()}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return hashlib.md5(json.dumps(listed, sort_keys=True).encode()).hexdigest() + ".dir"


def compared(capsys):
    code = main(["check", "--locked"])
    return code, capsys.readouterr().out


def locked(capsys):
    assert main(["lock"]) == 0
    capsys.readouterr()
    assert compared(capsys)[0] == 0


def test_data_that_is_not_here_is_unchanged_as_long_as_its_pointer_is(project, capsys):
    point("holdout.csv", md5(project / "holdout.csv"))
    locked(capsys)
    (project / "holdout.csv").unlink()
    assert compared(capsys)[0] == 0
    point("holdout.csv", "a" * 32)
    code, said = compared(capsys)
    assert code == 1
    assert " STALE  accuracy  holdout.csv.dvc changed" in said
    Path("holdout.csv.dvc").unlink()
    code, said = compared(capsys)
    assert code == 1
    assert "holdout.csv is gone; holdout.csv.dvc is gone" in said


def test_data_that_was_locked_without_a_pointer_is_not_vouched_for_by_one(project, capsys):
    locked(capsys)
    point("holdout.csv", md5(project / "holdout.csv"))
    (project / "holdout.csv").unlink()
    code, said = compared(capsys)
    assert code == 1
    assert "holdout.csv is gone; holdout.csv.dvc is new" in said


def test_a_pointer_to_other_data_than_was_judged_never_passes(project, capsys):
    point("holdout.csv", "b" * 32)
    assert main(["lock"]) == 0
    code, said = compared(capsys)
    assert code == 1
    assert "holdout.csv is not the data that holdout.csv.dvc says" in said
    (project / "holdout.csv").unlink()
    assert compared(capsys)[0] == 1


@pytest.mark.parametrize("folder", [True, False], ids=["folder", "files"])
def test_a_table_of_several_files_may_be_pointed_to(project, capsys, folder):
    (project / "data" / "more.csv").write_text("age,sex\n44,F\n")
    if folder:
        point("data", of_folder(project / "data"))
    else:
        for name in ("applications", "more"):
            point(f"data/{name}.csv", md5(project / f"data/{name}.csv"))
    locked(capsys)
    if folder:
        shutil.rmtree("data")
        changed = "data"
    else:
        (project / "data/applications.csv").unlink()
        (project / "data/more.csv").unlink()
        changed = "data/more.csv"
    assert compared(capsys)[0] == 0
    assert hook([f"{changed}.dvc"]) == 0
    assert "is not here, it is data that" in capsys.readouterr().out
    point(changed, "c" * 32 + (".dir" if folder else ""))
    code, said = compared(capsys)
    assert code == 1
    assert f" STALE  schema  {changed}.dvc changed" in said


def test_one_file_gone_of_a_folder_that_is_pointed_to_is_seen(project, capsys):
    (project / "data" / "more.csv").write_text("age,sex\n44,F\n")
    point("data", of_folder(project / "data"))
    locked(capsys)
    (project / "data" / "more.csv").unlink()
    code, said = compared(capsys)
    assert code == 1
    assert "data is not the data that data.dvc says" in said


def test_the_hook_judges_data_that_is_what_its_changed_pointer_says(project, capsys):
    point("holdout.csv", md5(project / "holdout.csv"))
    assert hook(["holdout.csv.dvc"]) == 0
    assert "2 gates: 2 passed" in capsys.readouterr().out


def test_the_hook_compares_with_the_lock_what_is_not_here(project, capsys):
    point("holdout.csv", md5(project / "holdout.csv"))
    (project / "holdout.csv").rename("kept.csv")
    assert hook(["holdout.csv.dvc"]) == 1
    out = capsys.readouterr().out
    assert "holdout.csv is not here, it is data that holdout.csv.dvc says" in out
    assert "there is no mlgates.lock" in out
    Path("kept.csv").rename("holdout.csv")
    locked(capsys)
    (project / "holdout.csv").unlink()
    assert hook(["holdout.csv.dvc"]) == 0
    assert "it is as locked; CI recomputes it" in capsys.readouterr().out


def test_the_hook_does_not_judge_other_data_than_a_changed_pointer_says(project, capsys):
    locked(capsys)
    point("holdout.csv", "d" * 32)
    assert hook(["holdout.csv.dvc"]) == 1
    assert "holdout.csv is not what holdout.csv.dvc says" in capsys.readouterr().out


def test_the_hook_reads_no_pointer_of_git_lfs_as_data(project, capsys):
    locked(capsys)
    gates = json.loads(Path("mlgates.lock").read_text())["gates"]
    digest = gates["accuracy"]["inputs"]["holdout.csv"]
    pointer = f"version https://git-lfs.github.com/spec/v1\noid {digest}\nsize 9\n"
    (project / "holdout.csv").write_text(pointer)
    assert hook(["holdout.csv"]) == 0
    out = capsys.readouterr().out
    assert "not evaluated here (holdout.csv is a pointer of Git LFS here): it is as locked" in out
    (project / "holdout.csv").write_text(pointer.replace(digest, "sha256:" + "0" * 64))
    assert hook(["holdout.csv"]) == 1
    assert "holdout.csv changed" in capsys.readouterr().out


def test_in_ci_data_that_is_not_there_is_an_error_that_names_it(project, capsys, monkeypatch):
    point("holdout.csv", md5(project / "holdout.csv"))
    locked(capsys)
    (project / "holdout.csv").unlink()
    monkeypatch.setenv("CI", "true")
    assert main(["check"]) == 2
    out = capsys.readouterr()
    assert "ERROR" in out.out
    assert "holdout.csv" in out.out
    evidence = record_in(Path(".mlgates/evidence.json"))
    assert evidence["result"] == "FAILED"
    outcomes = {one["id"]: one["outcome"] for one in evidence["verdicts"]}
    assert outcomes["accuracy"] == outcomes["parity"] == "error"
