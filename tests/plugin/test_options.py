"""Options and reports: evidence, JUnit, the policy, examples, the terminal section."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from tests.plugin.conftest import GATES, HOLDOUT, configure
from tests.projects import record_in

SMALL = """
    import pytest

    @pytest.mark.metric("accuracy", min=0.8, id="quality")
    def test_model(mlgate):
        mlgate(y_true=[0, 1] * 10, y_pred=[0, 1] * 9 + [0, 0])
"""


def verdict_of(project, path="evidence.json"):
    (verdict,) = record_in(project.path / path)["verdicts"]
    return verdict


@pytest.mark.parametrize(
    "policy, outcome, row",
    [
        ((), "passed", " PASS?  quality *not decided*"),
        (("--mlgates-inconclusive", "estimate"), "passed", " PASS?  quality *not decided*"),
        (("--mlgates-inconclusive=pass",), "passed", " PASS?  quality *not decided*"),
        (("--mlgates-inconclusive=fail",), "failed", " FAIL  quality *not decided*"),
    ],
)
def test_the_policy_changes_outcomes_and_never_findings(project, policy, outcome, row):
    project.makepyfile(SMALL)
    result = project.runpytest_inprocess("--mlgates-evidence", "evidence.json", *policy)
    assert result.ret == (outcome == "failed")
    result.stdout.fnmatch_lines([row])
    verdict = verdict_of(project)
    assert (verdict["finding"], verdict["outcome"]) == ("inconclusive", outcome)


OWN_POLICY = """
    import pytest

    ARRAYS = {"y_true": [0, 1] * 10, "y_pred": [0, 1] * 9 + [0, 0]}

    @pytest.mark.metric("accuracy", min=0.8, inconclusive="pass", id="marker")
    def test_marker(mlgate):
        mlgate(**ARRAYS)

    def test_method(mlgate):
        mlgate.metric(None, "accuracy", min=0.8, inconclusive="pass", id="method", **ARRAYS)
"""


def test_the_policy_of_the_command_line_stands_over_every_other(project):
    project.makepyfile(OWN_POLICY)
    rows = "".join(f"{i % 2},{i % 2 if i < 18 else 0}\n" for i in range(20))
    (project.path / "small.csv").write_text("y_true,y_pred\n" + rows)
    project.makepyprojecttoml("""
        [tool.mlgates]
        inconclusive = "pass"
        tables.small.path = "small.csv"

        [tool.mlgates.gates.declared]
        kind = "metric"
        table = "small"
        metric = "accuracy"
        min = 0.8
        inconclusive = "pass"
    """)
    assert project.runpytest_inprocess("--mlgates").ret == 0
    result = project.runpytest_inprocess("--mlgates", "--mlgates-inconclusive=fail")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines_random([" FAIL  marker *", " FAIL  method *", " FAIL  declared *"])
    verdicts = record_in(project.path / ".mlgates/evidence.json")["verdicts"]
    assert {v["policy"] for v in verdicts} == {"fail"}


def test_a_mistaken_policy_of_a_gate_is_misuse_whatever_the_command_line_says(declared):
    configure(declared, GATES, 'inconclusive = "maybe"')
    result = declared.runpytest_inprocess("--mlgates", "--mlgates-inconclusive=fail")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*parity*inconclusive*"])


def test_an_unknown_policy_is_a_usage_error(project):
    result = project.runpytest_inprocess("--mlgates-inconclusive=maybe")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--mlgates-inconclusive: invalid choice: 'maybe'*"])


def test_an_undecided_pass_says_what_would_decide_it(project):
    project.makepyfile(SMALL)
    result = project.runpytest_inprocess()
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            (
                " PASS?  quality  accuracy  0.950  at least * min 0.80  n=20  not decided: about * "
                "rows would decide"
            ),
            "gate 'quality' passed, but the rows do not decide it",
            " 1 gate: 1 passed (1 undecided), 0 failed, 0 waived",
        ]
    )


def test_an_undecided_fairness_gate_names_the_group_whose_rows_would_decide(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.fairness("demographic_parity_difference", max=0.1, by="sex", id="parity")
        def test_model(mlgate):
            sex = ["F"] * 40 + ["M"] * 400
            pred = [0, 1] * 220
            mlgate(y_true=pred, y_pred=pred, sensitive_features={"sex": sex})
    """)
    result = project.runpytest_inprocess()
    result.stdout.fnmatch_lines([" PASS?  parity *not decided: group* 40 *would decide"])


