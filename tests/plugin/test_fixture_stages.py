"""What fixtures tell `trace` stands before the stages of the tests that use them."""

from __future__ import annotations

import json

import pytest

from tests.projects import record_in

PROJECT = """
    import numpy as np
    import pytest
    from pytest_mlgates import trace

    MADE = []

    @pytest.fixture(scope="session")
    def raw():
        MADE.append("raw")
        return trace("raw", np.arange(10.0))

    @pytest.fixture(scope="module")
    def split(raw):
        return trace("split", 1, raw[:5])

    @pytest.fixture
    def unused():
        return trace("unused", 1)

    @pytest.fixture(params=[1, 2])
    def scale(request):
        return trace("scale", request.param)

    def stages(verdict):
        for one in verdict.details:
            assert one["stages"] == verdict.details[0]["stages"]
        return [one["stage"] for one in verdict.details[0]["stages"]]

    def test_made_earlier(raw): pass

    @pytest.mark.reproducibility(runs=2)
    def test_of_session(split, mlgate):
        (verdict,) = mlgate(lambda: trace("weights", split * 2))
        assert stages(verdict) == ["raw", "split 1", "weights"]
        assert MADE == ["raw"]

    @pytest.mark.reproducibility(runs=2)
    def test_of_session_again(mlgate, split, unused):
        (verdict,) = mlgate(lambda: split * 2)
        assert stages(verdict) == ["raw", "split 1", "unused"]

    def test_without_marker(mlgate):
        assert stages(mlgate.reproducibility(lambda: [1.0, 2.0])) == []

    @pytest.mark.reproducibility(runs=2)
    def test_of_parameter(mlgate, scale):
        (verdict,) = mlgate(lambda: [1.0, scale])
        assert stages(verdict) == ["scale"]

    @pytest.mark.reproducibility(runs=2)
    def test_asked_for_while_it_runs(mlgate, request):
        assert stages(mlgate.reproducibility(lambda: [1.0, 2.0], id="a")) == []
        request.getfixturevalue("split")
        (verdict,) = mlgate(lambda: [1.0, 2.0])
        assert stages(verdict) == ["raw", "split 1"]
"""


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("-p", "no:randomly")], ids=str)
def test_stages_of_fixtures_come_first(pytester, options):
    pytester.makepyfile(PROJECT)
    result = pytester.runpytest_subprocess(*options)
    result.assert_outcomes(passed=7)


def test_the_order_is_that_of_the_need_not_of_the_tests(pytester):
    pytester.makepyfile("""
        import pytest
        from pytest_mlgates import trace

        @pytest.fixture(scope="module")
        def one(): return trace("one", 1)

        @pytest.fixture(scope="module")
        def two(): return trace("two", 2)

        def test_other(two, one): pass

        @pytest.mark.reproducibility(runs=2)
        def test_it(one, two, mlgate):
            (verdict,) = mlgate(lambda: [1.0, 2.0])
            print("STAGES", *[one["stage"] for one in verdict.details[0]["stages"]])
    """)
    both = pytester.runpytest("-s").stdout
    both.fnmatch_lines(["*STAGES one two"])
    pytester.runpytest("-s", "-k", "test_it").stdout.fnmatch_lines(["*STAGES one two"])


def test_a_fixture_that_overrides_another_comes_after_it(pytester):
    pytester.makeconftest("""
        import pytest
        from pytest_mlgates import trace

        @pytest.fixture(scope="session")
        def rows(): return trace("rows of all", [1.0, 2.0])
    """)
    pytester.makepyfile("""
        import pytest
        from pytest_mlgates import trace

        @pytest.fixture
        def rows(rows): return trace("rows", rows[:1])

        @pytest.mark.reproducibility(runs=2)
        def test_it(rows, mlgate):
            (verdict,) = mlgate(lambda: [1.0, 2.0])
            assert [one["stage"] for one in verdict.details[0]["stages"]] == ["rows of all", "rows"]
    """)
    pytester.runpytest().assert_outcomes(passed=1)


def test_what_has_no_fingerprint_is_an_error_of_the_fixture(pytester):
    pytester.makepyfile("""
        import pytest
        from pytest_mlgates import trace

        @pytest.fixture
        def rows(): return trace("rows", object())

        @pytest.mark.reproducibility(runs=2)
        def test_it(rows, mlgate): mlgate(lambda: [1.0, 2.0])
    """)
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*has no fingerprint*"])


def test_without_such_a_gate_nobody_listens_and_nothing_is_registered(pytester):
    pytester.makeconftest("""
        def pytest_unconfigure(config):
            print("LISTENS", config.pluginmanager.has_plugin("mlgates-fixture-stages"))
    """)
    pytester.makepyfile("""
        import pytest
        from pytest_mlgates import trace

        @pytest.fixture
        def rows(): return trace("rows", object())

        def test_plain(rows): pass

        @pytest.mark.metric("accuracy", min=0.5)
        def test_metric(rows, mlgate): mlgate({"y_true": [0, 1] * 50, "y_pred": [0, 1] * 50})
    """)
    result = pytester.runpytest()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*LISTENS False"])


def test_they_stand_in_the_evidence(pytester):
    pytester.makepyfile("""
        import pytest
        from pytest_mlgates import trace

        @pytest.fixture
        def rows(): return trace("rows", [1.0])

        @pytest.mark.reproducibility(runs=2)
        def test_it(rows, mlgate): mlgate(lambda: [1.0, 2.0])
    """)
    pytester.runpytest("--mlgates-evidence=e.json").assert_outcomes(passed=1)
    evidence = record_in(pytester.path / "e.json")
    assert '"stage": "rows"' in json.dumps(evidence)
