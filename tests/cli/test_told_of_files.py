"""Files that are no table are refused in the user's words, at once, by every way to judge them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.hooks import mlgates_check, mlgates_data

CONFIGURATION = """
[tables.people]
path = "{path}"

[gates.contract]
kind = "data_schema"
table = "people"
suite = "suite.json"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suite.json").write_text(
        '[{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "name"}}]'
    )
    return tmp_path


def declare(path: str) -> None:
    Path("mlgates.toml").write_text(CONFIGURATION.format(path=path))


RUNS = {
    "check": lambda path: main(["check"]),
    "infer": lambda path: main(["infer", path]),
    "mlgates-check": lambda path: mlgates_check.main([path]),
    "mlgates-data": lambda path: mlgates_data.main([path]),
    "mlgates-data --suite": lambda path: mlgates_data.main(["--suite", "suite.json", path]),
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("run", RUNS.values(), ids=list(RUNS))
def test_a_pipe_is_refused_and_not_waited_for(folder, capsys, run):
    os.mkfifo("people.csv")
    declare("people.csv")
    assert run("people.csv") == 2
    told = "".join(capsys.readouterr())
    assert "'people.csv' is no file\n" in told
    assert "got:   a pipe or a device\n" in told


@pytest.mark.parametrize("run", RUNS.values(), ids=list(RUNS))
def test_a_folder_that_is_called_like_a_file_is_told_as_a_folder(folder, capsys, run):
    (folder / "people.csv").mkdir()
    (folder / "people.csv/notes.txt").write_text("nothing")
    declare("people.csv")
    assert run("people.csv") == 2
    told = "".join(capsys.readouterr())
    assert "people.csv' holds no file of a table\n" in told
    assert "which holds 'notes.txt'\n" in told


@pytest.mark.parametrize("pattern", ["data", "data/*.csv"])
def test_what_only_looks_like_a_file_of_the_table_is_not_left_out(folder, capsys, pattern):
    (folder / "data").mkdir()
    (folder / "data/a.csv").write_text("name\nAda\n")
    declare(pattern)
    assert main(["check"]) == 0
    (folder / "data/b.csv").symlink_to(folder / "not-fetched.csv")
    capsys.readouterr()
    assert main(["check"]) == 2
    out = capsys.readouterr().out
    assert "'b.csv' is no file\n" in out
    assert "got:   a link to nothing\n" in out


def test_a_folder_among_the_files_of_a_glob_is_not_left_out(folder, capsys):
    (folder / "data/b.csv").mkdir(parents=True)
    (folder / "data/b.csv/part-0.csv").write_text("name\nBob\n")
    (folder / "data/a.csv").write_text("name\nAda\n")
    declare("data/*.csv")
    assert main(["check"]) == 2
    assert "'b.csv' is no file\n" in capsys.readouterr().out
    declare("data/**/*.csv")
    assert main(["check"]) == 0
    assert "n=2 " in capsys.readouterr().out


def cut(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def without_footer(whole: bytes) -> bytes:
    return whole[:-300] + bytes(280) + whole[-20:]


def damaged(whole: bytes) -> bytes:
    return whole[:200] + b"\xff" * 2800 + whole[3000:]


@pytest.mark.parametrize(
    ("name", "damage", "words"),
    [
        ("t.feather", cut, "it is no whole Arrow file: its end is missing, or it is a stream"),
        ("t.feather", without_footer, "its content is damaged"),
        ("t.feather", damaged, "its content is damaged"),
        ("t.arrow", lambda _: b"name\nAda\n", "it is no whole Arrow file"),
    ],
    ids=["cut", "footer", "content", "text"],
)
def test_a_feather_file_that_is_damaged_is_told_in_our_words(folder, capsys, name, damage, words):
    arrow = pytest.importorskip("pyarrow")
    feather = pytest.importorskip("pyarrow.feather")
    table = arrow.table({"name": [f"person {i}" for i in range(5000)]})
    feather.write_feather(table, name, compression="lz4")
    path = folder / name
    path.write_bytes(damage(path.read_bytes()))
    assert mlgates_data.main(["--suite", "suite.json", name]) == 2
    out = capsys.readouterr().out
    assert f"  '{name}' cannot be read\n" in out
    assert f"    got:   {words}\n    fix:   write or fetch it again\n" in out


def test_messages_about_our_own_file_name_its_own_tables(folder, capsys):
    (folder / "mlgates.toml").write_text("confidence = 0.9\n")
    assert main(["check"]) == 2
    assert "want:  at least one [gates.NAME]: " in capsys.readouterr().err
    (folder / "people.csv").write_text("name\nAda\n")
    assert mlgates_data.main(["people.csv"]) == 2
    assert "want:  a [gates.NAME] of kind data_schema" in capsys.readouterr().err
    (folder / "mlgates.toml").write_text('plugins = ["no.such"]\n')
    assert main(["check"]) == 2
    assert "  where: mlgates.toml plugins\n" in capsys.readouterr().err
    (folder / "mlgates.toml").rename("pyproject.toml")
    (folder / "pyproject.toml").write_text("[tool.mlgates]\nconfidence = 0.9\n")
    assert main(["check"]) == 2
    assert "want:  at least one [tool.mlgates.gates.NAME]: " in capsys.readouterr().err
