"""``mlgates check``: exit codes, and the words that people read."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.cli.progress import Bar
from tests.projects import BAD_DATA, CONFIGURATION, record_in, write_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path)


def write(text: str) -> None:
    Path("pyproject.toml").write_text(text)


def test_a_sound_project_passes_with_one_row_per_gate_and_the_evidence_named(project, capsys):
    assert main(["check"]) == 0
    out = capsys.readouterr().out
    rows = [line for line in out.splitlines() if line.strip().startswith("PASS")]
    assert [row.split()[1] for row in rows] == ["schema", "accuracy", "parity", "training"]
    assert "0.800" in rows[1]
    assert "min 0.60" in rows[1]
    assert "proven (95 %)" in rows[1]
    assert " 4 gates: 4 passed, 0 failed, 0 waived · evidence .mlgates/evidence.json" in out
    assert record_in(project / ".mlgates/evidence.json")["result"] == "PASSED"
    assert (project / ".mlgates/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize("relative", [False, True])
def test_data_outside_of_the_project_is_checked_and_locked(
    project, capsys, tmp_path_factory, relative
):
    outside = tmp_path_factory.mktemp("elsewhere") / "data"
    (project / "data").rename(outside)
    place = os.path.relpath(outside, project) if relative else outside
    write(Path("pyproject.toml").read_text().replace('"data/', f'"{Path(place).as_posix()}/'))
    assert main(["check"]) == 0
    assert main(["lock"]) == 0
    assert main(["check", "--locked"]) == 0
    (outside / "applications.csv").write_text(BAD_DATA)
    assert main(["check", "--locked"]) == 1
    assert "applications.csv changed" in capsys.readouterr().out


def test_a_failed_gate_exits_1_and_says_what_broke_where(project, capsys):
    (project / "data/applications.csv").write_text(BAD_DATA)
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert "FAIL" in out
    assert (
        "gate 'schema' failed\n"
        "  1 of 2 expectations failed, 1 of 2 rows\n"
        "    - age: at least 0 and at most 120   1 row (50.00 %)" in out
    )
    assert "4 gates: 3 passed, 1 failed, 0 waived" in out


def test_misuse_of_one_gate_wins_over_the_failure_of_another(project, capsys):
    (project / "data/applications.csv").write_text(BAD_DATA)
    write(Path("pyproject.toml").read_text().replace('by = "sex"', 'by = "gender"'))
    assert main(["check"]) == 2
    out = capsys.readouterr().out
    assert "gate 'schema' failed" in out
    assert "gate 'parity' could not be evaluated" in out
    assert "'gender' is not in table 'holdout.csv'" in out
    assert "where: pyproject.toml [tool.mlgates.gates.parity]" in out
    assert "4 gates: 2 passed, 1 failed, 1 error, 0 waived" in out


def test_a_bug_of_ours_exits_3_and_never_shows_data(project, capsys, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("value 4711 of row 12")

    monkeypatch.setattr("pytest_mlgates.runner.check.run", broken)
    assert main(["check"]) == 3
    captured = capsys.readouterr()
    assert captured.err.startswith("BUG: RuntimeError at ")
    assert "this is a mistake of pytest-mlgates, not yours" in captured.err
    assert "pytest-mlgates 0.1" in captured.err
    assert "run again with MLGATES_DEBUG=1" in captured.err
    assert "4711" not in captured.out + captured.err


def test_the_text_of_a_bug_is_shown_on_request(project, capsys, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("value 4711 of row 12")

    monkeypatch.setattr("pytest_mlgates.runner.check.run", broken)
    monkeypatch.setenv("MLGATES_DEBUG", "1")
    assert main(["check"]) == 3
    assert "RuntimeError: value 4711 of row 12" in capsys.readouterr().err


@pytest.mark.parametrize("code", [0, 1, None])
def test_a_system_exit_inside_is_a_bug_whatever_its_code(project, capsys, monkeypatch, code):
    def leaves(*_, **__):
        raise SystemExit(code)

    monkeypatch.setattr("pytest_mlgates.runner.check.run", leaves)
    assert main(["check"]) == 3
    assert "BUG: SystemExit at " in capsys.readouterr().err


def test_an_interrupt_exits_130(project, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_mlgates.runner.check.run", interrupted)
    assert main(["check"]) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert not (project / ".mlgates").exists()


def test_a_training_function_that_exits_0_is_misuse(project, capsys):
    (trainer,) = project.glob("trainer_*.py")
    trainer.write_text("import sys\ndef train():\n    sys.exit(0)\n")
    assert main(["check", "training"]) == 2
    assert "train raised SystemExit in run 1: there is no result to compare" in (
        capsys.readouterr().out
    )


# Output


def test_json_to_stdout_is_all_that_stdout_holds(project, capsys):
    text = (project / "pyproject.toml").read_text()
    kind = 'kind = "reproducibility"'
    (project / "pyproject.toml").write_text(text.replace(kind, f"{kind}\nfresh_process = false"))
    assert main(["check", "--json", "-"]) == 0
    captured = capsys.readouterr()
    assert [v["id"] for v in json.loads(captured.out)["verdicts"]] == [
        "schema",
        "accuracy",
        "parity",
        "training",
    ]
    assert "from the training function" in captured.err
    assert "PASS" in captured.err


def test_json_and_evidence_files_hold_the_same_record(project, capsys):
    assert main(["check", "--json", "out/a.json", "--evidence", "out/b.json"]) == 0
    assert "evidence out/b.json" in capsys.readouterr().out
    assert json.loads(Path("out/a.json").read_text()) == record_in(Path("out/b.json"))
    assert sorted(p.name for p in Path("out").iterdir()) == ["a.json", "b.json"]
    assert not Path(".mlgates/evidence.json").exists()


def test_paths_that_cannot_be_written_are_told_together_after_the_verdicts(project, capsys):
    Path("file").write_text("")
    assert main(["check", "schema", "--json", "file/a.json", "--evidence", "data"]) == 2
    captured = capsys.readouterr()
    assert "1 gate: 1 passed" in captured.out
    assert "'data' cannot be written\n  where: --evidence\n  got:   " in captured.err
    assert "'file/a.json' cannot be written\n  where: --json\n  got:   " in captured.err
    assert "want:  a file in a folder that can be written" in captured.err
    assert Path("file").read_text() == ""


def test_evidence_of_an_earlier_run_that_cannot_be_replaced_is_told(project, capsys, monkeypatch):
    assert main(["check", "schema"]) == 0
    capsys.readouterr()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pytest_mlgates.runner.evidence.write_atomically", refuse)
    assert main(["check", "schema"]) == 2
    told = capsys.readouterr().err
    assert "evidence.json' cannot be written\n  where: the evidence of an earlier run is" in told
    assert "got:   Permission denied" in told


def test_a_checkout_that_cannot_be_written_only_loses_the_evidence_nobody_asked_for(
    project, capsys
):
    Path(".mlgates").write_text("a file in its place")
    assert main(["check", "schema"]) == 0
    captured = capsys.readouterr()
    assert "evidence was not written: " in captured.err
    assert "· evidence" not in captured.out


def test_the_summary_of_a_github_job_is_appended(project, monkeypatch):
    (project / "data/applications.csv").write_text(BAD_DATA)
    Path("summary.md").write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    assert main(["check", "schema", "accuracy"]) == 1
    text = Path("summary.md").read_text()
    assert text.startswith("before\n## ML gates: FAILED\n\n2 gates: 1 passed, 1 failed, 0 waived")
    assert "| FAIL | schema | data_schema |" in text
    assert "```text\ngate 'schema' failed" in text


def test_a_summary_that_cannot_be_written_changes_no_verdict(project, capsys, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "data")
    assert main(["check", "schema"]) == 0
    assert "GITHUB_STEP_SUMMARY was not written: " in capsys.readouterr().err


def test_examples_are_shown_on_request_only(project, capsys):
    (project / "data/applications.csv").write_text(BAD_DATA)
    assert main(["check", "schema"]) == 1
    assert "130" not in capsys.readouterr().out
    assert main(["check", "schema", "--examples", "2"]) == 1
    assert "130" in capsys.readouterr().out


# Selection


def test_an_unknown_gate_is_misuse_with_the_nearest_name(project, capsys):
    assert main(["check", "acuracy"]) == 2
    assert capsys.readouterr().err == (
        "unknown gate 'acuracy'\n"
        "  where: pyproject.toml\n"
        "  want:  one of 'schema', 'accuracy', 'parity', 'training'\n"
        "  fix:   did you mean 'accuracy'?\n"
    )


def test_a_gate_named_twice_is_evaluated_once(project, capsys):
    assert main(["check", "schema", "schema"]) == 0
    assert "1 gate: 1 passed" in capsys.readouterr().out


def test_a_partial_run_names_what_is_required_and_is_not_complete(project, capsys):
    write(CONFIGURATION.replace("[tool.mlgates]", '[tool.mlgates]\nrequired = ["schema", "x"]'))
    assert main(["check", "accuracy"]) == 0
    assert " required, not run: schema, x\n" in capsys.readouterr().out
    record = record_in(Path(".mlgates/evidence.json"))
    assert record["complete"] is False
    assert record["required_not_run"] == ["schema", "x"]
    assert record["result"] == "PASSED"


def test_a_whole_run_without_a_required_gate_fails(project, capsys):
    text = Path("pyproject.toml").read_text()
    write(text.replace("[tool.mlgates]", '[tool.mlgates]\nrequired = ["schema", "later"]'))
    assert main(["check"]) == 1
    assert " required, not evaluated: later\n" in capsys.readouterr().out
    record = record_in(Path(".mlgates/evidence.json"))
    assert (record["complete"], record["result"]) == (False, "FAILED")


def test_a_required_gate_that_errs_was_not_evaluated(project):
    text = Path("pyproject.toml").read_text().replace('by = "sex"', 'by = "gender"')
    write(text.replace("[tool.mlgates]", '[tool.mlgates]\nrequired = ["parity"]'))
    assert main(["check"]) == 2
    record = record_in(Path(".mlgates/evidence.json"))
    assert (record["complete"], record["required_not_run"]) == (False, ["parity"])


@pytest.mark.parametrize(
    ("policy", "code", "status"),
    [("estimate", 0, "PASS?"), ("pass", 0, "PASS?"), ("fail", 1, "FAIL")],
)
def test_the_policy_of_the_command_line_stands_over_the_gate(project, capsys, policy, code, status):
    write(CONFIGURATION.replace("min = 0.6", 'min = 0.79\ninconclusive = "fail"'))
    assert main(["check", "accuracy", "--inconclusive", policy]) == code
    assert capsys.readouterr().out.split()[0] == status
    record = record_in(Path(".mlgates/evidence.json"))
    assert record["verdicts"][0]["finding"] == "inconclusive"
    assert record["verdicts"][0]["policy"] == policy
    assert record["policy"] == policy


# Configuration


def test_relative_paths_are_relative_to_the_configuration(project, capsys, monkeypatch):
    inner = project / "src" / "deep"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert main(["check"]) == 0
    assert "evidence ../../.mlgates/evidence.json" in capsys.readouterr().out


def test_another_configuration_is_named_with_config(project, capsys, monkeypatch):
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (elsewhere / "mlgates.toml").write_text("")
    assert main(["check", "schema", "--config", "../pyproject.toml"]) == 0
    assert main(["check"]) == 2
    assert "there are no gates to run" in capsys.readouterr().err


def test_a_configuration_that_does_not_exist_is_misuse(project, capsys):
    assert main(["check", "--config", "nope/pyproject.toml"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("pyproject.toml cannot be read\n  where: ")
    assert "No such file or directory" in err


def test_no_configuration_is_misuse_and_says_what_to_do(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("no configuration found\n  got:   looked in ")
    assert "want:  [tool.mlgates] in pyproject.toml, or mlgates.toml" in err
    assert "fix:   name one: mlgates check --config path/to/pyproject.toml" in err


def test_zero_gates_is_misuse(project, capsys):
    write("[tool.mlgates]\nconfidence = 0.9\n")
    assert main(["check"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("there are no gates to run\n  where: ")
    assert "an empty run proves nothing" in err


def test_two_configurations_side_by_side_are_misuse(project, capsys):
    Path("mlgates.toml").write_text("")
    assert main(["check"]) == 2
    assert capsys.readouterr().err == (
        "two configurations side by side\n"
        f"  where: {project}\n"
        "  got:   mlgates.toml and [tool.mlgates] in pyproject.toml\n"
        "  fix:   keep one of them\n"
    )


def test_broken_toml_is_misuse_with_its_line(project, capsys):
    write('[tool.mlgates]\nconfidence = "\n')
    assert main(["check"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("pyproject.toml is not TOML\n  where: ")
    assert "(at line 2, column 15)" in err


def test_an_optional_table_reads_from_mlgates_toml_too(project, capsys):
    Path("mlgates.toml").write_text(
        Path("pyproject.toml")
        .read_text()
        .replace("tool.mlgates.", "")
        .replace("[tool.mlgates]", "")
    )
    Path("pyproject.toml").unlink()
    assert main(["check"]) == 0
    assert "4 gates: 4 passed" in capsys.readouterr().out


# The parser


def test_help_names_every_exit_code(capsys):
    assert main(["--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "0 passed, 1 a gate failed, 2 misuse, 3 a bug of ours, 130 interrupted" in out
    assert "check evaluate the gates declared in [tool.mlgates]" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["chek"], "invalid choice: 'chek'"),
        (["check", "--jsn", "-"], "unrecognized arguments: --jsn"),
        (["check", "--inconclusive", "maybe"], "invalid choice: 'maybe'"),
        (["check", "--examples", "many"], "'many' is not a whole number of 0 or more"),
        (["check", "--examples", "-1"], "'-1' is not a whole number of 0 or more"),
    ],
)
def test_bad_options_exit_2(capsys, arguments, words):
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_the_version_is_told(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("pytest-mlgates 0.")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_progress_bar_tells_the_runs_of_a_command(project, monkeypatch):
    Path("train.py").write_text(
        "import pathlib, sys\npathlib.Path(sys.argv[1], 'p.csv').write_text('id,p\\n1,0.5\\n')\n"
    )
    write(
        '[tool.mlgates.gates.trained]\nkind = "reproducibility"\nvary = ["hash_seed"]\n'
        'command = "python train.py {out}"\noutputs = ["p.csv"]\n'
    )
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    told = []
    monkeypatch.setattr(Bar, "step", lambda _, text: told.append(text))
    assert main(["check"]) == 0
    assert told == ["run 1 of 3", "run 2 of 3", "run 3 of 3 (hash_seed)"]


def test_the_progress_bar_shows_an_id_with_brackets_as_it_is(project, monkeypatch):
    write(Path("pyproject.toml").read_text().replace("gates.schema", 'gates."a[/b]"'))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert main(["check", "a[/b]"]) == 0
    assert "a[/b]" in sys.stderr.getvalue()
