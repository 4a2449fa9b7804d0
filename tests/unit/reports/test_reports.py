"""The same verdicts as rows for a terminal and as Markdown: whole texts."""

from __future__ import annotations

from pytest_mlgates.core.evidence import Evidence
from pytest_mlgates.core.verdict import Bound, Finding, Outcome, Verdict
from pytest_mlgates.reports import markdown
from pytest_mlgates.reports.text import degrade, render_evidence, render_messages, render_rows

PARITY = Verdict(
    id="sex-parity",
    kind="fairness",
    finding=Finding.PROVEN,
    outcome=Outcome.PASSED,
    message="m",
    metric="demographic_parity_difference",
    by=("sex",),
    estimate=0.041,
    upper=0.066,
    upper_confidence=0.95,
    n=6512,
    bound=Bound(max=0.1),
)
CHAMPION = Verdict(
    id="tests/test_x.py::test_credit[a]::metric:accuracy:no_worse_than@fold-3",
    kind="metric",
    finding=Finding.DISPROVEN,
    outcome=Outcome.FAILED,
    message="worse by 0.023\nsecond line",
    metric="accuracy",
    estimate=-0.023,
    lower=-0.03,
    upper=-0.015,
    lower_confidence=0.95,
    upper_confidence=0.95,
    n=6512,
    bound=Bound(no_worse_than="models:/c@champion", margin=0.01),
    replaces="the marker of class TestX",
)
ODDS = PARITY.replace(
    id="odds",
    finding=Finding.INCONCLUSIVE,
    by=("sex", "age"),
    rows_needed=310,
    message="not decided",
    warnings=("few rows in (F, 60+)",),
)
MISUSED = Verdict(
    id="broken",
    kind="data_schema",
    finding=None,
    outcome=Outcome.ERROR,
    message="no file matches 'x.csv'\n  where: pyproject.toml",
    summary="no file matches 'x.csv'",
)
ALL = (PARITY, CHAMPION, ODDS, MISUSED)


def test_rows_are_aligned_and_speak_of_the_deciding_side():
    lines = render_rows(ALL)
    rows = [" ".join(line.split()) for line in lines]
    assert [row.split()[0] for row in rows] == ["PASS", "FAIL", "PASS?", "ERROR"]
    assert "0.041 at most 0.066 max 0.10 n=6,512 proven (95 %)" in rows[0]
    assert "test_credit[a]@fold-3" in rows[1]
    assert "accuracy vs champion" in rows[1]
    assert "-0.023 at most -0.015 margin 0.01 n=6,512 disproven (95 %), paired" in rows[1]
    assert "by sex × age" in rows[2]
    assert "not decided: about 310 rows would decide" in rows[2]
    assert rows[3].endswith("no file matches 'x.csv'")
    places = {line.index(line.split()[0]) for line in lines}
    assert len(places) == 1


def test_messages_of_all_that_did_not_simply_pass_follow():
    text = "\n".join(render_messages(ALL))
    assert text == (
        "\n"
        "gate 'tests/test_x.py::test_credit[a]::metric:accuracy:no_worse_than@fold-3' failed\n"
        "  worse by 0.023\n"
        "  second line\n"
        "  replaces: the marker of class TestX\n"
        "\n"
        "gate 'odds' passed, but the rows do not decide it\n"
        "  not decided\n"
        "  warning (odds): few rows in (F, 60+)\n"
        "\n"
        "gate 'broken' could not be evaluated\n"
        "  no file matches 'x.csv'\n"
        "    where: pyproject.toml"
    )


def test_the_last_lines_count_and_name_what_did_not_run():
    evidence = Evidence(verdicts=ALL, complete=False, required=("sex-parity", "later"))
    lines = render_evidence(evidence, written="e.json")
    assert lines[-2:] == [
        " 4 gates: 2 passed (1 undecided), 1 failed, 1 error, 0 waived · evidence e.json",
        " required, not run: later",
    ]


def test_markdown_has_a_row_per_gate_and_the_messages():
    evidence = Evidence(verdicts=ALL, complete=True, problems=("worker gw1 went down",))
    text = markdown.render(evidence)
    assert text.startswith(
        "## ML gates: FAILED\n\n"
        "4 gates: 2 passed (1 undecided), 1 failed, 1 error, 0 waived\n\n"
        "|  | gate | what | estimate | deciding | bound | rows | finding |\n"
        "|---|---|---|---|---|---|---|---|\n"
        "| PASS | sex-parity | demographic_parity_difference by sex | 0.041 | at most 0.066 "
        "| max 0.10 | n=6,512 | proven (95 %) |\n"
    )
    assert "|\n\n- **worker gw1 went down**\n" in text  # no row of the table
    assert "```text\ngate 'broken' could not be evaluated\n  no file matches 'x.csv'" in text
    assert "gate 'sex-parity'" not in text


def test_a_value_cannot_break_out_of_its_cell_or_fence():
    verdict = MISUSED.replace(id="a|b", summary="x\n<script>", message="```\n# heading")
    text = markdown.render(Evidence(verdicts=(verdict,), complete=True))
    assert "| ERROR | a\\|b |" in text
    assert "x &lt;script>" in text
    assert text.count("```") == 2


def test_what_a_terminal_cannot_show_degrades():
    line = "sex × age · 95\u202f% − “x”"
    assert degrade(line, "utf-8") == line
    assert degrade(line, "ascii") == "sex x age - 95 % - ?x?"
    assert degrade(line, None) == "sex x age - 95 % - ?x?"
    assert degrade("plain", "ascii") == "plain"
