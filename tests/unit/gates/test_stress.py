from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Outcome, Verdict
from pytest_mlgates.engines import variations
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.reproducibility import KIND

NAMES = [f"feature_{number}" for number in range(20)]
ROWS = np.random.default_rng(0).normal(size=(40, 3))
LABELS = ROWS[:, 0] * 3 + np.arange(40)
ALL = ("hash_seed", "threads", "row_order", "working_directory")

needs_two = pytest.mark.skipif(
    len(getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)) < 2,
    reason="one processor",
)
needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")


# --- one planted cause per variation, and what none of them breaks ---


def steady(rows, labels):
    """Whole numbers: their sum is the same in any order."""
    return {"sum": np.rint(rows * 1000).sum(axis=0), "largest": labels.max()}


def by_hash(rows, labels):
    return {**steady(rows, labels), "order": list(set(NAMES))}


def by_threads(rows, labels):
    return {**steady(rows, labels), "threads": int(os.environ["OMP_NUM_THREADS"]) == 1}


def by_rows(rows, labels):
    return {**steady(rows, labels), "first": rows[:5]}


def by_folder(rows, labels):
    return {**steady(rows, labels), "files": len(list(Path().iterdir()))}


def by_hash_and_folder(rows, labels):
    return {**by_hash(rows, labels), **by_folder(rows, labels)}


def by_nothing_but_chance(rows, labels):
    return {**by_folder(rows, labels), "chance": os.urandom(8)}


def judged(function, context=None, **parameters) -> Verdict:
    gate = Gate(id="g", kind=KIND, parameters=parse(KIND, (), parameters), where="the marker")
    verdict = evaluate(gate, function, context or Context())
    assert Verdict.from_dict(verdict.to_dict()).to_json() == verdict.to_json()
    return verdict


def refused(function, context=None, **parameters) -> str:
    with pytest.raises(MLGatesError) as caught:
        judged(function, context, **parameters)
    return str(caught.value)


def on_rows(function):
    return partial(function, ROWS, LABELS)


@needs_two
def test_what_holds_under_every_variation_is_proven_and_each_is_named():
    verdict = judged(on_rows(steady), vary=ALL)
    assert verdict.passed
    assert verdict.method == "bitwise, 6 runs, fresh processes"
    assert verdict.message.endswith(
        "\n  - also with another hash seed, with one thread, with the rows in another order, "
        "in another working directory"
    )
    assert [d.get("variation") for d in verdict.details] == [None, None, *ALL]
    processes = [d["process"] for d in verdict.details]
    cores = variations._threads()
    assert processes[0] == processes[1] == f"fresh, PYTHONHASHSEED=1, {cores} threads"
    assert processes[2:] == [
        f"fresh, PYTHONHASHSEED=2, {cores} threads",
        "fresh, PYTHONHASHSEED=1, 1 thread",
        f"fresh, PYTHONHASHSEED=1, {cores} threads, rows in another order",
        f"fresh, PYTHONHASHSEED=1, {cores} threads, in an empty folder",
    ]


@needs_two
@pytest.mark.parametrize(
    ("planted", "name", "path", "why"),
    [
        (by_hash, "hash_seed", 'result["order"]', "the order of a set, or hash()"),
        (by_threads, "threads", 'result["threads"]', "another number of threads"),
        (by_rows, "row_order", 'result["first"]', "the order of the rows decides"),
        (by_folder, "working_directory", 'result["files"]', "the folder that it is called in"),
    ],
)
def test_the_variation_that_broke_it_is_named_and_no_other(planted, name, path, why):
    verdict = judged(on_rows(planted), vary=ALL)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.summary.endswith(f"{path} differs; broken by {name}")
    number = 3 + ALL.index(name)
    lines = verdict.message.splitlines()
    assert "1 of 5 other runs in fresh processes differs from run 1" in lines[0]
    assert f"run {number} (" in lines[0]
    assert any(one.startswith(f"  - broken by {name}: ") and path in one for one in lines)
    held = ", ".join(one for one in ALL if one != name)
    assert f"  - not by {held}" in lines
    assert why in next(one for one in lines if one.startswith("  why:"))
    differing = [d["variation"] for d in verdict.details if d["differences"]]
    assert differing == [name]


def test_every_variation_that_broke_it_is_told():
    verdict = judged(on_rows(by_hash_and_folder), vary=["working_directory", "hash_seed"])
    assert verdict.summary.endswith("; broken by working_directory, hash_seed")
    assert '  - broken by hash_seed: with another hash seed (run 4) result["order"] differs' in (
        verdict.message
    )
    assert "  - broken by working_directory: in another working directory (run 3) result" in (
        verdict.message
    )


