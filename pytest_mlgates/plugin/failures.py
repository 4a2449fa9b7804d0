"""What people read when a test with gates fails: our message, never our traceback."""

from __future__ import annotations

import atexit
import contextlib
import gc
import sys
import traceback
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _pytest._code.code import (
    ExceptionChainRepr,
    ReprEntryNative,
    ReprFileLocation,
    ReprTraceback,
)

from pytest_mlgates.core.errors import GateFailure, MLGatesError
from pytest_mlgates.core.verdict import Outcome, Policy, Verdict
from pytest_mlgates.reports.rows import bound_text, status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    import pytest

    from pytest_mlgates.gates.base import Gate


def collection_error(item: pytest.Item, errors: Sequence[MLGatesError]) -> Any:
    """What a collector reports for tests with misused markers."""
    text = "\n\n".join(str(error) for error in errors)
    return _message_repr(text, item, "misused gate marker")


def unevaluated(gate: Gate, item: pytest.Item, *, requested: bool) -> Verdict:
    """The record of a marker that no call evaluated."""
    call = f"mlgate({gate.kind.takes})"
    fix = f"call `{call}`" if requested else f"add `mlgate` to the test's arguments, call `{call}`"
    marker = gate.where.partition(" ")[2]
    return Verdict(
        id=gate.id,
        kind=gate.kind.name,
        finding=None,
        outcome=Outcome.ERROR,
        message=_text(f"{marker} was not evaluated: no call of `mlgate` took it", item, fix),
        summary="not evaluated by any call",
        metric=getattr(gate.parameters, "metric", None),
        by=tuple(getattr(gate.parameters, "by", None) or ()),
        bound=gate.parameters.bound(),
        policy=Policy(gate.parameters.inconclusive),
        replaces=gate.replaces,
    )


def label_without_verdict(kind: str, item: pytest.Item) -> str:
    """A bare marker on a test that requests ``mlgate`` demands a verdict of its kind."""
    return _text(
        f"this test is marked {kind} and requests `mlgate`, but evaluated no gate of that kind",
        item,
        f"call `mlgate.{kind}(…)`, or give the marker its arguments",
    )


def label_without_gate(kind: str, item: pytest.Item) -> str:
    """A plain label, where ``--mlgates-strict`` forbids them."""
    return _text(
        f"this test is marked {kind} without a gate (--mlgates-strict)",
        item,
        f"request `mlgate` and call `mlgate.{kind}(…)`, or take the marker off",
    )


def swallowed(verdicts: Sequence[Verdict], item: pytest.Item) -> str:
    """Gates that failed inside a test that went on as if they had not."""
    names = ", ".join(repr(v.id) for v in verdicts)
    verb = "did not pass, and the test caught that"
    return _text(
        f"{'gate' if len(verdicts) == 1 else 'gates'} {names} {verb}",
        item,
        f"let the failure end the test; to test a verdict itself, call the plain function "
        f"`pytest_mlgates.{verdicts[0].kind}(…)`",
    )


def unexpected(error: BaseException, *, private: bool) -> MLGatesError:
    """How the evidence names what is neither a verdict nor misuse."""
    name = type(error).__name__
    return MLGatesError(f"{name} while the gate was evaluated", got="" if private else repr(error))


def shorten(
    report: pytest.TestReport,
    excinfo: pytest.ExceptionInfo[BaseException],
    item: pytest.Item,
    *,
    private: bool,
) -> None:
    """Replace the traceback where it is ours, or where it could show a private table."""
    error = excinfo.value
    if isinstance(error, GateFailure):
        report.longrepr = _message_repr(error.message, item, "GateFailure", excinfo)
    elif isinstance(error, MLGatesError):
        text = str(error)
        if error.__cause__ is not None and not private:  # their code raised: their lines say where
            text += "\n\n" + _traceback_of_users(error.__cause__)
        report.longrepr = _message_repr(text, item, type(error).__name__, excinfo)
    elif private:
        name = type(error).__name__
        text = f"{name} (its details are withheld: this test evaluated a private table)"
        report.longrepr = _message_repr(text, item, name, excinfo)


