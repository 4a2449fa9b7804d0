"""What a search asks of slices, however their metric is come by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from pytest_mlgates.statistics.search import Worse

# The groups of a slice: (place of the column, place of its group), ... in the order of columns. No
# group at all is the whole table.
Key = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The slices by the same columns.

    Attributes:
        places: The columns.
        shape: How many groups each has.
        groups: The slices that look worse than the rest, by their place in that shape.
        kept: What the judge keeps of these.
        looks: How many slices were compared.
        few: How many have too few rows to be.
        undefined: How many have rows enough, but no value of the metric, or their rest has none.
    """

    places: tuple[int, ...]
    shape: tuple[int, ...]
    groups: NDArray[np.intp]
    kept: Any
    looks: int
    few: int
    undefined: int

    def key(self, place: int) -> Key:
        """The slice at *place* of ``groups``."""
        left, found = int(self.groups[place]), []
        for size in reversed(self.shape):
            left, group = divmod(left, size)
            found.append(group)
        return tuple(zip(self.places, reversed(found), strict=True))


class Judge(Protocol):
    """Compares slices with other rows."""

    @property
    def weighted(self) -> bool:
        """Whether rows do not count alike."""

    @property
    def clustered(self) -> bool:
        """Whether rows are not independent."""

    def look(
        self, places: tuple[int, ...], shape: tuple[int, ...], codes: NDArray[np.intp], least: int
    ) -> Looked:
        """All slices by the columns *places*; *codes* has the place in *shape* of each row.

        Slices, and rests, of under *least* rows are not looked at.
        """

    def significant(self, looked: Looked, each: float) -> Iterator[tuple[Key, Worse]]:
        """The slices whose difference to the rest is bounded away from none at the level *each*."""

    def worse_than_rest_of(self, key: Key, parent: Key, each: float) -> Worse | None:
        """By how much a slice is worse than the other rows of one that it lies in."""

    def rows(self, key: Key) -> int:
        """The rows of a slice."""

    def cells(self, key: Key) -> tuple[int, ...]:
        """The counts that the value of a slice gives away."""

    def whole(self) -> float:
        """The metric of all rows."""
