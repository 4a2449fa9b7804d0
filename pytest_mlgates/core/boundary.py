"""The outermost frame of every command and hook: exceptions become exit codes and sentences.

0 passed, 1 a gate failed, 2 misuse, 3 a bug of ours, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

PASSED, FAILED, MISUSE, BUG, INTERRUPTED = 0, 1, 2, 3, 130


class _Finished(BaseException):
    """The parser of the arguments has said all there is to say."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


def parsed(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """What *argv* (default: the process's arguments) asks for; to be called inside `guarded`."""
    try:
        return parser.parse_args(argv)
    except SystemExit as error:  # 0 for --help, 2 for a bad option
        code = error.code or 0
        raise _Finished(code if isinstance(code, int) else MISUSE) from None


def guarded(run: Callable[[], int]) -> int:
    """The exit code of *run*, whatever it raises.

    A SystemExit is a bug like any other exception: some libraries raise one with code 0 when they
    are imported, which would pass every gate.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started this process (``>&-``)
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123  (for its whole life)
    try:
        _refuse_nowhere()
        code = run()
        write(sys.stdout, "")
    except _Finished as finished:
        return finished.code
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except BaseException as error:
        return _explain(error)
    return code


def _refuse_nowhere() -> None:
    try:
        os.getcwd()  # noqa: PTH109  (pathlib is an import)
    except OSError as error:
        from pytest_mlgates.core.errors import MLGatesError

        raise MLGatesError(
            "there is no working directory any more",
            got=str(error.strerror or error),
            fix='go to one that is there: cd "$PWD"',
        ) from None


def write(stream: TextIO, text: str) -> None:
    """Write *text* to *stream* now; a reader that went away (``| head``) changes no verdict.

    Raises:
        MLGatesError: if it cannot be written, as on a full disk: nobody would see what was found.
    """
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
    except OSError as error:
        from pytest_mlgates.core.errors import MLGatesError

        _discard(stream)  # else Python tries once more when it ends
        raise MLGatesError(
            f"{stream.name} cannot be written", got=str(error.strerror or error)
        ) from None


def _discard(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _explain(error: BaseException) -> int:
    from pytest_mlgates.core.errors import MLGatesError

    if isinstance(error, MLGatesError):
        _say(str(error))
        return MISUSE
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    if isinstance(error, ImportError):  # its text names modules, never data
        _say(f"mlgates cannot run, its installation is not whole: {error}")
        _say(f"  where: {place}")
        _say("  fix:   pip install --force-reinstall pytest-mlgates")
        return BUG
    _say(f"BUG: {type(error).__name__} at {place}: this is a mistake of pytest-mlgates, not yours")
    _say(f"  where: {_versions()}")
    # The exception's own text may quote data, so it is shown on request only.
    if os.environ.get("MLGATES_DEBUG"):
        traceback.print_exception(error)
    else:
        _say("  fix:   run again with MLGATES_DEBUG=1 and report what it prints")
    return BUG


def _versions() -> str:
    import platform
    from importlib import metadata

    try:
        own = metadata.version("pytest-mlgates")
    except metadata.PackageNotFoundError:
        own = "(version unknown)"
    return f"pytest-mlgates {own}, Python {platform.python_version()}, {platform.system()}"


def _say(text: str) -> None:
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    sys.stderr.write(text.encode(encoding, "replace").decode(encoding) + "\n")