def _traceback_of_users(error: BaseException) -> str:
    """The traceback of *error* without the frames of this project."""
    ours = str(Path(__file__).parents[1])
    found = traceback.TracebackException.from_exception(error, limit=-20)
    frames = [frame for frame in found.stack if not frame.filename.startswith(ours)]
    found.stack = traceback.StackSummary.from_list(frames)
    return "".join(found.format(chain=False)).rstrip()


def forget_tables(error: BaseException | None) -> None:
    """Clear what our frames hold: Python keeps the last exception until it exits.

    A DuckDB connection that is alive by then makes its binding print a page about leaks.
    """
    while error is not None:
        for raising, _ in traceback.walk_tb(error.__traceback__):
            frame: FrameType | None = raising
            while frame is not None:  # its callers are in no traceback where it was caught
                if frame.f_globals.get("__name__", "").startswith("pytest_mlgates."):
                    with contextlib.suppress(RuntimeError):  # still running
                        frame.clear()
                        _ = frame.f_locals  # whoever read it before made a copy: make it anew
                frame = frame.f_back
        error = error.__cause__ or error.__context__


def forget_tests_at_exit(config: pytest.Config) -> None:
    """Let tests and the last failure go when the process ends, and the tables that they hold.

    Python and pytest keep them for debuggers, and too long for DuckDB: its binding looks for what
    is alive before. Not sooner: ``python -i -m pytest`` and notebooks may ask for it.
    """
    found = config.pluginmanager.get_plugin("session")
    if found is None:
        return
    if not _ended:  # once, however many runs are in this process: collecting takes long
        atexit.register(_forget_tests)
    _ended.append(weakref.ref(found))


_ended: list[weakref.ref[Any]] = []


def _forget_tests() -> None:
    if "duckdb" not in sys.modules:
        return
    for session in _ended:
        items = getattr(session(), "items", None)
        if items is not None:
            items.clear()
    for name in ("last_exc", "last_value", "last_traceback", "last_type"):
        with contextlib.suppress(AttributeError):
            delattr(sys, name)
    gc.collect()


def junit_properties(verdict: Verdict) -> list[tuple[str, object]]:
    """The verdict as JUnit properties of its test."""
    fields = {
        "outcome": str(verdict.outcome),
        "finding": str(verdict.finding) if verdict.finding is not None else "none",
        "status": status(verdict),
        "estimate": verdict.estimate,
        "lower": verdict.lower,
        "upper": verdict.upper,
        "n": verdict.n,
        "bound": bound_text(verdict.bound),
    }
    return [
        (f"mlgates.{verdict.id}.{key}", str(value))
        for key, value in fields.items()
        if value not in (None, "")
    ]


def _message_repr(
    text: str,
    item: pytest.Item,
    title: str,
    excinfo: pytest.ExceptionInfo[BaseException] | None = None,
) -> ExceptionChainRepr:
    """A failure that shows *text* and the test's own line, nothing of what lies between."""
    path, line, _ = item.reportinfo()
    number = (line or 0) + 1
    if excinfo is not None:
        own = [entry for entry in excinfo.traceback if str(entry.path) == str(item.path)]
        number = own[-1].lineno + 1 if own else number
    shown = _relative(item, str(path))
    crash = ReprFileLocation(shown, number, _first_line(text))
    entry = ReprEntryNative([f"{text}\n", "\n", f"{shown}:{number}: {title}\n"])
    trace = ReprTraceback([entry], None, style="native")
    return ExceptionChainRepr([(trace, crash, None)])


def _text(what: str, item: pytest.Item, fix: str) -> str:
    return str(MLGatesError(what, where=item.nodeid, fix=fix))


def _relative(item: pytest.Item, path: str) -> str:
    try:
        return item.path.relative_to(item.config.rootpath).as_posix()
    except ValueError:
        return path


def _first_line(text: str) -> str:
    """What pytest's short summary shows: the count, the first gate, and what it found."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    place = next((i for i, line in enumerate(lines) if line.startswith("gate ")), None)
    if place is None:
        return lines[0] if lines else ""
    return " ".join(lines[: place + 2])
