"""What may be said about a private table: no values, no categories, no small counts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.core.verdict import Verdict

# In the place of what would give a small count away.
WITHHELD = "withheld"


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
        texts = [label(value) for value in group]
        return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"

    def values(self, group: tuple[Any, ...]) -> tuple[Any, ...]:
        """A group for the record: its values, or its pseudonym if private."""
        return (self.group(group),) if self.private else group

    def count(self, n: int) -> str:
        """A count for people: ``6,512``, or ``<10`` where it could point at a person."""
        return f"<{self.min_cell}" if self.private and n < self.min_cell else f"{n:,}"

    def rows(self, n: int) -> str:
        """``1 row``, ``6,512 rows``, or ``<10 rows``."""
        noun = "row" if n == 1 and not self.private else "rows"
        return f"{self.count(n)} {noun}"

    def part(self, n: int, of: int) -> str:
        """A count out of *of*, for people: ``>490`` where the rest could point at a person."""
        if self.private and n >= self.min_cell and self.small(of - n):
            return f">{of - self.min_cell:,}"
        return self.count(n)

    def record(self, n: int) -> int | None:
        """A count for the record, None where it could point at a person."""
        return None if self.private and n < self.min_cell else n

    def small(self, *counts: int) -> bool:
        """Whether one of *counts* is of some rows, but too few to be shown."""
        return self.private and any(0 < n < self.min_cell for n in counts)

    def hidden(self, cells: Sequence[tuple[int, ...]]) -> frozenset[int]:
        """Which of the groups with these *cells* must not be shown, their totals being known.

        Those with a small cell, and as many of the next smallest as it takes that the totals minus
        what is shown do not give a small cell back.
        """
        found = {place for place, counts in enumerate(cells) if self.small(*counts)}
        rest = sorted(set(range(len(cells))) - found, key=lambda place: sum(cells[place]))

        def gives_back() -> bool:
            sums = (sum(column) for column in zip(*(cells[i] for i in found), strict=True))
            return len(found) == 1 or self.small(*sums)

        while found and rest and gives_back():
            found.add(rest.pop(0))
        return frozenset(found)


def label(value: Any) -> str:
    """A value as the name of a group: on one line, and nothing that a terminal obeys."""
    if value is None:
        return "missing"
    text = str(value)
    return text if text.isprintable() else repr(text)[1:-1]


def redact(verdict: Verdict, display: Display) -> Verdict:
    """*verdict* without the counts of a private table that could point at a person.

    The last line: what a gate of any kind records of rows, whatever it took care of itself.
    """
    if not display.private:
        return verdict

    def record(n: int | None) -> int | None:
        return None if n is None else display.record(n)

    groups = tuple(
        group
        if record(group.n) == group.n and record(group.successes) == group.successes
        else replace(group, n=record(group.n), successes=None, value=None, lower=None, upper=None)
        for group in verdict.groups
    )
    inputs = tuple(replace(one, rows=record(one.rows)) for one in verdict.inputs)
    return verdict.replace(n=record(verdict.n), groups=groups, inputs=inputs)
