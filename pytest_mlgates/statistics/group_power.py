"""What the sizes of groups can settle and prove about a bound on their largest gap.

P(proven) has no closed form: the pairs share groups. It is the share of 4,096 draws of binomial
counts, all groups at one rate, that the rule itself proves; the draws are the same every time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.exact import exact
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.pairs import difference_limits, ratio_limits
from pytest_mlgates.statistics.power import first
from pytest_mlgates.statistics.proportions import FEW, clopper_pearson, wilson_limits
from pytest_mlgates.statistics.quantiles import POWER, z

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 4096
_FEWEST_DRAWS = 1024
_CELLS = 2_000_000  # rates of all draws together: what keeps a plan of many groups under seconds
_MOST_ROWS = 10**7  # in a group: more are no plan
_KEY = 20  # of the generator; any would do, another one moves the third digit


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSizes:
    """One rate in groups of these sizes, all of them at the same true rate.

    Attributes:
        sizes: The denominator in each group, none of them 0.
        rate: The true rate of all groups.
        comparison: Difference or ratio.
        bound: The largest difference or the smallest ratio that is allowed.
    """

    sizes: tuple[int, ...]
    rate: float
    comparison: Comparison
    bound: float

    def settled(self, simultaneous: float) -> tuple[Floats, NDArray[np.intp]]:
        """For each group the gap nearest to the bound that is told from it with power .8.

        That is with the group that shows it best, whose place is beside it, and at the level that
        holds for all pairs at once: ``bound + (z + z_.80) SE`` for a difference, ``bound exp(-(z +
        z_.80) SE)`` for a ratio, with the SE of two rates as far apart as the bound allows.
        """
        sizes = np.asarray(self.sizes, dtype=np.float64)
        if self.comparison is Comparison.DIFFERENCE:
            high, low = self.rate + self.bound / 2, self.rate - self.bound / 2
            one, two = (_planned(rate, sizes) for rate in (high, low))
            one, two = one * (1 - one) / sizes, two * (1 - two) / sizes
        else:
            root = math.sqrt(self.bound)
            one, two = (_planned(rate, sizes) for rate in (self.rate / root, self.rate * root))
            one, two = (1 - one) / one / sizes, (1 - two) / two / sizes
        variance = np.maximum(one[:, None] + two[None, :], two[:, None] + one[None, :])
        np.fill_diagonal(variance, np.inf)
        reach = (z(simultaneous) + z(POWER)) * np.sqrt(variance.min(axis=1))
        difference = self.comparison is Comparison.DIFFERENCE
        gaps = self.bound + reach if difference else self.bound * np.exp(-reach)
        return np.asarray(gaps), np.asarray(variance.argmin(axis=1))

    def chance(self, confidence: float) -> float:
        """P(every pair's bound keeps the limit), all groups being equal."""
        return _chance(self.sizes, self.rate, self.comparison, self.bound, confidence)

    def least(self, confidence: float, power: float = POWER) -> int | None:
        """The rows that every group needs at least for P(proven) of *power*; larger ones stay.

        Where the groups have enough, as many as the smallest has, or fewer if so many in every
        group would do. None where no number would.
        """
        if self.bound == (0 if self.comparison is Comparison.DIFFERENCE else 1):
            return None  # equal groups are on such a bound: rows only narrow it down

        def enough(rows: int) -> bool:
            grown = tuple(max(size, rows) for size in self.sizes)
            chance = _chance(grown, self.rate, self.comparison, self.bound, confidence)
            return chance >= power

        def equal(rows: int) -> bool:
            sizes = (rows,) * len(self.sizes)
            return _chance(sizes, self.rate, self.comparison, self.bound, confidence) >= power

        fewest = min(self.sizes)
        if not enough(fewest):
            return first(enough, fewest, _MOST_ROWS)
        return min(first(equal) or fewest, fewest)


def _planned(rate: float, sizes: Floats) -> Floats:
    """*rate*, drawn towards a half by a row on either side: next to 0 it would not vary."""
    return np.asarray((min(max(rate, 0.0), 1.0) * sizes + 1) / (sizes + 2))


def _chance(
    sizes: Sequence[int], rate: float, comparison: Comparison, bound: float, confidence: float
) -> float:
    groups = len(sizes)
    draws = max(_FEWEST_DRAWS, min(DRAWS, _CELLS // groups))
    raw = np.random.Philox(key=_KEY).random_raw(draws * groups)  # a stream that numpy keeps
    uniform = (raw >> np.uint64(11)).astype(np.float64).reshape(draws, groups) * 2.0**-53
    share, lower, upper = (np.empty_like(uniform) for _ in range(3))
    for size in set(sizes):
        places = [g for g, own in enumerate(sizes) if own == size]
        counts, cumulative = _binomial(size, rate)
        drawn = np.minimum(np.searchsorted(cumulative, uniform[:, places]), len(counts) - 1)
        down, up = _limits(counts, size, confidence)
        share[:, places] = (counts / size)[drawn]
        lower[:, places], upper[:, places] = down[drawn], up[drawn]
    limit = float(exact(bound))
    likely = np.flatnonzero(
        _pairs_keep(comparison, limit, share, lower, upper, share, share)
        & _pairs_keep(comparison, limit, share, lower, upper, upper, lower)
    )
    kept = (_keeps(comparison, limit, share[k], lower[k], upper[k]) for k in likely.tolist())
    return sum(kept) / draws


def _pairs_keep(
    comparison: Comparison,
    bound: float,
    share: Floats,
    lower: Floats,
    upper: Floats,
    most: Floats,
    least: Floats,
) -> NDArray[np.bool_]:
    """Whether the pair of the groups with *most* and *least* keeps *bound*, draw by draw.

    Most draws that break the bound break it there: they are spared the other pairs.
    """
    draws, tops, bottoms = np.arange(len(share)), most.argmax(axis=1), least.argmin(axis=1)
    high = [one[draws, tops] for one in (share, lower, upper)]
    low = [one[draws, bottoms] for one in (share, lower, upper)]
    if comparison is Comparison.DIFFERENCE:
        kept = np.minimum(difference_limits(*high, *low)[1], 1.0) <= bound
    else:
        kept = ratio_limits(*low, *high)[0] >= bound
    return np.asarray(kept | (tops == bottoms))


def _keeps(
    comparison: Comparison, bound: float, share: Floats, lower: Floats, upper: Floats
) -> bool:
    """Whether every pair of one draw keeps *bound*; compared as floats, which a plan may.

    A pair's bound is never wider than from one's lower to the other's upper bound, so only pairs
    that are too far apart by these are looked at.
    """
    difference = comparison is Comparison.DIFFERENCE
    if difference:
        above, below = lower.min() + bound, upper.max() - bound
    else:
        above, below = lower.min() / bound, upper.max() * bound
    highs, lows = np.flatnonzero(upper > above), np.flatnonzero(lower < below)
    if not len(highs) or not len(lows):
        return True
    high = [one[highs, None] for one in (share, lower, upper)]
    low = [one[None, lows] for one in (share, lower, upper)]
    same = highs[:, None] == lows[None, :]
    if difference:
        far = np.asarray(difference_limits(*high, *low)[1])
        return bool((np.minimum(far, 1.0) <= bound)[~same].all())
    near = np.asarray(ratio_limits(*low, *high)[0])
    return bool((near >= bound)[~same].all())


def _binomial(n: int, rate: float) -> tuple[Floats, Floats]:
    """The counts that Binomial(n, rate) has within 9 standard deviations, and their P(X <= k)."""
    reach = 9 * math.sqrt(n * rate * (1 - rate)) + 9
    counts = np.arange(
        max(0, math.floor(n * rate - reach)), min(n, math.ceil(n * rate + reach)) + 1
    )
    steps = np.log(n - counts[:-1]) - np.log(counts[1:]) + math.log(rate) - math.log1p(-rate)
    logs = np.concatenate(([0.0], np.cumsum(steps)))
    masses = np.exp(logs - logs.max())
    return counts.astype(np.float64), np.cumsum(masses / masses.sum())


def _limits(counts: Floats, n: int, confidence: float) -> tuple[Floats, Floats]:
    """The bounds of a share of each of *counts* out of *n*, as the gate computes them."""
    lower, upper = wilson_limits(counts / n, n, z(confidence))
    for k in np.flatnonzero(np.minimum(counts, n - counts) <= FEW):
        found = clopper_pearson(int(counts[k]), n, confidence)
        lower[k], upper[k] = found.lower, found.upper
    return np.clip(lower, 0.0, 1.0), np.clip(upper, 0.0, 1.0)
