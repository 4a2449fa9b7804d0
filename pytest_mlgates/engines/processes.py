"""One child process at a time: time-limited, its output bounded, gone with all that it started.

The child is started by a small process of ours (``supervisor``) that outlives it by a moment: it
ends what the child started, also what left its process group, and removes the scratch folder
should this process be killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.variations import TEMPORARY_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_GRACE_S = 5.0  # for exit handlers, once the result is there
_SLICE_S = 0.5
_BLOCK = 1 << 16
_TAIL = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child process ended.

    Attributes:
        code: Its exit code, that of a signal negative; 0 if it was ended with its result there.
        tail: The last lines that it printed.
        duration_s: How long it ran.
    """

    code: int
    tail: str
    duration_s: float

    @property
    def how(self) -> str:
        """``with exit code 3``, ``by SIGSEGV``."""
        if self.code < 0:
            with contextlib.suppress(ValueError):
                return f"by {signal.Signals(-self.code).name}"
        return f"with exit code {self.code}"


def execute(
    command: Sequence[str],
    *,
    name: str,
    number: int,
    scratch: Path,
    folder: Path,
    where: Path | None,
    environment: Mapping[str, str],
    timeout: float | None,
    is_done: Callable[[], bool] | None = None,
) -> Ended:
    """Run *command* to its end.

    Args:
        command: Program and arguments; no shell reads them.
        name: What messages call it.
        number: Of the run.
        scratch: All that this gate writes; removed should this process be killed.
        folder: Of this run, in *scratch*; the child's temporary files go there too.
        where: Its working directory, None: the one of this process.
        environment: Variables beside those of this process.
        timeout: In seconds, None: no limit.
        is_done: Whether the result is there: what still runs a moment later is ended.

    Raises:
        MLGatesError: if it takes too long, or cannot be started.
    """
    temporary = folder / "tmp"
    temporary.mkdir()
    status = folder / "ended.json"
    own = dict.fromkeys(TEMPORARY_VARIABLES, str(temporary))
    started = [sys.executable, "-I", "-S", str(_SUPERVISOR), str(status), str(scratch), *command]
    start = time.monotonic()
    process = subprocess.Popen(  # noqa: S603  (our own interpreter, no shell)
        started,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=where,
        env={**os.environ, **own, **environment},
        start_new_session=sys.platform != "win32",
    )
    assert process.stdout is not None  # noqa: S101
    output = _Tail(process.stdout)
    try:
        code = _wait(process, start, timeout, is_done)
    finally:
        _end(process)
    output.join(1.0)
    if code is None:
        raise MLGatesError(
            f"{name} did not end within {timeout:g} s in run {number}",
            got=output.text() or "no output",
            fix="raise `timeout`, or train on fewer rows",
        )
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(status.read_text("utf-8"))
        if "error" in found:
            raise MLGatesError(
                f"{name} cannot be started",
                got=f"{command[0]}: {found['error']}",
                want="a program that is installed here",
            )
        code = int(found["code"])
    return Ended(code=code, tail=output.text(), duration_s=time.monotonic() - start)


class _Tail(threading.Thread):
    """Reads all that a child prints, and keeps the end of it: it may print gigabytes."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True, name="mlgates-output")
        self._stream = stream
        self._blocks: deque[bytes] = deque(maxlen=3)
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._stream:
            while block := os.read(self._stream.fileno(), _BLOCK):
                # Small writes are joined, so that few blocks hold enough of the end.
                if self._blocks and len(self._blocks[-1]) < _TAIL:
                    block = self._blocks.pop() + block
                self._blocks.append(block)

    def text(self) -> str:
        """The last lines."""
        text = b"".join(list(self._blocks))[-_TAIL:].decode("utf-8", "replace").strip()
        return "\n         ".join(text.splitlines()[-8:])


def _wait(
    process: subprocess.Popen[bytes],
    start: float,
    timeout: float | None,
    is_done: Callable[[], bool] | None,
) -> int | None:
    """The exit code of *process*, 0 if it only lingers; None if its time is over."""
    done_at: float | None = None
    while True:
        now = time.monotonic()
        if done_at is None and is_done is not None and is_done():
            done_at = now
        if done_at is not None and now - done_at > _GRACE_S:
            return 0
        left = None if timeout is None else timeout - (now - start)
        if left is not None and left <= 0 and done_at is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            pause = _SLICE_S if left is None else max(0.01, min(_SLICE_S, left))
            return process.wait(timeout=pause)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started, if they still run."""
    assert process.stdin is not None  # noqa: S101
    with contextlib.suppress(OSError):
        process.stdin.write(b"x")
        process.stdin.flush()
    try:
        process.wait(timeout=2 * _GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
