"""Folders that killed runs of ours left are removed by the next, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pytest_mlgates.engines import own_folders

pytest.importorskip("fcntl")

HOOK = [sys.executable, "-m", "pytest_mlgates.hooks.mlgates_data", "--suite", "suite.json"]
JUDGE = """
import sys
from pytest_mlgates import data_schema
from pytest_mlgates.engines import scratch
data_schema("rows.csv", "suite.json")
print(scratch.folder(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files, beside a table that needs an engine."""
    (tmp_path / "rows.csv").write_text('a\n"1"\n')
    (tmp_path / "suite.json").write_text(
        '[{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "a"}}]'
    )
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def judging():
    """Starts processes that judge the table and then wait, and names their folders."""
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", JUDGE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def run_hook():
    return subprocess.run([*HOOK, "rows.csv"], capture_output=True, text=True, check=False)


def test_the_folder_of_a_killed_run_is_removed_and_that_of_a_living_one_is_not(temporary, judging):
    (killed, left), (_, living) = judging(), judging()
    assert sorted(map(str, temporary.iterdir())) == sorted([left, living])
    (temporary / left / "spilled").mkdir()
    (temporary / left / "spilled" / "part").write_text("rows")
    killed.kill()
    killed.communicate()
    assert run_hook().returncode == 0
    assert [str(folder) for folder in temporary.iterdir()] == [living]


def test_what_is_not_ours_stays_and_links_are_not_followed(temporary, tmp_path):
    (temporary / "mlgates-plain").mkdir()
    (temporary / "mlgates-file").write_text("")
    (temporary / "other").mkdir()
    (temporary / "other/.lock").write_text("")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".lock").write_text("")
    (temporary / "mlgates-link").symlink_to(elsewhere)
    (temporary / "mlgates-linked-lock").mkdir()
    (temporary / "mlgates-linked-lock/.lock").symlink_to(elsewhere / ".lock")
    os.mkfifo(temporary / "other" / "pipe")
    (temporary / "mlgates-pipe").mkdir()
    os.mkfifo(temporary / "mlgates-pipe/.lock")
    left = temporary / "mlgates-left"
    left.mkdir()
    (left / ".lock").write_text("")
    (left / "link").symlink_to(elsewhere)
    assert run_hook().returncode == 0
    assert sorted(path.name for path in temporary.iterdir()) == [
        "mlgates-file",
        "mlgates-link",
        "mlgates-linked-lock",
        "mlgates-pipe",
        "mlgates-plain",
        "other",
    ]
    assert (elsewhere / ".lock").exists()


def test_a_folder_that_was_tidied_away_before_it_was_locked_is_made_anew(temporary, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    made, make = [], tempfile.mkdtemp

    def removed_at_first(**given):
        made.append(make(**given))
        if len(made) == 1:
            os.rmdir(made[0])  # noqa: PTH106
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", removed_at_first)
    found = own_folders.new()
    assert len(made) == 2
    assert (found / ".lock").exists()
    own_folders.remove_left_behind()
    assert found.exists()


def test_a_folder_that_another_process_is_tidying_is_left_to_it(temporary, monkeypatch):
    import fcntl
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    lock, taken = fcntl.flock, []

    def taken_at_first(descriptor, how):
        taken.append(how)
        if len(taken) == 1:
            raise BlockingIOError
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", taken_at_first)
    own_folders.new()
    assert len(taken) == 2
    assert len(list(temporary.iterdir())) == 2


def test_without_locks_nothing_is_taken_for_left_behind(temporary, monkeypatch):
    import fcntl
    import tempfile

    def no_locks(descriptor, how):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(fcntl, "flock", no_locks)
    left = own_folders.new()
    own_folders.remove_left_behind()
    assert left.exists()
