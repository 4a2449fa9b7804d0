"""The page about metrics of one's own: what it shows runs."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.extensions.manager import manager
from tests.projects import holdout

PAGE = (Path(__file__).parents[2] / "docs/own-metrics.md").read_text()
BLOCKS = re.findall(r"```\w+\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "src").mkdir()
    for name, text in BLOCKS:
        (tmp_path / name).write_text(text)
    (tmp_path / "holdout.csv").write_text(holdout())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("shop", "shop_plugin"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield tmp_path
    if manager().has_plugin("shop_plugin"):
        manager().unregister(name="shop_plugin")


def test_every_block_names_its_file():
    assert len(BLOCKS) == PAGE.count("```") // 2 == 3


def test_the_declared_gate_passes(project, capsys):
    assert main(["check"]) == 0
    assert "shop:profit in sex=F  1.800" in capsys.readouterr().out


def test_the_registered_name_is_the_same_metric(project, capsys):
    path = project / "pyproject.toml"
    text = path.read_text().replace('"shop:profit"', '"profit"')
    path.write_text(text.replace('["src"]', '["src"]\nplugins = ["shop_plugin"]'))
    assert main(["check"]) == 0
    assert " profit in sex=F  1.800" in capsys.readouterr().out


def test_scikit_learns_functions_fit(project, capsys):
    name = re.search(r"sklearn\.metrics:\w+", PAGE)[0]
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace("shop:profit", name).replace("1.0", "0.5"))
    assert main(["check"]) == 0
    assert name in capsys.readouterr().out
