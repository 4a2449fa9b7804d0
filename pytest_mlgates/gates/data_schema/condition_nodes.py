"""The parts of a parsed condition."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Iterator

FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
DEEPEST = 40
_MOST_PARTS = 1000
_MOST_SHOWN = 200
_WANT = (
    "column names, literals, == != < <= > >=, in, not in, and, or, not, parentheses; "
    'col("x").notNull() and col("x").isNull() for nulls'
)


@dataclass(frozen=True, slots=True)
class Name:
    """A column."""

    column: str


@dataclass(frozen=True, slots=True)
class Compare:
    """``left op right``: a column on the left, a column or a literal on the right."""

    left: Name
    op: str
    right: Any


@dataclass(frozen=True, slots=True)
class In:
    """``column in [...]`` or ``not in``."""

    left: Name
    values: tuple[Any, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Null:
    """Whether a column is null, or is not."""

    left: Name
    is_null: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """A column of booleans by itself."""

    left: Name


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Any


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition of Spark SQL, where a comparison with a null is neither true nor false."""

    part: Any


def columns_of(tree: Any) -> Iterator[str]:
    """The columns that *tree* names."""
    if isinstance(tree, Name):
        yield tree.column
    elif isinstance(tree, Compare):
        yield from columns_of(tree.left)
        yield from columns_of(tree.right)
    elif isinstance(tree, In | Null | Truth):
        yield from columns_of(tree.left)
    elif isinstance(tree, Not | Sql):
        yield from columns_of(tree.part)
    elif isinstance(tree, All | AnyOf):
        for part in tree.parts:
            yield from columns_of(part)


def literal(value: Any, text: str) -> Any:
    """*value* as something that a column is compared with.

    Raises:
        MLGatesError: for what no column holds (null, NaN, an infinity) or no engine takes.
    """
    if isinstance(value, str):
        if not _is_plain(value):
            raise refused(text, "text with a control character or half a surrogate pair")
    elif isinstance(value, float) and not math.isfinite(value):
        raise refused(text, f"{value!r}, which is no finite number")
    elif not isinstance(value, int | float | dt.date):
        raise refused(text, f"{value!r} to compare with")
    return value


def of_size(tree: Any, text: str) -> Any:
    """*tree*, if it is not too large for the engines.

    Raises:
        MLGatesError: saying how many comparisons it has.
    """
    count = _parts_in(tree)
    if count > _MOST_PARTS:
        raise refused(text, f"{count:,} comparisons, more than {_MOST_PARTS:,}")
    return tree


def refused(text: str, got: str) -> MLGatesError:
    """The complaint about a condition outside the grammar."""
    shown = text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"
    return MLGatesError(f"row_condition {shown!r} cannot be used", got=got, want=_WANT)


def _parts_in(tree: Any) -> int:
    if isinstance(tree, All | AnyOf):
        return sum(_parts_in(part) for part in tree.parts)
    return _parts_in(tree.part) if isinstance(tree, Not | Sql) else 1


def _is_plain(text: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text)
