"""What a gate needs of a table whose files do not say the types of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_KINDS = ("text", "floats", "times")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which columns of a table are needed, and as what.

    Attributes:
        columns: The columns that will be looked at, None for all.
        text: Those that are text, whatever their values look like.
        numbers: Those that are numbers, even if there is no value.
        floats: Those that are floats, even if every value is a whole number.
        times: Those that are times, even if every value is a date.
    """

    columns: frozenset[str] | None = None
    text: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    floats: frozenset[str] = frozenset()
    times: frozenset[str] = frozenset()

    def names(self, column: str) -> bool:
        """Whether *column* will be looked at."""
        return self.columns is None or column in self.columns

    def beside(self, others: Sequence[Wanted]) -> Wanted:
        """The same and, of the columns that it does not name, what *others* agree on."""
        if self.columns is None or any(other.columns is None for other in others):
            return self
        own = self.columns
        columns = own.union(*(other.columns or () for other in others))
        agreed = {
            kind: getattr(self, kind)
            | frozenset(
                column
                for column in columns - own
                if all(column in getattr(o, kind) for o in others if o.names(column))
            )
            for kind in _KINDS
        }
        numbers = self.numbers.union(*(other.numbers - own for other in others))
        return Wanted(columns=columns, numbers=numbers, **agreed)
