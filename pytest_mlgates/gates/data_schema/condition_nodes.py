"""The parts of a parsed condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Iterator

FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
DEEPEST = 40
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


def columns_of(tree: Any) -> Iterator[str]:
    """The columns that *tree* names."""
    if isinstance(tree, Name):
        yield tree.column
    elif isinstance(tree, Compare):
        yield from columns_of(tree.left)
        yield from columns_of(tree.right)
    elif isinstance(tree, In | Null):
        yield from columns_of(tree.left)
    elif isinstance(tree, Not):
        yield from columns_of(tree.part)
    elif isinstance(tree, All | AnyOf):
        for part in tree.parts:
            yield from columns_of(part)


def refused(text: str, got: str) -> MLGatesError:
    """The complaint about a condition outside the grammar."""
    return MLGatesError(f"row_condition {text!r} cannot be used", got=got, want=_WANT)
