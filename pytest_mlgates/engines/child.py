"""Judges in a child process, which ends itself if a million characters take it too long.

Python's ``re`` cannot be interrupted: it holds the interpreter while it backtracks, so neither a
thread nor a timer of this process ever runs again.
"""

from __future__ import annotations

import importlib.resources
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

from pytest_mlgates.engines import judges

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType


class Child:
    """A judge of ``judges`` in a process of its own.

    Args:
        name: The function.
        arguments: What it is called with, before the values.
    """

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self._job = (name, arguments, judges.LIMIT_S)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start nothing yet: the first batch does."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()

    def answer(self, values: Sequence[Any]) -> list[bool]:
        """What the judge says of each value.

        Raises:
            TimeoutError: if it ends before it has.
        """
        return [ok for part in judges.parts(values) for ok in self._ask(part)]

    def _ask(self, texts: list[str]) -> list[bool]:
        process = self._started()
        assert process.stdin is not None  # noqa: S101  (both are pipes)
        assert process.stdout is not None  # noqa: S101
        try:
            pickle.dump(texts, process.stdin)
            process.stdin.flush()
            found = process.stdout.read(len(texts))
        except BrokenPipeError:
            found = b""
        if len(found) != len(texts):
            raise TimeoutError
        return [bool(byte) for byte in found]

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            source = importlib.resources.files("pytest_mlgates.engines").joinpath("judges.py")
            # Isolated, and without site-packages: it needs the standard library alone.
            command = [sys.executable, "-I", "-S", "-c", source.read_text(encoding="utf-8")]
            self._process = subprocess.Popen(  # noqa: S603  (our own interpreter, no shell)
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            assert self._process.stdin is not None  # noqa: S101
            pickle.dump(self._job, self._process.stdin)
        return self._process
