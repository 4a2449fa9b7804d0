"""Gates on a metric of the project: from the command line, in plans, and in hooks."""

from __future__ import annotations

import json

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.hooks.mlgates_check import main as hook
from tests.projects import holdout

FUNCTIONS = """
import numpy as np

def profit(y_true, y_pred):
    return float(np.mean(np.where(y_pred == 1, np.where(y_true == 1, 5.0, -2.0), 0.0)))

def never(features):
    return np.zeros(len(features), dtype=int)

def broken(y_true, y_pred):
    raise RuntimeError("no prices today")
"""
PLUGIN = """
from pytest_mlgates.extensions import hookimpl
from pytest_mlgates.gates.own_metrics import OwnMetric
from MODULE import profit

@hookimpl
def mlgates_metrics():
    return [OwnMetric(name="MODULE_profit", function=profit, greater_is_better=True)]
"""
TABLE = """
[tool.mlgates]
pythonpath = ["src"]
PLUGINS
[tool.mlgates.tables.holdout]
path = "holdout.csv"
[tool.mlgates.gates.profit]
kind = "metric"
table = "holdout"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Writes a project with one gate; its module has a name of its own in this process."""
    module = "own_" + "".join(c if c.isalnum() else "_" for c in tmp_path.name)

    def write(gate: str, *, plugin: bool = False) -> str:
        (tmp_path / "src").mkdir()
        (tmp_path / f"src/{module}.py").write_text(FUNCTIONS)
        (tmp_path / f"src/{module}_plugin.py").write_text(PLUGIN.replace("MODULE", module))
        plugins = f'plugins = ["{module}_plugin"]' if plugin else ""
        text = TABLE.replace("PLUGINS", plugins) + gate.replace("MODULE", module)
        (tmp_path / "pyproject.toml").write_text(text)
        (tmp_path / "holdout.csv").write_text(holdout())
        return module

    monkeypatch.chdir(tmp_path)
    return write


def evidence(capsys) -> dict:
    return json.loads(capsys.readouterr().out)["verdicts"][0]


def test_a_gate_names_the_function_by_path(project, capsys):
    module = project('metric = "MODULE:profit"\nmin = 1.0\nby = "sex"')
    assert main(["check", "--json", "-"]) == 0
    verdict = evidence(capsys)
    assert verdict["metric"] == f"{module}:profit"
    assert verdict["finding"] == "proven"
    assert verdict["method"] == "bca bootstrap"
    assert [group["group"] for group in verdict["groups"]] == [["F"], ["M"]]


def test_a_metric_that_is_not_reached_fails(project, capsys):
    project('metric = "MODULE:profit"\nmin = 3.0')
    assert main(["check"]) == 1
    assert "min 3 does not hold" in capsys.readouterr().out


def test_a_champion_is_compared(project, capsys):
    project(
        'metric = "MODULE:profit"\nno_worse_than = "MODULE:never"\nmargin = 0.1\n'
        'greater_is_better = true\nfeatures = ["sex"]'
    )
    assert main(["check", "--json", "-"]) == 0
    assert evidence(capsys)["method"] == "paired bca bootstrap"


def test_without_the_good_end_a_comparison_is_misuse(project, capsys):
    project('metric = "MODULE:profit"\nno_worse_than = "MODULE:never"\nmargin = 0.1')
    assert main(["check"]) == 2
    assert "greater_is_better" in capsys.readouterr().out


def test_an_error_of_the_function_is_misuse_in_its_own_words(project, capsys):
    project('metric = "MODULE:broken"\nmin = 1.0')
    assert main(["check"]) == 2
    out = "".join(capsys.readouterr())
    assert "it raised RuntimeError: no prices today" in out
    assert "Traceback" not in out


def test_a_plugin_of_the_configuration_registers_a_name(project, capsys):
    module = project('metric = "MODULE_profit"\nmin = 1.0', plugin=True)
    assert main(["check", "--json", "-"]) == 0
    assert evidence(capsys)["metric"] == f"{module}_profit"


def test_a_name_that_no_plugin_registers_is_a_mistake(project, capsys):
    project('metric = "MODULE_profit"\nmin = 1.0')
    assert main(["check"]) == 2
    assert "package.module:function" in "".join(capsys.readouterr())


@pytest.mark.parametrize("plugin", [True, False])
def test_a_hook_runs_no_code_of_the_project(project, capsys, plugin):
    module = project(f'metric = "MODULE{"_" if plugin else ":"}profit"\nmin = 1.0', plugin=plugin)
    assert hook(["holdout.csv"]) == 1
    out = capsys.readouterr().out
    reason = "a plugin of the project registers its metric" if plugin else f"calls {module}:profit"
    assert "gate 'profit' is not evaluated here" in out
    assert reason in out
    assert "mlgates lock profit" in out


def test_a_plan_says_what_the_rows_can_settle(project, capsys):
    module = project('metric = "MODULE:profit"\nmin = 1.0\nby = "sex"')
    assert main(["plan"]) == 0
    out = capsys.readouterr().out
    assert f"{module}:profit by sex" in out
