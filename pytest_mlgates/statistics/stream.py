"""Random numbers that are the same on every machine and in every year.

numpy may change the streams of its generators between versions; a verdict must not change with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
# As many numbers as a processor keeps at hand: twice as fast for a million of them.
_BLOCK = 2**15
# Positions are multiplied with halves of 64 bits.
MOST_POSITIONS = 2**32


class Stream:
    """The sequence of SplitMix64 (Steele, Lea & Flood 2014) from one seed, at any place of it.

    The number at place i is a function of the seed and i alone, so that what is drawn for one
    resample does not depend on what was drawn before.
    """

    def __init__(self, seed: int) -> None:
        self._seed = np.uint64(seed & (2**64 - 1))

    def numbers(self, start: int, count: int) -> NDArray[np.uint64]:
        """The *count* numbers of 64 bits from place *start* on."""
        x = np.arange(1 + start, 1 + start + count, dtype=np.uint64)
        x *= _STEP
        x += self._seed
        x ^= x >> np.uint64(30)
        x *= _FIRST
        x ^= x >> np.uint64(27)
        x *= _SECOND
        x ^= x >> np.uint64(31)
        return x

    def positions(self, start: int, count: int, below: int) -> NDArray[np.intp]:
        """*count* whole numbers from 0 to *below* - 1, all equally likely but for 2^-32 of it.

        The upper half of the 96 bits of number times *below* (Lemire 2019), without rejection: the
        same places of the stream are used whatever the numbers are.
        """
        factor = np.uint64(below)
        found = np.empty(count, dtype=np.intp)
        for first in range(0, count, _BLOCK):
            low = self.numbers(start + first, min(_BLOCK, count - first))
            high = low >> _HALF
            high *= factor
            low &= _LOW
            low *= factor
            low >>= _HALF
            high += low
            high >>= _HALF
            found[first : first + _BLOCK] = high
        return found

    def order(self, start: int, count: int) -> NDArray[np.intp]:
        """*count* places in random order."""
        return np.argsort(self.numbers(start, count), kind="stable")
