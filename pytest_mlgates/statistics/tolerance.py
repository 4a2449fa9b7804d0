"""What a sample says about the next one: counts, ranks, values not seen yet.

All of it rests on one fact alone: rows of this sample and of the next are exchangeable, so that of
the rows of both together any n are equally likely to be these. No distribution is assumed, and both
samples vary. What repeats itself in seasons, or drifts, is not exchangeable.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Weights of a value seen once in `unseen_rows`; 0 forbids that there is one. A fixed menu, paid for
# by dividing the level: the best of it depends on how many values are rare.
_WEIGHTS = (0.0, 0.25, 0.5, 0.7, 0.85)
# A value of more rows than these has two of them in either sample.
_MOST_TIMES = 400


def most_in_next(seen: int, n: int, m: int, level: float) -> int:
    """The count that the next *m* rows exceed with probability *level* at most.

    Given the total of both samples, the count in this one is hypergeometric; totals under which
    *seen* or fewer are rarer than *level* are ruled out (Thatcher 1964).

    Args:
        seen: How many of the *n* rows here have the property.
        n: Rows here.
        m: Rows of the next sample.
        level: The probability of error.
    """
    return _last(lambda y: hypergeometric_cdf(seen, seen + y, n, m) > level, 0, m)


def least_in_next(seen: int, n: int, m: int, level: float) -> int:
    """The count that the next *m* rows fall short of with probability *level* at most."""
    return m - most_in_next(n - seen, n, m, level)


def most_outside(blocks: int, n: int, m: int, level: float) -> int:
    """How many of the next *m* values lie outside limits taken from these *n*.

    The sorted values cut the line into n + 1 blocks which the next value hits with equal
    probability, whatever the distribution; ties only help. Limits at the extremes leave 2 blocks
    outside, one limit at an extreme leaves 1 (Wilks 1941, with the next sample finite).
    """
    return most_in_next(blocks - 1, n, m, level)


def rank_below(rank: int, n: int, m: int, level: float) -> int | None:
    """The rank here whose value the *rank*-th smallest of the next *m* stays at or above.

    None where no value is low enough. It fails with probability *level* at most.
    """

    def holds(a: int) -> bool:
        return hypergeometric_cdf(a - 1, rank + a - 1, n, m) <= level

    return _last(holds, 1, n) if holds(1) else None


def rank_above(rank: int, n: int, m: int, level: float) -> int | None:
    """The rank here whose value the *rank*-th smallest of the next *m* stays at or below."""
    mirrored = rank_below(m + 1 - rank, n, m, level)
    return None if mirrored is None else n + 1 - mirrored


def seen_again(n: int, m: int, level: float) -> int:
    """How often a value must be seen among *n* rows to be among the next *m* too.

    Every value seen that often at once: fewer than ``(n + m)/k`` values have k rows, and each of
    them has all of its rows here with probability ``(n/(n + m))^k`` at most.
    """
    share = n / (n + m)
    return _first(lambda k: (n + m) / k * share**k <= level)


def unseen_rows(seen: Mapping[int, int], n: int, m: int, level: float) -> int:
    """How many of the next *m* rows hold values that are not among these *n*, at most.

    A value of T rows in both samples together is unseen here with probability (1-p)^T, p = n/(n+m).
    For 0 <= b < 1 and a = (1 - pb)/(1 - p), the product over all values of ``a^T`` where unseen and
    ``b^j`` where seen j < K times has an expectation of 1 at most (a^T = 1 for b = 1, and a sum of
    T-th powers with a constant total is largest at the ends), so that Markov's inequality bounds
    ``U log a - R log 1/b``: U rows of unseen values, R rows here of values seen under K times.
    Values of so many rows that none of them is unseen are set aside first.

    Args:
        seen: How many values were seen how often: ``{1: 3, 20: 2}``.
        n: Rows here.
        m: Rows of the next sample.
        level: The probability of error.
    """
    p = n / (n + m)
    large = _first(lambda t: (n + m) / t * (1 - p) ** t <= level / 2)
    log = math.log(2 * len(_WEIGHTS) / level)
    best = float(m)
    for b in _WEIGHTS:
        few = _rare_under(b, p, large)
        rare = sum(times * values for times, values in seen.items() if times < few)
        if b == 0 and rare:
            continue
        a = (1 - p * b) / (1 - p)
        best = min(best, (log + (rare * -math.log(b) if rare else 0.0)) / math.log(a))
    return math.floor(best)


def repeated_rows(n: int, m: int, level: float) -> int:
    """How many of the next *m* rows share their value with another one, where none of these *n* do.

    A value of T rows in both samples has one of them here at most. The product over all values of
    ``z^j`` for j >= 2 rows there, and 0 for two here, has an expectation of 1 at most for the z
    below; Markov's inequality bounds the rows.
    """
    p, q = n / (n + m), m / (n + m)

    def holds(z: float) -> bool:
        pairs = (q * z) ** 2 + 2 * p * q
        more = ((q * z) ** t + t * p * (q * z) ** (t - 1) for t in range(3, _MOST_TIMES))
        return max(pairs, *more) <= 1

    low, high = 1.0, 1 / q
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return min(m, math.floor(-math.log(level) / math.log(low))) if low > 1 else m


def fewer_distinct(n: int, level: float) -> int:
    """How many distinct values fewer than these *n* rows the next *n* have, at most.

    Swapping a row of one sample with one of the other changes the difference of their numbers by 2
    at most (Hoeffding 1963).
    """
    return math.ceil(math.sqrt(2 * n * math.log(1 / level)))


def near_a_limit(level: float) -> int:
    """How many values must lie next to a limit, none beyond, to say that the limit is there.

    If the near side were no likelier than the far one, all on the near one would be a chance of
    ``2^-k``.
    """
    return math.ceil(math.log2(1 / level))


def hypergeometric_cdf(k: int, total: int, n: int, m: int) -> float:
    """P(X <= k), X of *total* marked rows among n + m falling into the n of this sample."""
    low, high = max(0, total - m), min(total, n)
    if k < low:
        return 0.0
    if k >= high:
        return 1.0
    if k > total * n / (n + m):  # the short tail keeps its digits
        return 1.0 - hypergeometric_cdf(total - k - 1, total, m, n)
    log = _log_choose(n, k) + _log_choose(m, total - k) - _log_choose(n + m, total)
    spread = math.sqrt(total * n / (n + m) * (m / (n + m))) + 1
    steps = min(k - low, 60 + int(15 * spread))
    j = k - np.arange(steps, dtype=np.float64)
    ratios = j * (m - total + j) / ((total - j + 1) * (n - j + 1))
    return min(1.0, math.exp(log) * (1.0 + float(np.sum(np.cumprod(ratios)))))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


@lru_cache(maxsize=256)
def _rare_under(b: float, p: float, large: int) -> int:
    """The least K for which the expectation above stays at 1 at most for every T < *large*."""
    if b == 0:
        return large
    return next(
        (k for k in range(2, large) if all(_expected(b, p, k, t) <= 1 for t in range(1, large))),
        large,
    )


def _expected(b: float, p: float, few: int, total: int) -> float:
    seen = sum(
        math.comb(total, j) * p**j * (1 - p) ** (total - j) * (b**j if j < few else 1.0)
        for j in range(1, total + 1)
    )
    return (1 - p * b) ** total + seen - 1e-12


def _first(holds: Callable[[int], bool]) -> int:
    """The least whole number from 1 on that *holds*, which is true from there on."""
    high = 1
    while not holds(high):
        high *= 2
    return -_last(lambda k: holds(-k), -high, -1) if high > 1 else 1


def _last(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The greatest whole number from *low* (which holds) to *high* that *holds*."""
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
