"""What comparisons of groups can show, from their bounds as they are: for plans.

Approximate, by normal errors: the standard error of a comparison is the distance of its far bound
from what is seen, over z. Rates of independent rows have exact plans (``group_power``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.group_mean import Averaged
from pytest_mlgates.statistics.group_pairs import BetweenGroups
from pytest_mlgates.statistics.quantiles import POWER, z
from pytest_mlgates.statistics.stream import Stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.statistics.group_contrasts import Contrasts

    Floats = NDArray[np.float64]

_DRAWS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastPower:
    """What the comparisons of one family can show.

    Attributes:
        settled: For each group the smallest violation that its best comparison settles.
        groups: The groups, by their place in the family.
        chance: P(all proven) if the badness of every comparison is truly *none*.
        factor: Times how many rows the worst comparison needs to be proven then with power .8.
    """

    settled: Floats
    groups: tuple[int, ...]
    chance: float
    factor: float


def power_of(
    table: Contrasts | Averaged, bound: float, none: float, together: int = 1
) -> ContrastPower:
    """The power of *table*.

    Args:
        table: Comparisons with their bounds.
        bound: The most badness that is allowed.
        none: The badness of a model that is truly fine.
        together: In how many groups, over all tables, a proof is needed.
    """
    quantile, room = z(table.confidence), bound - none
    if isinstance(table, Averaged):
        pair = table.worst_far()
        reach = max(abs(s - float(pair.value)) for s in (pair.bounds.lower, pair.bounds.upper))
        errors, groups = np.full((1, 2), reach / quantile), pair.groups[:1]
    else:
        shown = np.isfinite(table.far) & np.isfinite(table.seen)
        gaps = np.where(shown, table.far, np.inf) - np.where(shown, table.seen, 0.0)
        errors, groups = gaps / quantile, tuple(table.groups)
    errors = np.maximum(errors, 1e-12)
    able = errors
    if not isinstance(table, Averaged):  # a side that cannot be worse misses nothing
        able = np.where(np.isneginf(table.seen) & np.isfinite(table.far), 1e-12, errors)
    worst = float(errors[np.isfinite(errors)].max())
    needed = (quantile + z(POWER ** (1 / together))) * worst / room if room > 0 else math.inf
    return ContrastPower(
        settled=(z(table.simultaneous) + z(POWER)) * errors.min(axis=1),
        groups=groups,
        chance=_drawn(table, errors, room)
        if isinstance(table, BetweenGroups)
        else _product(able, room, quantile),
        factor=needed**2,
    )


def _product(errors: Floats, room: float, quantile: float) -> float:
    """The chance that no group errs by more than its bounds leave, for normal errors.

    A group errs to one side where one comparison is made of it, to both where two are. Exact for
    groups that have no rows or clusters in common; at least this for errors to both sides however
    they hang together (Royen 2014), and to one side where none is against another (Slepian 1962).
    """
    chance = 1.0
    for row in errors.tolist():
        missed = sum(NormalDist().cdf(quantile - room / one) for one in row if one < math.inf)
        chance *= max(0.0, 1 - missed) if max(row) < math.inf else 0.0
    return chance


def _drawn(table: BetweenGroups, errors: Floats, room: float) -> float:
    """Groups that are truly equal err on their own, the same draws in every plan."""
    lower, upper = table.family.limits(table.confidence)
    own = (upper - lower) / (2 * z(table.confidence))
    if table.comparison is Comparison.RATIO:
        own = own / np.maximum(table.family.values, 1e-300)
    drawn = _normal(len(own)) * own
    kept = np.ones(_DRAWS, dtype=bool)
    for i, j in np.argwhere(np.isfinite(errors)).tolist():
        kept &= drawn[:, i] - drawn[:, j] + z(table.confidence) * errors[i, j] <= room
    return float(kept.mean())


def _normal(n: int) -> Floats:
    """Normal numbers of shape ``(draws, n)`` (Box & Muller 1958)."""
    size = _DRAWS * n
    uniform = ((Stream(1).numbers(0, 2 * size) >> np.uint64(11)) + 0.5) / 2**53
    radius, angle = np.sqrt(-2 * np.log(uniform[:size])), 2 * math.pi * uniform[size:]
    return np.asarray((radius * np.cos(angle)).reshape(_DRAWS, n))
