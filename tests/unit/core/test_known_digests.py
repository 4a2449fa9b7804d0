"""Digests that are remembered: never one of other bytes, and never in CI."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import sys
import time
from pathlib import Path

import pytest

from pytest_mlgates.core import known_digests
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import sha256_of_file
from pytest_mlgates.core.known_digests import ENVIRONMENT, md5_of_unchanged, sha256_of_unchanged

LATER = 3_000_000_000


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where digests are kept, of files of any size, on a machine that is no CI."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "cache"))
    monkeypatch.setattr(known_digests, "_WORTH", 1)
    return tmp_path / "cache"


@pytest.fixture
def settled(monkeypatch):
    """Three seconds have passed since anything was written."""
    real = time.time_ns
    monkeypatch.setattr(known_digests.time, "time_ns", lambda: real() + LATER)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_bytes(b"one")
    return path


@pytest.fixture
def read(monkeypatch):
    """The files whose bytes were read."""
    found = []

    def digest(path):
        found.append(path)
        return sha256_of_file(path)

    monkeypatch.setattr(known_digests, "sha256_of_file", digest)
    return found


def entries(folder):
    return json.loads((folder / "digests.json").read_text())["files"]


@pytest.mark.usefixtures("folder", "settled")
def test_a_file_that_stays_what_it_was_is_read_once(table, read):
    assert sha256_of_unchanged(table) == sha256_of_unchanged(table) == sha256_of_file(table)
    assert read == [table]


@pytest.mark.usefixtures("folder", "settled")
def test_digests_for_pointers_of_dvc_are_remembered_beside_the_others(table, read, monkeypatch):
    md5 = "md5:f97c5d29941bfb1b2fdab0874906ab82"
    assert (md5_of_unchanged(table), md5_of_unchanged(table)) == (md5, md5)
    assert sha256_of_unchanged(table) == sha256_of_file(table)
    monkeypatch.setattr(known_digests, "md5_of_file", None)
    assert md5_of_unchanged(table) == md5
    assert read == [table]


@pytest.mark.usefixtures("settled")
def test_only_paths_and_digests_are_kept_where_nobody_else_reads_them(folder, table):
    sha256_of_unchanged(table)
    found = table.stat()
    times = [found.st_mtime_ns, found.st_ctime_ns]
    assert entries(folder) == {
        str(table): [3, *times, found.st_ino, found.st_dev, sha256_of_file(table)]
    }
    assert sys.platform == "win32" or stat.S_IMODE(folder.stat().st_mode) == 0o700


def rewritten(table):
    table.write_bytes(b"two")


def rewritten_in_its_old_time(table):
    before = table.stat()
    table.write_bytes(b"two")
    os.utime(table, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(table):
    before = table.stat()
    other = table.with_name("other")
    other.write_bytes(b"two")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(table)


def longer(table):
    table.write_bytes(b"three")


@pytest.mark.usefixtures("folder", "settled")
@pytest.mark.parametrize("change", [rewritten, rewritten_in_its_old_time, replaced, longer])
def test_a_file_that_changed_is_read_again(table, read, change):
    first = sha256_of_unchanged(table)
    time.sleep(0.05)  # more than a step of the file system's clock
    change(table)
    assert sha256_of_unchanged(table) == sha256_of_file(table) != first
    assert len(read) == 2


@pytest.mark.parametrize("place", range(5))
@pytest.mark.usefixtures("settled")
def test_size_times_inode_and_device_all_count(folder, table, read, place):
    sha256_of_unchanged(table)
    record = json.loads((folder / "digests.json").read_text())
    record["files"][str(table)][place] += 1
    (folder / "digests.json").write_text(json.dumps(record))
    sha256_of_unchanged(table)
    assert len(read) == 2


def test_a_file_that_was_just_written_is_not_remembered(folder, table, read):
    assert sha256_of_unchanged(table) == sha256_of_unchanged(table)
    assert len(read) == 2
    assert not folder.exists()


@pytest.mark.usefixtures("settled")
def test_a_file_that_changes_while_it_is_read_is_not_remembered(folder, table, monkeypatch):
    def digest(path):
        found = sha256_of_file(path)
        path.write_bytes(b"longer now")
        return found

    monkeypatch.setattr(known_digests, "sha256_of_file", digest)
    sha256_of_unchanged(table)
    assert not folder.exists()


@pytest.mark.usefixtures("settled")
def test_a_small_file_is_read_whenever_it_is_asked_for(folder, table, read, monkeypatch):
    monkeypatch.setattr(known_digests, "_WORTH", 4)
    sha256_of_unchanged(table)
    sha256_of_unchanged(table)
    assert len(read) == 2
    assert not folder.exists()


@pytest.mark.parametrize("value", ["true", "1", "True", "yes"])
@pytest.mark.usefixtures("settled")
def test_in_ci_nothing_is_trusted_and_nothing_written(folder, table, read, monkeypatch, value):
    sha256_of_unchanged(table)
    kept = (folder / "digests.json").read_bytes()
    monkeypatch.setenv("CI", value)
    sha256_of_unchanged(table)
    other = table.with_name("other")
    other.write_bytes(b"other")
    sha256_of_unchanged(other)
    assert read == [table, table, other]
    assert (folder / "digests.json").read_bytes() == kept


@pytest.mark.parametrize("value", ["", "0", "false"])
@pytest.mark.usefixtures("folder", "settled")
def test_ci_that_is_switched_off_is_none(table, read, monkeypatch, value):
    monkeypatch.setenv("CI", value)
    sha256_of_unchanged(table)
    sha256_of_unchanged(table)
    assert len(read) == 1


@pytest.mark.usefixtures("settled")
def test_it_can_be_switched_off(folder, table, read, monkeypatch):
    sha256_of_unchanged(table)
    monkeypatch.setenv(ENVIRONMENT, "off")
    sha256_of_unchanged(table)
    assert len(read) == 2
    assert len(entries(folder)) == 1


@pytest.mark.usefixtures("folder")
def test_a_variable_that_says_neither_is_misuse(table, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, "of")
    with pytest.raises(MLGatesError) as error:
        sha256_of_unchanged(table)
    assert str(error.value) == (
        "MLGATES_DIGEST_CACHE is no folder\n"
        "  where: environment\n"
        "  got:   'of'\n"
        "  want:  off, or the full path of the folder that digests are kept in\n"
        "  fix:   MLGATES_DIGEST_CACHE=off"
    )


DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"version": 1}',
        b'{"version": 1, "files": []}',
        b"[" * 100_000,
        b'{"version": 2, "files": {"PATH": [SAME, "DIGEST"]}}',
        b'{"version": 1, "files": {"PATH": [SAME, 7]}}',
        b'{"version": 1, "files": {"PATH": [SAME, "sha256:0"]}}',
        b'{"version": 1, "files": {"PATH": [SAME]}}',
        b'{"version": 1, "files": {"PATH": "DIGEST"}}',
    ],
)
@pytest.mark.usefixtures("settled")
def test_a_damaged_record_is_as_none(folder, table, damaged):
    same = ", ".join(map(str, known_digests._identity(table)))
    for name, value in (("PATH", str(table)), ("SAME", same), ("DIGEST", DIGEST)):
        damaged = damaged.replace(name.encode(), value.encode())
    folder.mkdir()
    (folder / "digests.json").write_bytes(damaged)
    assert sha256_of_unchanged(table) == sha256_of_file(table)
    assert entries(folder)[str(table)][-1] == sha256_of_file(table)


@pytest.mark.usefixtures("settled")
def test_an_entry_that_is_whole_is_believed(folder, table):
    """What the test above would not find if nothing were ever believed."""
    folder.mkdir()
    record = {"version": 1, "files": {str(table): [*known_digests._identity(table), DIGEST]}}
    (folder / "digests.json").write_text(json.dumps(record))
    assert sha256_of_unchanged(table) == DIGEST


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owner here")
@pytest.mark.usefixtures("settled")
def test_the_record_of_another_user_is_not_believed(folder, table, read, monkeypatch):
    sha256_of_unchanged(table)
    monkeypatch.setattr(known_digests.os, "getuid", lambda: folder.stat().st_uid + 1)
    sha256_of_unchanged(table)
    assert len(read) == 2


@pytest.mark.usefixtures("settled")
def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path, folder, table, read):
    folder.write_text("a file in the place of the folder")
    assert sha256_of_unchanged(table) == sha256_of_unchanged(table) == sha256_of_file(table)
    assert len(read) == 2


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() == 0, reason="this user may write everywhere"
)
@pytest.mark.usefixtures("settled")
def test_a_folder_that_cannot_be_written_is_no_error(folder, table):
    folder.mkdir(mode=0o500)
    assert sha256_of_unchanged(table) == sha256_of_file(table)
    assert not list(folder.iterdir())


@pytest.mark.usefixtures("settled")
def test_a_failing_write_is_no_error(folder, table, monkeypatch):
    def refuse(path, text):
        raise PermissionError(13, "Read-only file system", str(path))

    monkeypatch.setattr(known_digests, "write_atomically", refuse)
    assert sha256_of_unchanged(table) == sha256_of_file(table)


@pytest.mark.usefixtures("settled")
def test_those_digested_last_are_kept(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(known_digests, "_MOST", 3)
    for number in range(5):
        path = tmp_path / f"{number}"
        path.write_bytes(b"x")
        sha256_of_unchanged(path)
    assert [Path(name).name for name in entries(folder)] == ["2", "3", "4"]


@pytest.mark.usefixtures("settled")
def test_a_record_that_is_too_large_is_not_read(folder, table, read, monkeypatch):
    sha256_of_unchanged(table)
    monkeypatch.setattr(known_digests, "_LARGEST", 10)
    sha256_of_unchanged(table)
    assert len(read) == 2


def digest_all(paths):
    known_digests._WORTH, known_digests._SETTLED = 1, 0
    return [sha256_of_unchanged(Path(path)) for _ in range(5) for path in paths]


def test_several_processes_at_once_leave_a_whole_record(tmp_path, folder):
    paths = []
    for number in range(20):
        path = tmp_path / f"{number}"
        path.write_bytes(bytes([number]))
        paths.append(str(path))
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(digest_all, [paths, paths[::-1], paths, paths[::-1]])
    right = {path: sha256_of_file(Path(path)) for path in paths}
    assert found[0] == found[2] == [right[path] for path in paths] * 5
    kept = entries(folder)
    assert kept
    assert {name: entry[-1] for name, entry in kept.items()}.items() <= right.items()
    assert [path.name for path in folder.iterdir()] == ["digests.json"]


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"HOME": "/h"}, "/h/.cache/pytest-mlgates"),
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/pytest-mlgates"),
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "x"}, "/h/.cache/pytest-mlgates"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/pytest-mlgates"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/pytest-mlgates"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="the paths of other systems")
def test_the_default_is_the_users_cache_folder(monkeypatch, platform, variables, expected):
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv(ENVIRONMENT)
    monkeypatch.setattr(known_digests.sys, "platform", platform)
    assert known_digests._record() == Path(expected) / "digests.json"
