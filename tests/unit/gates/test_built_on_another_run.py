"""A run that only reads back what an earlier one wrote has repeated nothing."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pytest_mlgates import reproducibility
from pytest_mlgates.cli import main
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import reads

hears_all = pytest.mark.skipif(sys.platform != "linux", reason="reading in C is heard on Linux")
ROWS = np.random.default_rng(0).normal(size=(40, 3))


def model():
    return np.random.default_rng().random(5)


def by_python(path):
    if not Path(path).exists():
        np.save(path, model())
    return np.load(path)


def by_sqlite(path):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("create table if not exists kept (weights text)")
        found = connection.execute("select weights from kept").fetchone()
        if found is None:
            found = (json.dumps(model().tolist()),)
            connection.execute("insert into kept values (?)", found)
    connection.close()
    return json.loads(found[0])


def by_sqlite_that_counts(path):
    """Changes the file as well, once it has read it."""
    found = by_sqlite(path)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("create table if not exists uses (time text)")
        connection.execute("insert into uses values ('now')")
    connection.close()
    return found


def by_polars(path):
    import polars as pl

    if not Path(path).exists():
        pl.DataFrame({"weights": model()}).write_parquet(path)
    return pl.read_parquet(path)["weights"].to_list()


def by_another_program(path):
    if not Path(path).exists():
        code = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"
        text = json.dumps(model().tolist())
        subprocess.run([sys.executable, "-c", code, path, text], check=True)
    found = subprocess.run(["/bin/cat", path], check=True, capture_output=True, text=True)
    return json.loads(found.stdout)


def into_the_project_as_a_path(path):
    """Opens nothing: the fingerprint does."""
    if not Path(path).exists():
        Path(path).write_text(str(model()))
    return Path(path)


CACHES = {
    by_python: "model.npy",
    by_sqlite: "cache.db",
    by_sqlite_that_counts: "cache.db",
    by_polars: "cache.parquet",
    by_another_program: "cache.json",
    into_the_project_as_a_path: "model.txt",
}

BY_PYTHON = (by_python, into_the_project_as_a_path)


def refused(function, **parameters) -> str:
    with pytest.raises(MLGatesError) as caught:
        reproducibility(function, **parameters)
    return str(caught.value)


@hears_all
@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("function", CACHES)
def test_a_cache_in_the_project_proves_nothing_whoever_reads_it(
    tmp_path, monkeypatch, function, fresh
):
    if function is by_polars:
        pytest.importorskip("polars")
    monkeypatch.chdir(tmp_path)
    name = CACHES[function]
    text = refused(partial(function, name), fresh_process=fresh)
    how = "run 1 had written" if function in BY_PYTHON else "changed during run 1"
    assert f"run 2 of {function.__name__} read a file that {how}" in text
    assert f"  got:   {name}" in text


@pytest.mark.parametrize("fresh", [False, True])
def test_a_cache_that_python_reads_is_heard_on_every_system(tmp_path, monkeypatch, fresh):
    monkeypatch.setattr(reads, "_library", lambda: None)
    monkeypatch.chdir(tmp_path)
    text = refused(partial(by_python, "model.npy"), fresh_process=fresh)
    assert "run 2 of by_python read a file that run 1 had written" in text


def in_temporary_files(name):
    import tempfile

    return by_python(str(Path(tempfile.gettempdir(), name)))


def test_a_cache_among_temporary_files_of_one_process_proves_nothing(tmp_path, monkeypatch):
    import tempfile

    (tmp_path / "tmp").mkdir()
    (tmp_path / "project").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path / "project")
    text = refused(partial(in_temporary_files, "model.npy"))
    assert "run 2 of in_temporary_files read a file that run 1 had written" in text
    assert f"  got:   {tmp_path}/tmp/model.npy" in text
    # In processes of their own runs have temporary files of their own.
    verdict = reproducibility(partial(in_temporary_files, "model.npy"), fresh_process=True)
    assert not verdict.passed


def writes_anew(path):
    Path(path).write_text("1 2 3")
    return np.loadtxt(path)


def writes_a_table_anew(path):
    import polars as pl

    pl.DataFrame({"weights": [1.0, 2.0]}).write_parquet(path)
    return pl.read_parquet(path)["weights"].to_list()


def appends(path):
    with Path(path).open("a") as stream:
        stream.write("trained\n")
    return ROWS.copy()


def lists_a_folder(name):
    import shutil

    Path(name).mkdir(exist_ok=True)
    Path(name, "kept").mkdir(exist_ok=True)
    Path(name, f"{os.urandom(4).hex()}.txt").write_text("x")
    for path in Path(name).glob("*.txt"):
        path.unlink()
    shutil.rmtree(Path(name, "kept"))
    return ROWS.copy()


@pytest.mark.parametrize("fresh", [False, True])
def test_a_folder_that_two_runs_use_is_no_file_that_one_reads(tmp_path, monkeypatch, fresh):
    monkeypatch.chdir(tmp_path)
    assert reproducibility(partial(lists_a_folder, "work"), fresh_process=fresh).passed


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize(
    ("function", "name"),
    [(writes_anew, "own.txt"), (writes_a_table_anew, "own.parquet"), (appends, "train.log")],
)
def test_what_each_run_writes_anew_is_a_warning_that_names_it(
    tmp_path, monkeypatch, function, name, fresh
):
    if function is writes_a_table_anew:
        pytest.importorskip("polars")
    monkeypatch.chdir(tmp_path)
    verdict = reproducibility(partial(function, name), fresh_process=fresh)
    assert verdict.passed
    (warning,) = verdict.warnings
    assert name in warning
    assert "outside of its own folder: a later run may read it" in warning


def tidies_a_temporary_folder(name):
    """What it removes there has the name of a file of the project; `rmtree` tells no folder."""
    import shutil
    import tempfile

    scratch = Path(tempfile.mkdtemp())
    (scratch / name).write_text("x")
    (scratch / "sub").mkdir()
    (scratch / "sub" / name).write_text("x")
    shutil.rmtree(scratch)
    return Path(name).read_text(), ROWS


def test_a_file_removed_elsewhere_is_not_the_one_of_its_name_in_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("x\n")
    verdict = reproducibility(partial(tidies_a_temporary_folder, "data.csv"))
    assert verdict.passed
    assert verdict.warnings == ()


SCRIPT = """
import pathlib, random, sqlite3, sys
out = pathlib.Path(sys.argv[1])
{body}
(out / "p.csv").write_text(f"id,p\\n1,{{value}}\\n")
"""
BY_FILE = """
kept = pathlib.Path("kept.txt")
if not kept.exists():
    kept.write_text(str(random.random()))
