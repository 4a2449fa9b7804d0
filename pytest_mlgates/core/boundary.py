"""The outermost frame of every command and hook: exceptions become exit codes and sentences.

0 passed, 1 a gate failed, 2 misuse, 3 a bug of ours, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PASSED, FAILED, MISUSE, BUG, INTERRUPTED = 0, 1, 2, 3, 130


def guarded(run: Callable[[], int]) -> int:
    """The exit code of *run*, whatever it raises."""
    try:
        return run()
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except SystemExit as error:  # argparse: 0 for --help, 2 for a bad option
        return error.code if isinstance(error.code, int) else MISUSE
    except BrokenPipeError:  # the reader of our output went away: nothing is left to say to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BUG
    except BaseException as error:
        return _explain(error)


def _explain(error: BaseException) -> int:
    from pytest_mlgates.core.errors import MLGatesError

    if isinstance(error, MLGatesError):
        _say(str(error))
        return MISUSE
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    _say(f"BUG: {type(error).__name__} at {place}: this is a mistake of pytest-mlgates, not yours")
    # The exception's own text may quote data, so it is shown on request only.
    if os.environ.get("MLGATES_DEBUG"):
        traceback.print_exception(error)
    else:
        _say("  fix:   run again with MLGATES_DEBUG=1 and report what it prints")
    return BUG


def _say(text: str) -> None:
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    sys.stderr.write(text.encode(encoding, "replace").decode(encoding) + "\n")
