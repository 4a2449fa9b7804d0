"""``trace``: a training says what it has come to, stage by stage. Free where nobody listens."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Iterator

# What fixtures told before the test whose gates are being evaluated: stages, in order.
told_by_fixtures: ContextVar[tuple[Any, ...]] = ContextVar("told_by_fixtures", default=())


class Listener(Protocol):
    """Gets the stages of a run; threads of the run call it too."""

    def tell(self, name: str, index: int | None, value: Any) -> None:
        """Record a stage that the user named."""

    def offer(self, name: str, index: int | None, value: Any) -> None:
        """Record a stage that was found automatically, if its value has a fingerprint."""

    def note(self, fact: str, value: Any) -> None:
        """Keep what is no stage but explains a difference: ``"dropout", ["0.drop"]``."""


# Not a context variable: threads that a training starts would not see it.
_listeners: list[Listener] = []


def trace(stage: str, *values: Any) -> Any:
    """Record a stage of a training: ``trace("split", ids)``, ``trace("epoch", 3, weights)``.

    A reproducibility gate compares the stages of its runs in order and names the first that
    differs. Where no gate runs, this does nothing.

    Args:
        stage: Its name; a stage may be recorded any number of times.
        values: Its value (anything that has a fingerprint), or its number and its value.

    Returns:
        The value, so that a call can stand around an expression.

    Raises:
        MLGatesError: for anything but one value, or a whole number and a value; and for a value
            that has no fingerprint.
    """
    index = values[0] if len(values) == 2 else None
    name: Any = stage  # whatever it is: types bind nobody at run time
    if not isinstance(name, str) or not 1 <= len(values) <= 2 or not _is_number(index):
        raise MLGatesError(
            "trace takes a stage and its value",
            got=f"trace({', '.join(type(one).__name__ for one in (stage, *values))})",
            want='trace("split", ids), or with a number: trace("epoch", 3, weights)',
            fix="put several values of a stage into one tuple or dictionary",
        )
    if _listeners:
        _listeners[-1].tell(stage, index, values[-1])
    return values[-1]


def offer(stage: str, index: int | None, value: Any) -> None:
    """Record a stage that nobody asked for by name; a value without a fingerprint is no mistake."""
    if _listeners:
        _listeners[-1].offer(stage, index, value)


def note(fact: str, value: Any) -> None:
    """Tell what is no stage, and compared by nobody, but explains a difference; plain types."""
    if _listeners:
        _listeners[-1].note(fact, value)


def is_listening() -> bool:
    """Whether a gate runs: what only prepares stages may be left out otherwise."""
    return bool(_listeners)


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within the block, *listener* gets what :func:`trace` is told."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def _is_number(index: Any) -> bool:
    return index is None or (isinstance(index, int) and not isinstance(index, bool))
