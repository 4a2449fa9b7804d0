"""The ``mlgate`` fixture: what it takes, what it raises, what it returns."""

from __future__ import annotations

from tests.plugin.conftest import HOLDOUT, configure


def test_methods_need_no_marker(project):
    (project.path / "holdout.csv").write_text(HOLDOUT)
    project.makepyfile("""
        SUITE = [{"type": "expect_column_to_exist", "kwargs": {"column": "sex"}}]

        def test_all_kinds(mlgate, good):
            schema = mlgate.data_schema("holdout.csv", SUITE)
            metric = mlgate.metric("holdout.csv", "f1", min=0.8, y_true="label", y_pred="good")
            fairness = mlgate.fairness(
                "holdout.csv", "demographic_parity_difference", by="sex", max=0.5, y_pred="good",
                y_true="label",
            )
            again = mlgate.reproducibility(lambda: 1, runs=3)
            assert [v.kind for v in (schema, metric, fairness, again)] == [
                "data_schema", "metric", "fairness", "reproducibility"
            ]
            assert again.n == 3
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            " PASS  test_all_kinds  data_schema *",
            " PASS  test_all_kinds  f1 *",
            " PASS  test_all_kinds  demographic_parity_difference by sex *",
            " PASS  test_all_kinds  reproducibility * 3 runs *",
            " 4 gates: 4 passed, 0 failed, 0 waived",
        ]
    )


def test_a_failing_method_raises_at_once_and_shows_no_traceback_of_ours(project):
    project.makepyfile(
        test_a="""
        def test_model(mlgate, bad):
            mlgate.metric(None, "accuracy", min=0.8, **bad)
            raise RuntimeError("not reached")
    """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "gate 'test_a.py::test_model::metric:accuracy' failed",
            "  accuracy is 0.000, at most * (95 %), n=200: min 0.80 does not hold",
            "test_a.py:2: GateFailure",
            "FAILED test_a.py::test_model - gate * failed accuracy is 0.000, *",
        ]
    )
    for ours in ("*pytest_mlgates*", "*fixture.py*", "*def *", "*not reached*"):
        result.stdout.no_fnmatch_line(ours)


def test_collect_defers_failures_to_the_end_of_the_block(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        def test_folds(mlgate, good, bad):
            with mlgate.collect():
                for fold, rows in enumerate([bad, good, bad]):
                    (verdict,) = mlgate(**rows, subject=f"fold-{fold}")
                    assert verdict.passed is (rows is good)
                mlgate.metric(None, "f1", min=0.8, **bad)
                print("all were evaluated")
            raise RuntimeError("not reached")
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "3 of 4 gates failed",
            "gate '*::metric:accuracy@fold-0' failed",
            "gate '*::metric:accuracy@fold-2' failed",
            "gate '*::metric:f1' failed",
            "all were evaluated",
            " FAIL  test_folds@fold-0 *",
            " PASS  test_folds@fold-1 *",
            " FAIL  test_folds@fold-2 *",
            " 4 gates: 1 passed, 3 failed, 0 waived",
        ]
    )
    result.stdout.no_fnmatch_line("*not reached*")


def test_collect_with_misuse_tells_misuse_and_failures(project):
    project.makepyfile("""
        def test_folds(mlgate, bad):
            with mlgate.collect():
                mlgate.metric(None, "acuracy", min=0.8, **bad)
                mlgate.metric(None, "f1", min=0.8, **bad)
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*acuracy*", "*accuracy*", "gate '*metric:f1' failed"])
    result.stdout.fnmatch_lines([" 2 gates: 0 passed, 1 failed, 1 error, 0 waived"])


def test_collect_does_not_nest(project):
    project.makepyfile("""
        def test_folds(mlgate):
            with mlgate.collect():
                with mlgate.collect():
                    pass
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "mlgate.collect() is already open",
            "  where: *::test_folds",
        ]
    )


def test_arrays_and_sensitive_features_by_keyword(project):
    project.makepyfile("""
        import numpy as np
        import pandas as pd
        import pytest

        SEX = ["F", "F", "M", "M"] * 50

        @pytest.mark.fairness("demographic_parity_difference", max=0.5, by="sex")
        @pytest.mark.parametrize("features", [
            {"sex": SEX}, pd.Series(SEX, name="sex"), pd.DataFrame({"sex": SEX, "row": range(200)}),
        ], ids=["dict", "series", "frame"])
        def test_model(mlgate, good, features):
            arrays = {role: np.asarray(values) for role, values in good.items()}
            (verdict,) = mlgate(**arrays, sensitive_features=features)
            assert verdict.n == 200
            assert [g.group for g in verdict.groups] == [("F",), ("M",)]

        @pytest.mark.fairness("demographic_parity_difference", max=0.5, by="sex")
        def test_unnamed(mlgate, good):
            mlgate(**good, sensitive_features=pd.Series(SEX))
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "sensitive_features has no name",
            "  got:   Series",
            "  fix:   sensitive_features={'sex': values}",
        ]
    )


