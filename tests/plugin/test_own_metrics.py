"""A metric of the project, named by path in markers and calls of the fixture."""

from __future__ import annotations

SHOP = """
import numpy as np

def profit(y_true, y_pred):
    won = (y_true == 1) & (y_pred == 1)
    lost = (y_true == 0) & (y_pred == 1)
    return 5.0 * np.mean(won) - 2.0 * np.mean(lost)
"""


def test_markers_and_calls_name_it_by_path(project):
    project.makepyfile(shop=SHOP)
    project.makepyfile(
        test_shop="""
        import pytest

        @pytest.mark.metric("shop:profit", min=2.0)
        def test_marker(mlgate, good):
            mlgate(**good)

        @pytest.mark.metric("shop:profit", min=2.0)
        def test_failing(mlgate, bad):
            mlgate(**bad)

        def test_call(mlgate, good):
            table = {**good, "sensitive_features": {"part": ["a"] * 100 + ["b"] * 100}}
            verdict = mlgate.metric(None, "shop:profit", min=1.5, by="part", **table)
            assert [g.group for g in verdict.groups] == [("a",), ("b",)]

        def test_no_module(mlgate, good):
            mlgate.metric(None, "shopp:profit", min=1.5, **good)
        """
    )
    result = project.runpytest_inprocess("--tb=short", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "gate 'test_shop.py::test_failing::metric:shop:profit' failed",
            "  shop:profit is -1.000, *: min 2 does not hold",
            "*'shopp' does not import*",
        ]
    )
    result.stdout.no_fnmatch_line("*pytest_mlgates/*.py:*")


def test_what_the_function_raises_is_told_without_a_traceback_of_ours(project):
    project.makepyfile(broken="def price(y_true, y_pred): raise LookupError('no price list')")
    project.makepyfile(
        test_broken="""
        import pytest

        @pytest.mark.metric("broken:price", max=1.0)
        def test_price(mlgate, good):
            mlgate(**good)
        """
    )
    result = project.runpytest_inprocess("--tb=short")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*broken:price is undefined on this table*", "*LookupError: no price list*"]
    )
    result.stdout.no_fnmatch_line("*pytest_mlgates/*.py:*")
