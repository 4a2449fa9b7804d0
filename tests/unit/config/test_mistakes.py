"""Mistakes in ``[tool.mlgates]``: all told at once, each at its key."""

from __future__ import annotations

import pytest

from pytest_mlgates.config.load import load
from pytest_mlgates.core.errors import ConfigurationError

TABLES = """
[tool.mlgates.tables.holdout]
path = "holdout.csv"
"""
GATE = """
[tool.mlgates.gates.x]
kind = "metric"
table = "holdout"
metric = "accuracy"
min = 0.8
"""


def mistakes(tmp_path, text: str) -> str:
    path = tmp_path / "pyproject.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    return str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path):
    text = mistakes(
        tmp_path,
        """
[tool.mlgates]
confidense = 0.9
[tool.mlgates.tables.holdout]
paht = "holdout.csv"
[tool.mlgates.gates.x]
kind = "metric"
table = "holdout"
metric = "accuracy"
mni = 0.8
max = "high"
[tool.mlgates.gates.y]
kind = "fairnes"
""",
    )
    assert text.startswith(f"6 mistakes in {tmp_path}/pyproject.toml\n")
    for key in (
        "[tool.mlgates] confidense",
        "[tool.mlgates.tables.holdout] paht",
        "[tool.mlgates.tables.holdout] path",
        "[tool.mlgates.gates.x] mni",
        "[tool.mlgates.gates.x] max",
        "[tool.mlgates.gates.y] kind",
    ):
        assert f"  where: pyproject.toml {key}\n" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ("min = 0.8", "mni = 0.8\nmax = 0.9"),
            "unknown key 'mni'\n  where: pyproject.toml [tool.mlgates.gates.x] mni\n  want:",
        ),
        (("min = 0.8", "mni = 0.8\nmax = 0.9"), "  fix:   did you mean 'min'?"),
        (("table =", "tabel ="), "gate 'x' names no table\n"),
        (("table =", "tabel ="), "  fix:   did you mean 'table'?"),
        (
            ('"holdout"', '"holdot"'),
            (
                "gate 'x' judges an unknown table 'holdot'\n"
                "  where: pyproject.toml [tool.mlgates.gates.x] table\n"
                "  want:  one of the declared tables: 'holdout'\n"
                "  fix:   did you mean 'holdout'?"
            ),
        ),
        (
            ('kind = "metric"', ""),
            (
                "gate 'x' has no kind\n  where: pyproject.toml [tool.mlgates.gates.x]\n"
                "  want:  one of 'data_schema', 'metric', 'fairness', 'reproducibility'"
            ),
        ),
        (
            ("min = 0.8", "min = nan"),
            (
                "min is not usable\n  where: pyproject.toml [tool.mlgates.gates.x] min\n"
                "  got:   nan\n  want:  a finite number"
            ),
        ),
        (("min = 0.8", "min = 1.8"), "min = 1.8 is out of range for accuracy"),
        (("min = 0.8", ""), "a metric gate on accuracy without a bound demands nothing"),
        (
            ("table =", 'entry = "a:b"\ntable ='),
            (
                "gate 'x' of kind 'metric' takes no entry\n"
                "  where: pyproject.toml [tool.mlgates.gates.x] entry\n"
                "  fix:   name its table instead"
            ),
        ),
        (("gates.x]", 'gates."v1.2"]\nmni = 1'), '[tool.mlgates.gates."v1.2"] mni'),
        (
            ("min = 0.8", 'min = 0.8\ninconclusive = "maybe"'),
            (
                "[tool.mlgates.gates.x] inconclusive\n  got:   'maybe'\n"
                "  want:  'estimate', 'pass' or 'fail'"
            ),
        ),
        (("min = 0.8", "min = 0.8\nconfidence = 95"), "[tool.mlgates.gates.x] confidence\n"),
    ],
)
def test_a_mistake_in_a_gate_is_told_at_its_key(tmp_path, change, words):
    assert words in mistakes(tmp_path, TABLES + GATE.replace(*change))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("confidence = 0.4", "confidence is not usable\n  where: pyproject.toml [tool.mlgates]"),
        ('inconclusive = "maybe"', "  want:  'estimate', 'pass' or 'fail'"),
        ('required = "x"', "pyproject.toml [tool.mlgates] required"),
        ("gate = {x = 1}", "  fix:   did you mean 'gates'?"),
        ("min_cell = 0", "[tool.mlgates] min_cell"),
        ("gates = {x = 3}", "pyproject.toml [tool.mlgates.gates] x"),
        ("tables = {x = 3}", "pyproject.toml [tool.mlgates.tables] x"),
        (
            'plugins = ["no.such"]',
            "plugin 'no.such' does not import\n  where: pyproject.toml [tool.mlgates] plugins",
        ),
    ],
)
def test_a_mistake_in_the_settings_is_told_at_its_key(tmp_path, text, words):
    assert words in mistakes(tmp_path, f"[tool.mlgates]\n{text}\n")


def test_a_table_without_a_path_is_named(tmp_path):
    text = mistakes(tmp_path, "[tool.mlgates.tables.holdout]\nprivate = true\n")
    assert text.endswith(
        "path is missing\n  where: pyproject.toml [tool.mlgates.tables.holdout] path\n"
        '  fix:   add `path = "data/file.parquet"`'
    )


def test_a_file_without_our_table_is_named(tmp_path):
    assert mistakes(tmp_path, "[project]\nname = 'x'\n").startswith("there is no [tool.mlgates]\n")


def test_what_is_not_a_table_is_named(tmp_path):
    assert "[tool.mlgates] is not a table" in mistakes(tmp_path, "[tool]\nmlgates = 3\n")


def test_an_edited_file_is_read_anew(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text(TABLES + GATE)
    assert load(path).gates["x"].gate.parameters.bound().min == 0.8
    path.write_text(TABLES + GATE.replace("0.8", "0.9"))
    assert load(path).gates["x"].gate.parameters.bound().min == 0.9


def test_the_roles_of_a_table_reach_its_gates(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text(
        "[tool.mlgates]\ny_pred = 'guess'\nconfidence = 0.9\n"
        + TABLES
        + "y_true = 'label'\n"
        + GATE
        + "confidence = 0.99\n"
    )
    found = load(path).gates["x"].gate.parameters
    assert (found.y_true, found.y_pred, found.confidence) == ("label", "guess", 0.99)
