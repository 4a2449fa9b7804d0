"""Every group against all rows together, as matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.group_contrasts import Contrasts, Pair, gap, interval
from pytest_mlgates.statistics.group_families import OVERALL
from pytest_mlgates.statistics.pairs import difference_limits, ratio_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class ToOverall(Contrasts):
    """Every group against all rows together (decision D6).

    ``p_g - p = (1 - n_g/n)(p_g - p_rest)``, MOVER on group against rest, scaled; a ratio to the
    whole is a growing function of the ratio to the rest in the same way. Where the number of all
    rows is no mean of the groups' (F1, an AUC, a root), group and whole are put together with their
    correlation, which their rows have in common. Column 0: the group in the role of the higher
    number; column 1: all rows.
    """

    noun = ("group", "groups")

    def _count(self) -> int:
        return len(self.groups)

    def _arrange(self) -> None:
        family = self.family
        self.plain = self._limits(self.confidence)
        self.corrected = self._limits(self.simultaneous)
        difference = self.comparison is Comparison.DIFFERENCE
        self.far = self.plain[1] if difference else -self.plain[0]
        self.near = self.corrected[0] if difference else -self.corrected[1]
        overall = float(family.value(OVERALL))
        values = family.values
        with np.errstate(divide="ignore", invalid="ignore"):
            self.seen = (
                np.stack([values - overall, overall - values], axis=1)
                if difference
                else -np.stack([overall / values, values / overall], axis=1)
            )
        self.seen[np.isnan(self.seen)] = -1.0  # 0/0: two equal rates

    def _limits(self, confidence: float) -> tuple[Floats, Floats]:
        family = self.family
        own = (family.values, *family.limits(confidence, exact=self.exact))
        if not family.is_mixture:
            return self._with_whole(own, confidence)
        rest = (family.rest_values, *family.rest_limits(confidence, exact=self.exact))
        rho, share = family.rest_correlation, family.shares
        if self.comparison is Comparison.DIFFERENCE:
            lower, upper = difference_limits(*own, *rest, rho)
            scale = 1 - share
            return (
                np.stack([scale * lower, -scale * upper], axis=1),
                np.stack([scale * upper, -scale * lower], axis=1),
            )
        # Low over high: the whole over the group, and the group over the whole.
        whole = [share + (1 - share) * r for r in ratio_limits(*rest, *own, rho)]
        with np.errstate(divide="ignore", invalid="ignore"):
            group = [_over_whole(r, share) for r in ratio_limits(*own, *rest, rho)]
        return np.stack([whole[0], group[0]], axis=1), np.stack([whole[1], group[1]], axis=1)

    def _with_whole(
        self, own: tuple[Floats, Floats, Floats], confidence: float
    ) -> tuple[Floats, Floats]:
        family = self.family
        whole = (float(family.value(OVERALL)), *family.overall_limits(confidence))
        rho = family.whole_correlation
        if self.comparison is Comparison.DIFFERENCE:
            lower, upper = difference_limits(*own, *whole, rho)
            return np.stack([lower, -upper], axis=1), np.stack([upper, -lower], axis=1)
        over, under = ratio_limits(*whole, *own, rho), ratio_limits(*own, *whole, rho)
        return np.stack([over[0], under[0]], axis=1), np.stack([over[1], under[1]], axis=1)

    def at(self, row: int, column: int) -> Pair:
        """The group and all rows, the higher number first."""
        family, group = self.family, self.groups[row]
        own, overall = family.value(group), family.value(OVERALL)
        if own != overall:
            column = 0 if own > overall else 1
        high, low = (group, OVERALL) if column == 0 else (OVERALL, group)
        top, bottom = (own, overall) if column == 0 else (overall, own)
        return Pair(
            family=family.name,
            level=family.level,
            high=high,
            low=low,
            value=gap(self.comparison, top, bottom),
            bounds=interval((self.plain[0][row, column], self.plain[1][row, column])),
            simultaneous=interval((self.corrected[0][row, column], self.corrected[1][row, column])),
        )

    def least_variance(self, bound: float) -> float:
        """Of the group with the most rows on both sides."""
        one, _ = self.family.planned(self.comparison, bound, self.simultaneous)
        rows, share = self.family.rows, self.family.shares
        rest = one * rows / (rows.sum() - rows)
        return float(((1 - share) ** 2 * (one + rest)).min())


def _over_whole(ratio: Floats, share: Floats) -> Floats:
    """The ratio to the whole from the ratio to the rest: ``r / (w r + 1 - w)``."""
    return np.where(np.isinf(ratio), 1 / share, ratio / (share * ratio + 1 - share))
