"""``mlgates.lock`` as a file that several processes may want to write at once."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import write_atomically
from pytest_mlgates.core.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FOLDER, _GUARD = ".mlgates", "lock.guard"
_PATIENCE_S, _PAUSE_S = 30.0, 0.02


def update(path: Path, change: Callable[[Lock], Lock]) -> Lock:
    """Put *change* of what *path* holds now into it, whole or not at all, and return that.

    No other process writes between the reading and the writing, so nobody's gates are lost. A link
    stays one: what it points to is written.

    Raises:
        ConfigurationError: if the lock is damaged.
        MLGatesError: if it cannot be written, or another process does not let go of it.
    """
    try:
        target = path.resolve()
        with _alone(target):
            _sweep(target)
            found = change(locks.read(target) or Lock())
            write_atomically(target, found.to_json())
    except (OSError, RuntimeError) as error:  # the latter for links in a circle
        got = str(getattr(error, "strerror", None) or error)
        raise MLGatesError(f"{path.name} cannot be written", where=str(path), got=got) from None
    return found


@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    """No other process is in this block for the same *target*.

    The system itself takes the lock from a process that ends, however it ends. The file that it is
    taken on stays, empty, in our own folder: to delete it would let two processes in.
    """
    folder = target.parent / _FOLDER
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        write_atomically(ignore, "*\n")
    descriptor = os.open(folder / _GUARD, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        last = time.monotonic() + _PATIENCE_S
        while not _taken(descriptor):
            if time.monotonic() > last:
                raise MLGatesError(
                    f"another process does not let go of {target.name}",
                    where=str(target),
                    want=f"it to end within {_PATIENCE_S:.0f} s",
                    fix="end the other `mlgates lock`, and run this one again",
                )
            time.sleep(_PAUSE_S)
        yield
    finally:
        os.close(descriptor)  # lets go


if sys.platform == "win32":
    import msvcrt

    def _taken(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _taken(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _sweep(target: Path) -> None:
    """Delete what writers left behind that were killed: nobody else writes now."""
    for left in target.parent.glob(f".{target.name}.*"):
        with contextlib.suppress(OSError):
            left.unlink()
