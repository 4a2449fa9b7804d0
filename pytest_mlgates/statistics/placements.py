"""How many rows of the other class each row outranks: what a ROC AUC and its bounds are made of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Places = NDArray[np.int64]
    # Twice how many negatives each positive outranks, and how many positives each negative does.
    Both = tuple[Places, Places]

_BLOCK = 1 << 14  # rows whose copies fit into a cache


def placed(positive: Mask, scores: Floats) -> Both:
    """For each positive twice the negatives that it outranks, for each negative the positives.

    Ties count one. In ascending order of the *scores*, of which both classes have some.
    """
    # A float from 0 to 1 has two bits that say nothing, its sign and the first one of its exponent:
    # doubled as an integer, with its class in the last place, one sort says all.
    # The sign is asked of the integer: a processor may take the tiniest floats under 0 for 0.
    if (
        scores.dtype == np.float64
        and int(scores.view(np.int64).min()) >= 0
        and float(scores.max()) <= 1
    ):
        keys = scores.view(np.uint64) << np.uint64(1)
        keys |= positive
        return _of_keys(keys)
    return _of_sorted(np.sort(_of_class(positive, scores)), np.sort(_of_class(~positive, scores)))


def as_shares(counts: Places, of: int, mean: float) -> tuple[Floats, float]:
    """*counts* over *of*, in the same memory, and their variance around their known *mean*.

    Memory is dearer to get, and to read once more, than a quotient.
    """
    counts = counts.astype(np.int64, copy=False)  # places are shorter on some machines
    shares = counts.view(np.float64)
    squares = []
    for start in range(0, len(counts), _BLOCK):
        some = counts[start : start + _BLOCK] / of
        shares[start : start + _BLOCK] = some
        some -= mean
        some *= some
        squares.append(float(np.sum(some)))
    return shares, math.fsum(squares) / max(len(counts), 1)


def placed_in_row_order(positive: Mask, scores: Floats) -> Both:
    """The same in the order of the rows, which a paired comparison needs; at twice the cost."""
    above, below = _of_class(positive, scores), _of_class(~positive, scores)
    first, second = np.argsort(above), np.argsort(below)
    outranked, outranking = _of_sorted(above[first], below[second])
    return _undo(first, outranked), _undo(second, outranking)


def _of_keys(keys: NDArray[np.uint64]) -> Both:
    """From scores with their class in the last bit."""
    keys.view(np.float64).sort()  # they are floats again, which numpy sorts faster than integers
    is_positive = (keys.astype(np.uint8) & 1).view(bool)  # of the last byte
    keys >>= np.uint64(1)
    begins = keys[1:] > keys[:-1]
    if begins.all():
        return _without_ties(is_positive, keys.view(np.int64))
    if (keys[1:] < keys[:-1]).any():  # a processor that takes the tiniest floats for 0
        order = np.argsort(keys, kind="stable")
        keys, is_positive = keys[order], is_positive[order]
        begins = keys[1:] > keys[:-1]
    edges = np.concatenate([[0], np.flatnonzero(begins) + 1, [len(keys)]])  # of equal scores
    positives = np.concatenate([[0], np.cumsum(is_positive, dtype=np.int64)])[edges]
    negatives = edges - positives
    outranked = np.repeat(negatives[1:] + negatives[:-1], np.diff(positives))
    return outranked, np.repeat(positives[1:] + positives[:-1], np.diff(negatives))


def _without_ties(is_positive: Mask, memory: Places) -> Both:
    """From the classes in ascending order of scores: under a row are all before it.

    What is found takes the place of what is in *memory*, which is dearer to get than to fill.
    """
    positives = int(np.count_nonzero(is_positive))
    outranked, outranking = memory[:positives], memory[positives:]
    own, seen = np.arange(_BLOCK), 0
    for start in range(0, len(memory), _BLOCK):
        block = is_positive[start : start + _BLOCK]
        hits, misses = np.flatnonzero(block), np.flatnonzero(~block)
        _put(hits + (start - seen), own, outranked[seen:])
        _put(misses + seen, own, outranking[start - seen :])
        seen += len(hits)
    return outranked, outranking


def _put(places: Places, own: Places, where: Places) -> None:
    """Twice *places*, less what is their own, into the beginning of *where*."""
    np.subtract(places, own[: len(places)], out=places)
    np.multiply(places, 2, out=where[: len(places)])


def _of_class(wanted: Mask, scores: Floats) -> Floats:
    """The *scores* that are *wanted*; block by block, since places fit into a cache there."""
    found = np.empty(int(np.count_nonzero(wanted)))
    end = 0
    for start in range(0, len(scores), _BLOCK):
        places = np.flatnonzero(wanted[start : start + _BLOCK])
        begin, end = end, end + len(places)
        scores[start : start + _BLOCK].take(places, out=found[begin:end], mode="clip")
    return found


def _of_sorted(above: Floats, below: Floats) -> Both:
    """From the sorted scores of positives and of negatives; only the fewer are searched for."""
    if len(above) <= len(below):
        return _searched(above, below)
    outranking, outranked = _searched(below, above)
    return outranked, outranking


def _searched(few: Floats, many: Floats) -> Both:
    """Twice how many of *many* are under each of *few*, and the other way round; ties count one.

    Those of *few* that are tied are searched for twice: one of *many* is over those of *few* whose
    place is at or before its own.
    """
    left = np.searchsorted(many, few, "left")
    tied = np.flatnonzero(many.take(left, mode="clip") == few)
    places = np.bincount(left, minlength=len(many) + 1)
    if len(tied):
        right = left.copy()
        right[tied] = np.searchsorted(many, few[tied], "right")
        places += np.bincount(right, minlength=len(many) + 1)
        left += right
    else:
        places += places
        left += left
    return left, np.cumsum(places[:-1], out=places[:-1])


def _undo(order: Places, values: Places) -> Places:
    placed = np.empty_like(values)
    placed[order] = values
    return placed
