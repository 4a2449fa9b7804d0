"""Gates of the configuration as test items."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import BROKEN_GATE, GATES, configure


def test_mlgates_adds_the_declared_gates(declared):
    declared.makepyfile(test_a="def test_plain(): pass")
    result = declared.runpytest_inprocess("--mlgates", "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "*collected 3 items",
            "test_a.py::test_plain PASSED *",
            "pyproject.toml::sound PASSED *",
            "pyproject.toml::parity PASSED *",
            " PASS  sound   accuracy *",
            " PASS  parity  demographic_parity_difference by sex *",
            " 2 gates: 2 passed, 0 failed, 0 waived · evidence .mlgates/evidence.json",
        ]
    )


def test_without_the_option_nothing_is_added(declared):
    declared.makepyfile(test_a="def test_plain(): pass")
    result = declared.runpytest_inprocess()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*ML gates*")


def test_the_failure_of_a_declared_gate_is_its_message(declared):
    configure(declared, GATES, BROKEN_GATE)
    text = (declared.path / "pyproject.toml").read_text()
    line = 1 + text.splitlines().index("[tool.mlgates.gates.broken]")
    result = declared.runpytest_inprocess("--mlgates", "-l", "--tb=long")
    assert result.ret == 1
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ broken _*",
            "gate 'broken' failed",
            "  accuracy is 0.000, at most *: min 0.80 does not hold",
            f"pyproject.toml:{line}: GateFailure",
            " FAIL  broken *",
            " 3 gates: 2 passed, 1 failed, 0 waived · evidence *",
            "FAILED pyproject.toml::broken - gate 'broken' failed accuracy is 0.000, *",
        ]
    )
    result.stdout.no_fnmatch_line("*items.py*")
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_declared_gate_that_cannot_be_evaluated_is_an_error_with_a_message(declared):
    (declared.path / "holdout.csv").unlink()
    result = declared.runpytest_inprocess("--mlgates")
    assert result.ret == 1
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "gate 'sound' could not be evaluated",
            "*holdout.csv*",
            "  *where:*",
            " ERROR  sound *",
            " 2 gates: 0 passed, 0 failed, 2 errors, 0 waived *",
        ]
    )
    result.stdout.no_fnmatch_line("*items.py*")


def test_declared_gates_are_added_whatever_paths_are_given(declared):
    declared.makepyfile(test_a="def test_plain(): pass", test_b="def test_other(): pass")
    result = declared.runpytest_inprocess("--mlgates", "test_b.py")
    result.assert_outcomes(passed=3)


def test_declared_gates_are_added_from_a_folder_below(declared, monkeypatch):
    sub = declared.mkdir("sub")
    (sub / "test_a.py").write_text("def test_plain(): pass\n")
    monkeypatch.chdir(sub)
    result = declared.runpytest_inprocess("--mlgates")
    result.assert_outcomes(passed=3)
    assert (declared.path / ".mlgates" / "evidence.json").is_file()


@pytest.mark.parametrize(
    "selection, gates",
    [
        (("-k", "parity"), ["parity"]),
        (("-m", "fairness"), ["parity"]),
        (("-m", "mlgates_metric"), ["sound"]),
        (("--deselect", "pyproject.toml::parity"), ["sound"]),
    ],
)
def test_selections_apply_to_declared_gates(declared, selection, gates):
    declared.makepyfile(test_a="def test_plain(): pass")
    result = declared.runpytest_inprocess("--mlgates", "--co", "-q", *selection)
    found = [line.partition("::")[2] for line in result.outlines if line.startswith("pyproject")]
    assert found == gates
    result = declared.runpytest_inprocess("--mlgates", *selection)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["collected 3 items / *deselected / *selected"])
    result.stdout.fnmatch_lines([" 1 gate: 1 passed*"])


def test_lf_selects_declared_gates_that_failed(declared):
    configure(declared, GATES, BROKEN_GATE)
    declared.makepyfile(test_a="def test_plain(): pass")
    declared.runpytest_inprocess("--mlgates").assert_outcomes(passed=3, failed=1)
    result = declared.runpytest_inprocess("--mlgates", "--lf", "-v")
    result.assert_outcomes(failed=1, deselected=1)
    result.stdout.fnmatch_lines(["pyproject.toml::broken FAILED *"])


def test_a_gate_is_named_by_its_node_id_without_the_option(declared):
    result = declared.runpytest_inprocess("pyproject.toml::parity", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["pyproject.toml::parity PASSED *", " 1 gate: 1 passed, *"])


def test_naming_a_gate_together_with_the_option_does_not_run_it_twice(declared):
    result = declared.runpytest_inprocess("--mlgates", "pyproject.toml::parity", "-v")
    result.assert_outcomes(passed=2)


def test_an_unknown_gate_is_a_usage_error(declared):
    result = declared.runpytest_inprocess("pyproject.toml::parityy")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: not found: *pyproject.toml::parityy*"])


def test_nested_configurations_are_not_collected(declared):
    sub = declared.mkdir("sub")
    (sub / "mlgates.toml").write_text("[gates.nested]\nkind = 'metric'\n")
    result = declared.runpytest_inprocess("--mlgates", "-v")
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*::nested*")


def test_collect_only_lists_gates_and_evaluates_nothing(declared):
    (declared.path / "holdout.csv").unlink()
    result = declared.runpytest_inprocess("--mlgates", "--collect-only")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "*collected 2 items",
            "*<GateFile pyproject.toml>",
            "*<GateItem sound>",
            "*<GateItem parity>",
        ]
    )
    result.stdout.no_fnmatch_line("*ML gates*")
    assert not (declared.path / ".mlgates").exists()


def test_no_gates_at_all_is_a_usage_error(project):
    configure(project, "[tool.mlgates]\nconfidence = 0.9")
    result = project.runpytest_inprocess("--mlgates")
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [
            "ERROR: mlgates: --mlgates found no gates to run",
            "  where: *pyproject.toml",
            "  want:  at least one [[]tool.mlgates.gates.NAME[]]",
        ]
    )


def test_no_configuration_at_all_is_a_usage_error(project):
    project.makepyfile(test_a="def test_plain(): pass")
    result = project.runpytest_inprocess("--mlgates")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: mlgates: --mlgates found no gates to run"])


MISTAKES = [
    ("[tool.mlgates]\nconfidnce = 0.9", ["*unknown key 'confidnce'*", "*'confidence'*"]),
    ("[tool.mlgates]\nconfidence = 2", ["*confidence is not usable*", "*got:*2*"]),
    ("[tool.mlgates.gates.x]\nkind = 'metrc'", ["*unknown kind of gate 'metrc'*", "*'metric'*"]),
    (BROKEN_GATE, ["*judges an unknown table 'holdout'*"]),
]


@pytest.mark.parametrize("text, lines", MISTAKES, ids=["key", "value", "kind", "table"])
@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_misuse_in_the_configuration_ends_with_4_before_collection(project, text, lines, options):
    configure(project, text)
    project.makepyfile(test_a="raise SystemError('collected')")
    result = project.runpytest_inprocess("--mlgates", *options)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: mlgates: 1 mistake in *pyproject.toml"])
    result.stderr.fnmatch_lines(lines)
    result.stdout.no_fnmatch_line("*collected*")


USES = """
    def test_first():
        raise SystemError("ran")

    def test_model(mlgate): pass
