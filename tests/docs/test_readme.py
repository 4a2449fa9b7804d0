"""What the README shows is what happens."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_failing_gate_prints_what_the_readme_shows(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples/titanic/data", tmp_path / "data")
    (tmp_path / "test_titanic.py").write_text(blocks("python")[0], encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_titanic.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 1
    shown = [line for block in blocks("text") for line in block.splitlines() if line.strip()]
    printed = run.stdout.splitlines()
    assert [line for line in shown if line not in printed] == []


def test_every_marker_of_the_readme_is_accepted(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "from functools import partial\nimport pytest\ndef train(seed): ...\n"
        "applications = holdout = pytest.fixture(lambda: None)\n" + blocks("python")[1]
    )
    result = pytester.runpytest_subprocess("--collect-only", "-q")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*3 tests collected*"])


def test_the_declared_gate_of_the_readme_is_a_valid_configuration(tmp_path: Path) -> None:
    from pytest_mlgates.config.load import load

    path = tmp_path / "pyproject.toml"
    path.write_text(blocks("toml")[0], encoding="utf-8")
    assert list(load(path).gates) == ["sex-parity"]


def test_every_hook_is_named_in_the_readme_and_every_named_hook_exists() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    shown = yaml.safe_load(blocks("yaml")[0])["repos"][0]["hooks"]
    assert {hook["id"] for hook in shown} == {hook["id"] for hook in hooks}


def test_the_oldest_versions_of_the_table_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [
        r for name, rs in project["optional-dependencies"].items() if name != "all" for r in rs
    ]
    required = dict(
        re.fullmatch(r"([\w\-\[\]]+)>=([\d.]+)", text).groups()  # type: ignore[union-attr]
        for text in [*project["dependencies"], *extras]
    )
    rows = re.findall(
        r"^\| (?:`[\w-]+`|\(core\)) \| ([\w\-\[\]]+) \| ([\d.]+) \|", README, re.MULTILINE
    )
    table = {name: oldest for name, oldest in rows if name != "Python"}
    assert table == required


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
