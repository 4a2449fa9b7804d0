"""Under pytest-xdist: the same verdicts, and nothing lost without a word."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import BROKEN_GATE, GATES, configure
from tests.plugin.test_declared_gates import ODD_GATE, ODD_KIND
from tests.projects import record_in

MIXED = """
    import pytest

    @pytest.mark.metric("accuracy", min=0.8)
    @pytest.mark.parametrize("fold", range(6))
    def test_folds(mlgate, good, fold):
        mlgate(**good)

    @pytest.mark.metric("f1", min=0.8)
    def test_fails(mlgate, bad):
        mlgate(**bad)

    @pytest.mark.fairness
    def test_label(): pass
"""

NUMPY_EVERYWHERE = ODD_KIND.format(
    body="""
        import numpy as np
        from pytest_mlgates import Bound
        from pytest_mlgates.core.verdict import GroupValue, InputDigest
        return Verdict(
            id="", kind="odd", finding=Finding.PROVEN, outcome=Outcome.PASSED,
            message=np.str_("held"), metric=np.str_("odd"), estimate=np.float32(0.5),
            deciding_estimate=np.float64("nan"), lower=np.float64(0.25), n=np.int64(7),
            upper=np.array(0.75), rows_needed=np.int32(3), warnings=(np.str_("careful"),),
            groups=(GroupValue(group=(np.int64(1), np.bool_(True), np.datetime64("2024-01-01")),
                               n=np.int64(7), value=np.float64(0.5)),),
            details=({"observed": np.array([1, 2]), "nested": {np.int64(1): [np.float32(2)]}},),
            inputs=(InputDigest(name="t", digest=None, rows=np.int64(7)),),
        )
