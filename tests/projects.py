"""A small project with one gate of each kind, as users have it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_mlgates.core.statement import EXTENSION

if TYPE_CHECKING:
    from pathlib import Path

SUITE = [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "age"}},
    {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "age", "min_value": 0, "max_value": 120},
    },
]
TRAINER = """
def train():
    print("from the training function")
    return [1.0, 2.0]
"""
CONFIGURATION = """
[tool.mlgates]
pythonpath = ["."]

[tool.mlgates.tables.applications]
path = "data/*.csv"

[tool.mlgates.tables."holdout.csv"]
path = "holdout.csv"

[tool.mlgates.gates.schema]
kind = "data_schema"
table = "applications"
suite = "contracts/applications.json"

[tool.mlgates.gates.accuracy]
kind = "metric"
table = "holdout.csv"
metric = "accuracy"
min = 0.6

[tool.mlgates.gates.parity]
kind = "fairness"
table = "holdout.csv"
metric = "demographic_parity_difference"
by = "sex"
max = 0.4

[tool.mlgates.gates.training]
kind = "reproducibility"
entry = "TRAINER:train"
"""
GOOD_DATA = "age,sex\n31,F\n42,M\n"
BAD_DATA = "age,sex\n31,F\n130,M\n"


def write_project(root: Path, *, data: str = GOOD_DATA, configuration: str = CONFIGURATION) -> Path:
    """The project in *root*; every gate of it passes unless *data* is bad."""
    for folder in ("data", "contracts"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    # One module name per project: they all live in this process.
    trainer = "trainer_" + "".join(c if c.isalnum() else "_" for c in str(root))
    (root / f"{trainer}.py").write_text(TRAINER)
    (root / "pyproject.toml").write_text(configuration.replace("TRAINER", trainer))
    (root / "contracts/applications.json").write_text(
        json.dumps({"name": "applications", "expectations": SUITE})
    )
    (root / "data/applications.csv").write_text(data)
    (root / "holdout.csv").write_text(holdout())
    return root


def holdout(rows: int = 400) -> str:
    """Labels, predictions of a model that is right four times in five, and an attribute."""
    lines = ["y_true,y_pred,y_score,sex"]
    for i in range(rows):
        truth = i % 2
        predicted = truth if i % 5 else 1 - truth
        lines.append(f"{truth},{predicted},{0.25 + 0.5 * predicted},{'FM'[i // 2 % 2]}")
    return "\n".join(lines) + "\n"


def record_in(path: Path) -> dict:
    """What this project's own part of the evidence in *path* says."""
    return json.loads(path.read_text())["predicate"][EXTENSION]
