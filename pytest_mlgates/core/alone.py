"""One process at a time: a lock that the system itself takes from a process that ends."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE_S, _PAUSE_S = 30.0, 0.02


@contextlib.contextmanager
def alone(guard: Path, *, of: str) -> Iterator[None]:
    """No other process is in this block for the same *guard*.

    The file that the lock is taken on stays, empty: to delete it would let two processes in.

    Args:
        guard: An empty file of ours, made where it is missing.
        of: What is guarded, for the message.

    Raises:
        MLGatesError: if another process does not leave within 30 s.
        OSError: if *guard* cannot be opened.
    """
    guard.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(guard, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        last = time.monotonic() + _PATIENCE_S
        while not _taken(descriptor):
            if time.monotonic() > last:
                raise MLGatesError(
                    f"another process does not let go of {of}",
                    where=str(guard),
                    want=f"it to end within {_PATIENCE_S:.0f} s",
                    fix="end the other one, and run this one again",
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