"""
)


def section(result):
    """The terminal section, without what pytest prints around it."""
    lines = result.outlines
    start = next(i for i, line in enumerate(lines) if " ML gates " in line)
    end = next(i for i in range(start + 1, len(lines)) if lines[i].startswith("="))
    return lines[start + 1 : end]


def without_times(path):
    evidence = record_in(path)
    for verdict in evidence["verdicts"]:
        del verdict["duration_s"]
    return {
        key: evidence[key] for key in ("verdicts", "complete", "result", "problems", "required")
    }


def test_summary_and_evidence_are_the_same_with_and_without_workers(declared):
    configure(declared, GATES, BROKEN_GATE)
    declared.makepyfile(test_a=MIXED)
    found = []
    for options in ((), ("-n", "2")):
        result = declared.runpytest_inprocess("--mlgates", *options)
        result.assert_outcomes(passed=9, failed=2)
        assert result.ret == 1
        evidence = without_times(declared.path / ".mlgates" / "evidence.json")
        found.append((section(result), evidence))
    assert all(other == found[0] for other in found)
    assert len(found[0][1]["verdicts"]) == 10
    assert " 1 test marked fairness without a gate" in found[0][0]


def test_commands_run_on_workers_as_without_them(declared):
    declared.makepyfile(
        train="import sys, pathlib, random\n"
        "value = random.random() if sys.argv[2] == 'chance' else 0.5\n"
        "pathlib.Path(sys.argv[1], 'p.csv').write_text(f'id,p\\n1,{value}\\n')\n"
    )
    gate = """
        [tool.mlgates.gates.{0}]
        kind = "reproducibility"
        command = "python train.py {{out}} {0}"
        outputs = ["p.csv"]
    """
    configure(declared, *(gate.format(name) for name in ("steady", "chance", "again")))
    found = []
    for options in ((), ("-n", "2")):
        result = declared.runpytest_inprocess("--mlgates", *options)
        result.assert_outcomes(passed=2, failed=1)
        evidence = without_times(declared.path / ".mlgates" / "evidence.json")
        assert [one["outcome"] for one in evidence["verdicts"]] == ["passed", "failed", "passed"]
        found.append(section(result)[-1])
    assert found[0] == found[1]


def test_numpy_scalars_anywhere_in_a_verdict_arrive(declared):
    declared.makepyfile(odd_kind_numpy=NUMPY_EVERYWHERE)
    configure(declared, 'plugins = ["odd_kind_numpy"]'.join(ODD_GATE))
    result = declared.runpytest_inprocess("--mlgates", "-n", "1", "--junitxml", "junit.xml")
    assert result.ret == 0
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([" PASS  odd *0.500 *n=7 *", " 1 gate: 1 passed, *"])
    evidence = record_in(declared.path / ".mlgates" / "evidence.json")
    (verdict,) = evidence["verdicts"]
    assert (verdict["estimate"], verdict["n"], verdict["upper"]) == (0.5, 7, 0.75)
    assert verdict["deciding_estimate"] is None
    assert verdict["details"] == [{"observed": [1, 2], "nested": {"1": [2.0]}}]


def test_a_worker_that_dies_in_a_gate_fails_the_run(project):
    project.makepyfile(
        test_a="""
        import os
        import pytest

        @pytest.mark.reproducibility(runs=2)
        @pytest.mark.parametrize("code", [0, 1])
        def test_dies(mlgate, code):
            mlgate(lambda: os._exit(code))

        @pytest.mark.metric("accuracy", min=0.8)
        @pytest.mark.parametrize("fold", range(4))
        def test_folds(mlgate, good, fold):
            mlgate(**good)
    """
    )
    result = project.runpytest_inprocess("-n", "2", "--mlgates-evidence", "evidence.json")
    assert result.ret == 1
    result.assert_outcomes(passed=4, failed=2)
    for code in (0, 1):
        crash = f"*worker 'gw*' crashed while running 'test_a.py::test_dies[[]{code}[]]'*"
        result.stdout.fnmatch_lines([crash])
    result.stdout.fnmatch_lines([" 4 gates: 4 passed, *"])
    result.stdout.fnmatch_lines([" worker gw* went down: *"] * 2)
    evidence = record_in(project.path / "evidence.json")
    assert evidence["result"] == "FAILED"
    assert len(evidence["problems"]) == 2


def test_a_worker_that_dies_in_a_declared_gate_fails_the_run(project):
    (project.path / "training.py").write_text("import os\ndef train():\n    os._exit(0)\n")
    configure(
        project,
        '[tool.mlgates]\nrequired = ["training"]\npythonpath = ["."]\n'
        '[tool.mlgates.gates.training]\nkind = "reproducibility"\nfresh_process = false\n'
        'entry = "training:train"',
    )
    result = project.runpytest_inprocess("--mlgates", "-n", "1")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            " no gate was evaluated, evidence .mlgates/evidence.json",
            " worker gw* went down: *",
            " required, not evaluated: training",
        ]
    )


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_an_optional_import_that_exits_with_0_is_an_error(declared, options):
    (declared.path / "exits.py").write_text("raise SystemExit(0)\n")
    declared.makepyfile(
        odd_kind_exits=ODD_KIND.format(
            body="""
        from pytest_mlgates.engines.imports import optional
        optional("exits", extra="gx", why="this expectation")
    """
        )
    )
    configure(declared, 'plugins = ["odd_kind_exits"]'.join(ODD_GATE))
    declared.makepyfile(
        test_a="""
        import pytest

        @pytest.mark.reproducibility(runs=2)
        def test_training(mlgate):
            def train():
                import exits
            mlgate(train)
    """
    )
    result = declared.runpytest_subprocess("--mlgates", *options)
    assert result.ret == 1
    result.assert_outcomes(failed=2)
    text = str(result.stdout)
    assert "this expectation needs exits, which does not import here" in text
    assert "SystemExit: 0" in text
    assert "2 gates: 0 passed, 0 failed, 2 errors, 0 waived" in text


def test_a_report_that_lost_its_verdicts_fails_the_run(project):
    project.makepyfile(
        loses="""
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_report_to_serializable(config, report):
            data = yield
            if data and "test_lost" in data["nodeid"]:
                data.pop("mlgates", None)
            return data
    """,
        test_a="""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        @pytest.mark.parametrize("fold", range(2))
        def test_lost(mlgate, good, fold):
            mlgate(**good)
    """,
    )
    result = project.runpytest_subprocess("-n", "1", "-p", "loses")
    result.assert_outcomes(passed=2)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            " the verdicts of test_a.py::test_lost[[]*[]] did not arrive: *metric:accuracy",
            "*ML gates: 2 problems, see above*",
        ]
    )


def test_a_report_with_broken_verdicts_fails_the_run(project):
    project.makepyfile(
        breaks="""
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_report_to_serializable(config, report):
            data = yield
            if data and "mlgates" in data:
                data["mlgates"] = data["mlgates"][:40]
            return data
    """,
        test_a="""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        def test_model(mlgate, good):
            mlgate(**good)
    """,
    )
    result = project.runpytest_subprocess("-n", "1", "-p", "breaks")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [" the verdicts of test_a.py::test_model did not arrive: JSONDecodeError: *"]
    )


@pytest.mark.parametrize("option", ["-pno:cacheprovider", "-pno:terminal", "-x", "-q", "--tb=no"])
def test_a_failed_gate_fails_the_run_with(project, option):
    project.makepyfile(test_a=MIXED)
    assert project.runpytest_inprocess(option).ret == 1


def test_a_failed_gate_fails_the_run_under_xdist_with_options_that_change_the_end(project):
    project.makepyfile(test_a=MIXED)
    result = project.runpytest_inprocess("-n", "1", "-x", "--tb=no", "-p", "no:cacheprovider")
    assert result.ret in {1, 2}


def test_without_the_plugin_gates_cannot_pass_unnoticed(project):
    """``-p no:mlgates``: the fixture is unknown, and so are the markers."""
    project.makepyfile(
        test_a="""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8)
        def test_model(mlgate, good):
            mlgate(**good)
    """
    )
    result = project.runpytest_subprocess("-p", "no:mlgates", "-W", "default")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*fixture 'mlgate' not found",
            "*PytestUnknownMarkWarning: Unknown pytest.mark.metric *",
        ]
    )
    result = project.runpytest_subprocess("-p", "no:mlgates", "--strict-markers")
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*'metric' not found in `markers` configuration option"])
