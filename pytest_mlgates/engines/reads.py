"""Which files somebody reads while a run takes place: Python, a library in C, another program.

Linux says so (inotify), file by file. Elsewhere only what Python opens can be heard (``writes``).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import struct
import sys
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_READ = 0x1 | 0x10  # IN_ACCESS, IN_CLOSE_NOWRITE: what is mapped into memory is not accessed
_CHANGED = 0x2 | 0x8 | 0x400 | 0x800  # IN_MODIFY, IN_CLOSE_WRITE, IN_DELETE_SELF, IN_MOVE_SELF
_FIRST_ONLY = 0x80000000  # IN_ONESHOT
_EVENT = struct.Struct("iIII")
_BLOCK = 1 << 16


class Reads:
    """Within the block, hears which of *paths* are read before anything changes them.

    What a run has written itself it may read. The first event of a file decides, so that no number
    of events can be too many. ``heard`` has the files that were read; ``is_deaf`` says that
    reading may have gone unheard.

    Args:
        paths: Files that earlier runs wrote; those that are gone cannot be read.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self.heard: list[str] = []
        self.is_deaf = False
        self._paths = list(paths)
        self._files: dict[int, str] = {}
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Listen."""
        if self._paths:
            self._listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take what was heard."""
        if self._descriptor < 0:
            return
        with contextlib.suppress(BlockingIOError):
            while events := os.read(self._descriptor, _BLOCK):
                self._take(events)
        os.close(self._descriptor)
        self._descriptor = -1

    def _listen(self) -> None:
        library = _library()
        if library is not None:
            self._descriptor = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if library is None or self._descriptor < 0:
            self.is_deaf = True
            return
        for path in self._paths:
            number = library.inotify_add_watch(
                self._descriptor, os.fsencode(path), _READ | _CHANGED | _FIRST_ONLY
            )
            if number >= 0:
                self._files[number] = path
            elif ctypes.get_errno() not in (errno.ENOENT, errno.ENOTDIR):
                self.is_deaf = True

    def _take(self, events: bytes) -> None:
        place = 0
        while place < len(events):
            number, mask, _, length = _EVENT.unpack_from(events, place)
            place += _EVENT.size + length
            if mask & _READ and number in self._files:
                self.heard.append(self._files.pop(number))


def _library() -> Any:
    """What knows inotify, None where nothing does."""
    if sys.platform != "linux":
        return None
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None, use_errno=True)
        library.inotify_init1, library.inotify_add_watch  # noqa: B018  (whether they are there)
        return library
    return None
