"""Small projects for the plugin's tests.

Inner runs start from an empty folder with the warnings of our own run, which are errors, and
without pytest-asyncio, which warns in every project that does not set its loop scope.
"""

from __future__ import annotations

import importlib
from textwrap import dedent

import pytest

# In-process runs forget what they import, and numpy cannot be imported twice.
for _name in (
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.serialization",
    "duckdb",
    "numpy",
    "pandas",
    "pytest_mlgates.gates.data_schema",
    "pytest_mlgates.gates.fairness_judge",
    "pytest_mlgates.gates.metric.judge",
    "pytest_mlgates.gates.reproducibility_judge",
    "pytest_mlgates.plugin.closing",
    "pytest_mlgates.plugin.fixture",
    "pytest_mlgates.plugin.items",
    "pytest_mlgates.reports.text",
    "pytest_mlgates.runner.check",
    "pytest_mlgates.runner.evidence",
    "pytest_mlgates.runner.functions",
    "rich.console",
    "rich.table",
):
    importlib.import_module(_name)

FIXTURES = """
    import pytest

    @pytest.fixture
    def good():
        return {"y_true": [0, 1] * 100, "y_pred": [0, 1] * 100}

    @pytest.fixture
    def bad():
        return {"y_true": [0, 1] * 100, "y_pred": [1, 0] * 100}
"""

# 200 rows; `good` is always right, `bad` always wrong; `sex` and `label` are independent.
_ROWS = [(i % 2, i % 2, 1 - i % 2, "FM"[i // 2 % 2], i) for i in range(200)]
HOLDOUT = "label,good,bad,sex,row\n" + "".join(",".join(map(str, r)) + "\n" for r in _ROWS)

GATES = """
    [tool.mlgates]
    y_true = "label"

    [tool.mlgates.tables.holdout]
    path = "holdout.csv"

    [tool.mlgates.gates.sound]
    kind = "metric"
    table = "holdout"
    metric = "accuracy"
    y_pred = "good"
    min = 0.8

    [tool.mlgates.gates.parity]
    kind = "fairness"
    table = "holdout"
    metric = "demographic_parity_difference"
    y_pred = "good"
    by = "sex"
    max = 0.5
"""

BROKEN_GATE = """
    [tool.mlgates.gates.broken]
    kind = "metric"
    table = "holdout"
    metric = "accuracy"
    y_pred = "bad"
    min = 0.8
"""


@pytest.fixture(autouse=True)
def _inner_options(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:asyncio -p no:hypothesispytest -W error")
    monkeypatch.setenv("COLUMNS", "240")  # nothing is cut short


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project whose tests have the fixtures ``good`` and ``bad``: arrays by role."""
    pytester.makeconftest(dedent(FIXTURES))
    return pytester


@pytest.fixture
def declared(project: pytest.Pytester) -> pytest.Pytester:
    """The project with two sound gates in its configuration, and their table."""
    (project.path / "holdout.csv").write_text(HOLDOUT)
    configure(project, GATES)
    return project


def configure(project: pytest.Pytester, *parts: str) -> None:
    """Write *parts* as the project's configuration."""
    project.makepyprojecttoml("\n".join(dedent(part) for part in parts))
