"""How the numbers of groups are compared: named here, where naming it imports nothing else."""

from __future__ import annotations

from enum import StrEnum


class Comparison(StrEnum):
    """What is compared with the bound."""

    DIFFERENCE = "difference"
    RATIO = "ratio"
    LOWEST = "group_min"
    HIGHEST = "group_max"
    # The group furthest from 0, either way: for values that ought to be 0 in every group.
    FURTHEST = "furthest"
    # How much wider a gap is than a champion's.
    CHANGE = "change"

    @property
    def is_capped(self) -> bool:
        """Whether the bound limits from above (``max``)."""
        return self not in (Comparison.RATIO, Comparison.LOWEST)

    @property
    def is_gap(self) -> bool:
        """Whether groups are compared with each other."""
        return self in (Comparison.DIFFERENCE, Comparison.RATIO, Comparison.CHANGE)
