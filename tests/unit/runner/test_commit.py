"""Of which commit a run was, from its beginning to its end."""

from __future__ import annotations

import pytest

from pytest_mlgates.runner.commit import folder_of, root_of, throughout

CLEAN, OTHER = {"sha": "a" * 40, "dirty": False}, {"sha": "b" * 40, "dirty": False}
DIRTY = {**CLEAN, "dirty": True}


@pytest.mark.parametrize(
    ("began", "ended", "found"),
    [
        (CLEAN, CLEAN, CLEAN),
        (DIRTY, DIRTY, DIRTY),
        (DIRTY, CLEAN, DIRTY),
        (CLEAN, DIRTY, DIRTY),
        (CLEAN, OTHER, DIRTY),
        (CLEAN, {}, DIRTY),
        ({}, CLEAN, DIRTY),
        ({}, {}, {}),
    ],
)
def test_what_changed_meanwhile_is_no_part_of_the_commit(began, ended, found):
    assert throughout(began, ended) == found


def test_a_folder_is_told_from_the_root_of_its_repository(tmp_path):
    (tmp_path / "repository/.git").mkdir(parents=True)
    (tmp_path / "repository/ml/credit").mkdir(parents=True)
    assert folder_of(tmp_path / "repository/ml/credit") == "ml/credit"
    assert folder_of(tmp_path / "repository") == "."
    assert root_of(tmp_path / "repository/ml") == (tmp_path / "repository").resolve()
