"""What GitHub shows of a run is limited: the worst stands first, and what is left out is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_mlgates.cli import main, output


def ran(capsys, *arguments):
    code = main(list(arguments))
    out = capsys.readouterr()
    return code, out.out, out.err


MIXED = """
y_true = "label"

[tables.t]
path = "t.csv"

[gates.open]
kind = "metric"
table = "t"
metric = "accuracy"
y_pred = "prediction"
min = 0.55
"""


def test_github_is_shown_the_worst_first(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("label,prediction\n" + "0,0\n1,1\n1,0\n0,1\n1,1\n" * 4)
    Path("s.json").write_text(
        '{"expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "b"}}]}'
    )
    gates = "".join(
        f'[gates.g{i}]\nkind = "data_schema"\ntable = "t"\nsuite = "s.json"\n' for i in range(11)
    )
    broken = '[gates.broken]\nkind = "data_schema"\ntable = "t"\nsuite = "gone.json"\n'
    Path("mlgates.toml").write_text(f'required = ["absent"]\n{MIXED}{gates}{broken}')
    main(["check"])
    capsys.readouterr()
    lines = ran(capsys, "report", "--github")[1].splitlines()
    errors = [line for line in lines if line.startswith("::error ")]
    assert len(errors) == 10
    assert "title=gate 'broken' could not be evaluated" in errors[0]
    assert "absent" in errors[1]
    assert errors[2].partition("title=")[2].startswith("gate 'g0' failed")
    assert errors[-1] == "::error title=ML gates::4 more: g7, g8, g9, g10"
    (warning,) = [line for line in lines if line.startswith("::warning ")]
    assert "gate 'open'" in warning


def many_failing(count):
    """Evidence of *count* gates of which the last one fails, each with a long message."""
    columns = ",".join(f"column_{i}" for i in range(40))
    Path("t.csv").write_text(f"{columns}\n{columns}\n")
    missing = [
        {"type": "expect_column_to_exist", "kwargs": {"column": f"absent_{i}"}} for i in range(40)
    ]
    there = [{"type": "expect_column_to_exist", "kwargs": {"column": "column_0"}}]
    Path("missing.json").write_text(json.dumps(missing))
    Path("there.json").write_text(json.dumps(there))
    gates = "".join(
        f'[gates.g{i}]\nkind = "data_schema"\ntable = "t"\n'
        f'suite = "{"missing" if i >= count // 2 else "there"}.json"\n'
        for i in range(count)
    )
    Path("mlgates.toml").write_text(f'[tables.t]\npath = "t.csv"\n{gates}')


CUT = (
    "\n**Cut here: GitHub shows 1 MiB of a step's summary. The whole is in "
    "`.mlgates/evidence.json`.**\n"
)


def test_a_summary_that_github_would_drop_is_cut_at_a_line_and_says_so(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(output, "_MOST_OF_A_SUMMARY", 10_000)
    many_failing(12)
    summary = tmp_path / "summary.md"
    summary.write_text("x" * 3_000 + "\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert main(["check"]) == 1
    text = summary.read_text()
    assert text.startswith("x" * 3_000 + "\n## ML gates: FAILED\n")
    assert text.endswith(CUT)
    assert 9_000 < len(text.encode()) <= 10_000
    assert text.count("```") % 2 == 0
    assert text.index("| FAIL | g6 ") < text.index("| PASS | g0 ")
    whole = ran(capsys, "report", "--markdown", "-")[1]
    kept = text.removesuffix(CUT).splitlines()[1:]
    assert set(kept) <= set(whole.splitlines())


def test_a_full_summary_is_told_and_not_made_fuller(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    many_failing(2)
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * (1 << 20))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    main(["check"])
    assert summary.stat().st_size == 1 << 20
    assert capsys.readouterr().err.endswith(
        "GITHUB_STEP_SUMMARY was not written: it holds 1,048,576 bytes already. GitHub shows 1 MiB "
        "of a step's summary.\n"
    )


@pytest.mark.parametrize("room", range(0, 9_000, 450))
def test_wherever_it_is_cut_a_summary_is_within_its_limit_and_closes_what_it_opens(
    tmp_path, monkeypatch, capsys, room
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(output, "_MOST_OF_A_SUMMARY", room)
    many_failing(2)
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    main(["check"])
    text = summary.read_text()
    assert len(text.encode()) <= room
    assert text.count("```") % 2 == 0
    assert text.endswith(CUT) or not text or "Cut here" not in text


def test_a_cut_summary_names_the_page_that_has_the_whole(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    many_failing(12)
    main(["check"])
    monkeypatch.setattr(output, "_MOST_OF_A_SUMMARY", 5_000)
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert ran(capsys, "report", "--github", "--html", "page.html")[0] == 0
    assert "is in `.mlgates/evidence.json` and in `page.html`.**\n" in summary.read_text()