def test_evidence_is_written_where_it_is_wanted(project):
    project.makepyfile(SMALL)
    result = project.runpytest_inprocess("--mlgates-evidence", "out/evidence.json")
    result.stdout.fnmatch_lines([" 1 gate: * · evidence out/evidence.json"])
    evidence = record_in(project.path / "out" / "evidence.json")
    assert evidence["result"] == "WARNED"
    assert evidence["complete"] is False
    assert not (project.path / ".mlgates").exists()


def test_evidence_is_written_even_when_nothing_was_evaluated(project):
    project.makepyfile("def test_plain(): pass")
    result = project.runpytest_inprocess("--mlgates-evidence", "evidence.json")
    assert result.ret == 0
    result.stdout.fnmatch_lines([" no gate was evaluated, evidence evidence.json"])
    assert record_in(project.path / "evidence.json")["result"] == "FAILED"


def test_evidence_that_cannot_be_written_fails_the_run(project):
    project.makepyfile(SMALL)
    (project.path / "file").write_text("")
    result = project.runpytest_inprocess("--mlgates-evidence", "file/evidence.json")
    result.assert_outcomes(passed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines([" the evidence could not be written to *file/evidence.json: *"])


def test_junit_properties_hold_the_verdict(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.8, id="quality")
        @pytest.mark.metric("f1", min=0.8)
        def test_model(mlgate, good):
            mlgate(**good)
    """)
    project.runpytest_inprocess("--junitxml=junit.xml", "-o", "junit_family=xunit1")
    root = ET.parse(project.path / "junit.xml")
    found = {p.get("name"): p.get("value") for p in root.iter("property")}
    keys = {name.rpartition(".")[2] for name in found if name.startswith("mlgates.quality.")}
    assert keys == {"outcome", "finding", "status", "estimate", "lower", "n", "bound"} | (
        keys & {"upper"}
    )
    assert found["mlgates.quality.outcome"] == "passed"
    assert found["mlgates.quality.finding"] == "proven"
    assert found["mlgates.quality.estimate"] == "1.0"
    assert found["mlgates.quality.n"] == "200"
    assert found["mlgates.quality.bound"] == "min 0.80"
    assert 0.9 < float(found["mlgates.quality.lower"]) < 1
    assert sum(name.endswith("metric:f1.outcome") for name in found) == 1


def test_examples_are_shown_on_request_only(project):
    (project.path / "holdout.csv").write_text(HOLDOUT.replace("1,1,0,F,1\n", "1,1,0,X,1\n"))
    project.makepyfile("""
        SUITE = [{"type": "expect_column_values_to_be_in_set",
                  "kwargs": {"column": "row", "value_set": list(range(190))}}]

        def test_schema(mlgate):
            mlgate.data_schema("holdout.csv", SUITE)
    """)
    result = project.runpytest_inprocess()
    assert result.ret == 1
    result.stdout.no_fnmatch_line("*195*")
    result = project.runpytest_inprocess("--mlgates-examples", "9")
    result.stdout.fnmatch_lines(["*195*"])


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "²"])
def test_a_number_of_examples_that_is_none_is_a_usage_error(project, value):
    result = project.runpytest_inprocess(f"--mlgates-examples={value}")
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [
            f"ERROR: mlgates: --mlgates-examples={value} is not usable",
            "  want:  a whole number, 0 or more",
        ]
    )


def test_the_section_degrades_where_the_terminal_cannot_show_it(project, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    project.makepyfile("""
        import pytest

        @pytest.mark.metric("accuracy", min=0.1, by=["a", "b"], id="slices")
        def test_model(mlgate, good):
            mlgate(**good, sensitive_features={"a": [1, 1, 2, 2] * 50, "b": [1] * 200})
    """)
    result = project.runpytest_subprocess("--mlgates-evidence", "evidence.json")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            " PASS  slices  accuracy in a=1, b=1 *",
            " 1 gate: * - evidence evidence.json",
        ]
    )


def test_rows_are_colored(project):
    project.makepyfile(SMALL)
    result = project.runpytest_inprocess("--color=yes")
    assert any("\x1b[33m PASS?  quality" in line for line in result.outlines)


def test_options_are_explained(project):
    result = project.runpytest_inprocess("--help")
    result.stdout.fnmatch_lines(
        [
            "quality gates for machine learning:",
            "  --mlgates *",
            "*--mlgates-require*",
            "*--mlgates-inconclusive*",
            "*--mlgates-evidence=PATH*",
            "*--mlgates-strict*",
        ]
    )
