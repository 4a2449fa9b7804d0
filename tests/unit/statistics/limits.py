"""How far a seeded count may be from its expectation before a test calls it wrong."""

from __future__ import annotations

from scipy import stats


def at_most(events: int, runs: int, error: float) -> bool:
    """Whether *events* out of *runs* are compatible with a true error of at most *error*."""
    return bool(stats.binom.sf(events - 1, runs, error) > 1e-4)


def about(events: int, runs: int, share: float) -> bool:
    """Whether *events* out of *runs* are compatible with a true share of *share*."""
    return bool(
        stats.binom.sf(events - 1, runs, share) > 1e-4
        and stats.binom.cdf(events, runs, share) > 1e-4
    )
