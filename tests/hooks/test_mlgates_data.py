"""Hook ``mlgates-data``: named files against a suite, or against the contract of their table."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pytest_mlgates.hooks.mlgates_data import main
from tests.projects import BAD_DATA, CONFIGURATION, GOOD_DATA, SUITE, write_project


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Data and a suite, without any configuration."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suite.json").write_text(json.dumps(SUITE))
    (tmp_path / "good.csv").write_text(GOOD_DATA)
    (tmp_path / "bad.csv").write_text(BAD_DATA)
    return tmp_path


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path)


def test_a_good_file_passes_its_suite(folder, capsys):
    assert main(["--suite", "suite.json", "good.csv"]) == 0
    out = capsys.readouterr().out
    assert out.split()[:3] == ["PASS", "good.csv", "data_schema"]
    assert " 1 gate: 1 passed, 0 failed, 0 waived\n" in out


def test_each_file_is_judged_on_its_own(folder, capsys):
    assert main(["--suite", "suite.json", "good.csv", "bad.csv"]) == 1
    out = capsys.readouterr().out
    assert "gate 'bad.csv' failed\n  1 of 2 expectations failed, 1 of 2 rows\n" in out
    assert " 2 gates: 1 passed, 1 failed" in out


def test_a_missing_column_is_named_with_the_nearest(folder, capsys):
    (folder / "bad.csv").write_text("Age_,sex\n3,F\n")
    assert main(["--suite", "suite.json", "bad.csv"]) == 1
    out = capsys.readouterr().out
    assert "'age'" in out
    assert "did you mean 'Age_'?" in out


def test_a_suite_that_does_not_exist_is_misuse(folder, capsys):
    assert main(["--suite", "suit.json", "good.csv"]) == 2
    out = capsys.readouterr().out
    assert "suit.json" in out
    assert "did you mean 'suite.json'?" in out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "'bad.csv' is empty"),
        ("age,sex\n", "has 0 rows"),
        ("age,sex\n1\n", "'bad.csv' cannot be read"),
        ("age,age\n1,2\n", "column 'age' stands twice in the header of 'bad.csv'"),
    ],
)
def test_a_file_that_holds_nothing_to_judge_is_misuse(folder, capsys, content, words):
    (folder / "bad.csv").write_text(content)
    assert main(["--suite", "suite.json", "bad.csv"]) == 2
    out = capsys.readouterr().out
    assert "gate 'bad.csv' could not be evaluated" in out
    assert words in out


def test_a_deleted_file_is_named(folder, capsys):
    assert main(["--suite", "suite.json", "gone.csv"]) == 2
    out = capsys.readouterr().out
    assert "gate 'gone.csv' could not be evaluated" in out
    assert "no file matches" in out
    assert "'bad.csv', 'good.csv', 'suite.json'" in out


def test_an_expectation_without_a_native_form_says_what_to_run(folder, capsys, monkeypatch):
    (folder / "suite.json").write_text(
        json.dumps(
            [
                {
                    "type": "expect_column_values_to_match_json_schema",
                    "kwargs": {"column": "age", "json_schema": {"type": "integer"}},
                }
            ]
        )
    )
    monkeypatch.setitem(__import__("sys").modules, "great_expectations", None)
    assert main(["--suite", "suite.json", "good.csv"]) == 1
    out = capsys.readouterr().out
    assert "gate 'good.csv' is not evaluated here: " in out
    assert "environment: mlgates-data --suite suite.json good.csv\n" in out


def test_without_a_suite_the_contract_of_the_table_is_used(project, capsys):
    (project / "data/applications.csv").write_text(BAD_DATA)
    assert main(["data/applications.csv"]) == 1
    out = capsys.readouterr().out
    assert "gate 'schema' failed" in out
    assert "accuracy" not in out


def test_a_file_without_a_contract_is_misuse(project, capsys):
    assert main(["holdout.csv"]) == 2
    assert capsys.readouterr().err == (
        "no contract is declared for holdout.csv\n"
        f"  where: {project}/pyproject.toml\n"
        "  want:  a [tool.mlgates.gates.NAME] of kind data_schema whose table names the file\n"
        "  fix:   declare one, pass `args: [--suite, FILE]`, or narrow `files:` of this hook\n"
    )


def test_a_file_without_a_configuration_is_misuse(folder, capsys):
    assert main(["good.csv"]) == 2
    assert "no configuration governs 'good.csv'" in capsys.readouterr().err


def test_nothing_to_do_says_so(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out == "mlgates-data: no files named\n"


def test_a_private_table_shows_no_values_in_the_hook_either(project, capsys):
    (project / "pyproject.toml").write_text(
        CONFIGURATION.replace('path = "data/*.csv"', 'path = "data/*.csv"\nprivate = true')
    )
    (project / "data/applications.csv").write_text("age,sex\n31,F\n98765,M\n")
    (project / "own.json").write_text(json.dumps(SUITE))
    assert main(["data/applications.csv"]) == 1
    assert main(["--suite", "own.json", "data/applications.csv"]) == 1
    captured = capsys.readouterr()
    assert "98765" not in captured.out + captured.err
    assert captured.out.count("gate ") >= 2


IMPORTED = """
import sys
from pytest_mlgates.hooks.mlgates_data import main
code = main(sys.argv[1:])
print(code, sorted({'msgspec', 'narwhals', 'duckdb', 'numpy'} & set(sys.modules)))
"""


def imported(*arguments):
    command = [sys.executable, "-c", IMPORTED, *arguments]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return out.splitlines()[-1]


def test_a_small_file_that_keeps_its_suite_needs_no_engine(folder):
    assert imported("--suite", "suite.json", "good.csv") == "0 []"
    assert imported("--suite", "suite.json", "bad.csv").startswith("1 ['duckdb'")


def test_a_process_with_an_engine_ends_quietly_and_leaves_nothing_behind(folder, monkeypatch):
    (folder / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(folder / "scratch"))
    hook = [sys.executable, "-m", "pytest_mlgates.hooks.mlgates_data"]
    ended = subprocess.run(
        [*hook, "--suite", "suite.json", "good.csv", "bad.csv"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.endswith(" 2 gates: 1 passed, 1 failed, 0 waived\n")
    assert not list((folder / "scratch").iterdir())


def test_a_small_file_that_keeps_its_declared_contract_needs_no_engine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    schema_alone = CONFIGURATION.partition("[tool.mlgates.gates.accuracy]")[0]
    write_project(tmp_path, configuration=schema_alone.replace("*.csv", "applications.csv"))
    assert imported("data/applications.csv") == "0 ['msgspec']"


JUDGED = """
y_true = "label"
y_pred = "guess"

