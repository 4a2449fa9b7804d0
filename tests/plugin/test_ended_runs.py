"""No verdict gets lost with the exit code 0: ended runs, strays, markers that bind none."""

from __future__ import annotations

import pytest

from pytest_mlgates.cli import main
from tests.plugin.conftest import GATES, configure
from tests.projects import record_in

SAME_TEST = """
    import pytest

    def test_model(mlgate, bad):
        try:
            mlgate.metric(None, "accuracy", min=0.8, id="quality", **bad)
        except AssertionError:
            pass
        pytest.exit("done", returncode=0)
"""
LATER_TEST = """
    import pytest

    def test_model(mlgate, bad):
        mlgate.metric(None, "accuracy", min=0.8, id="quality", **bad)

    def test_end():
        pytest.exit("done", returncode=0)
"""


@pytest.mark.parametrize("test", [SAME_TEST, LATER_TEST], ids=["same test", "later test"])
def test_a_run_that_is_ended_with_0_after_a_failed_gate_fails(project, test):
    project.makepyfile(test)
    result = project.runpytest_inprocess()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["* ML gates *", " FAIL  quality *"])


def test_a_worker_that_is_ended_with_0_inside_a_gated_test_fails_the_run(project):
    project.makepyfile(SAME_TEST)
    result = project.runpytest_subprocess("-n", "1")
    assert result.ret != 0


CUT_SHORT = {
    "interrupted": ("raise KeyboardInterrupt", ()),
    "stopped at the first failure": ("assert False", ("-x",)),
}


@pytest.mark.parametrize("how", CUT_SHORT)
def test_no_report_says_passed_of_a_run_that_was_cut_short(declared, how, capsys):
    line, options = CUT_SHORT[how]
    configure(declared, GATES)
    declared.makepyfile(f"def test_last():\n    {line}\n\ndef test_never():\n    pass\n")
    result = declared.runpytest_subprocess("--mlgates", *options)
    assert result.ret != 0
    result.stdout.fnmatch_lines([" the run did not finish: its evidence vouches for nothing"])
    record = record_in(declared.path / ".mlgates/evidence.json")
    assert (record["result"], record["finished"]) == ("FAILED", False)
    assert record["problems"] == ["the run did not finish"]
    main(["report", "--markdown", "-"])
    told = capsys.readouterr().out
    assert "FAILED" in told
    assert "the run did not finish" in told


def test_a_run_that_is_ended_with_0_is_not_complete(declared):
    configure(declared, GATES)
    declared.makepyfile("""
        import pytest

        def test_end():
            pytest.exit("done", returncode=0)
    """)
    declared.runpytest_inprocess("--mlgates")
    evidence = record_in(declared.path / ".mlgates/evidence.json")
    assert evidence["complete"] is False


def test_an_mlgate_that_outlives_its_test_is_refused_whoever_catches_that(project):
    project.makepyfile("""
        KEPT = []

        def test_keeps(mlgate, good):
            KEPT.append(mlgate)
            mlgate.metric(None, "accuracy", min=0.8, **good)

        def test_uses(bad):
            try:
                KEPT[0].metric(None, "accuracy", min=0.8, id="other", **bad)
            except Exception:
                pass
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*the `mlgate` of *::test_keeps was used after its test*"])


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_a_marker_with_arguments_that_binds_no_test_is_told(project, workers):
    project.makepyfile(
        test_a="""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        class TestModel:
            def test_plain(self): pass

        @pytest.mark.metric("f1", min=0.8)
        class TestOther:
            def test_plain(self): pass

            def test_model(self, mlgate, good):
                mlgate(**good)
    """
    )
    line = " 1 marker binds no test: metric('accuracy', min=0.8) on test_a.py::TestModel"
    result = project.runpytest_subprocess(*workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines([line])
    result = project.runpytest_subprocess("--mlgates-strict", *workers)
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"{line} (--mlgates-strict)"])


def test_a_misspelt_argument_of_a_marker_names_the_nearest(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", mn=0.8)
        def test_model(mlgate, good):
            mlgate(**good)
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*unknown *'mn'*", "*fix:   did you mean 'min'*"])
