"""Markers: what they demand, of which tests, and which of them wins."""

from __future__ import annotations

import pytest


def test_every_marker_is_evaluated_and_all_failures_are_told_at_once(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        @pytest.mark.metric("f1", min=0.7)
        @pytest.mark.metric("recall", max=0.5)
        def test_model(mlgate, bad):
            mlgate(**bad)
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "2 of 3 gates failed",
            "gate '*::test_model::metric:accuracy' failed",
            "  accuracy is 0.000, *: min 0.80 does not hold",
            "gate '*::test_model::metric:f1' failed",
            "test_every_*.py:7: GateFailure",
            " FAIL  test_model  accuracy  0.000  at most *  min 0.80  n=200  disproven (95 %)",
            " FAIL  test_model  f1 *",
            " PASS  test_model  recall *",
            " 3 gates: 1 passed, 2 failed, 0 waived",
            "FAILED *::test_model - 2 of 3 gates failed gate *metric:accuracy* failed *",
        ]
    )


def test_passing_gates_are_shown_in_source_order(project):
    project.makepyfile("""
        import pytest

        pytestmark = [pytest.mark.metric("f1", min=0.1), pytest.mark.metric("recall", min=0.1)]

        @pytest.mark.metric("precision", min=0.1)
        class TestModel:
            @pytest.mark.metric("accuracy", min=0.1)
            @pytest.mark.metric("balanced_accuracy", min=0.1)
            def test_model(self, mlgate, good):
                verdicts = mlgate(**good)
                print("order:", *[v.metric for v in verdicts])
    """)
    result = project.runpytest_inprocess("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*order: f1 recall precision accuracy balanced_accuracy*",
            " PASS  TestModel::test_model  f1 *",
            " PASS  TestModel::test_model  balanced_accuracy *",
            " 5 gates: 5 passed, 0 failed, 0 waived",
        ]
    )


def test_a_marker_that_no_call_evaluated_fails_its_test(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        @pytest.mark.reproducibility(runs=2)
        def test_model(mlgate, good):
            mlgate(**good)
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "@pytest.mark.reproducibility(runs=2) was not evaluated: no call of `mlgate` took it",
            "  where: test_a_marker_that_no_call_evaluated_fails_its_test.py::test_model",
            "  fix:   call `mlgate(callable)`",
            " PASS * accuracy *",
            " ERROR * reproducibility * not evaluated by any call",
            " 2 gates: 1 passed, 0 failed, 1 error, 0 waived",
        ]
    )


def test_a_marker_with_arguments_on_a_test_without_mlgate_fails_and_is_named(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.fairness("demographic_parity_difference", max=0.1, by="sex")
        def test_model():
            pass
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            (
                "@pytest.mark.fairness('demographic_parity_difference', max=0.1, by='sex') was not "
                "evaluated: no call of `mlgate` took it"
            ),
            "  where: *::test_model",
            "  fix:   add `mlgate` to the test's arguments, call `mlgate(table)`",
        ]
    )


