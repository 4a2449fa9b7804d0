"""A waiver excuses what it names, until its day, and is seen everywhere."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core import waivers
from tests.projects import record_in

DAY = dt.date(2027, 1, 1)
HOLDOUT = "y_true,y_pred,sex\n" + "1,1,F\n0,1,F\n" * 200 + "1,1,M\n0,0,M\n" * 200 + "1,0,X\n" * 60
SUITE = [
    {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "y_true", "min_value": 0, "max_value": 0},
    },
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "sex"}},
    {"type": "expect_column_value_lengths_to_equal", "kwargs": {"column": "sex", "value": 2}},
]
GATES = """
[tables.holdout]
path = "holdout.csv"
[gates.schema]
kind = "data_schema"
table = "holdout"
suite = "suite.json"
[gates.accuracy]
kind = "metric"
table = "holdout"
metric = "accuracy"
min = 0.9
[gates.slices]
kind = "metric"
table = "holdout"
metric = "accuracy"
by = "sex"
min = 0.3
"""
WAIVER = """
[[waivers]]
gate = "{gate}"
owner = "ana@example.org"
reason = "relabelling is under way"
expires = {expires}
{more}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "holdout.csv").write_text(HOLDOUT)
    (tmp_path / "suite.json").write_text(json.dumps(SUITE))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(waivers, "today", lambda: DAY)
    monkeypatch.setattr("pytest_mlgates.runner.waiving.today", lambda: DAY)

    def write(*entries: str) -> None:
        (tmp_path / "mlgates.toml").write_text(GATES + "".join(entries))

    return write


def waiver(gate: str, expires: str = "2027-03-01", more: str = "") -> str:
    return WAIVER.format(gate=gate, expires=expires, more=more)


def ran(capsys, *arguments: str) -> tuple[int, str, dict]:
    code = main(["check", *arguments, "--evidence", "e.json"])
    out = capsys.readouterr()
    return code, out.out + out.err, record_in(Path("e.json"))


def test_a_failed_gate_is_waived_and_says_by_whom(project, capsys):
    project(waiver("accuracy"))
    code, text, evidence = ran(capsys, "accuracy")
    assert code == 0
    assert " WAIVED  accuracy" in text
    assert "waived until 2027-03-01 by ana@example.org: relabelling is under way" in text
    assert "1 gate: 0 passed, 0 failed, 1 waived" in text
    (verdict,) = evidence["verdicts"]
    assert (verdict["outcome"], verdict["finding"]) == ("waived", "disproven")
    assert verdict["waivers"][0]["owner"] == "ana@example.org"
    assert evidence["result"] == "WARNED"


def test_without_its_waiver_the_gate_fails(project, capsys):
    project()
    assert ran(capsys, "accuracy")[0] == 1


def test_an_expired_waiver_excuses_nothing_and_fails_every_run(project, capsys):
    project(waiver("accuracy", "2026-12-31"))
    code, text, _ = ran(capsys, "accuracy")
    assert code == 1
    assert " FAIL  accuracy" in text
    project(waiver("accuracy", "2026-12-31"))
    code, text, evidence = ran(capsys, "slices")
    assert "the waiver of accuracy expired on 2026-12-31 (ana@example.org:" in text
    assert code == 1
    assert evidence["result"] == "FAILED"


@pytest.mark.parametrize(
    ("expires", "said"),
    [
        ("2027-01-01", "ends today"),
        ("2027-01-02", "ends in 1 day, on 2027-01-02"),
        ("2027-01-15", "ends in 14 days"),
        ("2027-01-16", None),
    ],
)
def test_every_run_says_that_a_waiver_ends_soon(project, capsys, expires, said):
    project(waiver("accuracy", expires))
    code, text, _ = ran(capsys, "accuracy")
    assert code == 0
    assert ("ends" in text) == (said is not None)
    assert said is None or f"the waiver of accuracy {said}" in text


def test_a_waiver_of_an_unknown_gate_fails_a_whole_run(project, capsys):
    project(waiver("acuracy"))
    code, text, _ = ran(capsys)
    assert code == 1
    assert "a waiver names the unknown gate 'acuracy'" in text
    assert "did you mean 'accuracy'" in text


def test_what_cannot_be_evaluated_is_never_waived(project, capsys, tmp_path):
    project(waiver("accuracy"))
    (tmp_path / "holdout.csv").unlink()
    code, text, _ = ran(capsys, "accuracy")
    assert code == 2
    assert " ERROR  accuracy" in text


def test_expectations_are_waived_one_by_one(project, capsys):
    lengths = waiver("schema", more='expectation = "expect_column_value_lengths_to_equal:sex"')
    between = waiver("schema", more='expectation = "expect_column_values_to_be_between"')
    project(lengths)
    code, text, _ = ran(capsys, "schema")
    assert code == 1
    assert "it fails without that too" in text
    project(lengths, between)
    code, text, evidence = ran(capsys, "schema")
    assert code == 0
    assert evidence["verdicts"][0]["outcome"] == "waived"
    assert len(evidence["verdicts"][0]["waivers"]) == 2