"""


def test_without_an_option_misuse_in_the_configuration_is_told_when_a_gate_is_seen(project):
    configure(project, "[tool.mlgates]\nconfidnce = 0.9")
    project.makepyfile(USES)
    result = project.runpytest_inprocess()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: mlgates: 1 mistake in *", "unknown key 'confidnce'"])
    result.stdout.no_fnmatch_line("*SystemError*")
    result = project.runpytest_inprocess("-n", "1")
    assert result.ret not in (0, 5)
    result.stdout.fnmatch_lines(["*unknown key 'confidnce'*"])
    result.stdout.no_fnmatch_line("*SystemError*")
    project.makepyfile("def test_plain(): pass")
    assert project.runpytest_inprocess().ret == 0


def test_two_configurations_side_by_side_end_with_4(declared):
    (declared.path / "mlgates.toml").write_text("")
    result = declared.runpytest_inprocess()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: mlgates: two configurations side by side"])


def test_a_configuration_that_is_not_toml_ends_with_4(project):
    (project.path / "mlgates.toml").write_text("gates = {")
    result = project.runpytest_inprocess()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: mlgates: mlgates.toml is not TOML", "  where: *"])


def test_a_pyproject_that_is_not_toml_is_no_reason_to_run_without_gates(project, monkeypatch):
    """pytest reads the file of the rootdir itself; the nearest one may be another."""
    (project.path / "pytest.ini").write_text("[pytest]\n")
    sub = project.mkdir("sub")
    (sub / "pyproject.toml").write_text("[tool.mlgates")
    monkeypatch.chdir(sub)
    result = project.runpytest_inprocess("--rootdir", project.path, "-c", "../pytest.ini")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: mlgates: pyproject.toml is not TOML"])


def test_an_exception_in_the_evaluation_is_recorded_and_fails(declared):
    """Neither a verdict nor misuse: a mistake of an engine, or of ours."""
    declared.makepyfile(odd_kind_raises=ODD_KIND.format(body="raise ValueError('odd')"))
    configure(declared, 'plugins = ["odd_kind_raises"]'.join(ODD_GATE))
    result = declared.runpytest_inprocess("--mlgates")
    assert result.ret == 1
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*ValueError: odd",
            " ERROR  odd  *ValueError while the gate was evaluated",
        ]
    )


ODD_GATE = (
    '[tool.mlgates]\npythonpath = ["."]\n',
    (
        '\n[tool.mlgates.tables.holdout]\npath = "holdout.csv"\n'
        '[tool.mlgates.gates.odd]\nkind = "odd"\ntable = "holdout"\n'
    ),
)

ODD_KIND = """
    from pytest_mlgates import Finding, Outcome, Verdict, hookimpl
    from pytest_mlgates.gates.base import GateKind, GateParameters

    def evaluate(parameters, table, context):
        {body}

    @hookimpl
    def mlgates_gate_kinds():
        return [GateKind(name="odd", takes="table", positional=(), parameters=GateParameters,
                         evaluate=evaluate)]
"""
