"""Which values of a metric on a private table rest on counts too small to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.core.text import number, plural
from pytest_mlgates.gates.privacy import WITHHELD, Display

if TYPE_CHECKING:
    from pytest_mlgates.core.exact import Number
    from pytest_mlgates.gates.labels import Group
    from pytest_mlgates.gates.metric.decide import Decision
    from pytest_mlgates.gates.metric.parts import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Veil:
    """What of a decision must not be shown.

    Attributes:
        display: How names and counts are shown.
        groups: The hidden slices; None stands for the whole table.
    """

    display: Display
    groups: frozenset[Group | None]

    def hides(self, part: Part) -> bool:
        """Whether the value, bounds and rows of *part* are withheld."""
        return part.group in self.groups

    def value(self, part: Part, value: Number) -> str:
        """The value of *part* for people."""
        return WITHHELD if self.hides(part) else number(float(value))

    def count(self, part: Part, n: int) -> str:
        """A count of *part* for people."""
        few = self.display.record(n) is None
        return WITHHELD if self.hides(part) and not few else self.display.count(n)

    def record(self, part: Part, n: int) -> int | None:
        """A count of *part* for the record."""
        return None if self.hides(part) else self.display.record(n)

    def warnings(self) -> tuple[str, ...]:
        """That something is withheld, and why."""
        if not self.groups:
            return ()
        values = plural(len(self.groups), "value")
        least = self.display.min_cell
        return (f"{values} not shown: counts under {least} of a private table would follow",)


def veil_of(decision: Decision, display: Display) -> Veil:
    """What *decision* must not show: small parts, and what would give them back."""
    whole, *slices = decision.plain
    groups: set[Group | None] = set()
    if display.small(whole[1].n, *whole[1].cells):
        groups.add(None)
    places = display.hidden([found.cells or (found.n,) for _, found in slices])
    groups.update(slices[place][0].group for place in places)
    return Veil(display=display, groups=frozenset(groups))
