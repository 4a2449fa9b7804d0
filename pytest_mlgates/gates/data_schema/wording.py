"""What an expectation wants, in the words of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import limit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def always(words: str) -> Callable[[Mapping[str, Any]], str]:
    """*words*, whatever the arguments."""
    return lambda _: words


def ranged(subject: str = "") -> Callable[[Mapping[str, Any]], str]:
    """``mean at least 0``: *subject*, then its range."""
    return lambda given: f"{subject} {range_in_words(given)}".strip()


def equal(subject: str) -> Callable[[Mapping[str, Any]], str]:
    """``row count 891``: *subject*, then the number it must be."""
    return lambda given: f"{subject} {value_in_words(given['value'])}"


def range_in_words(given: Mapping[str, Any]) -> str:
    """``at least 0``, ``over 0``, ``at least 0 and under 10``."""
    parts = []
    for name, strict, inclusive, exclusive in (
        ("min_value", "strict_min", "at least", "over"),
        ("max_value", "strict_max", "at most", "under"),
    ):
        if given.get(name) is not None:
            word = exclusive if given.get(strict) else inclusive
            parts.append(f"{word} {value_in_words(given[name])}")
    return " and ".join(parts)


def value_in_words(value: Any) -> str:
    """A number with separators, a bound as people wrote it, anything else as text."""
    if isinstance(value, float):
        return limit(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
