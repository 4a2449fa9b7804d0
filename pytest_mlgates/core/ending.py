"""The end of a hook's process, without taking the interpreter apart.

With an engine loaded that takes 50 ms, in which DuckDB's binding may print a page about what
outlives it; mypy ends its processes in this way too. Only for processes that run no code of the
project: a file that such code leaves open is written when the interpreter is taken apart.
"""

from __future__ import annotations

import atexit
import os
import sys
from typing import NoReturn


def end(code: int) -> NoReturn:
    """End the process with *code*, once all that was written and registered is done."""
    if _is_plain():
        atexit._run_exitfuncs()  # noqa: SLF001  (scratch folders, the data of coverage)
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:  # nobody reads any more; Python has its own way to end then
            sys.exit(code)
        os._exit(code)
    sys.exit(code)


def _is_plain() -> bool:
    """Whether nobody watches the interpreter, and no thread has work that must be finished."""
    threading = sys.modules.get("threading")
    alone = threading is None or all(
        thread.daemon or thread is threading.main_thread() for thread in threading.enumerate()
    )
    streams = sys.stdout is not None and sys.stderr is not None
    watched = sys.gettrace() or sys.getprofile() or sys.flags.interactive
    return alone and streams and not watched
