"""``mlgates check`` as a process: signals, encodings, terminals, broken installations."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.projects import record_in, write_project

FULL = Path("/dev/full")
SLEEPER = """
import pathlib, time
def train():
    pathlib.Path("started").write_text("")
    time.sleep(60)
"""


@pytest.fixture
def project(tmp_path):
    return write_project(tmp_path)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest_mlgates", "check", *arguments]


def environment(**changes: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in {"GITHUB_STEP_SUMMARY", "TERM"}}
    return {**kept, **changes}


def run(project, *arguments, **changes):
    return subprocess.run(
        command(*arguments),
        cwd=project,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def started(project, *arguments):
    """A run whose training function sleeps."""
    (trainer,) = project.glob("trainer_*.py")
    trainer.write_text(SLEEPER)
    process = subprocess.Popen(
        command(*arguments),
        cwd=project,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not (project / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (project / "started").exists()
    return process


def test_an_interrupt_in_the_middle_exits_130_and_leaves_no_half_written_file(project):
    process = started(project, "--json", "record.json")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.endswith("interrupted\n")
    assert "Traceback" not in err
    assert not (project / ".mlgates/evidence.json").exists()
    assert not list(project.glob("*record.json*"))


def test_a_killed_run_leaves_whole_evidence_and_no_earlier_pass(project):
    assert run(project, "schema").returncode == 0
    assert record_in(project / ".mlgates/evidence.json")["result"] == "PASSED"
    process = started(project)
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    left = record_in(project / ".mlgates/evidence.json")
    assert (left["result"], left["complete"]) == ("FAILED", False)
    assert left["problems"] == ["the run did not finish"]
    names = {path.name for path in (project / ".mlgates").iterdir()}
    assert {name for name in names if "evidence" in name} == {"evidence.json"}


def test_evidence_elsewhere_leaves_that_of_the_default_place_alone(project):
    run(project, "schema")
    before = (project / ".mlgates/evidence.json").read_bytes()
    assert run(project, "schema", "--evidence", "other.json").returncode == 0
    assert record_in(project / "other.json")["result"] == "PASSED"
    assert (project / ".mlgates/evidence.json").read_bytes() == before


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full")
@pytest.mark.parametrize(
    "arguments",
    [("check",), ("check", "--json", "-"), ("check", "--locked"), ("plan",), ("--version",)],
    ids=" ".join,
)
def test_output_that_cannot_be_written_is_told_and_is_no_bug_of_ours(project, arguments):
    program = [sys.executable, "-m", "pytest_mlgates", *arguments]
    with FULL.open("w") as full:
        done = subprocess.run(
            program,
            cwd=project,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "BUG" not in done.stderr
    if "--locked" not in arguments:  # which says first that there is no lock
        assert "<stdout> cannot be written\n  got:   No space left on device" in done.stderr


def test_a_working_directory_that_was_deleted_is_told(project):
    gone = project / "gone"
    gone.mkdir()
    program = f"rmdir '{gone}'; exec '{sys.executable}' -m pytest_mlgates check"
    done = subprocess.run(
        program,
        shell=True,
        cwd=gone,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("there is no working directory any more\n")


def test_a_closed_stdout_changes_no_verdict(project):
    program = f"'{sys.executable}' -m pytest_mlgates check schema >&-"
    done = subprocess.run(
        program,
        shell=True,
        cwd=project,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_ascii_terminal_gets_ascii(project):
    done = run(project, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "0 waived - evidence .mlgates/evidence.json" in done.stdout
    assert done.stdout.isascii()


def test_json_on_an_ascii_pipe_is_json(project):
    (project / "data/applications.csv").rename(project / "data/größe.csv")
    done = run(project, "--json", "-", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["verdicts"]) == 4


def test_json_holds_nothing_that_child_processes_print(project):
    (project / "pyproject.toml").write_text(
        (project / "pyproject.toml").read_text() + "fresh_process = true\n"
    )
    done = run(project, "training", "--json", "-")
    assert done.returncode == 0
    assert json.loads(done.stdout)["verdicts"][0]["outcome"] == "passed"


def test_a_reader_that_goes_away_changes_no_verdict(project):
    (project / "data/applications.csv").write_text("age,sex\n200,F\n")
    with subprocess.Popen(
        command("schema", "accuracy"),
        cwd=project,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 1
        assert process.stderr.read() == ""


def test_there_is_no_progress_bar_in_a_pipe(project):
    assert run(project).stderr == ""


def test_a_terminal_sees_a_progress_bar(project):
    main, terminal = pty.openpty()
    done = subprocess.run(
        command(),
        cwd=project,
        env=environment(TERM="xterm"),
        stdout=subprocess.PIPE,
        stderr=terminal,
        timeout=60,
        check=False,
    )
    os.close(terminal)
    seen = b""
    try:
        while block := os.read(main, 65536):
            seen += block
    except OSError:  # the other end is closed
        pass
    os.close(main)
    assert done.returncode == 0
    assert b"3/4" in seen
    assert b"training" in seen


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise SystemExit(0)", "BUG: SystemExit at "),
        ("raise ImportError('broken wheel')", "its installation is not whole: broken wheel"),
        ("raise OSError('no such library')", "BUG: OSError at "),
    ],
)
def test_a_failure_before_anything_ran_exits_3_and_never_0_or_1(project, tmp_path, body, words):
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    (shadow / "msgspec.py").write_text(body)
    done = run(project, PYTHONPATH=str(shadow))
    assert done.returncode == 3
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_only_loses_the_default_evidence(project):
    project.chmod(0o500)
    try:
        done = run(project, "schema")
    finally:
        project.chmod(0o700)
    assert done.returncode == 0
    assert "evidence was not written: " in done.stderr
