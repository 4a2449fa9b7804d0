"""The scripts that guard main do not pass in silence."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "given, code",
    [
        ({}, 0),
        ({"MLGATES_ALL_PYTHONS": "1"}, 1),
        ({"CI": "1"}, 1),
        ({"CI": "true"}, 1),
        ({"CI": "true", "MLGATES_ALL_PYTHONS": "0"}, 0),
    ],
)
def test_a_python_that_is_missing_is_told_last_and_fails_where_all_are_wanted(given, code):
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "MLGATES_ALL_PYTHONS")}
    script = ROOT / "tools/test-pythons.sh"
    found = subprocess.run(
        [script, "3.99"], env=environment | given, capture_output=True, text=True, check=False
    )
    assert found.stderr == "NOT RUN on Python 3.99: not on this machine\n"
    assert found.returncode == code


def test_the_guard_of_main_wants_every_python():
    text = (ROOT / ".ci/run").read_text()
    assert text.index("export MLGATES_ALL_PYTHONS=1") < text.index("make test")