@pytest.mark.parametrize(
    "marker",
    [
        'data_schema([{"type": "expect_column_to_exist", "kwargs": {"column": "a"}}])',
        'metric("accuracy", min=0.8)',
        'fairness("demographic_parity_difference", max=0.1, by="sex")',
        "reproducibility(runs=2)",
    ],
)
def test_every_kind_is_demanded_alike_without_mlgate(project, marker):
    """On the test itself it fails; on a class it binds no test, and the summary says so."""
    project.makepyfile(f"""
        import pytest

        @pytest.mark.{marker}
        def test_model():
            pass

        @pytest.mark.{marker}
        class TestModels:
            def test_one(self):
                pass
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1, passed=1)
    kind = marker.partition("(")[0]
    result.stdout.fnmatch_lines(
        [
            f"@pytest.mark.{kind}(* was not evaluated: no call of `mlgate` took it",
            " 1 gate: 0 passed, 0 failed, 1 error, 0 waived",
            f" 1 marker binds no test: {kind}(* on *::TestModels",
        ]
    )
    result = project.runpytest_inprocess("--mlgates-strict")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*1 marker binds no test: * (--mlgates-strict)"])


@pytest.mark.parametrize("marker", ["reproducibility(runs=2)", "reproducibility"])
@pytest.mark.parametrize("value", ["train(7)", "good"])
def test_a_value_in_the_place_of_a_callable_is_told(project, marker, value):
    project.makepyfile(f"""
        import pytest

        def train(seed):
            return [1.0, 2.0]

        @pytest.mark.{marker}
        def test_training(mlgate, good):
            mlgate({value})
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    kind = "list" if value == "train(7)" else "dict"
    result.stdout.fnmatch_lines(
        [
            "the marker of this test takes a callable, which the gate calls itself",
            "  where: *::test_training",
            f"  got:   {kind}, a value",
            "  want:  the function that trains and returns its result",
            "  fix:   mlgate(partial(train, seed=7)) in the place of mlgate(train(7))",
        ]
    )


def test_markers_of_class_and_module_bind_only_tests_that_request_mlgate(project):
    project.makepyfile("""
        import pytest

        pytestmark = pytest.mark.metric("accuracy", min=0.8)

        @pytest.mark.metric("f1", min=0.8)
        class TestModel:
            def test_plain(self):
                pass

            def test_gated(self, mlgate, good):
                assert len(mlgate(**good)) == 2

        def test_forgotten(mlgate):
            pass
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["@pytest.mark.metric('accuracy', min=0.8) was not evaluated: *"])


def test_a_test_that_gets_mlgate_through_a_fixture_or_getfixturevalue_requests_it(project):
    project.makepyfile("""
        import pytest

        @pytest.fixture
        def gate(mlgate):
            return mlgate

        @pytest.mark.metric("accuracy", min=0.8)
        class TestModel:
            def test_by_fixture(self, gate, good):
                pass

            def test_by_name(self, request, good):
                request.getfixturevalue("mlgate")
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*min=0.8) was not evaluated: no call of `mlgate` took it"] * 2)


def test_the_nearest_marker_wins_and_the_verdict_says_what_it_replaced(project):
    project.makepyfile("""
        import pytest

        pytestmark = pytest.mark.metric("accuracy", min=0.7)

        @pytest.mark.metric("accuracy", min=0.8)
        class TestModel:
            @pytest.mark.metric("accuracy", min=0.95)
            def test_strict(self, mlgate, bad):
                mlgate(**bad)

            def test_usual(self, mlgate, good):
                (verdict,) = mlgate(**good)
                assert verdict.bound.min == 0.8
                assert verdict.replaces.endswith(
                    "@pytest.mark.metric('accuracy', min=0.7) on "
                    "test_the_nearest_marker_wins_and_the_verdict_says_what_it_replaced.py"
                )
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "gate '*::TestModel::test_strict::metric:accuracy' failed",
            (
                "  replaces: @pytest.mark.metric('accuracy', min=0.7) on test_the_*.py; "
                "@pytest.mark.metric('accuracy', min=0.8) on TestModel"
            ),
        ]
    )


def test_another_metric_or_another_by_replaces_nothing(project):
    project.makepyfile("""
        import pytest

        pytestmark = [pytest.mark.metric("accuracy", min=0.7), pytest.mark.metric("f1", min=0.7)]

        @pytest.mark.metric("accuracy", min=0.6, by="sex")
        def test_model(mlgate, good):
            verdicts = mlgate(**good, sensitive_features={"sex": ["F", "F", "M", "M"] * 50})
            assert [(v.metric, v.by, v.replaces) for v in verdicts] == [
                ("accuracy", (), None), ("f1", (), None), ("accuracy", ("sex",), None)
            ]
    """)
    project.runpytest_inprocess().assert_outcomes(passed=1)


def test_the_marker_of_a_parameter_set_wins_over_the_function(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        @pytest.mark.parametrize("model", [
            "champion", pytest.param("toy", marks=pytest.mark.metric("accuracy", min=0.5)),
        ])
        def test_model(mlgate, good, model):
            (verdict,) = mlgate(**good)
            assert (verdict.bound.min, verdict.replaces is None) in {(0.8, True), (0.5, False)}
    """)
    project.runpytest_inprocess().assert_outcomes(passed=2)


def test_a_marker_that_a_conftest_adds_after_collection_is_evaluated_too(project):
    project.makeconftest("""
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.metric("accuracy", min=0.8))
    """)
    project.makepyfile("""
        def test_plain():
            pass
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["@pytest.mark.metric('accuracy', min=0.8) was not evaluated: *"])


def test_bare_markers_are_labels_and_are_counted(project):
    project.makepyfile("""
        import pytest

        pytestmark = pytest.mark.fairness

        def test_one(): pass
        def test_two(): pass

        @pytest.mark.metric
        @pytest.mark.parametrize("x", [1, 2])
        def test_three(x): pass
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=4)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "* ML gates *",
            " 4 tests marked fairness without a gate",
            " 2 tests marked metric without a gate",
        ]
    )


def test_strict_fails_tests_with_bare_markers(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.fairness
        def test_one(): pass

        def test_two(): pass
    """)
    result = project.runpytest_inprocess("--mlgates-strict")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "this test is marked fairness without a gate (--mlgates-strict)",
            "  where: *::test_one",
            "  fix:   request `mlgate` and call `mlgate.fairness(…)`, or take the marker off",
        ]
    )


def test_a_bare_marker_beside_mlgate_demands_a_verdict_of_its_kind(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric
        def test_has_one(mlgate, good):
            mlgate.metric(None, "accuracy", min=0.8, **good)

        @pytest.mark.fairness
        def test_has_none(mlgate, good):
            mlgate.metric(None, "accuracy", min=0.8, **good)
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "this test is marked fairness and requests `mlgate`, but evaluated no gate of *",
            "  where: *::test_has_none",
            "  fix:   call `mlgate.fairness(…)`, or give the marker its arguments",
        ]
    )
    result.stdout.no_fnmatch_line("*without a gate*")


def test_prefixed_markers_always_work(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.mlgates_metric("accuracy", min=0.8)
        def test_model(mlgate, bad):
            mlgate(**bad)

        @pytest.mark.mlgates_fairness
        def test_label(): pass
    """)
    result = project.runpytest_inprocess("--strict-markers")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "gate '*::test_model::metric:accuracy' failed",
            " 1 test marked fairness without a gate",
        ]
    )


def test_short_names_can_be_given_up(project):
    project.makeini("""
        [pytest]
        mlgates_short_markers = false
        markers =
            metric: business metrics
    """)
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("revenue", 7)
        def test_theirs(): pass

        @pytest.mark.mlgates_metric("accuracy", min=0.8)
        @pytest.mark.metric("revenue", 7)
        def test_ours(mlgate, good):
            assert len(mlgate(**good)) == 1
    """)
    result = project.runpytest_inprocess("--strict-markers")
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*without a gate*")


def test_markers_are_listed_by_pytest(project):
    result = project.runpytest_inprocess("--markers")
    result.stdout.fnmatch_lines(
        [
            "@pytest.mark.metric(metric, [*], min=None, max=None, *): hold a metric *",
            "@pytest.mark.mlgates_fairness(metric, [*], by, *): hold a disparity *",
        ]
    )
