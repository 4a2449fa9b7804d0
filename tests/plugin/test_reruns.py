"""Reruns (pytest-rerunfailures) do not launder a gate that failed."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import configure
from tests.projects import record_in

FLAKY = """
    from pathlib import Path
    import pytest

    @pytest.mark.metric("accuracy", min=0.8, id="quality")
    def test_model(mlgate, good, bad):
        mark = Path("attempted")
        first = not mark.exists()
        mark.touch()
        mlgate.metric(None, "recall", min=0.1, id="other", **good)
        mlgate(**(bad if first else good))
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_a_gate_that_passes_only_in_a_rerun_fails_the_session(project, workers):
    project.makepyfile(test_a=FLAKY)
    result = project.runpytest_subprocess(
        "--reruns", "2", "--mlgates-evidence", "evidence.json", *workers
    )
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            " FAIL  quality *",
            " 2 gates: 1 passed, 1 failed, 0 waived · evidence evidence.json",
            (
                " gate 'quality' failed in an earlier attempt: a rerun does not launder it "
                "(`allow_reruns = true` in the configuration lets the last attempt count)"
            ),
            "*1 passed, 1 rerun*",
        ]
    )
    evidence = record_in(project.path / "evidence.json")
    assert evidence["result"] == "FAILED"
    assert [v["outcome"] for v in evidence["verdicts"]] == ["passed", "failed"]


def test_a_configuration_may_let_the_last_attempt_count(project):
    configure(project, "[tool.mlgates]\nallow_reruns = true")
    project.makepyfile(test_a=FLAKY)
    result = project.runpytest_inprocess("--reruns", "2")
    assert result.ret == 0
    result.stdout.fnmatch_lines([" PASS  quality *", " 2 gates: 2 passed, 0 failed, 0 waived"])


def test_a_gate_that_keeps_failing_fails_once(project):
    project.makepyfile(
        test_a="""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8, id="quality")
        def test_model(mlgate, bad):
            mlgate(**bad)
    """
    )
    result = project.runpytest_inprocess("--reruns", "2")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            " 1 gate: 0 passed, 1 failed, 0 waived",
            "*1 failed, 2 rerun*",
        ]
    )
    result.stdout.no_fnmatch_line("*launder*")


def test_an_attempt_starts_afresh(project):
    """What an earlier attempt evaluated does not count for a later one."""
    project.makepyfile(
        test_a="""
        from pathlib import Path
        import pytest

        @pytest.mark.metric("accuracy", min=0.8, id="quality")
        def test_model(mlgate, good):
            mark = Path("attempted")
            if not mark.exists():
                mark.touch()
                mlgate(**good)
                raise RuntimeError("something else")
    """
    )
    result = project.runpytest_inprocess("--reruns", "1")
    result.stdout.fnmatch_lines(
        [
            "@pytest.mark.metric('accuracy', min=0.8, id='quality') was not evaluated: *",
            "*1 failed, 1 rerun*",
        ]
    )


def test_a_failure_of_something_else_is_not_held_against_the_gates(project):
    project.makepyfile(
        test_a="""
        from pathlib import Path
        import pytest

        @pytest.mark.metric("accuracy", min=0.8, id="quality")
        def test_model(mlgate, good):
            mlgate(**good)
            mark = Path("attempted")
            if not mark.exists():
                mark.touch()
                raise RuntimeError("something else")
    """
    )
    result = project.runpytest_inprocess("--reruns", "1")
    assert result.ret == 0
    result.stdout.fnmatch_lines([" 1 gate: 1 passed, 0 failed, 0 waived"])


def test_a_rerun_that_skips_does_not_launder_either(project):
    configure(project, "[tool.mlgates]\nallow_reruns = true")
    project.makepyfile(
        test_a="""
        from pathlib import Path
        import pytest

        @pytest.mark.metric("accuracy", min=0.8, id="quality")
        def test_model(mlgate, bad):
            mark = Path("attempted")
            if mark.exists():
                pytest.skip("not again")
            mark.touch()
            mlgate(**bad)
    """
    )
    result = project.runpytest_inprocess("--reruns", "1")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            " FAIL  quality *",
            " gate 'quality' did not pass, and no test failed with it",
        ]
    )


def test_a_plugin_that_turns_failures_into_passes_does_not_pass_gates(project):
    project.makepyfile(
        quarantine="""
        import pytest

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            report.outcome = "passed"
            return report
    """,
        test_a="""
        def test_model(mlgate, bad):
            mlgate.metric(None, "accuracy", min=0.8, id="quality", **bad)
    """,
    )
    result = project.runpytest_subprocess("-p", "quarantine")
    result.assert_outcomes(passed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines([" gate 'quality' did not pass, and no test failed with it"])
