"""The ledger of holdouts: which evaluations each was used for, as lines whose order means nothing.

Every look at a holdout makes the next finding on it a little less trustworthy, so that looks are
counted: distinct evaluations per content. Two copies of a ledger are merged as sets of lines,
which is what ``git notes`` does with ``cat_sort_uniq``. Standard library only.

A line is ``holdout ID ROWS SKETCH`` (of a private table ``private ID NAME``) or ``evaluation
HOLDOUT ID``.
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# Where the ledger is kept unless the configuration says otherwise, and what says that none is.
DEFAULT, OFF = ".mlgates/holdouts.txt", "off"
# The smallest hashes of a holdout's rows: two sketches tell how many rows two holdouts share, with
# a standard error of about 1/sqrt(256) (bottom-k sketches: Cohen and Kaplan 2007).
SKETCH = 256
# A holdout is another one where more than this share of its rows is new.
_NEW = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The content of a holdout, and one evaluation on it.

    Attributes:
        holdout: What its rows are, without predictions; in any order.
        evaluation: What was predicted for them.
        rows: How many distinct rows.
        sketch: The :data:`SKETCH` smallest hashes of rows, ascending; none of a private table.
        family: Of a private table what its name is in the ledger: all holdouts of that name count
            as one, for nothing that is kept says which rows they share.
    """

    holdout: str
    evaluation: str
    rows: int
    sketch: tuple[int, ...]
    family: str = ""

    def lines(self) -> tuple[str, str]:
        """What a ledger keeps of it."""
        evaluation = f"evaluation {self.holdout} {self.evaluation}"
        if self.family:
            return f"private {self.holdout} {self.family}", evaluation
        packed = base64.b64encode(struct.pack(f"<{len(self.sketch)}Q", *self.sketch)).decode()
        return (
            f"holdout {self.holdout} {self.rows} {packed}",
            evaluation,
        )


def uses(lines: Iterable[str], rows: Rows) -> int:
    """How many distinct evaluations *lines* know of the holdout of *rows*, this one included.

    Those of holdouts that share rows with it count too, and those of holdouts that share rows with
    them: to append a row to a worn holdout does not make it new.
    """
    holdouts: dict[str, tuple[int, tuple[int, ...]]] = {rows.holdout: (rows.rows, rows.sketch)}
    evaluations: dict[str, set[str]] = {rows.holdout: {rows.evaluation}}
    named = {rows.holdout}
    for line in lines:
        kind, *parts = line.split() or [""]
        if kind == "holdout" and len(parts) == 3:
            sketch = _unpacked(parts[2])
            if sketch is not None and parts[1].isdecimal():
                holdouts.setdefault(parts[0], (int(parts[1]), sketch))
        elif kind == "private" and len(parts) == 2:
            if parts[1] == rows.family:
                named.add(parts[0])
        elif kind == "evaluation" and len(parts) == 2:
            evaluations.setdefault(parts[0], set()).add(parts[1])
    family, left = named, set(holdouts) - named
    grown = {rows.holdout}
    while grown:
        grown = {one for one in left for other in grown if _kin(holdouts[one], holdouts[other])}
        family |= grown
        left -= grown
    return sum(len(evaluations.get(one, ())) for one in family)


def _unpacked(text: str) -> tuple[int, ...] | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return struct.unpack(f"<{len(raw) // 8}Q", raw) if len(raw) % 8 == 0 else None


def _kin(one: tuple[int, tuple[int, ...]], other: tuple[int, tuple[int, ...]]) -> bool:
    """Whether at least half of the rows of one of them are among the other's."""
    shared = _shared(one, other)
    return shared >= (1 - _NEW) * min(one[0], other[0])


def _shared(one: tuple[int, tuple[int, ...]], other: tuple[int, tuple[int, ...]]) -> float:
    """About how many rows two holdouts share: J/(1+J) of both sizes, J their Jaccard index."""
    mine, theirs = set(one[1]), set(other[1])
    union = sorted(mine | theirs)[:SKETCH]
    both = sum(h in mine and h in theirs for h in union)
    if not union:
        return 0.0
    index = both / len(union)
    return index / (1 + index) * (one[0] + other[0])


def merged(parts: Iterable[Collection[str]]) -> list[str]:
    """All lines of several ledgers, sorted, each once."""
    return sorted({line for part in parts for line in part if line.strip()})
