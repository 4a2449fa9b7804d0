"""A suite that Great Expectations evaluates leaves no trace: no network, no files, no output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pandas")
pytest.importorskip("great_expectations")

ROOT = Path(__file__).parents[3]
CHILD = """
import json, os, sys
seen = []
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
WATCHED = ("socket.connect", "socket.getaddrinfo", "socket.gethostby", "socket.sendto",
           "urllib.", "http.", "subprocess.", "os.system", "os.posix_spawn", "os.exec", "os.fork",
           "os.mkdir", "os.rename", "os.remove", "tempfile.", "shutil.")

def hook(event, args):
    if event == "open":
        path, mode, flags = args
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (
            isinstance(flags, int) and flags & WRITING
        ):
            seen.append(f"open {path} {mode}")
    elif event.startswith(WATCHED):
        seen.append(f"{event} {args}"[:200])

sys.addaudithook(hook)
import polars as pl
import pandas as pd
from pytest_mlgates import data_schema

suite = [
    {"type": "expect_column_values_to_not_be_outliers",
     "kwargs": {"column": "x", "method": "iqr", "multiplier": 1.5}},
    {"type": "expect_column_values_to_match_json_schema",
     "kwargs": {"column": "doc", "json_schema": {"type": "object"}}},
]
frame = pl.DataFrame({"x": [1, 2, 3, 4, 99], "doc": ["{}"] * 5})
outcomes = [str(data_schema(one, suite).outcome) for one in (frame, frame.to_pandas())]
with open(sys.argv[1], "w") as answer:
    json.dump({"outcomes": outcomes, "seen": seen[:]}, answer)
"""


@pytest.mark.parametrize("analytics", [None, "true"])
def test_gx_connects_to_nothing_and_writes_nothing_its_import_included(tmp_path, analytics):
    places = {name: tmp_path / name for name in ("home", "working", "temporary", "cache")}
    for place in places.values():
        place.mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "GX_"))}
    environment |= {
        "HOME": str(places["home"]),
        "TMPDIR": str(places["temporary"]),
        "XDG_CACHE_HOME": str(places["cache"]),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if analytics is not None:
        environment["GX_ANALYTICS_ENABLED"] = analytics
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path / "answer.json")],
        cwd=places["working"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert answer["outcomes"] == ["failed", "failed"]
    assert [one for one in answer["seen"] if not one.endswith("answer.json w")] == []
    left = {name: [str(p) for p in place.rglob("*")] for name, place in places.items()}
    assert left == {name: [] for name in places}
