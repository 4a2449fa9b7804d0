"""``mlgates infer``: what is written, shown and judged, and every mistake in one message."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from pytest_mlgates import data_schema
from pytest_mlgates.cli import main

ROWS = 400


def table_text(rows: int = ROWS, seed: int = 1) -> str:
    random = np.random.default_rng(seed)
    lines = ["id,age,country,note"]
    for i in random.permutation(rows):
        country = random.choice(["DE", "FR"])
        lines.append(f"{i},{random.integers(18, 90)},{country},{'w' * int(random.integers(1, 60))}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("data/people.csv").write_text(table_text())
    Path("data/next.csv").write_text(table_text(seed=2))
    Path("data/bad.csv").write_text(table_text(seed=3).replace("DE", "Germany"))
    return tmp_path


def suite(path: str = "contracts/people.json"):
    return json.loads(Path(path).read_text())


# What is written


def test_the_suite_is_written_and_judges_the_next_table(folder, capsys):
    assert main(["infer", "data/people.csv", "-o", "contracts/people.json"]) == 0
    assert suite()["name"] == "people"
    assert data_schema("data/next.csv", "contracts/people.json").passed
    assert not data_schema("data/bad.csv", "contracts/people.json").passed
    assert sorted(p.name for p in Path("contracts").iterdir()) == ["people.json"]
    assert capsys.readouterr().err == ""


def test_a_row_per_column_says_what_is_expected_and_what_is_left_out(folder, capsys):
    assert main(["infer", "data/people.csv"]) == 0
    out = capsys.readouterr().out
    lines = [line.rstrip() for line in out.splitlines()]
    assert lines[0] == (" people.csv: 400 rows, 4 columns; 17 expectations, level 0.05 / 38 each")
    assert lines[2].split() == ["column", "holds", "in", "the", "next", "batch"]
    assert lines[3].split("  ")[-1] == "at most 2.25 % missing · unique"
    assert " · at least 0, always · 18 to 89 · 5/25/50/75/95 % at 18 to " in lines[4]
    assert lines[5].endswith("in {DE, FR}, at most 3.07 % new · all of them again")
    assert " the table: these columns and no others" in lines
    assert " id        no range: a key grows" in lines
    assert any(
        line.startswith(" note      no categories: 59 different values in 400, 1 of them seen once")
        for line in lines
    )
    assert lines[-1] == " nothing is written; write the suite: -o contracts/NAME.json"
    assert sorted(p.name for p in folder.iterdir()) == ["data"]


def test_the_declaration_is_toml_to_paste(folder, capsys):
    Path("mlgates.toml").write_text("")
    assert main(["infer", "data/people.csv", "-o", "contracts/people.json"]) == 0
    out = capsys.readouterr().out
    assert " written: contracts/people.json; declare the gate in mlgates.toml:\n" in out
    pasted = out.split("mlgates.toml:\n")[1]
    assert tomllib.loads(pasted) == {
        "tables": {"people": {"path": "data/people.csv"}},
        "gates": {
            "people-schema": {
                "kind": "data_schema",
                "table": "people",
                "suite": "contracts/people.json",
            }
        },
    }
    Path("mlgates.toml").write_text(pasted)
    assert main(["check"]) == 0


def test_the_declaration_in_pyproject_has_its_prefix_and_odd_names_are_quoted(folder, capsys):
    Path("data/people.csv").rename('data/pe"ople é.csv')
    assert main(["infer", 'data/pe"ople é.csv', "-o", "s.json"]) == 0
    out = capsys.readouterr().out
    pasted = out.split("pyproject.toml:\n")[1]
    tables = tomllib.loads(pasted)["tool"]["mlgates"]["tables"]
    assert tables == {'pe"ople é': {"path": 'data/pe"ople é.csv'}}


def test_a_declared_table_is_named_and_declared_no_second_time(folder, capsys):
    Path("mlgates.toml").write_text('[tables.people]\npath = "data/people.csv"\n')
    for given in ("people", "data/people.csv"):
        assert main(["infer", given, "-o", f"{len(given)}.json"]) == 0
        pasted = tomllib.loads(capsys.readouterr().out.split("mlgates.toml:\n")[1])
        assert "tables" not in pasted
        assert pasted["gates"]["people-schema"]["table"] == "people"
    assert suite("6.json")["expectations"] == suite("15.json")["expectations"]


def test_an_id_that_is_declared_is_not_proposed_again(folder, capsys):
    declared = (
        '[tables.people]\npath = "data/people.csv"\n[gates.people-schema]\nkind = "data_schema"\n'
        'table = "people"\nsuite = "a.json"\n'
    )
    Path("mlgates.toml").write_text(declared)
    assert main(["infer", "people", "-o", "b.json"]) == 0
    pasted = capsys.readouterr().out.split("mlgates.toml:\n")[1]
    assert list(tomllib.loads(pasted)["gates"]) == ["people-schema-2"]
    Path("mlgates.toml").write_text(declared + pasted)
    for output, gate in (("a.json", "people-schema"), ("./b.json", "people-schema-2")):
        assert main(["infer", "people", "-o", output, "--force"]) == 0
        out = capsys.readouterr().out
        assert out.endswith(f" written: {output}, which gate {gate!r} in mlgates.toml judges by\n")
    assert main(["check"]) == 0


def test_a_table_that_only_shares_a_name_gets_another(folder, capsys):
    Path("mlgates.toml").write_text('[tables.people]\npath = "elsewhere.csv"\n')
    assert main(["infer", "data/people.csv", "-o", "b.json"]) == 0
    pasted = tomllib.loads(capsys.readouterr().out.split("mlgates.toml:\n")[1])
    assert pasted["tables"] == {"people-2": {"path": "data/people.csv"}}
    assert pasted["gates"]["people-2-schema"]["table"] == "people-2"


def test_a_suite_to_stdout_is_all_that_stdout_holds(folder, capsys):
    assert main(["infer", "data/people.csv", "-o", "-", "--check", "data/next.csv"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["name"] == "people"
    assert "in the next batch" in captured.err
    assert "on data/next.csv it holds:" in captured.err


def test_what_exists_is_overwritten_only_by_force(folder, capsys):
    Path("s.json").write_text("by hand")
    assert main(["infer", "data/people.csv", "-o", "s.json"]) == 2
    assert capsys.readouterr().err == (
        "'s.json' exists\n"
        "  where: -o\n"
        "  want:  a new file: what was edited by hand would be lost\n"
        "  fix:   name another one, or overwrite it with --force\n"
    )
    assert Path("s.json").read_text() == "by hand"
    assert main(["infer", "data/people.csv", "-o", "s.json", "--force"]) == 0
    assert suite("s.json")["name"] == "s"


# --check


def test_check_shows_what_would_have_failed_and_exits_1(folder, capsys):
    arguments = ["infer", "data/people.csv", "--check", "data/bad.csv", "-o", "s.json"]
    assert main(arguments) == 1
    out = capsys.readouterr().out
    assert " on data/bad.csv it does not hold:\n   2 of 17 expectations failed, " in out
    assert "     - country: in set 'DE', 'FR' in at least 96.93 %" in out
    assert " written: s.json;" in out
    assert suite("s.json")["name"] == "s"


def test_check_of_a_good_table_exits_0(folder, capsys):
    assert main(["infer", "data/people.csv", "--check", "data/next.csv"]) == 0
    assert "on data/next.csv it holds:\n   17 expectations held over 400 rows\n" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize("other", ["data/none.csv", "data/empty.csv", "data/header.csv"])
def test_another_table_that_cannot_be_judged_is_misuse_and_nothing_is_written(
    folder, capsys, other
):
    Path("data/empty.csv").write_text("")
    Path("data/header.csv").write_text("id,age,country,note\n")
    assert main(["infer", "data/people.csv", "--check", other, "-o", "s.json"]) == 2
    captured = capsys.readouterr()
    assert Path(other).name in captured.err
    assert captured.out == ""
    assert not Path("s.json").exists()


# Options


def test_rows_are_counted_on_request(folder, capsys):
    assert main(["infer", "data/people.csv", "--row-count", "-o", "s.json"]) == 0
    assert suite("s.json")["expectations"][1]["kwargs"] == {"min_value": 200, "max_value": 800}
    assert " the table: 200 to 800 rows" in capsys.readouterr().out


def test_confidence_and_batches_are_said(folder, capsys):
    options = ["--confidence", "0.99", "--batch-rows", "100"]
    assert main(["infer", "data/people.csv", *options, "-o", "s.json"]) == 0
    assert "level 0.01 / 38 each" in capsys.readouterr().out
    assert suite("s.json")["notes"] == (
        "Inferred from people.csv (400 rows): a batch of 100 rows or more that is drawn like it "
        "fails with a probability of 0.01 at most."
    )


@pytest.mark.parametrize("how", ["option", "configuration"])
def test_a_private_table_shows_no_value_and_writes_none(folder, capsys, how):
    options = ["--private"] if how == "option" else []
    if how == "configuration":
        Path("mlgates.toml").write_text('[tables.p]\npath = "data/*.csv"\nprivate = true\n')
    arguments = ["infer", "data/people.csv", "--check", "data/bad.csv", "-o", "s.json", *options]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert "no categories or lengths: they are values of a private table" in captured.out
    for value in ("DE", "FR", "Germany"):
        assert value not in captured.out + captured.err + Path("s.json").read_text()


def test_names_and_values_that_a_terminal_would_obey_are_shown_escaped(folder, capsys):
    lines = ["a\x1b[31m"] + ["x\x1b[2J", "[bold]y[/]"] * 100
    Path("data/odd.csv").write_text("\n".join(lines) + "\n")
    assert main(["infer", "data/odd.csv"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "a\\x1b[31m" in out
    assert "in {[bold]y[/], x\\x1b[2J}" in out


class Terminal:
    encoding = "ascii"

    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        text.encode("ascii")
        self.text += text
        return len(text)

    def flush(self):
        pass


def test_a_narrow_ascii_terminal_gets_wrapped_cells(folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert main(["infer", "data/people.csv"]) == 0
    lines = sys.stdout.text.splitlines()
    assert max(map(len, lines[2:])) <= 70
    assert any("all of them" in line for line in lines)


# Misuse: one message, no traceback, nothing written


def refused(capsys, *arguments: str) -> str:
    before = sorted(Path().rglob("*"))
    assert main(["infer", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert sorted(Path().rglob("*")) == before
    return captured.err


def test_a_missing_table_is_told_with_what_is_there(folder, capsys):
    err = refused(capsys, "data/poeple.csv", "-o", "s.json")
    assert err.startswith("no file matches 'data/poeple.csv'\n")
    assert "did you mean 'people.csv'?" in err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "'empty.csv' is empty"),
        ("header.csv", b"a,b\n", "table 'header.csv' has 0 rows"),
        ("twice.csv", b"a,a\n1,2\n", "column 'a' stands twice"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n", "'ragged.csv' cannot be read"),
        ("cut.parquet", b"PAR1 and no more", "'cut.parquet' cannot be read"),
        ("lines.jsonl", b'{"a": 1}\n{"a": \n', "'lines.jsonl' cannot be read"),
        ("picture.png", b"\x89PNG", "'picture.png' is of no known format"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_message(folder, capsys, name, content, words):
    Path("data", name).write_bytes(content)
    assert words in refused(capsys, f"data/{name}", "-o", "s.json")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("data", "'data' is a folder\n  where: -o"),
        ("", "'' is a folder\n  where: -o"),
        ("data/people.csv/s.json", "'data/people.csv/s.json' cannot be written\n  where: -o"),
        ("/proc/none/s.json", "'/proc/none/s.json' cannot be written\n  where: -o"),
    ],
)
def test_a_place_that_cannot_be_written_is_one_message(folder, capsys, output, words):
    assert words in refused(capsys, "data/people.csv", "-o", output)


def test_the_table_itself_is_never_overwritten(folder, capsys):
    before = Path("data/people.csv").read_text()
    for arguments in (
        ["data/people.csv", "-o", "data/people.csv", "--force"],
        ["data/people.csv", "--check", "data/next.csv", "-o", "data/../data/next.csv", "--force"],
    ):
        assert "is a file of the table itself" in refused(capsys, *arguments)
    assert Path("data/people.csv").read_text() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--confidence", "95"], "'95' is not a number from 0.5 to under 1"),
        (["--confidence", "nan"], "'nan' is not a number from 0.5 to under 1"),
        (["--confidence", "high"], "'high' is not a number from 0.5 to under 1"),
        (["--batch-rows", "0"], "'0' is not a whole number of 1 or more"),
        (["--batch-rows", "1.5"], "'1.5' is not a whole number of 1 or more"),
        (["--row-cout"], "unrecognized arguments: --row-cout"),
        (["--config", "none.toml"], "none.toml cannot be read"),
    ],
)
def test_a_bad_option_is_told(folder, capsys, options, words):
    assert words in refused(capsys, "data/people.csv", *options)


def test_a_broken_configuration_is_told_before_anything_is_read(folder, capsys):
    Path("mlgates.toml").write_text("[tables.p]\npath = 3\n")
    assert "1 mistake in " in refused(capsys, "data/people.csv", "-o", "s.json")


def test_an_interrupt_exits_130_and_writes_nothing(folder, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_mlgates.gates.data_schema.inference.reading.texts", interrupted)
    assert main(["infer", "data/people.csv", "-o", "s.json"]) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert sorted(p.name for p in folder.iterdir()) == ["data"]
