"""Hostile suites, over a thousand: none executes, writes, reads or fetches anything.

They are evaluated in a process of their own, natively and on the way to Great Expectations, over
pandas and DuckDB, with an audit hook that records files opened, processes started, sockets, and
whatever text reaches the places where pandas and GX would execute it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("pandas")
pytest.importorskip("great_expectations")

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
EXIT_MISUSE = 2


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """``[case, table, inert, outcome, text, effects]`` of each evaluation, and the places left."""
    base = tmp_path_factory.mktemp("hostile")
    places = {name: base / name for name in ("folder", "working", "home", "temporary")}
    for place in places.values():
        place.mkdir()
    (places["folder"] / "secret.json").write_text('{"type": "array"}')
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COV"))},
        "HOME": str(places["home"]),
        "TMPDIR": str(places["temporary"]),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    environment.pop("GX_ANALYTICS_ENABLED", None)
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile_process", str(places["folder"])],
        cwd=places["working"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    control, *results = json.loads(done.stdout)
    return results, places, control[-1]


def test_the_instrument_records_what_it_is_for(evaluated):
    _, _, control = evaluated
    for seen in ("open 'written'", "os.remove", "os.system", "subprocess", "socket", "secret.json"):
        assert any(seen in one for one in control), seen
    assert control[-1] == "pandas executes 'x > 0'"


def test_no_hostile_suite_has_an_effect(evaluated):
    results, *_ = evaluated
    effects = {(case, table): seen for case, table, _, _, _, seen in results if seen}
    assert effects == {}
    assert len({case for case, *_ in results}) > 1000


def test_every_folder_is_as_it_was(evaluated):
    """DuckDB writes without asking Python, so what is there is looked at too."""
    _, places, _ = evaluated
    left = {name: sorted(p.name for p in place.rglob("*")) for name, place in places.items()}
    assert left == {"folder": ["secret.json"], "working": [], "home": [], "temporary": []}


def test_every_hostile_suite_is_misuse_or_fails(evaluated):
    results, *_ = evaluated
    strange = {
        (case, table): (outcome, text)
        for case, table, inert, outcome, text, _ in results
        if outcome not in ("misuse", "failed", "read") and not (inert and outcome == "passed")
    }
    assert strange == {}


def test_text_in_a_place_that_means_nothing_changes_nothing(evaluated):
    """Notes, descriptions and names may hold anything; so may the names of columns."""
    results, *_ = evaluated
    counts = Counter(outcome for _, _, inert, outcome, _, _ in results if inert)
    assert counts["passed"] > 90
    assert counts["failed"] == 0


def test_no_message_shows_a_file_or_moves_the_cursor(evaluated):
    results, *_ = evaluated
    for case, _, _, _, text, _ in results:
        assert "TOPSECRET" not in text, case
        marks = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs")} - {"\n"}
        assert not marks, (case, marks)


@pytest.mark.parametrize(
    "type_", ["column_values_to_not_be_null", "column_values_to_not_be_outliers"]
)
def test_a_hostile_suite_ends_the_command_with_2(tmp_path, type_):
    """Nothing more than the mistake is printed, and nothing is written."""
    (tmp_path / "data.csv").write_text("x\n1\n2\n")
    (tmp_path / "mlgates.toml").write_text(
        '[tables.t]\npath = "data.csv"\n'
        '[gates.g]\nkind = "data_schema"\ntable = "t"\nsuite = "suite.json"\n'
    )
    text = f'@pd.io.common.os.system("touch {tmp_path}/hacked")'
    one = {"type": f"expect_{type_}", "kwargs": {"column": "x", "row_condition": text}}
    (tmp_path / "suite.json").write_text(json.dumps({"expectations": [one]}))
    before = sorted(path.name for path in tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "pytest_mlgates", "check"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == EXIT_MISUSE
    assert "row_condition" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "hacked").exists()
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != ".mlgates") == before