def test_no_variation_is_blamed_for_what_differs_anyway():
    verdict = judged(on_rows(by_nothing_but_chance), vary=["working_directory"])
    assert not verdict.passed
    assert "broken by" not in verdict.message + verdict.summary
    assert "cannot be judged: run 1 does not repeat itself as it is" in verdict.message


def sometimes(folder, rows):
    """The first two runs agree; the third and the fourth have values of their own."""
    count = Path(folder, "count")
    number = len(count.read_text()) if count.exists() else 0
    count.write_text("x" * (number + 1))
    return {"rows": rows, "chance": max(0, number - 1)}


def test_a_variation_is_not_blamed_where_run_1_does_not_come_back(tmp_path):
    verdict = judged(partial(sometimes, str(tmp_path), ROWS), vary=["hash_seed"])
    assert not verdict.passed
    assert "broken by" not in verdict.message


def test_another_variation_makes_a_gate_no_weaker():
    verdict = judged(on_rows(by_hash), vary=["working_directory"])
    assert not verdict.passed
    assert "broken by" not in verdict.summary
    assert "(PYTHONHASHSEED)" in verdict.message


def test_a_tolerance_covers_the_varied_runs_as_well():
    limits = {"level": "tolerance", "atol": 1e-9, "vary": ["hash_seed", "working_directory"]}
    assert judged(on_rows(steady), **limits).passed
    verdict = judged(on_rows(by_folder), **limits)
    assert verdict.summary.endswith("; broken by working_directory")
    assert "  - not by hash_seed" in verdict.message.splitlines()
    assert "the folder that it is called in" in verdict.message


def test_seeds_are_not_varied_together_with_anything_else():
    text = refused(steady, level="statistical", tolerance=0.1, vary=["hash_seed"])
    assert "level 'statistical' varies the seed alone" in text


# --- threads: what libraries really use ---


def blas_threads():
    import threadpoolctl

    np.ones((64, 64)) @ np.ones((64, 64))
    return [one["num_threads"] for one in threadpoolctl.threadpool_info()]


@needs_two
def test_the_libraries_of_linear_algebra_use_another_number_of_threads():
    pytest.importorskip("threadpoolctl")
    verdict = judged(blas_threads, vary=["threads"])
    assert verdict.summary.endswith("broken by threads")


