"""What may be said about a private table: no values, no categories, no small counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Display:
    """How one table's groups and counts are shown.

    Attributes:
        private: Whether values must not be shown.
        min_cell: Counts under this are shown as ``<10``.
    """

    private: bool = False
    min_cell: int = 10
    _names: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def register(self, groups: list[tuple[Any, ...]]) -> None:
        """Give every group its stable pseudonym: its rank among all groups, sorted by text."""
        for rank, group in enumerate(sorted(groups, key=repr), start=1):
            self._names.setdefault(group, f"group {rank}")

    def group(self, group: tuple[Any, ...]) -> str:
        """A group for people: ``Female``, ``(F, 60+)``, or ``group 3`` if private."""
        if self.private:
            return self._names.setdefault(group, f"group {len(self._names) + 1}")
        texts = ["missing" if value is None else str(value) for value in group]
        return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"

    def values(self, group: tuple[Any, ...]) -> tuple[Any, ...]:
        """A group for the record: its values, or its pseudonym if private."""
        return (self.group(group),) if self.private else group

    def count(self, n: int) -> str:
        """A count for people: ``6,512``, or ``<10`` where it could point at a person."""
        return f"<{self.min_cell}" if self.private and n < self.min_cell else f"{n:,}"

    def record(self, n: int) -> int | None:
        """A count for the record, None where it could point at a person."""
        return None if self.private and n < self.min_cell else n
