"""The quick end of a hook's process loses nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run(code, *options):
    command = [
        sys.executable,
        *options,
        "-c",
        "from pytest_mlgates.core.ending import end\n" + code,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("code", [0, 1, 2, 3, 130])
def test_the_exit_code_is_that_of_the_verdict(code):
    assert run(f"end({code})").returncode == code


def test_what_was_written_arrives():
    ended = run("import sys; print('x' * 100_000); sys.stderr.write('y'); end(1)")
    assert (ended.stdout, ended.stderr) == ("x" * 100_000 + "\n", "y")


def test_what_is_registered_runs_first():
    ended = run("import atexit; atexit.register(print, 'cleaned up'); end(2)")
    assert (ended.returncode, ended.stdout) == (2, "cleaned up\n")


def test_a_registered_function_that_raises_changes_no_verdict():
    ended = run("import atexit; atexit.register(lambda: 1 // 0); print('said'); end(1)")
    assert (ended.returncode, ended.stdout) == (1, "said\n")
    assert "ZeroDivisionError" in ended.stderr


def test_a_thread_with_work_to_finish_finishes_it():
    ended = run(
        "import threading, time\n"
        "def work():\n"
        "    time.sleep(0.3)\n"
        "    print('finished')\n"
        "threading.Thread(target=work).start()\n"
        "end(1)"
    )
    assert (ended.returncode, ended.stdout) == (1, "finished\n")


def test_the_interpreter_is_not_taken_apart():
    """What is left alive is not freed: that is what is saved."""
    code = "class Left:\n    def __del__(self): print('freed')\nleft = Left()\n"
    assert run(code + "end(0)").stdout == ""
    assert run(code).stdout == "freed\n"


@pytest.mark.parametrize("watch", ["sys.settrace", "sys.setprofile"])
def test_a_watched_interpreter_ends_as_usual(watch):
    code = f"import os, sys; os._exit = None; {watch}(lambda *_: None); end(1)"
    ended = run(code)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_a_reader_that_went_away_changes_no_verdict():
    code = "import os, sys; r, w = os.pipe(); os.dup2(w, 1); os.close(r); os.close(w)\n"
    ended = run(code + "end(0)")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_closed_stdout_is_no_error():
    assert run("import sys; sys.stdout = None; end(1)").returncode == 1
