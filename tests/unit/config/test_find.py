"""Which configuration governs a path."""

from __future__ import annotations

import pytest

from pytest_mlgates.config.find import find
from pytest_mlgates.config.load import load_for
from pytest_mlgates.core.errors import ConfigurationError

OURS = "[tool.mlgates]\n"


def test_the_nearest_folder_that_has_one_governs(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(OURS)
    (tmp_path / "a/mlgates.toml").write_text("")
    assert find(inner / "deleted.csv") == tmp_path / "a/mlgates.toml"
    assert find(tmp_path / "x.csv") == tmp_path / "pyproject.toml"


def test_a_pyproject_without_our_table_is_passed_over(tmp_path):
    inner = tmp_path / "a"
    inner.mkdir()
    (tmp_path / "pyproject.toml").write_text(OURS)
    (inner / "pyproject.toml").write_text("[project]\ndescription = 'mlgates are nice'\n")
    assert find(inner) == tmp_path / "pyproject.toml"


def test_a_broken_pyproject_of_somebody_else_is_not_our_business(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[[[")
    assert find(tmp_path) is None


def test_a_broken_pyproject_that_names_us_is_told(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.mlgates\n")
    with pytest.raises(ConfigurationError, match="is not TOML"):
        find(tmp_path)


def test_two_in_one_folder_are_misuse(tmp_path):
    (tmp_path / "pyproject.toml").write_text(OURS)
    (tmp_path / "mlgates.toml").write_text("")
    with pytest.raises(ConfigurationError, match="two configurations side by side"):
        find(tmp_path)


def test_without_one_there_are_no_gates_and_paths_are_relative_to_the_folder(tmp_path):
    found = load_for(tmp_path, inconclusive="fail")
    assert (found.path, found.base, found.gates) == (None, tmp_path, {})
    assert found.settings.inconclusive == "fail"


def test_a_file_that_changes_is_read_again(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text(OURS)
    assert find(tmp_path) == path
    path.write_text("[project]\ndescription = 'mlgates are nice'\n")
    assert find(tmp_path) is None
