"""What the page says of stored runs is what happens."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.engines import stored_runs, stored_values
from pytest_mlgates.engines.environment import _PACKAGES

PAGE = (Path(__file__).parents[2] / "docs/reproducibility.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Against a stored run")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```\w+\n# (\S+)\n(.*?)```", SECTION, re.DOTALL)


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name, text in BLOCKS:
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "training", raising=False)
    yield tmp_path
    sys.modules.pop("training", None)


def test_the_example_is_recorded_checked_and_named_where_it_changes(project, capsys):
    assert [name for name, _ in BLOCKS] == ["pyproject.toml", "training.py"]
    assert main(["check"]) == 2
    assert "mlgates record training" in capsys.readouterr().out
    assert main(["record", "training"]) == 0
    assert main(["check"]) == 0
    assert {path.suffix for path in (project / "repro").iterdir()} == {".json", ".npz"}
    source = project / "training.py"
    source.write_text(source.read_text().replace("seed=7", "seed=8"))
    sys.modules.pop("training")
    assert main(["check"]) == 1
    assert "from stage 'split' on (1 of 2)" in capsys.readouterr().out


def test_the_limits_that_the_page_shows_stand_beside_bitwise(project, capsys):
    shown = re.search(r"```toml\n(\[tool.*?)```", SECTION, re.DOTALL)[1]
    limits = shown.partition("against")[2].partition("\n")[2]
    path = project / "pyproject.toml"
    path.write_text(path.read_text() + limits)
    assert main(["record"]) == 0
    stored = project / "repro/training.json"
    run = stored_runs.load(stored)
    stored_runs.save(replace(run, environment={**run.environment, "cpu": "another"}), stored)
    source = project / "training.py"
    source.write_text(source.read_text().replace("rows[:5]", "rows[:5] + 1e-9"))
    sys.modules.pop("training")
    assert main(["check"]) == 0
    assert "tolerance, against repro/training.json: proven" in capsys.readouterr().out


def test_the_page_names_the_limit_and_every_library():
    assert f"up to {stored_values.MOST_BYTES // 1_000_000} MB" in SECTION
    decides = SECTION.partition("What decides bits:")[2]
    for name in _PACKAGES.values():
        assert name in decides or name in {"jaxlib", "cupy"}
