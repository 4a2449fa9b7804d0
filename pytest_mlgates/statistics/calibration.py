"""How far predicted probabilities are from what happens: calibration error in equal-width bins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.text import number, plural
from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.quantiles import z

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

BINS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Rows by their probability; bins without rows are left out.

    Attributes:
        sizes: The rows of each bin.
        gaps: In each bin the share of what happened minus the mean probability.
        variances: Of each gap.
        hits: How often it happened in each bin.
    """

    sizes: Floats
    gaps: Floats
    variances: Floats
    hits: Floats

    @property
    def weights(self) -> Floats:
        """The share of the rows in each bin."""
        return np.asarray(self.sizes / float(np.sum(self.sizes)))

    @property
    def raw(self) -> float:
        """The plain expected calibration error: ``sum w |gap|`` (Naeini 2015, Guo 2017)."""
        return float(np.sum(self.weights * np.abs(self.gaps)))


def binned(happened: Mask, probabilities: Floats, n_bins: int = BINS) -> Bins:
    """Rows in *n_bins* bins of equal width, each with its upper end, the first with 0 too.

    Args:
        happened: Whether what the probability is of came true.
        probabilities: From 0 to 1.
        n_bins: How many bins.

    Raises:
        UndefinedError: for no rows.
    """
    if not len(happened):
        raise UndefinedError("a calibration error of no rows")
    inner = np.linspace(0, 1, n_bins + 1)[1:-1]
    places = np.searchsorted(inner, probabilities, "left")
    every = np.bincount(places, minlength=n_bins).astype(np.float64)
    there = every > 0
    sizes = every[there]
    residuals = happened - probabilities

    def mean(values: NDArray[np.generic]) -> Floats:
        return np.asarray(np.bincount(places, weights=values, minlength=n_bins)[there] / sizes)

    gaps = mean(residuals)
    around = np.zeros(n_bins)
    around[there] = gaps
    spread = mean((residuals - around[places]) ** 2)
    probable = mean(probabilities)
    # One row has no spread; what its probability says of it has.
    alone = sizes == 1
    variances = np.where(alone, probable * (1 - probable), spread / np.maximum(sizes - 1, 1))
    return Bins(sizes=sizes, gaps=gaps, variances=variances, hits=mean(happened) * sizes)


def calibration_error(
    happened: Mask, probabilities: Floats, confidence: float, *, n_bins: int = BINS
) -> Measured:
    """The root of the debiased squared calibration error ``sum w gap^2`` (Kumar, Liang & Ma 2019).

    The plain error grows with noise: a perfectly calibrated model shows .07 at 300 rows in 15 bins.
    From each squared gap its variance v is taken away, ``T = sum w (gap^2 - v)``. The bounds are
    the t with ``|T - t| = z sqrt(2 sum w^2 v^2 + b t + var_w)``, b t the noise that grows with the
    gaps and var_w that of the sizes of the bins; then roots of all three. With the noise taken at T
    itself the upper bound erred .12; so either side errs .08 at most (nominal .05; 300 to 5,000
    rows, calibrated, overconfident, shifted, and rates of 2 and 10 %).

    The plain error in the same bins is this root at most, and far less where few rows have large
    gaps: an upper bound here bounds both, a lower one does not.

    Args:
        happened: Whether what the probability is of came true.
        probabilities: From 0 to 1.
        confidence: Of each bound, one-sided.
        n_bins: How many bins of equal width.

    Raises:
        UndefinedError: for no rows, and where most rows are alone in their bins.
    """
    bins = binned(happened, probabilities, n_bins)
    alone = int(np.count_nonzero(bins.sizes == 1))
    if alone > 1 and 2 * alone > len(happened):
        raise UndefinedError(
            f"a calibration error in {n_bins:,} bins where most rows are alone in theirs: one row "
            "has no rate"
        )
    n, weights, v = len(happened), bins.weights, bins.variances
    squares = bins.gaps**2
    excess = float(np.sum(weights * (squares - v)))
    # What never (or always) happened in a bin has no spread: two rows more, one of each kind.
    smooth = (bins.hits + 1) / (bins.sizes + 2)
    wide = np.maximum(v, smooth * (1 - smooth) / (bins.sizes + 2))
    noise = 2 * float(np.sum(weights**2 * wide**2))
    # How the noise grows with T: by gaps that are alike in all bins, or as they are found.
    found = weights * np.maximum(squares - v, 0.0)
    alike = float(np.sum(weights**2 * wide))
    slope = 4 * max(
        alike, float(np.sum(found * weights * wide)) / max(float(np.sum(found)), 1e-300)
    )
    sizes = max(0.0, float(np.sum(weights * squares**2)) - float(np.sum(weights * squares)) ** 2)
    half = z(confidence) ** 2 * slope / 2
    inside = noise + slope * excess + sizes / n + half * slope / 2
    reach = z(confidence) * math.sqrt(max(inside, noise))
    warnings = [
        f"calibration error is a risky number: {n_bins} other bins would give another one",
        f"the plain expected calibration error, noise included, is {number(bins.raw)}",
    ]
    if alone:
        warnings.append(f"{plural(alone, 'bin')} of {n_bins} with one row only")
    return Measured(
        value=_root(excess),
        interval=Interval(_root(excess + half - reach), _root(excess + half + reach)).clipped(
            0.0, 1.0
        ),
        n=n,
        method="root of the debiased squared calibration error",
        warnings=tuple(warnings),
    )


def _root(value: float) -> float:
    return math.sqrt(value) if value > 0 else 0.0