[tables.t]
path = "other.csv"

[gates.good]
kind = "metric"
table = "t"
metric = "accuracy"
min = 0.5

[gates.fair]
kind = "fairness"
table = "t"
metric = "demographic_parity_difference"
by = "sex"
max = 0.1

[gates.train]
kind = "reproducibility"
entry = "shop:train"
level = "tolerance"
atol = 0.001
"""


def test_gates_of_other_kinds_are_checked_and_cost_no_engine(folder, capsys):
    """A mistake in any gate of the configuration is told, whatever the suite is about."""
    (folder / "mlgates.toml").write_text(JUDGED)
    assert imported("--suite", "suite.json", "good.csv") == "0 ['msgspec']"
    for wrong, words in (
        ("min = 0.5", "without a bound demands nothing"),
        ("max = 0.1", "has no bound, and without one nothing can fail"),
        ("atol = 0.001", "level 'tolerance' needs a limit"),
    ):
        (folder / "mlgates.toml").write_text(JUDGED.replace(wrong, ""))
        assert main(["--suite", "suite.json", "good.csv"]) == 2
        assert words in capsys.readouterr().err


def test_a_declared_table_is_read_as_it_is_declared(folder, capsys):
    table = '[tables.t]\npath = "good.csv"\nprivate = true\n'
    (folder / "mlgates.toml").write_text(table)
    assert main(["--suite", "suite.json", "good.csv"]) == 0
    assert "n=" not in capsys.readouterr().out
    (folder / "mlgates.toml").write_text(table.replace("private = true", 'null_values = ["F"]'))
    (folder / "suite.json").write_text(
        '[{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "sex"}}]'
    )
    assert main(["--suite", "suite.json", "good.csv"]) == 1


def test_the_policy_of_a_declared_gate_is_recorded(tmp_path, monkeypatch):
    from pytest_mlgates.reports import text

    seen = []
    render = text.render_rows
    monkeypatch.setattr(text, "render_rows", lambda found: seen.extend(found) or render(found))
    monkeypatch.chdir(tmp_path)
    strict = '[tool.mlgates]\ninconclusive = "fail"'
    given = CONFIGURATION.replace("*.csv", "applications.csv").replace("[tool.mlgates]", strict)
    write_project(tmp_path, configuration=given)
    assert main(["data/applications.csv"]) == 0
    assert [(v.id, str(v.policy)) for v in seen] == [("schema", "fail")]


def test_a_named_configuration_says_how_files_are_read_for_a_suite_too(folder, capsys):
    (folder / "good.csv").write_text("age,sex\n-999,F\n")
    (folder / "suite.json").write_text(
        '[{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "age"}}]'
    )
    (folder / "real").mkdir()
    (folder / "real/other.toml").write_text(
        '[tables.t]\npath = "../good.csv"\nnull_values = ["-999"]\n'
    )
    assert main(["--suite", "suite.json", "good.csv"]) == 0
    assert main(["--suite", "suite.json", "--config", "real/other.toml", "good.csv"]) == 1
    capsys.readouterr()
    assert main(["--suite", "suite.json", "--config", "nosuch.toml", "good.csv"]) == 2
    assert "nosuch.toml" in capsys.readouterr().err


@pytest.mark.parametrize("content", [GOOD_DATA, GOOD_DATA.replace("31", '"31"')])
def test_a_broken_configuration_is_told_whatever_the_file_looks_like(folder, content, capsys):
    (folder / "mlgates.toml").write_text('min_cell = "x"\nnonsense = 1\n')
    (folder / "good.csv").write_text(content)
    assert main(["--suite", "suite.json", "good.csv"]) == 2
    assert "2 mistakes" in capsys.readouterr().err


def test_a_key_that_stands_twice_in_a_suite_is_misuse(folder, capsys):
    (folder / "suite.json").write_text(
        '[{"type": "expect_column_values_to_be_between",'
        ' "kwargs": {"column": "age", "min_value": 99, "min_value": 0}}]'
    )
    assert main(["--suite", "suite.json", "good.csv"]) == 2
    assert "key 'min_value' stands twice in one object of the suite" in capsys.readouterr().out
