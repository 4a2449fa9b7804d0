"""examples/digits: three trainings repeat; with its patch, each does not, and says where."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
LEFTOVERS = shutil.ignore_patterns(".mlgates", "__pycache__", ".*_cache")
FIRST = {"sklearn": "split", "torch": "torch.weights 0", "keras": "order"}
each = pytest.mark.parametrize("framework", FIRST)


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """*command* in *folder*, without the environment of this very run."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "GIT_"))}
    return subprocess.run(
        command,
        cwd=folder,
        env={**environment, "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def run_pytest(folder: Path, framework: str) -> subprocess.CompletedProcess[str]:
    """The test of *framework*; a warning fails it, as everywhere here."""
    test = f"tests/test_{framework}.py"
    options = ["-W", "error", "-p", "no:asyncio", "-p", "no:cacheprovider"]
    return run(folder, sys.executable, "-m", "pytest", *options, test)


@pytest.fixture
def digits(tmp_path: Path, framework: str) -> Path:
    """A copy of the example."""
    pytest.importorskip("sklearn")
    if framework != "sklearn":
        pytest.importorskip(framework)
    return shutil.copytree(DIGITS, tmp_path / "digits", ignore=LEFTOVERS)


@each
def test_a_training_repeats(digits: Path, framework: str):
    finished = run_pytest(digits, framework)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "1 gate: 1 passed" in finished.stdout


@each
def test_with_the_line_of_its_patch_it_does_not_as_the_readme_shows(digits: Path, framework: str):
    applied = run(digits, "git", "apply", f"broken/{framework}.patch")
    assert applied.returncode == 0, applied.stderr
    finished = run_pytest(digits, framework)
    assert finished.returncode == 1, finished.stdout + finished.stderr
    assert f"run 2 from stage {FIRST[framework]!r} on" in finished.stdout
    readme = (digits / "README.md").read_text(encoding="utf-8")
    _, _, section = readme.partition(f"broken/{framework}.patch")
    shown = re.findall(r"```text\n(.*?)```", section, re.DOTALL)[0]
    assert without_numbers(shown) in without_numbers(finished.stdout)


def without_numbers(text: str) -> str:
    """*text* without what another draw changes."""
    return re.sub(r"\d[\d,.e-]*", "#", text)
