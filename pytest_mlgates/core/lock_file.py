"""``mlgates.lock`` as a file that several processes may want to write at once."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.alone import alone
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import FOLDER, ours, write_atomically
from pytest_mlgates.core.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_GUARD = "lock.guard"


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
        with alone(ours(target.parent / FOLDER) / _GUARD, of=target.name):
            _sweep(target)
            found = change(locks.read(target) or Lock())
            write_atomically(target, found.to_json())
    except (OSError, RuntimeError) as error:  # the latter for links in a circle
        got = str(getattr(error, "strerror", None) or error)
        raise MLGatesError(f"{path.name} cannot be written", where=str(path), got=got) from None
    return found


def _sweep(target: Path) -> None:
    """Delete what writers left behind that were killed: nobody else writes now."""
    for left in target.parent.glob(f".{target.name}.*"):
        with contextlib.suppress(OSError):
            left.unlink()