def test_an_unknown_keyword_is_misuse_told_once(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        @pytest.mark.metric("f1", min=0.8)
        def test_model(mlgate, good):
            mlgate(**good, y_tru="label")
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "unknown keyword 'y_tru'",
            "  where: *",
            "  want:  a role or option: y_true, y_pred, *",
            "  fix:   did you mean 'y_true'?",
            " 2 gates: 0 passed, 0 failed, 2 errors, 0 waived",
        ]
    )
    assert str(result.stdout).count("did you mean 'y_true'?") == 1
    result.stdout.no_fnmatch_line("*pytest_mlgates/*")


def test_parameters_of_gates_are_no_keywords_of_a_call(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        def test_model(mlgate, bad):
            mlgate(**bad, min=0.0)
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["unknown keyword 'min'"])


def test_roles_of_a_call_win_over_the_marker_and_the_marker_over_the_configuration(project):
    (project.path / "holdout.csv").write_text(HOLDOUT)
    configure(project, '[tool.mlgates]\ny_true = "label"\ny_pred = "nowhere"')
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8, y_pred="good")
        def test_marker(mlgate):
            mlgate("holdout.csv")

        @pytest.mark.metric("accuracy", max=0.2, y_pred="good")
        def test_call(mlgate):
            mlgate("holdout.csv", y_pred="bad")

        @pytest.mark.metric("accuracy", min=0.8)
        def test_configuration(mlgate):
            mlgate("holdout.csv")
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["*'nowhere' is not in table *", "  where: *::test_configuration *"]
    )


def test_a_subject_that_no_marker_takes_is_misuse(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        def test_model(mlgate, good):
            mlgate(print)
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "no marker of this test takes a callable",
            "  where: *::test_model",
            "  fix:   mark the test, e.g. @pytest.mark.reproducibility(runs=2), or call *",
        ]
    )


def test_nothing_to_judge_is_misuse(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        def test_model(mlgate):
            mlgate()
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["there is nothing to judge", "  fix:   pass a table, or arrays: *"]
    )


def test_a_failure_that_the_test_catches_is_no_pass(project):
    project.makepyfile(
        test_a="""
        import pytest

        def test_caught(mlgate, bad):
            try:
                mlgate.metric(None, "accuracy", min=0.8, **bad)
            except AssertionError:
                pass

        def test_skipped(mlgate, bad):
            try:
                mlgate.metric(None, "accuracy", min=0.8, **bad)
            except AssertionError:
                pytest.skip("not today")
    """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "gate 'test_a.py::test_caught::metric:accuracy' did not pass, and the test caught that",
            "  where: test_a.py::test_caught",
            (
                "  fix:   let the failure end the test; to test a verdict itself, call the plain "
                "function `pytest_mlgates.metric(…)`"
            ),
            "gate 'test_a.py::test_skipped::metric:accuracy' did not pass, and the test *",
        ]
    )


def test_plain_functions_test_a_verdict_without_a_gate(project):
    project.makepyfile("""
        import pytest_mlgates

        def test_model(bad):
            verdict = pytest_mlgates.metric(None, "accuracy", min=0.8, **bad)
            assert verdict.outcome == "failed"
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*ML gates*")


def test_paths_are_relative_to_the_rootdir_without_a_configuration(project):
    (project.path / "holdout.csv").write_text(HOLDOUT)
    project.makeini("[pytest]")
    project.mkdir("tests")
    (project.path / "tests" / "test_m.py").write_text("""
def test_it(mlgate):
    mlgate.metric("holdout.csv", "accuracy", min=0.8, y_true="label", y_pred="good")
""")
    project.runpytest_inprocess("tests").assert_outcomes(passed=1)


def test_the_fixture_explains_itself(project):
    result = project.runpytest_inprocess("--fixtures", "-v")
    result.stdout.fnmatch_lines(["mlgate -- *", "    Evaluate this test's gates: *"])


def test_a_bare_reproducibility_marker_takes_a_callable_with_its_defaults(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.reproducibility
        def test_training(mlgate):
            (verdict,) = mlgate(lambda: [1, 2])
            assert verdict.n == 2
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_what_the_users_callable_raises_is_shown_with_their_lines(pytester):
    pytester.makepyfile(
        """
        import pytest

        def inner():
            return {}["nope"]

        def train():
            return inner()

        @pytest.mark.reproducibility(runs=2)
        def test_training(mlgate):
            mlgate(train)
        """
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*KeyError: 'nope'*", "*in train", "*in inner", "*MLGatesError"])
    result.stdout.no_fnmatch_line("*pytest_mlgates*runs.py*")
