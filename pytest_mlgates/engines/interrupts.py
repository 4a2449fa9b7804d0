"""Long queries that Ctrl-C can end: DuckDB does not look for signals while it fetches."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE = 10.0  # seconds that a stopped query has to end
# Ctrl-C just before a wait begins is only seen when the wait ends; on Windows also one within it.
LOOK_UP_SECONDS = 0.2


def interruptible(fetch: Callable[[], Any], link: Any) -> Any:
    """What *fetch* returns or raises, computed beside the main thread, which can be interrupted.

    Args:
        fetch: Runs one query.
        link: The connection that it runs on, to be told to stop; None for a relation of the
            user's, which is waited for: a query that nobody stopped ends the process badly.
    """
    if link is None or threading.current_thread() is not threading.main_thread():
        return fetch()
    found: list[Any] = []
    raised: list[BaseException] = []
    done = threading.Event()  # an interrupted `join` takes the thread for ended (Python 3.11)

    def run() -> None:
        try:
            found.append(fetch())
        except BaseException as error:
            raised.append(error)
        finally:
            done.set()

    worker = threading.Thread(target=run, name="mlgates-query", daemon=True)
    try:
        worker.start()
        while not done.wait(LOOK_UP_SECONDS):
            pass
    except KeyboardInterrupt:
        link.interrupt()
        done.wait(_PATIENCE)
        worker.join(_PATIENCE)
        raise
    if raised:
        raise raised[0]
    return found[0]
