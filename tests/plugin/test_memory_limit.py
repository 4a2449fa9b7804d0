"""A memory limit that is none is told by every gate, whether an engine is loaded for it or not."""

from __future__ import annotations

import pytest

TESTS = """
    import pandas
    import pytest

    ROWS = pandas.DataFrame({"y_true": [0, 1] * 50, "y_pred": [0, 1] * 50})
    EXISTS = {"type": "expect_column_to_exist", "kwargs": {"column": "y_true"}}

    @pytest.mark.metric("accuracy", min=0.5)
    def test_metric(mlgate):
        mlgate(ROWS)

    @pytest.mark.data_schema([EXISTS])
    def test_contract(mlgate):
        mlgate(ROWS)

    @pytest.mark.reproducibility
    def test_training(mlgate):
        mlgate(lambda: 1)
"""


def test_a_limit_that_is_no_size_is_misuse_of_every_gate(pytester, monkeypatch):
    pytest.importorskip("pandas")
    monkeypatch.setenv("MLGATES_MEMORY_LIMIT", "much")
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_inprocess("--tb=short")
    result.assert_outcomes(failed=3)
    told = [line for line in result.outlines if "MLGATES_MEMORY_LIMIT is not a size" in line]
    assert len(told) >= 3
    result.stdout.fnmatch_lines(["*where: environment", "*got:   'much'"])


def test_a_limit_that_is_a_size_lets_them_pass(pytester, monkeypatch):
    pytest.importorskip("pandas")
    monkeypatch.setenv("MLGATES_MEMORY_LIMIT", "1GB")
    pytester.makepyfile(TESTS)
    pytester.runpytest_inprocess().assert_outcomes(passed=3)
