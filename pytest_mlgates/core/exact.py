"""Comparisons that float rounding cannot turn.

Counts are compared as exact fractions with the decimal text of the bound (8/10 - 7/10 is not over
0.1); other numbers are rounded to 12 significant digits first, because sums depend on their order.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

Number = float | Fraction


def exact(value: Number) -> Fraction:
    """*value* as a fraction: a fraction as it is, a float by its shortest decimal text.

    Raises:
        ValueError: for NaN and infinities.
    """
    if isinstance(value, Fraction):
        return value
    return _parsed(repr(float(value)))


def rounded(value: Number) -> Fraction:
    """*value* ready to be compared: fractions exactly, floats at 12 significant digits."""
    if isinstance(value, Fraction):
        return value
    return _parsed(f"{float(value):.11e}")


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Fraction:
    """The gates of a table ask for the same bound again and again."""
    return Fraction(text)


def told(value: float) -> float:
    """*value*, a float that was added up, as far as it is compared: 12 significant digits.

    What follows depends on the order of the rows and on the engine. Infinities stay.
    """
    return float(f"{value:.11e}")


def at_least(value: Number, bound: float) -> bool:
    """Whether *value* reaches the lower limit *bound*."""
    infinite = _infinite(value)
    return infinite > 0 if infinite else rounded(value) >= exact(bound)


def at_most(value: Number, bound: float) -> bool:
    """Whether *value* stays within the upper limit *bound*."""
    infinite = _infinite(value)
    return infinite < 0 if infinite else rounded(value) <= exact(bound)


def _infinite(value: Number) -> int:
    if value == float("inf"):
        return 1
    return -1 if value == float("-inf") else 0