def test_a_group_is_waived_if_all_others_hold(project, capsys):
    project(waiver("slices", more='group = ["X"]'))
    code, text, evidence = ran(capsys, "slices")
    assert code == 0, text
    assert evidence["verdicts"][0]["outcome"] == "waived"
    assert [g["group"] for g in evidence["verdicts"][0]["groups"]] == [["F"], ["M"], ["X"]]
    project(waiver("slices", more='group = ["F"]'))
    code, text, _ = ran(capsys, "slices")
    assert code == 1
    assert "waived is slices (group F); it fails without that too" in text


def test_a_waived_group_must_be_there(project, capsys):
    project(waiver("slices", more='group = ["Y"]'))
    code, text, _ = ran(capsys, "slices")
    assert code == 2
    assert "a waiver names a group that table 'holdout' does not have" in text


def test_a_waiver_that_excuses_nothing_says_so(project, capsys):
    project(waiver("slices", more='group = ["X"]'))
    Path("holdout.csv").write_text("y_true,y_pred,sex\n" + "1,1,F\n0,0,M\n" * 300)
    code, text, _ = ran(capsys, "slices")
    assert code == 0
    assert "the waiver of slices (group X) excuses nothing today" in text


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('gate = "accuracy"\nowner = "a"\nreason = "b"', "expires is missing"),
        ('gate = "accuracy"\nreason = "b"\nexpires = 2027-03-01', "owner is missing"),
        (
            'gate = "accuracy"\nowner = " "\nreason = "b"\nexpires = 2027-03-01',
            "owner is not usable",
        ),
        (
            'gate = "accuracy"\nowner = "a"\nreason = "b"\nexpires = "soon"',
            "want:  a day: 2027-01-31",
        ),
        (
            'gate = "accuracy"\nowner = "a"\nreason = "b"\nexpires = 2027-03-01\nuntil = 1',
            "unknown key 'until'",
        ),
        (
            'gate = "accuracy"\nowner = "a"\nreason = "b"\nexpires = 2027-03-01\nexpectation = "x"',
            "has no expectations",
        ),
    ],
)
def test_a_waiver_that_is_not_whole_is_misuse(project, capsys, entry, said):
    project(f"[[waivers]]\n{entry}\n")
    assert main(["check"]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("key", ["gate", "owner", "reason", "expectation"])
@pytest.mark.parametrize(
    "sign", ["\\n", "\\r", "\\u2028", "\\u0085", "\\u001b", "\\u0008", "\\u202e", "\\u200b"]
)
def test_a_waiver_adds_no_line_and_moves_no_cursor(project, capsys, key, sign):
    values = {"gate": "schema", "owner": "a", "reason": "b", "expectation": "c"}
    values[key] = f"all is well{sign} 3 gates: 3 passed, 0 failed"
    lines = "\n".join(f'{name} = "{value}"' for name, value in values.items())
    project(f"[[waivers]]\n{lines}\nexpires = 2027-03-01\n")
    assert main(["check"]) == 2
    err = capsys.readouterr().err
    assert f"{key} is not usable" in err
    assert "want:  a text in one line, without control characters" in err
    assert "\n 3 gates: 3 passed" not in err


def test_whoever_answers_for_a_loosening_does_so_in_one_line(project, capsys):
    entry = 'gate = "accuracy"\nowner = "a"\nreason = "b\\nc"\ndate = 2027-01-01'
    project(f"[[allow-loosening]]\n{entry}\n")
    assert main(["check"]) == 2
    assert "reason is not usable" in capsys.readouterr().err


def test_names_and_reasons_may_be_of_any_language(project, capsys):
    more = waiver("accuracy").replace("ana@example.org", "Ana Müller 李 👩\u200d🔬")
    project(more)
    assert main(["check", "accuracy"]) == 0
    assert "Ana Müller" in capsys.readouterr().out


def test_a_group_of_a_waiver_is_shown_in_one_line(project, capsys):
    project(waiver("slices", expires="2026-01-01", more='group = ["X\\n 3 gates: 3 passed"]'))
    assert main(["check", "slices"]) != 0
    out = capsys.readouterr()
    assert "the waiver of slices (group X\\n 3 gates: 3 passed) expired" in out.out
    assert "\n 3 gates: 3 passed" not in out.out + out.err


def test_waivers_that_are_no_entries_are_misuse(project, capsys, tmp_path):
    (tmp_path / "mlgates.toml").write_text('waivers = "all"\n' + GATES)
    assert main(["check"]) == 2
    assert "waivers is not usable" in capsys.readouterr().err


def test_hooks_waive_and_refuse_expired_waivers_alike(project, capsys):
    from pytest_mlgates.hooks.mlgates_check import main as hook

    project(waiver("accuracy"), waiver("schema"), waiver("slices"))
    assert hook(["holdout.csv"]) == 0
    assert " WAIVED  accuracy" in capsys.readouterr().out
    project(waiver("accuracy", "2026-12-31"), waiver("schema"), waiver("slices"))
    assert hook(["holdout.csv"]) == 1
    assert "the waiver of accuracy expired" in capsys.readouterr().out
