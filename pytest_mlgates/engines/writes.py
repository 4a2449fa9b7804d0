"""Which files a run writes outside of its own folder, and which of an earlier run it reads."""

from __future__ import annotations

import contextlib
import operator
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from types import TracebackType

# What tools keep beside a project; no training reads a result from there.
_SKIPPED = frozenset(
    {
        *(".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__"),
        *(".cache", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"),
        *(".ipynb_checkpoints", ".mlgates", "mlruns", "site-packages"),
    }
)
# What libraries keep among temporary files: compiled code, and arrays on their way to a worker.
_SKIPPED_STARTS = ("torchinductor_", "joblib_memmapping_folder_", "pymp-")
# Files that change without a run of a training: somebody edits the code, coverage.py counts lines.
_SKIPPED_FILES = (".py", ".pyc", ".pyi")
_MOST_WRITES = 1000
MOST_FILES = 100_000
_CLOCK_NS = 20_000_000  # file systems tell times by a slower clock
# Which arguments of an event are changed paths, and which tell the open folder that they start at.
_CHANGES: dict[str, tuple[tuple[int, int | None], ...]] = {
    "os.remove": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.mkdir": ((0, 2),),
    "os.rmdir": ((0, 1),),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
}
_listening: list[Watcher] = []
_hook: list[bool] = []


class Watcher:
    """Within the block, hears of every file that Python code of this process opens.

    What a library writes in C (Parquet by pyarrow, SQLite) is not heard of.

    Args:
        folders: Those that are watched: the project, and the working directory.
        own: The folder in which the run may write.
        earlier: What earlier runs wrote.
    """

    def __init__(self, folders: Sequence[str], own: str, earlier: Collection[str]) -> None:
        self.written: dict[str, None] = {}
        self.read: dict[str, None] = {}
        self._folders = tuple(dict.fromkeys(os.path.realpath(one) for one in folders))
        self._own = os.path.realpath(own)
        self._earlier = frozenset(earlier)

    def __enter__(self) -> Self:
        """Listen. A hook stays until the process ends, so there is one for all watchers."""
        if not _hook:
            _hook.append(True)
            sys.addaudithook(_hear)
        _listening.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no longer."""
        _listening.remove(self)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Take an event of the interpreter."""
        if event == "open":
            path, _, flags = args
            flags = flags if isinstance(flags, int) else 0
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            if writes or self._earlier:
                self._note(path, reads=not flags & os.O_WRONLY, writes=bool(writes), flags=flags)
        elif event in _CHANGES:
            for place, folder in _CHANGES[event]:
                start = -1 if folder is None else args[folder]
                self._note(_from(args[place], start), reads=False, writes=True)

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
                parts = Path(full[len(folder) :]).parts
                return not any(map(_is_skipped, parts))
        return False


def _hear(event: str, args: tuple[Any, ...]) -> None:
    for watcher in _listening:
        watcher.hear(event, args)


def _from(path: Any, folder: int) -> Any:
    """*path* as it starts at the open *folder* (-1: the working directory), which `rmtree` uses.

    None where the system does not tell which folder that is.
    """
    if folder == -1 or not isinstance(path, str | bytes | os.PathLike):
        return path
    try:
        return Path(f"/proc/self/fd/{folder}").readlink() / os.fsdecode(path)
    except OSError:
        return None


def _is_skipped(name: str) -> bool:
    return name in _SKIPPED or name.startswith(_SKIPPED_STARTS)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files that there were.

    Attributes:
        files: Size, time and number of each, by path.
        is_whole: Whether no file was left out for being one too many.
        at: When it was begun, in nanoseconds.
    """

    files: dict[str, tuple[int, int, int]]
    is_whole: bool
    at: int


def snapshot(folders: Iterable[Path], own: Path, most: int = MOST_FILES) -> Snapshot:
    """The files in *folders*, without those in *own*; only the first *most* are looked at.

    Code is left out: who edits it while a gate runs has written nothing that a run made.
    """
    at = time.time_ns() - _CLOCK_NS
    found: dict[str, tuple[int, int, int]] = {}
    apart = os.path.realpath(own)
    for folder in _outermost(folders):
        for file in _files(folder, apart):
            if len(found) >= most:
                return Snapshot(found, False, at)
            with contextlib.suppress(OSError):
                state = file.stat(follow_symlinks=False)
                found[file.path] = (state.st_size, state.st_mtime_ns, state.st_ino)
    return Snapshot(found, True, at)


def changed(before: Snapshot, after: Snapshot) -> list[str]:
    """The files that are new, gone or other, in the order of their names.

    Where one of the two is not whole, a file that only the other has need not be new, or gone.
    """
    old, new = before.files, after.files
    other = {path for path in old.keys() & new.keys() if old[path] != new[path]}
    gone, come = old.keys() - new.keys(), new.keys() - old.keys()
    if not after.is_whole:
        gone = {path for path in gone if not os.path.lexists(path)}
    if not before.is_whole:
        come = {path for path in come if new[path][1] >= before.at}
    return sorted(other | gone | come)


def _outermost(folders: Iterable[Path]) -> list[str]:
    """*folders* without those that are walked with another."""
    found = sorted({os.path.realpath(one) for one in folders})
    return [one for one in found if not any(_holds(other, one) for other in found if other != one)]


def _holds(outer: str, inner: str) -> bool:
    start = outer.rstrip(os.sep) + os.sep
    return inner.startswith(start) and not any(map(_is_skipped, Path(inner[len(start) :]).parts))


def _files(folder: str, own: str) -> Iterator[os.DirEntry[str]]:
    """The files below *folder*; of each folder first those in it, then those below."""
    try:
        with os.scandir(folder) as entries:
            here = sorted(entries, key=operator.attrgetter("name"))
    except OSError:
        return
    below = []
    for entry in here:
        if not entry.is_dir(follow_symlinks=False):
            if not entry.name.endswith(_SKIPPED_FILES) and not entry.name.startswith(".coverage"):
                yield entry
        elif not _is_skipped(entry.name) and entry.path != own:
            below.append(entry.path)
    for path in below:
        if not os.path.lexists(os.path.join(path, "pyvenv.cfg")):  # noqa: PTH118  (it is fast)
            yield from _files(path, own)


def shown(path: str, base: Path) -> str:
    """*path* as people know it: relative to the project."""
    with contextlib.suppress(ValueError):
        return Path(path).relative_to(base.resolve()).as_posix()
    return path
