"""All slices of a table, by one to three columns, that are worse than the rest beyond chance."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.slices.columns import Attribute, LeftOut, attribute
from pytest_mlgates.gates.slices.scores import score_of
from pytest_mlgates.statistics.quantiles import z
from pytest_mlgates.statistics.search import level, worse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import EvaluationParameters
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.statistics.search import Score, Worse

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

# The groups of a slice: (place of the column, place of its group), ... in the order of columns.
Key = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One slice that is worse than the rest.

    Attributes:
        columns: What it is cut by.
        groups: Its group in each, as people are shown them.
        n: Its rows; None where a private table's counts would follow.
        worse: Its value beside the rest's; None likewise.
    """

    columns: tuple[str, ...]
    groups: tuple[str, ...]
    n: int | None
    worse: Worse | None

    @property
    def name(self) -> str:
        """``sex=F, age over 60``."""
        return ", ".join(
            f"{column} {group}"
            if group.startswith(("over ", "up to ", "band "))
            else f"{column}={group}"
            for column, group in zip(self.columns, self.groups, strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a search found.

    Attributes:
        metric: What was searched by.
        table: The table's name.
        n: Its rows.
        value: The metric of all rows.
        confidence: That no slice is listed by chance.
        each: The confidence of each bound, for all looks together.
        looks: The slices that were compared with the rest.
        few: The slices with too few rows to be.
        min_rows: How many rows a slice needs.
        depth: The most columns a slice is cut by.
        attributes: The columns searched.
        left_out: The others, and why.
        private: Whether values of the table must not be shown.
        slices: Those that are worse, the clearest first.
        redundant: How many more are worse, but no worse than a slice they lie in.
    """

    metric: str
    table: str
    n: int
    value: float | None
    confidence: float
    each: float
    looks: int
    few: int
    min_rows: int
    depth: int
    attributes: tuple[Attribute, ...]
    left_out: tuple[LeftOut, ...]
    private: bool
    slices: tuple[Slice, ...]
    redundant: int


def search(
    table: Table,
    parameters: EvaluationParameters,
    metric: str,
    display: Display,
    *,
    columns: Sequence[str],
    depth: int,
    min_rows: int,
    confidence: float,
) -> Search:
    """The slices of *table* by *columns* in which *metric* is worse than in the rest.

    Args:
        table: An evaluation table.
        parameters: Its roles.
        metric: One that adds up over rows.
        display: What may be shown.
        columns: What to cut by.
        depth: By how many columns at once, at most.
        min_rows: Slices and rests of fewer rows are not looked at.
        confidence: That not one slice is listed by chance.

    Raises:
        MLGatesError: for columns that are missing or cannot be used, or if no column is left.
    """
    score = score_of(table, parameters, metric, display)
    found = [attribute(table, table.require(name, role="by"), display) for name in columns]
    attributes = [one for one in found if isinstance(one, Attribute)]
    left_out = [one for one in found if isinstance(one, LeftOut)]
    if not attributes:
        raise MLGatesError(
            f"table {table.name!r} has no column to cut by",
            got=", ".join(f"{one.name} {one.why}" for one in left_out) or "no other columns",
            want="columns of few values, or of numbers",
        )
    total = score.sums(np.zeros(table.n_rows, dtype=np.intp), 1)[0]
    families = list(_families(score, attributes, total, depth=depth, min_rows=min_rows))
    looks, few = sum(one.looks for one in families), sum(one.few for one in families)
    each = level(confidence, looks)
    bad = {key: one for family in families for key, one in _significant(score, family, total, each)}
    kept = {key: one for key, one in bad.items() if not _redundant(score, key, bad, each)}
    order = sorted(kept, key=lambda key: (-kept[key].worse.at_least, len(key), key))
    whole = float(score.values(total[None, :])[0])
    return Search(
        metric=metric,
        table=table.name,
        n=table.n_rows,
        value=None if display.small(*score.cells(total)) else whole,
        confidence=confidence,
        each=each,
        looks=looks,
        few=few,
        min_rows=min_rows,
        depth=depth,
        attributes=tuple(attributes),
        left_out=tuple(left_out),
        private=display.private,
        slices=tuple(_shown(score, key, kept[key], attributes, total, display) for key in order),
        redundant=len(bad) - len(kept),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """The slices by the same columns.

    Attributes:
        places: The columns.
        shape: How many groups each has.
        groups: The slices that look worse than the rest, by their place in that shape.
        sums: The numbers that their metric comes from.
        looks: How many slices were compared.
        few: How many have too few rows to be.
    """

    places: tuple[int, ...]
    shape: tuple[int, ...]
    groups: NDArray[np.intp]
    sums: Floats
    looks: int
    few: int


@dataclass(frozen=True, slots=True)
class _Bad:
    sums: Floats
    worse: Worse


def _families(
    score: Score, attributes: Sequence[Attribute], total: Floats, *, depth: int, min_rows: int
) -> Iterator[_Family]:
    """Every set of at most *depth* columns, one pass over the rows each."""

    def deeper(places: tuple[int, ...], codes: Codes, groups: int) -> Iterator[_Family]:
        for place in range(places[-1] + 1 if places else 0, len(attributes)):
            more = attributes[place]
            both = (*places, place)
            finer = codes * len(more.shown) + more.codes if places else more.codes
            count = groups * len(more.shown)
            yield _family(score, attributes, both, score.sums(finer, count), total, min_rows)
            if len(both) < depth:
                yield from deeper(both, finer, count)

    return deeper((), np.empty(0, dtype=np.intp), 1)


def _family(
    score: Score,
    attributes: Sequence[Attribute],
    places: tuple[int, ...],
    sums: Floats,
    total: Floats,
    min_rows: int,
) -> _Family:
    rows, n = score.rows(sums), score.rows(total[None, :])[0]
    enough = np.flatnonzero((rows >= min_rows) & (n - rows >= min_rows))
    own, others = score.values(sums[enough]), score.values(total - sums[enough])
    by = own - others if score.loss else others - own  # NaN where either has no value
    worse_than = enough[by > 0]
    return _Family(
        places=places,
        shape=tuple(len(attributes[place].shown) for place in places),
        groups=worse_than,
        sums=sums[worse_than],
        looks=int(np.count_nonzero(~np.isnan(by))),
        few=int(np.count_nonzero(rows)) - len(enough),
    )


def _significant(
    score: Score, family: _Family, total: Floats, each: float
) -> Iterator[tuple[Key, _Bad]]:
    """The slices whose difference to the rest is bounded away from none, at the level *each*."""
    if not len(family.groups):
        return
    own, others = family.sums, total - family.sums
    by = np.abs(score.values(own) - score.values(others))
    # Half as far out as it takes: what does not get there is spared the dear bounds.
    far = z(each) / 2 * score.errors(own, others)
    for place in np.flatnonzero(by >= far).tolist():
        found = worse(score, own[place], others[place], each)
        if found is not None and found.at_least > 0:
            group = np.unravel_index(int(family.groups[place]), family.shape)
            key = tuple(zip(family.places, map(int, group), strict=True))
            yield key, _Bad(own[place], found)


def _redundant(score: Score, key: Key, bad: Mapping[Key, _Bad], each: float) -> bool:
    """Whether some slice that *key* lies in is bad as well, and no better without it."""
    own = bad[key].sums
    for size in range(1, len(key)):
        for parent in combinations(key, size):
            if parent in bad:
                found = worse(score, own, bad[parent].sums - own, each)
                if found is None or found.at_least <= 0:
                    return True
    return False


def _shown(
    score: Score,
    key: Key,
    found: _Bad,
    attributes: Sequence[Attribute],
    total: Floats,
    display: Display,
) -> Slice:
    hidden = display.private and _small(score, key, found.sums, attributes, total, display)
    return Slice(
        columns=tuple(attributes[a].name for a, _ in key),
        groups=tuple(attributes[a].shown[g] for a, g in key),
        n=None if hidden else int(score.rows(found.sums[None, :])[0]),
        worse=None if hidden else found.worse,
    )


def _small(
    score: Score,
    key: Key,
    own: Floats,
    attributes: Sequence[Attribute],
    total: Floats,
    display: Display,
) -> bool:
    """Whether the numbers of a slice give a small count away, beside those of what it lies in."""
    around = [total]
    for size in range(1, len(key)):
        for parent in combinations(key, size):
            inside = np.all([attributes[a].codes == g for a, g in parent], axis=0)
            around.append(score.sums(inside.astype(np.intp), 2)[1])
    return display.small(*score.cells(own), *(n for a in around for n in score.cells(a - own)))
