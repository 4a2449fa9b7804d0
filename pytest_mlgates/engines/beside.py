"""Work beside the main thread: engines and hashes let go of the interpreter while they run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pytest_mlgates.engines.interrupts import LOOK_UP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")


class Beside(Generic[Found]):
    """*work* in a thread of its own, which ends with the process at the latest.

    Args:
        work: What is done.
        stop: Ends it early, where it can be ended.
    """

    def __init__(self, work: Callable[[], Found], stop: Callable[[], Any] | None = None) -> None:
        self._work, self._stop = work, stop
        self._found: list[Found] = []
        self._raised: BaseException | None = None
        # An interrupted `join` takes the thread for ended (Python 3.11).
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mlgates-beside", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found.append(self._work())
        except BaseException as error:
            self._raised = error
        finally:
            self._over.set()

    def result(self) -> Found:
        """What *work* returned, once it has; what it raised is raised."""
        self._wait()
        if self._raised is not None:
            raise self._raised
        return self._found[0]

    def cancel(self) -> None:
        """End it, and wait for its end."""
        if self._stop is not None and not self._over.is_set():
            self._stop()
            self._wait()

    def _wait(self) -> None:
        while not self._over.wait(LOOK_UP_SECONDS):
            pass
