from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_mlgates.config.load import load

PAGE = Path(__file__).parents[2] / "docs" / "reproducibility.md"


def blocks(heading: str, language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("block", blocks("Stress", "python"))
def test_every_example_runs(block):
    exec(compile(block, str(PAGE), "exec"), {"__name__": "docs"})


def test_the_declared_gates_are_read(tmp_path):
    (block,) = blocks("As a declared gate", "toml")
    (tmp_path / "pyproject.toml").write_text(block)
    gates = load(tmp_path / "pyproject.toml").gates
    assert gates["training"].calls == "`python {project}/train.py --out {out}`"
    assert gates["features"].calls == "churn.features:build"
