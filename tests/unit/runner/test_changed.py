"""Which gates changed files concern."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_mlgates.config.load import load
from pytest_mlgates.core.errors import ConfigurationError
from pytest_mlgates.runner.changed import affected, configurations_of, covers, needs_project
from tests.projects import CONFIGURATION

BASE = Path("/project (1)+x")


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("data/a.csv", ["data/a.csv"], ["data/b.csv", "data/a.csv.bak", "a.csv"]),
        ("./data/a.csv", ["data/a.csv"], ["a.csv"]),
        ("data", ["data/a.csv", "data/b/c.csv"], ["data.csv", "database/a.csv"]),
        ("data/*.csv", ["data/a.csv"], ["data/b/a.csv", "data/a.csvx", "data/a.parquet"]),
        ("data/**/*.csv", ["data/a.csv", "data/b/c/a.csv"], ["other/a.csv", "data/a.txt"]),
        ("data/?.csv", ["data/a.csv"], ["data/ab.csv", "data//.csv"]),
        ("data/[ab].csv", ["data/a.csv", "data/b.csv"], ["data/c.csv"]),
        ("data/[!ab].csv", ["data/c.csv"], ["data/a.csv"]),
        ("data/a.b*.csv", ["data/a.b1.csv"], ["data/axb1.csv"]),
    ],
)
def test_a_pattern_covers_what_glob_would_read(pattern, hits, misses):
    assert [name for name in hits if not covers(BASE, pattern, BASE / name)] == []
    assert [name for name in misses if covers(BASE, pattern, BASE / name)] == []


def test_a_pattern_may_lead_out_of_the_folder():
    assert covers(Path("/project/ml"), "../data/a.csv", Path("/project/data/a.csv"))
    assert covers(Path("/project/ml"), "/data/a.csv", Path("/data/a.csv"))


@pytest.fixture
def configuration(tmp_path):
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)
    return load(tmp_path / "pyproject.toml")


@pytest.mark.parametrize(
    ("name", "gates"),
    [
        ("data/applications.csv", ["schema"]),
        ("data/new.csv", ["schema"]),
        ("contracts/applications.json", ["schema"]),
        ("holdout.csv", ["accuracy", "parity"]),
        ("pyproject.toml", ["schema", "accuracy", "parity", "training"]),
        ("README.md", []),
    ],
)
def test_the_inputs_of_a_gate_concern_it(configuration, name, gates):
    found = affected(configuration, [configuration.base / name])
    assert [declared.gate.id for declared in found] == gates


def test_code_of_the_project_is_needed_by_its_training_function(configuration):
    reasons = {name: needs_project(configuration, d) for name, d in configuration.gates.items()}
    assert reasons == {
        "schema": None,
        "accuracy": None,
        "parity": None,
        "training": "it runs TRAINER:train",
    }


def test_data_without_a_configuration_is_refused_by_name(tmp_path):
    with pytest.raises(ConfigurationError, match="no configuration governs"):
        configurations_of([tmp_path / "a.csv", tmp_path / "package.json"])
    assert configurations_of([tmp_path / "package.json"]) == {}
