"""Several `mlgates lock` at once, links, and processes that are killed."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core import lock_file
from pytest_mlgates.core.alone import alone
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.lock import Lock, LockedGate
from tests.projects import write_project

ROOT = Path(__file__).parents[2]
ALL = {"schema", "accuracy", "parity", "training"}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path)


def gates(path="mlgates.lock"):
    return json.loads(Path(path).read_text())["gates"]


def a_gate(number):
    return LockedGate(definition={"gate": {"n": number}}, inputs={}, verdict={"outcome": "passed"})


def add(path, first):
    for number in range(first, first + 20):
        name, gate = f"g{number}", a_gate(number)
        lock_file.update(path, lambda before: Lock(gates={**before.gates, name: gate}))  # noqa: B023


def test_of_many_writers_at_once_none_loses_its_gates(tmp_path):
    path = tmp_path / "mlgates.lock"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=add, args=(path, first)) for first in (0, 20, 40)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert set(gates(path)) == {f"g{number}" for number in range(60)}
    assert sorted(p.name for p in tmp_path.iterdir()) == [".mlgates", "mlgates.lock"]


def test_two_locks_of_different_gates_keep_both(project):
    command = [sys.executable, "-m", "pytest_mlgates", "lock"]
    both = [
        subprocess.Popen([*command, *names], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for names in (["schema", "accuracy"], ["parity", "training"])
    ]
    for one in both:
        said = one.communicate()[0]
        assert one.returncode == 0, said.decode()
    assert set(gates()) == ALL


def test_what_another_run_locked_meanwhile_is_kept(project, monkeypatch):
    """The second reads again before it writes."""
    from pytest_mlgates.runner import locking

    evaluate = locking.Evaluator.evaluate_declared

    def slow(self, declared):
        lock_file.update(
            Path("mlgates.lock"), lambda old: Lock(gates={**old.gates, "b": a_gate(1)})
        )
        return evaluate(self, declared)

    monkeypatch.setattr(locking.Evaluator, "evaluate_declared", slow)
    assert main(["lock", "schema"]) == 0
    assert set(gates()) == {"schema", "b"}


def test_a_writer_that_never_lets_go_is_told(tmp_path, monkeypatch):
    path = tmp_path / "mlgates.lock"
    monkeypatch.setattr("pytest_mlgates.core.alone._PATIENCE_S", 0.1)
    with (
        alone(tmp_path / ".mlgates/lock.guard", of="it"),
        pytest.raises(MLGatesError, match="another process does not let go of"),
    ):
        lock_file.update(path, lambda before: before)
    lock_file.update(path, lambda before: before)


def test_a_lock_that_is_a_link_is_written_through_it(project, capsys):
    (project / "locks").mkdir()
    Path("mlgates.lock").symlink_to("locks/one.lock")
    assert main(["lock", "schema"]) == 0
    assert main(["lock", "training"]) == 0
    assert Path("mlgates.lock").readlink() == Path("locks/one.lock")
    assert set(gates("locks/one.lock")) == {"schema", "training"}


def test_a_lock_that_links_to_itself_is_misuse(project, capsys):
    Path("mlgates.lock").symlink_to("mlgates.lock")
    assert main(["lock"]) == 2
    assert "mlgates.lock" in capsys.readouterr().err


def test_what_a_killed_writer_left_is_swept_away(project):
    left = project / ".mlgates.lock.abc123"
    left.write_text("{")
    assert main(["lock", "schema"]) == 0
    assert not left.exists()


def test_what_keeps_writers_apart_is_no_business_of_git(project):
    assert main(["lock", "schema"]) == 0
    assert (project / ".mlgates" / ".gitignore").read_text() == "*\n"


@pytest.mark.slow
def test_a_lock_is_whole_whenever_its_writer_is_killed():
    """Ten of the kills of the script, which makes two hundred."""
    command = [sys.executable, str(ROOT / "benchmarks" / "kill_lock.py"), "--kills", "10"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 of 10 whole" in done.stdout
