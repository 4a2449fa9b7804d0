"""Files that are whole or absent."""

from __future__ import annotations

import stat

import pytest

from pytest_mlgates.core.files import sha256_of_file, write_atomically


def test_a_file_is_written_whole_with_its_folder(tmp_path):
    write_atomically(tmp_path / "a/b.json", "×\n")
    assert (tmp_path / "a/b.json").read_bytes() == "×\n".encode()
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b.json"]


def test_others_may_read_it(tmp_path):
    write_atomically(tmp_path / "b.json", "x")
    assert stat.S_IMODE((tmp_path / "b.json").stat().st_mode) & 0o044


def test_a_failure_keeps_the_old_file_and_leaves_no_other(tmp_path):
    target = tmp_path / "b.json"
    target.mkdir()
    with pytest.raises(OSError, match=r"irectory|busy"):
        write_atomically(target, "x")
    assert [p.name for p in tmp_path.iterdir()] == ["b.json"]


def test_a_name_that_is_not_utf_8_is_escaped(tmp_path):
    write_atomically(tmp_path / "b.json", '"\udcff"')
    assert (tmp_path / "b.json").read_text() == '"\\udcff"'


def test_a_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of_file(tmp_path / "a") == (
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