def test_where_threads_cannot_be_varied_it_is_said(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    text = refused(on_rows(steady), vary=["threads"])
    assert "the number of threads cannot be varied here" in text
    assert "one processor" in text


# --- what a run does to others and to the machine ---


def writes(path):
    Path(path).write_text("x")
    return ROWS


def keeps_a_model(path):
    if Path(path).exists():
        return np.load(path)
    model = np.random.default_rng().random(5)
    np.save(path, model)
    return model


def writes_and_reads_its_own(path):
    Path(path).write_text("1 2 3")
    return np.loadtxt(path)


def in_temporary_files():
    import tempfile

    folder = tempfile.mkdtemp()
    Path(folder, "model").write_text("w")
    return {"model": Path(folder, "model"), "here": tempfile.gettempdir() and 1}


def test_a_file_in_the_project_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    verdict = judged(partial(writes, "data/log.txt"), fresh_process=True)
    assert verdict.passed
    (warning,) = verdict.warnings
    assert warning == (
        "run 1 of writes wrote data/log.txt, outside of its own folder: a later run may read it; "
        "write into a temporary folder"
    )


def test_a_file_elsewhere_is_none_of_ours(tmp_path, monkeypatch):
    (tmp_path / "project" / ".cache").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    for path in (tmp_path / "log.txt", ".cache/log.txt"):
        assert judged(partial(writes, str(path)), fresh_process=True).warnings == ()


def test_a_model_that_run_1_kept_in_a_file_proves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = refused(partial(keeps_a_model, "model.npy"), fresh_process=True)
    assert "run 2 of keeps_a_model read a file that run 1 had written" in text
    assert "  got:   model.npy" in text


def test_what_a_run_wrote_itself_it_may_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    verdict = judged(partial(writes_and_reads_its_own, "own.txt"), fresh_process=True)
    assert verdict.passed
    assert "own.txt" in verdict.warnings[0]


def left():
    import tempfile

    return set(Path(tempfile.gettempdir()).glob("mlgates-*"))


@pytest.mark.parametrize("function", [in_temporary_files, partial(os.kill, 0, 99)])
def test_scratch_folders_are_gone_at_the_end(tmp_path, monkeypatch, function):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if function is in_temporary_files:
        assert judged(function, fresh_process=True).warnings == ()
    else:
        refused(function, fresh_process=True)
    assert left() == set()


def segfaults():
    os.kill(os.getpid(), signal.SIGSEGV)


def prints_without_end():
    block = b"x" * (1 << 20)
    while True:
        os.write(1, block)


def reads_stdin():
    return {"rows": ROWS, "stdin": sys.stdin.read()}


def returns_something_strange():
    return {"rows": ROWS, "model": object()}


def test_a_signal_is_told_by_name():
    assert "ended by SIGSEGV before there was a result" in refused(segfaults, fresh_process=True)


def test_output_without_end_fills_no_disk_and_is_ended(tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    text = refused(prints_without_end, timeout=2)
    assert "prints_without_end did not end within 2 s in run 1" in text
    assert len(text) < 3000


def test_stdin_is_empty():
    assert judged(reads_stdin, fresh_process=True).passed


def test_a_type_without_a_fingerprint_is_named():
    text = refused(returns_something_strange, fresh_process=True)
    assert 'result["model"] is of a type that has no fingerprint' in text


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def ends(pid, within=10.0):
    limit = time.monotonic() + within
    while is_alive(pid) and time.monotonic() < limit:
        time.sleep(0.05)
    return not is_alive(pid)


@needs_proc
def test_a_timeout_ends_what_left_the_group_as_well(tmp_path, monkeypatch):
    """The child has a session of its own and does not listen to SIGTERM."""
    (tmp_path / "hanging.py").write_text(_HANGING)
    monkeypatch.syspath_prepend(tmp_path)
    hangs_with_a_child = importlib.import_module("hanging").hangs_with_a_child
    text = refused(partial(hangs_with_a_child, str(tmp_path)), timeout=6)
    assert "did not end within 6 s" in text
    assert ends(int((tmp_path / "pid").read_text()))


_HANGING = """
import pathlib, subprocess, sys, time

def hangs_with_a_child(folder):
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    pathlib.Path(folder, "pid").write_text(str(child.pid))
    time.sleep(60)
"""
_SCRIPT = """
import os, pathlib, signal, subprocess, sys, tempfile, time
signal.signal(signal.SIGINT, signal.default_int_handler)
here = pathlib.Path(__file__).parent

def train():
    code = "import time; time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    text = f"{os.getpid()} {child.pid}"
    (here / "new").write_text(text)
    (here / "new").rename(here / "pids")
    time.sleep(60)

def with_seed(seed):
    train()

if __name__ == "__main__":
    if "train" in sys.argv:
        train()
    tempfile.tempdir = str(here / "tmp")
    from pytest_mlgates.config.load import load
    from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
    from pytest_mlgates.gates.reproducibility import KIND
    from pytest_mlgates.runner.check import run
    if "command" in sys.argv:
        run(load(here / "mlgates.toml"))
    if "seeds" in sys.argv:
        seeds = {"level": "statistical", "seeds": [1, 2], "tolerance": 1.0, "fresh_process": True}
        parameters = parse(KIND, (), seeds)
        evaluate(Gate(id="g", kind=KIND, parameters=parameters), with_seed, Context())
    parameters = parse(KIND, (), {"fresh_process": True})
    evaluate(Gate(id="g", kind=KIND, parameters=parameters), train, Context())
"""
_TOML = """
[gates.training]
kind = "reproducibility"
command = "python train.py train {out}"
outputs = ["model.txt"]
"""


@needs_proc
@pytest.mark.parametrize("subject", ["function", "command", "seeds"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_survives_and_no_folder_is_left(tmp_path, how, subject):
    (tmp_path / "tmp").mkdir()
    (tmp_path / "train.py").write_text(_SCRIPT)
    (tmp_path / "mlgates.toml").write_text(_TOML)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "train.py", subject],
        env=environment,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    try:
        limit = time.monotonic() + 60
        while not (tmp_path / "pids").exists() and time.monotonic() < limit:
            time.sleep(0.05)
        pids = list(map(int, (tmp_path / "pids").read_text().split()))
        assert all(map(is_alive, pids))
        parent.send_signal(how)
        parent.wait(timeout=20)
        assert all(map(ends, pids))
        limit = time.monotonic() + 60
        while (left := list((tmp_path / "tmp").iterdir())) and time.monotonic() < limit:
            time.sleep(0.05)
        assert left == []
    finally:
        parent.kill()
        parent.wait()


# --- progress ---


def test_progress_is_told_run_by_run():
    told = []
    judged(on_rows(steady), Context(progress=told.append), runs=2, vary=["working_directory"])
    assert told == ["run 1 of 3", "run 2 of 3", "run 3 of 3 (working_directory)"]
