"""The examples run as their READMEs say; ``make demo`` shows the broken variants being blocked."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.projects import record_in

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = Path(__file__).parents[2] / "examples"
LEFTOVERS = shutil.ignore_patterns("mlflow.db", "mlruns", ".mlgates", "__pycache__", ".*_cache")
# What the light core does not bring.
EXTRAS = ("pandas", "polars", "pyarrow", "sklearn", "mlflow", "great_expectations", "fairlearn")
TEST = "tests/test_income.py"
AS_TESTS = [
    f"{TEST}::test_applications::data_schema",
    f"{TEST}::test_model::metric:roc_auc",
    f"{TEST}::test_model::metric:accuracy:no_worse_than",
    f"{TEST}::test_model::fairness:demographic_parity_difference:sex",
    f"{TEST}::test_model::fairness:equal_opportunity_difference:sex",
    f"{TEST}::test_training::reproducibility",
]
DECLARED = [
    "applications-schema",
    "ranks-well",
    "no-regression",
    "sex-parity",
    "equal-opportunity",
    "reproducible-training",
]


def copy_of(name: str, folder: Path) -> Path:
    """The example in *folder*, without what earlier runs left in it."""
    return shutil.copytree(EXAMPLES / name, folder / name, ignore=LEFTOVERS)


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """*command* in *folder*, without the environment of this very run."""
    foreign = ("PYTEST_", "MLFLOW_", "GITHUB_", "GIT_", "COLUMNS")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    return subprocess.run(
        command,
        cwd=folder,
        env={**environment, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest in *folder*; a warning fails the test that it comes from."""
    return run(
        [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:asyncio", *arguments], folder
    )


def verdicts(path: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = record_in(path)["verdicts"]
    return found


@pytest.fixture(scope="module")
def income(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The income example with a champion and a challenger."""
    pytest.importorskip("mlflow")
    pytest.importorskip("sklearn")
    folder = copy_of("income", tmp_path_factory.mktemp("examples"))
    for arguments in (["--seed", "1", "--alias", "champion"], ["--alias", "challenger"]):
        trained = run([sys.executable, "train.py", *arguments], folder)
        assert trained.returncode == 0, trained.stdout + trained.stderr
    return folder


def test_titanic_prints_what_its_readme_shows(tmp_path: Path) -> None:
    folder = copy_of("titanic", tmp_path)
    shown = re.findall(
        r"^ PASS .*$", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    finished = run_pytest(folder)
    assert finished.returncode == 0, finished.stdout
    assert len(shown) == 3
    assert [line for line in shown if line not in finished.stdout.splitlines()] == []


def test_titanic_needs_the_light_core_alone(tmp_path: Path) -> None:
    hide = f"import sys; sys.modules.update(dict.fromkeys({EXTRAS})); "
    code = hide + "import pytest; raise SystemExit(pytest.main([]))"
    finished = run([sys.executable, "-c", code], copy_of("titanic", tmp_path))
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_titanic_with_the_bound_of_its_readme_fails_on_fairness(tmp_path: Path) -> None:
    folder = copy_of("titanic", tmp_path)
    test = folder / "test_titanic.py"
    test.write_text(test.read_text(encoding="utf-8").replace("max=0.25", "max=0.10"))
    finished = run_pytest(folder, "--mlgates-evidence", "evidence.json")
    assert finished.returncode == 1
    assert {v["id"]: v["outcome"] for v in verdicts(folder / "evidence.json")} == {
        "test_titanic.py::test_women_first::data_schema": "passed",
        "test_titanic.py::test_women_first::metric:accuracy": "passed",
        "test_titanic.py::test_women_first::fairness:demographic_parity_difference:pclass": (
            "failed"
        ),
    }


@pytest.mark.slow
def test_income_passes_as_tests_and_as_declared_gates(income: Path) -> None:
    finished = run_pytest(income, "--mlgates", "--mlgates-require")
    assert finished.returncode == 0, finished.stdout
    assert "9 passed" in finished.stdout
    assert "warning" not in finished.stdout
    found = verdicts(income / ".mlgates" / "evidence.json")
    assert [v["id"] for v in found] == [*AS_TESTS, *DECLARED]
    assert {v["outcome"] for v in found} == {"passed"}
    assert {v["finding"] for v in found} == {"proven"}


@pytest.mark.slow
def test_income_passes_check(income: Path) -> None:
    finished = run([sys.executable, "-m", "pytest_mlgates", "check", "--json", "-"], income)
    assert finished.returncode == 0, finished.stderr
    found = json.loads(finished.stdout)
    assert [v["id"] for v in found["verdicts"]] == DECLARED
    assert found["complete"] is True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("patch", "test", "gate"),
    [
        ("unfair", "test_model", AS_TESTS[3]),
        ("regression", "test_model", AS_TESTS[2]),
        ("unreproducible", "test_training", AS_TESTS[5]),
    ],
)
def test_a_broken_model_fails_by_its_gate_alone(
    income: Path, tmp_path: Path, patch: str, test: str, gate: str
) -> None:
    folder = shutil.copytree(income, tmp_path / patch)
    applied = run(["git", "apply", f"broken/{patch}.patch"], folder)
    assert applied.returncode == 0, applied.stderr
    finished = run_pytest(folder, f"{TEST}::{test}", "--mlgates-evidence", "evidence.json")
    assert finished.returncode == 1, finished.stdout
    found = verdicts(folder / "evidence.json")
    assert [v["id"] for v in found if v["outcome"] != "passed"] == [gate]
    assert [v["finding"] for v in found if v["id"] == gate] == ["disproven"]


def test_the_bad_batch_of_income_breaks_the_contract(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    folder = copy_of("income", tmp_path)
    check = [sys.executable, "-m", "pytest_mlgates", "check", "applications-schema", "--json", "-"]
    assert run(check, folder).returncode == 0
    made = run([sys.executable, "broken/schema.py"], folder)
    assert made.returncode == 0, made.stderr
    finished = run(check, folder)
    assert finished.returncode == 1, finished.stderr
    (verdict,) = json.loads(finished.stdout)["verdicts"]
    broken = {
        (d["kwargs"]["column"], d["type"]): d["unexpected_count"]
        for d in verdict["details"]
        if not d["success"]
    }
    assert broken == {
        ("sex", "expect_column_values_to_not_be_null"): 50,
        ("hours_per_week", "expect_column_values_to_be_between"): 20,
        ("workclass", "expect_column_values_to_be_in_set"): 153,
    }


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_great_expectations_itself_reads_the_contract_and_agrees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "false")
    gx = pytest.importorskip("great_expectations")
    pandas = pytest.importorskip("pandas")
    contract = EXAMPLES / "income/contracts/applications.json"
    suite = gx.ExpectationSuite(**json.loads(contract.read_text(encoding="utf-8")))
    rows = pandas.concat(map(pandas.read_parquet, (EXAMPLES / "income/data").glob("*.parquet")))
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("examples")
    asset = source.add_dataframe_asset("applications")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch(
        batch_parameters={"dataframe": rows}
    )
    result = batch.validate(suite)
    assert result.success
    assert len(result.results) == len(suite.expectations) == 14
