"""Folders of this process alone, and those that processes left behind which were killed.

Each holds a lock, of which the system lets go when its process ends, however it ends. The number
of a process would not tell: it is used again, and means nothing in another container that shares
the folder for temporary files. Where there are no such locks (Windows, some network file systems)
nothing is ever taken for left behind.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

_PREFIX, _LOCK = "mlgates-", ".lock"


def new() -> Path:
    """A new folder that only this user can read, removed at exit."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=_PREFIX))
        if _claimed(made):
            break
    atexit.register(_remove, made, os.getpid())
    return made


def remove_left_behind() -> None:
    """Remove folders of this user whose processes are gone; links are not followed."""
    if not hasattr(os, "getuid"):
        return
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as found:
        for entry in found:
            if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    _remove_if_left(entry)


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # a process that was forked off ends without what is not its own
        shutil.rmtree(folder, ignore_errors=True)


def _claimed(folder: Path) -> bool:
    """Whether *folder* is locked until this process ends, where that can be had.

    False if it is gone: between its making and its locking it looks like one left behind.
    """
    path = folder / _LOCK
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileNotFoundError:
        return False
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # who has it removes the folder
        os.close(lock)
        return False
    except (ImportError, OSError):  # no locks here: nobody takes it for left behind
        os.close(lock)
        return True
    if path.exists():
        return True  # the descriptor stays open
    os.close(lock)
    return False


def _remove_if_left(entry: os.DirEntry[str]) -> None:
    import fcntl

    lock = os.open(Path(entry.path, _LOCK), os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status, folder = os.fstat(lock), entry.stat(follow_symlinks=False)
        if stat.S_ISREG(status.st_mode) and status.st_uid == folder.st_uid == os.getuid():
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(entry.path, ignore_errors=True)
    finally:
        os.close(lock)
