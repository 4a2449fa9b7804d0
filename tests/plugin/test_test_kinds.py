"""Every kind of test, and every way to end one, behaves as users of pytest expect."""

from __future__ import annotations


def test_skipped_tests_demand_nothing(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.skip(reason="not today")
        @pytest.mark.metric("accuracy", min=0.8)
        def test_marked(mlgate): pass

        @pytest.mark.metric("accuracy", min=0.8)
        def test_inside(mlgate):
            pytest.skip("not today")

        @pytest.fixture
        def model():
            pytest.skip("not trained")

        @pytest.mark.metric("accuracy", min=0.8)
        def test_in_setup(mlgate, model): pass
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(skipped=3)
    result.stdout.no_fnmatch_line("*ERROR*")


def test_an_expected_failure_stays_one_and_is_shown_as_failed(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.xfail(reason="known to be weak")
        @pytest.mark.metric("accuracy", min=0.8)
        def test_weak(mlgate, bad):
            mlgate(**bad)

        @pytest.mark.xfail(strict=True)
        @pytest.mark.metric("accuracy", min=0.8)
        def test_better_than_thought(mlgate, good):
            mlgate(**good)
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(xfailed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            " FAIL  test_weak *",
            " PASS  test_better_than_thought *",
            " 2 gates: 1 passed, 1 failed, 0 waived",
            "FAILED *::test_better_than_thought - *XPASS(strict)*",
        ]
    )


def test_an_expected_failure_alone_ends_with_0_and_its_evidence_says_failed(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.xfail
        @pytest.mark.metric("accuracy", min=0.8)
        def test_weak(mlgate, bad):
            mlgate(**bad)
    """)
    result = project.runpytest_inprocess("--mlgates-evidence", "evidence.json")
    assert result.ret == 0
    assert '"result": "FAILED"' in (project.path / "evidence.json").read_text()


def test_a_test_that_fails_for_another_reason_tells_that_reason_alone(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        def test_model(mlgate):
            raise ValueError("training failed")
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E       ValueError: training failed"])
    result.stdout.no_fnmatch_line("*not evaluated*")


def test_async_tests_are_gated(project):
    project.makeini("""
        [pytest]
        asyncio_mode = auto
        asyncio_default_fixture_loop_scope = function
    """)
    project.makepyfile("""
        import asyncio
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        async def test_good(mlgate, good):
            await asyncio.sleep(0)
            mlgate(**good)

        @pytest.mark.metric("accuracy", min=0.8)
        async def test_bad(mlgate, bad):
            await asyncio.sleep(0)
            mlgate(**bad)

        @pytest.mark.metric("accuracy", min=0.8)
        async def test_forgotten(mlgate):
            await asyncio.sleep(0)
    """)
    project._monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -W error")
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "gate '*::test_bad::metric:accuracy' failed",
            "@pytest.mark.metric('accuracy', min=0.8) was not evaluated: *",
            " 3 gates: 1 passed, 1 failed, 1 error, 0 waived",
        ]
    )


def test_unittest_tests_are_gated_through_an_autouse_fixture(project):
    project.makepyfile("""
        import unittest
        import pytest

        GOOD = {"y_true": [0, 1] * 100, "y_pred": [0, 1] * 100}
        BAD = {"y_true": [0, 1] * 100, "y_pred": [1, 0] * 100}

        class TestModel(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def grab(self, mlgate):
                self.mlgate = mlgate

            @pytest.mark.metric("accuracy", min=0.8)
            def test_good(self):
                self.mlgate(**GOOD)

            @pytest.mark.metric("accuracy", min=0.8)
            def test_bad(self):
                self.mlgate(**BAD)

            @pytest.mark.metric("accuracy", min=0.8)
            def test_forgotten(self):
                pass

            @pytest.mark.metric("accuracy", min=0.8)
            def test_skips(self):
                self.skipTest("not today")

            @pytest.mark.metric("accuracy", min=0.8)
            def test_breaks(self):
                self.assertEqual(1, 2)

            @unittest.expectedFailure
            @pytest.mark.metric("accuracy", min=0.8)
            def test_weak(self):
                self.mlgate(**BAD)

            @pytest.mark.metric("accuracy", min=0.8)
            def test_swallows(self):
                try:
                    self.mlgate(**BAD)
                except AssertionError:
                    self.skipTest("not today")

            def test_plain(self):
                pass
    """)
    result = project.runpytest_inprocess("-rA")
    result.assert_outcomes(passed=2, failed=4, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED *::test_bad - gate *",
            "FAILED *::test_forgotten - @pytest.mark.metric(*) was not evaluated*",
            "FAILED *::test_breaks - AssertionError: 1 != 2",
            "FAILED *::test_swallows - gate * did not pass, *",
            "SKIPPED *: not today",
        ]
    )


def test_class_based_and_parametrised_tests_are_gated_one_by_one(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        class TestModel:
            @pytest.mark.parametrize("name", ["good", "bad"])
            def test_one(self, mlgate, request, name):
                mlgate(**request.getfixturevalue(name))
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            " PASS  TestModel::test_one[[]good[]] *",
            " FAIL  TestModel::test_one[[]bad[]] *",
        ]
    )


def test_a_gate_may_be_evaluated_in_a_fixture(project):
    project.makepyfile("""
        import pytest

        @pytest.fixture
        def checked(mlgate, good):
            return mlgate(**good)

        @pytest.fixture
        def broken(mlgate, bad):
            return mlgate(**bad)

        @pytest.mark.metric("accuracy", min=0.8)
        def test_good(checked): pass

        @pytest.mark.metric("accuracy", min=0.8)
        def test_bad(broken): pass
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1, errors=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines([" PASS  test_good *", " FAIL  test_bad *"])


def test_subtests_report_their_own_gates(project):
    project.makepyfile("""
        def test_folds(mlgate, good, bad, subtests):
            for fold, rows in enumerate([good, bad, good]):
                with subtests.test(fold=fold):
                    mlgate.metric(None, "accuracy", min=0.8, subject=f"fold-{fold}", **rows)
    """)
    result = project.runpytest_inprocess()
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "gate '*metric:accuracy@fold-1' failed",
            " PASS  test_folds@fold-0 *",
            " FAIL  test_folds@fold-1 *",
            " PASS  test_folds@fold-2 *",
            " 3 gates: 2 passed, 1 failed, 0 waived",
        ]
    )


def test_doctests_and_plain_tests_beside_gates_are_left_alone(project):
    project.makepyfile('''
        import pytest

        def double(x):
            """
            >>> double(2)
            4
            """
            return 2 * x

        def test_plain():
            assert double(1) == 2

        @pytest.mark.metric("accuracy", min=0.8)
        def test_good(mlgate, good):
            mlgate(**good)
    ''')
    project.runpytest_inprocess("--doctest-modules").assert_outcomes(passed=3)
