"""A script, run by its path: starts one command, and ends it and all that it started.

Standard library only, and nothing of this package: it starts in a few milliseconds, and what the
command does to its own process (a library that never lets go of the interpreter) cannot hold it up.

Arguments: the file for how the command ended, the folder to remove should the parent die, then the
command. A byte on stdin, or its end, says that the command must end; at its end the parent is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

_PATIENCE_S = 5.0
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux


def main() -> None:
    """Run the command to its end."""
    status, scratch, *command = sys.argv[1:]
    _adopt()
    windows = sys.platform == "win32"
    try:
        process = subprocess.Popen(  # noqa: S603  (no shell)
            command, stdin=subprocess.DEVNULL, start_new_session=not windows
        )
    except OSError as error:
        Path(status).write_text(json.dumps({"error": error.strerror or str(error)}), "utf-8")
        return

    ending = threading.Event()

    def watch() -> None:
        asked = os.read(0, 1)
        ending.set()
        _end(process)
        if not asked:
            shutil.rmtree(scratch, ignore_errors=True)
        os._exit(1)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    code = process.wait()
    if ending.is_set():
        watcher.join()  # it ends this process when all is cleaned up
    _end(process)
    Path(status).write_text(json.dumps({"code": code}), "utf-8")


def _adopt() -> None:
    """Become the parent of what the command leaves behind, where the system knows that."""
    if sys.platform == "linux":
        with contextlib.suppress(Exception):  # no ctypes: the process group is ended all the same
            import ctypes

            ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the command, its group, and whatever left the group."""
    if sys.platform == "win32":
        with contextlib.suppress(OSError):
            process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    limit = time.monotonic() + _PATIENCE_S
    while (children := _children()) and time.monotonic() < limit:
        for child in children:  # their own children become ours, and are next
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
            if child != process.pid:  # which is waited for where it was started
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(child, os.WNOHANG)
        time.sleep(0.005)


def _children() -> list[int]:
    """The processes that have this one as parent; none where there is no /proc.

    A dead one counts until it was waited for: while threads of it are left, it looks dead, and its
    children are not ours yet.
    """
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = entry.read_text("ascii", "replace").rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found.append(int(entry.parent.name))
    return found


if __name__ == "__main__":
    main()
