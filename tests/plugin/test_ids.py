"""Ids: what they are made of, and that no two are equal in a run."""

from __future__ import annotations

from tests.plugin.conftest import configure
from tests.projects import record_in


def ids_of(project):
    evidence = record_in(project.path / "evidence.json")
    return [verdict["id"] for verdict in evidence["verdicts"]]


def run(project, *args):
    return project.runpytest_inprocess("--mlgates-evidence", "evidence.json", *args)


def test_default_ids_name_path_test_parameters_kind_metric_by_and_subject(project):
    project.mkdir("tests")
    (project.path / "tests" / "test_m.py").write_text("""
import pytest

from tests.projects import record_in

@pytest.mark.metric("f1", min=0.5, by=["sex", "age"])
@pytest.mark.metric("accuracy", min=0.5)
@pytest.mark.parametrize("model", ["a", "b"])
class TestModel:
    def test_it(self, mlgate, good, model):
        groups = {"sex": ["F", "F", "M", "M"] * 50, "age": ["old"] * 200}
        mlgate(**good, sensitive_features=groups, subject="fold-1")

@pytest.mark.reproducibility(runs=2)
def test_training(mlgate):
    mlgate(int)
""")
    run(project).assert_outcomes(passed=3)
    assert ids_of(project) == [
        "tests/test_m.py::TestModel::test_it[a]::metric:f1:sex,age@fold-1",
        "tests/test_m.py::TestModel::test_it[a]::metric:accuracy@fold-1",
        "tests/test_m.py::TestModel::test_it[b]::metric:f1:sex,age@fold-1",
        "tests/test_m.py::TestModel::test_it[b]::metric:accuracy@fold-1",
        "tests/test_m.py::test_training::reproducibility",
    ]


def test_paths_in_ids_start_at_the_configuration_wherever_pytest_runs(project):
    sub = project.mkdir("package")
    (sub / "mlgates.toml").write_text("confidence = 0.9\n")
    (sub / "test_m.py").write_text("""
import pytest

@pytest.mark.metric("accuracy", min=0.5)
def test_it(mlgate, good):
    (verdict,) = mlgate(**good)
    assert verdict.lower_confidence == 0.9
""")
    run(project).assert_outcomes(passed=1)
    assert ids_of(project) == ["test_m.py::test_it::metric:accuracy"]


def test_an_id_of_its_own_stands_alone_and_carries_the_parameters(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.5, id="quality")
        def test_one(mlgate, good):
            mlgate(**good)

        @pytest.mark.metric("accuracy", min=0.5, id="by-model")
        @pytest.mark.parametrize("model", ["a", "b"])
        def test_two(mlgate, good, model):
            mlgate(**good)

        def test_method(mlgate, good):
            mlgate.metric(None, "accuracy", min=0.5, id="method", **good)
    """)
    run(project).assert_outcomes(passed=4)
    assert ids_of(project) == ["quality", "by-model[a]", "by-model[b]", "method"]


def test_equal_ids_on_one_test_are_a_collection_error(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.5)
        @pytest.mark.metric("accuracy", max=0.9)
        def test_model(mlgate, good):
            mlgate(**good)
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    assert result.ret == 2
    result.stdout.fnmatch_lines(
        [
            "two gates of one test have the id '*::test_model::metric:accuracy'",
            "  where: *::test_model",
            '  fix:   tell them apart: @pytest.mark.metric(…, id="…")',
        ]
    )


def test_equal_ids_in_two_tests_fail_the_session_and_name_both(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.5, id="quality")
        class TestModel:
            def test_one(self, mlgate, good):
                mlgate(**good)

            def test_two(self, mlgate, good):
                mlgate(**good)
    """)
    result = run(project)
    result.assert_outcomes(passed=2)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            (
                " two gates have the id 'quality': one in *::test_one, one in *::test_two (give "
                "one of them another `id`)"
            ),
            "*ML gates: 1 problem, see above*",
        ]
    )


def test_a_declared_gate_and_a_marker_do_not_share_an_id(declared):
    declared.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.5, id="sound")
        def test_one(mlgate, good):
            mlgate(**good)
    """)
    result = declared.runpytest_inprocess("--mlgates")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [" two gates have the id 'sound': one in *::test_one, one in pyproject.toml::sound *"]
    )


def test_a_second_call_needs_a_subject(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.5)
        def test_twice(mlgate, good):
            mlgate(**good)
            mlgate(**good)

        @pytest.mark.metric("accuracy", min=0.5)
        def test_told_apart(mlgate, good):
            mlgate(**good)
            mlgate(**good, subject="second")
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "the gate '*::test_twice::metric:accuracy' was evaluated twice",
            "  where: *::test_twice*",
            '  fix:   tell the calls apart: mlgate(table, subject="fold-1")',
            " ERROR  test_twice *",
        ]
    )


def test_ids_are_unique_across_the_subtests_of_one_test(project):
    project.makepyfile("""
        def test_folds(mlgate, good, subtests):
            for fold in range(2):
                with subtests.test(fold=fold):
                    mlgate.metric(None, "accuracy", min=0.5, **good)
    """)
    result = project.runpytest_inprocess()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["the gate '*::test_folds::metric:accuracy' was evaluated twice"])


def test_two_configurations_with_equal_default_ids(project):
    """A monorepo run from its root keeps the packages apart only by ids of their own."""
    configure(project, "[tool.other]")
    for name in ("a", "b"):
        folder = project.mkdir(name)
        (folder / "mlgates.toml").write_text("")
        (folder / f"test_{name}.py").write_text("""
import pytest

@pytest.mark.metric("accuracy", min=0.5)
def test_it(mlgate, good):
    mlgate(**good)
""")
    run(project).assert_outcomes(passed=2)
    assert ids_of(project) == [
        "test_a.py::test_it::metric:accuracy",
        "test_b.py::test_it::metric:accuracy",
    ]
