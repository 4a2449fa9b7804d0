"""Installed and unused, the plugin costs nothing: module lists, which are stable, not times."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "numpy",
    "pandas",
    "polars",
    "narwhals",
    "duckdb",
    "sklearn",
    "mlflow",
    "great_expectations",
    "fairlearn",
    "rich",
    "msgspec",
    "xxhash",
)

# All that importing the plugin adds to an imported pytest.
ADDED = {"pytest_mlgates", "pytest_mlgates.plugin"}

REPORT = f"""
    import sys

    def pytest_unconfigure():
        found = sorted(set({HEAVY}) & set(sys.modules))
        ours = sorted(name for name in sys.modules if name.startswith("pytest_mlgates"))
        print("\\nheavy:", found)
        print("ours:", ours)
"""


def test_importing_the_plugin_adds_exactly_these_modules():
    code = (
        "import sys, pytest, typing; before = set(sys.modules); import pytest_mlgates.plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert set(out.split()) == ADDED


def test_unused_nothing_heavy_is_imported(pytester):
    pytester.makeconftest(REPORT)
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("x", range(3))
        def test_plain(x): pass
    """)
    result = pytester.runpytest_subprocess("-p", "no:anyio")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "heavy: []",
            "ours: ['pytest_mlgates', 'pytest_mlgates.plugin']",
        ]
    )


def test_unused_nothing_heavy_is_imported_under_xdist(pytester):
    pytester.makeconftest(REPORT)
    pytester.makepyfile("def test_plain(): pass")
    result = pytester.runpytest_subprocess("-n", "2", "-p", "no:anyio")
    result.stdout.fnmatch_lines(
        [
            "heavy: []",
            "ours: ['pytest_mlgates', 'pytest_mlgates.plugin']",
        ]
    )


def test_plain_labels_import_nothing_heavy(pytester):
    pytester.makeconftest(REPORT)
    pytester.makepyfile("""
        import pytest

        @pytest.mark.fairness
        def test_label(): pass
    """)
    result = pytester.runpytest_subprocess("-p", "no:anyio")
    result.stdout.fnmatch_lines([" 1 test marked fairness without a gate", "heavy: []"])


def test_a_pyproject_that_only_names_the_package_imports_nothing_heavy(pytester):
    pytester.makeconftest(REPORT)
    pytester.makepyprojecttoml("""
        [project]
        name = "credit"
        version = "1"
        dependencies = ["pytest-mlgates"]
    """)
    pytester.makepyfile("def test_plain(): pass")
    result = pytester.runpytest_subprocess("-p", "no:anyio")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["heavy: []"])


def test_help_imports_nothing_heavy(pytester):
    pytester.makeconftest(REPORT)
    result = pytester.runpytest_subprocess("--help")
    result.stdout.fnmatch_lines(["heavy: []"])


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_a_configured_project_without_gates_imports_nothing_heavy(pytester, workers):
    pytester.makeconftest(REPORT)
    pytester.makepyprojecttoml("""
        [tool.mlgates]
        required = ["sound"]

        [tool.mlgates.tables.holdout]
        path = "holdout.csv"
    """)
    pytester.makepyfile("def test_plain(): pass")
    result = pytester.runpytest_subprocess("-p", "no:anyio", *workers)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([" required, not run: sound", "heavy: []"])