value = kept.read_text()
"""
BY_DATABASE = """
connection = sqlite3.connect("kept.db")
with connection:
    connection.execute("create table if not exists kept (value real)")
    found = connection.execute("select value from kept").fetchone()
    if found is None:
        found = (random.random(),)
        connection.execute("insert into kept values (?)", found)
value = found[0]
"""
ANEW = """
kept = pathlib.Path("kept.txt")
kept.write_text("0.5")
value = kept.read_text()
"""


def declared(folder, body):
    (folder / "train.py").write_text(SCRIPT.format(body=body))
    (folder / "mlgates.toml").write_text(
        '[gates.training]\nkind = "reproducibility"\noutputs = ["p.csv"]\n'
        'command = "python train.py {out}"\n'
    )


@hears_all
@pytest.mark.parametrize(("body", "name"), [(BY_FILE, "kept.txt"), (BY_DATABASE, "kept.db")])
def test_a_command_that_reads_what_its_run_1_wrote_is_refused(
    tmp_path, monkeypatch, capsys, body, name
):
    monkeypatch.chdir(tmp_path)
    declared(tmp_path, body)
    assert main(["check"]) == 2
    text = capsys.readouterr().out
    assert "run 2 of `python train.py {out}` read a file that run 1 had written" in text
    assert f"got:   {name}" in text


@hears_all
def test_a_command_that_writes_anew_passes_with_a_warning(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    declared(tmp_path, ANEW)
    assert main(["check"]) == 0
    assert "kept.txt changed while run 1 of" in capsys.readouterr().out


def test_a_command_that_wrote_what_nobody_can_hear_being_read_is_refused(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(reads, "_library", lambda: None)
    monkeypatch.chdir(tmp_path)
    declared(tmp_path, ANEW)
    assert main(["check"]) == 2
    text = capsys.readouterr().out
    assert "wrote into the project, and nothing here tells whether run 2 read that" in text
    assert "got:   kept.txt" in text


def test_of_a_project_with_more_files_than_are_looked_at_only_what_changed_is_named(
    tmp_path, monkeypatch
):
    from pytest_mlgates.engines.writes import changed, snapshot

    for number in range(5):
        path = tmp_path / f"b{number}"
        path.write_text("x")
        os.utime(path, (1, 1))
    before = snapshot([tmp_path], tmp_path / "own", most=3)
    assert not before.is_whole
    (tmp_path / "a").write_text("new")  # moves b2 out of the first three
    assert changed(before, snapshot([tmp_path], tmp_path / "own", most=3)) == [
        str((tmp_path / "a").resolve())
    ]
    (tmp_path / "a").unlink()
    (tmp_path / "b0").unlink()  # moves b3 into the first three
    assert changed(before, snapshot([tmp_path], tmp_path / "own", most=3)) == [
        str((tmp_path / "b0").resolve())
    ]
