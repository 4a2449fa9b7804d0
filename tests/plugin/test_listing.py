"""``--mlgates-list``: every gate as pytest resolves it, and nothing runs."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import GATES, configure

TESTS = """
    import pytest

    pytestmark = pytest.mark.metric("accuracy", min=0.5)

    @pytest.mark.metric("accuracy", min=0.8)
    @pytest.mark.fairness("demographic_parity_difference", max=0.1, by=["sex", "age"], id="odds")
    def test_model(mlgate):
        raise SystemExit("it ran")

    @pytest.mark.data_schema("contracts/a.json")
    @pytest.mark.parametrize("n", [1, 2])
    def test_data(n):
        raise SystemExit("it ran")

    @pytest.mark.reproducibility(runs=2)
    class TestTraining:
        def test_it(self, mlgate):
            raise SystemExit("it ran")
"""


def test_markers_and_declared_gates_are_listed_and_none_runs(declared):
    declared.makepyfile(test_it=TESTS)
    result = declared.runpytest_inprocess("--mlgates-list")
    assert result.ret == 0
    result.assert_outcomes()
    result.stdout.fnmatch_lines(
        [
            "*= ML gates =*",
            " test_it.py::test_model::metric:accuracy  *min 0.80  *test_it.py:5",
            " odds  *fairness  *demographic_parity_difference:sex,age  *max 0.10  *test_it.py:5",
            " test_it.py::test_data[[]1]::data_schema *contracts/a.json * test_it.py:10",
            " test_it.py::test_data[[]2]::data_schema *contracts/a.json * test_it.py:10",
            " test_it.py::TestTraining::test_it::metric:accuracy * min 0.50 *",
            " test_it.py::TestTraining::test_it::reproducibility *",
            " sound  *metric  *accuracy on holdout  *min 0.80  *pyproject.toml:7",
            " parity  *fairness  *demographic_parity_difference:sex on holdout * max 0.50 *",
            " 8 gates; nothing was evaluated",
        ]
    )
    result.stdout.no_fnmatch_line("*<Module*")
    assert not (declared.path / ".mlgates").exists()


@pytest.mark.parametrize(
    ("arguments", "listed"),
    [(["-k", "model"], 2), (["-m", "fairness"], 2), (["test_it.py::TestTraining"], 4)],
)
def test_a_selection_is_honoured(declared, arguments, listed):
    declared.makepyfile(test_it=TESTS)
    result = declared.runpytest_inprocess("--mlgates-list", *arguments)
    # `-m fairness` selects a test with all of its gates.
    assert result.ret == 0
    expected = 3 if arguments == ["-m", "fairness"] else listed
    result.stdout.fnmatch_lines([f" {expected} gates; nothing was evaluated"])


def test_without_a_gate_it_says_so_and_ends_with_5(pytester):
    pytester.makepyfile("def test_plain(): raise SystemExit('it ran')")
    result = pytester.runpytest_inprocess("--mlgates-list")
    assert result.ret == 5
    result.stdout.fnmatch_lines([" no gates; nothing was evaluated"])


def test_calls_without_markers_are_told_apart(pytester):
    pytester.makepyfile("def test_calls(mlgate): mlgate.metric(None, 'accuracy', min=0.8)")
    result = pytester.runpytest_inprocess("--mlgates-list")
    assert result.ret == 5
    result.stdout.fnmatch_lines(
        [" 1 test with `mlgate` and no marker: what it evaluates is known when it runs"]
    )


def test_under_xdist_no_worker_is_started(declared):
    declared.makepyfile(test_it=TESTS)
    result = declared.runpytest_subprocess("--mlgates-list", "-n", "2")
    assert result.ret == 0
    result.stdout.fnmatch_lines([" 8 gates; nothing was evaluated"])


def test_a_misused_marker_is_a_collection_error_here_too(pytester):
    pytester.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", minn=0.8)
        def test_model(mlgate): pass
    """)
    result = pytester.runpytest_inprocess("--mlgates-list")
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*unknown argument 'minn'*"])


def test_a_mistake_in_the_configuration_ends_it_with_4(project):
    configure(project, GATES.replace("max = 0.5", "max = 'x'"))
    assert project.runpytest_inprocess("--mlgates-list").ret == 4
