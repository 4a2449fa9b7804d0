"""Slices judged by numbers that add up over rows: one pass for each set of columns, whatever rows.

The rest of a slice is all minus the slice, without going back to the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.gates.slices.judge import Looked
from pytest_mlgates.statistics.quantiles import z
from pytest_mlgates.statistics.search import worse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_mlgates.gates.slices.columns import Attribute
    from pytest_mlgates.gates.slices.judge import Key
    from pytest_mlgates.statistics.search import Score, Worse

    Floats = NDArray[np.float64]


class Summed:
    """Independent rows that count alike."""

    weighted = clustered = False

    def __init__(self, score: Score, n: int, attributes: Sequence[Attribute]) -> None:
        self._score, self._attributes = score, attributes
        self._total = score.sums(np.zeros(n, dtype=np.intp), 1)[0]
        self._sums: dict[Key, Floats] = {(): self._total}

    def look(
        self, places: tuple[int, ...], shape: tuple[int, ...], codes: NDArray[np.intp], least: int
    ) -> Looked:
        """From one table of sums."""
        score, total = self._score, self._total
        sums = score.sums(codes, int(np.prod(shape)))
        rows, n = score.rows(sums), score.rows(total[None, :])[0]
        enough = np.flatnonzero((rows >= least) & (n - rows >= least))
        own, others = score.values(sums[enough]), score.values(total - sums[enough])
        by = own - others if score.loss else others - own  # NaN where either has no value
        worse_than = enough[by > 0]
        undefined = int(np.count_nonzero(np.isnan(by)))
        return Looked(
            places=places,
            shape=shape,
            groups=worse_than,
            kept=sums[worse_than],
            looks=len(by) - undefined,
            few=int(np.count_nonzero(rows)) - len(enough),
            undefined=undefined,
        )

    def significant(self, looked: Looked, each: float) -> Iterator[tuple[Key, Worse]]:
        """Of those that are far enough out to be worth their bounds."""
        if not len(looked.groups):
            return
        score, own, others = self._score, looked.kept, self._total - looked.kept
        by = np.abs(score.values(own) - score.values(others))
        # Half as far out as it takes: what does not get there is spared the dear bounds.
        far = z(each) / 2 * score.errors(own, others)
        for place in np.flatnonzero(by >= far).tolist():
            found = worse(score, own[place], others[place], each)
            if found is not None and found.at_least > 0:
                key = looked.key(place)
                self._sums[key] = own[place]
                yield key, found

    def worse_than_rest_of(self, key: Key, parent: Key, each: float) -> Worse | None:
        """The parent's sums minus the slice's."""
        own = self._sums[key]
        return worse(self._score, own, self._sums[parent] - own, each)

    def rows(self, key: Key) -> int:
        """Counted in the sums."""
        return int(self._score.rows(self._of(key)[None, :])[0])

    def cells(self, key: Key) -> tuple[int, ...]:
        """Counted in the sums."""
        return self._score.cells(self._of(key))

    def whole(self) -> float:
        """From the sums of all."""
        return float(self._score.values(self._total[None, :])[0])

    def _of(self, key: Key) -> Floats:
        if key not in self._sums:
            inside = np.all([self._attributes[a].codes == g for a, g in key], axis=0)
            self._sums[key] = self._score.sums(inside.astype(np.intp), 2)[1]
        return self._sums[key]
