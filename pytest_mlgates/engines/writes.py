"""Which files a run writes outside of its own folder, and which of an earlier run it reads."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What tools keep beside a project; no training reads a result from there.
_SKIPPED = frozenset(
    {
        *(".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__"),
        *(".cache", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"),
        *(".ipynb_checkpoints", ".mlgates", "mlruns", "site-packages"),
    }
)
_MOST_WRITES = 1000
MOST_FILES = 100_000
_CHANGES = {
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.truncate": (0,),
}


class Watcher:
    """Hears of every file that Python code of this process opens, until the process ends.

    What a library writes in C (Parquet by pyarrow, SQLite) is not heard of.

    Args:
        folders: Those that are watched: the project, and the working directory.
        own: The folder in which the run may write.
        earlier: What earlier runs wrote.
    """

    def __init__(self, folders: Sequence[str], own: str, earlier: Sequence[str]) -> None:
        self.written: dict[str, None] = {}
        self.read: dict[str, None] = {}
        self._folders = tuple(dict.fromkeys(os.path.realpath(one) for one in folders))
        self._own = os.path.realpath(own)
        self._earlier = frozenset(earlier)
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            flags = flags if isinstance(flags, int) else 0
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            if writes or self._earlier:
                self._note(path, reads=not flags & os.O_WRONLY, writes=bool(writes), flags=flags)
        elif event in _CHANGES:
            for place in _CHANGES[event]:
                self._note(args[place], reads=False, writes=True)

    def _note(self, path: Any, *, reads: bool, writes: bool, flags: int = 0) -> None:
        if not isinstance(path, str | bytes | os.PathLike):  # an open file
            return
        with contextlib.suppress(OSError, ValueError, TypeError):
            full = os.path.realpath(os.fsdecode(path))
            if not self._is_watched(full):
                return
            kept = reads and not flags & (os.O_TRUNC | os.O_APPEND)
            if kept and full in self._earlier and full not in self.written:
                self.read[full] = None
            if writes and len(self.written) < _MOST_WRITES:
                self.written[full] = None

    def _is_watched(self, full: str) -> bool:
        if full == self._own or full.startswith(self._own + os.sep):
            return False
        for folder in self._folders:
            if full.startswith(folder.rstrip(os.sep) + os.sep):
                return _SKIPPED.isdisjoint(Path(full[len(folder) :]).parts)
        return False


def snapshot(folder: Path, own: Path) -> dict[str, tuple[int, int, int]]:
    """Size, time and number of the files in *folder*, by path, without those in *own*.

    Only the first 100,000 files are looked at.
    """
    found: dict[str, tuple[int, int, int]] = {}
    for file in _files(folder, own.resolve()):
        with contextlib.suppress(OSError):
            state = file.lstat()
            found[str(file)] = (state.st_size, state.st_mtime_ns, state.st_ino)
        if len(found) >= MOST_FILES:
            break
    return found


def changed(
    before: dict[str, tuple[int, int, int]], after: dict[str, tuple[int, int, int]]
) -> list[str]:
    """The files that are new, gone or other, in the order of their names."""
    return sorted(
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    )


def _files(folder: Path, own: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if name not in _SKIPPED
            and Path(here, name) != own
            and not Path(here, name, "pyvenv.cfg").exists()
        )
        yield from (Path(here, name) for name in sorted(files))


def shown(path: str, base: Path) -> str:
    """*path* as people know it: relative to the project."""
    with contextlib.suppress(ValueError):
        return Path(path).relative_to(base.resolve()).as_posix()
    return path
