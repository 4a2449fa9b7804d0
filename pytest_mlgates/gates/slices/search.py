"""All slices of a table, by one to three columns, that are worse than the rest beyond chance."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.slices.columns import Attribute, LeftOut, attribute
from pytest_mlgates.gates.slices.judges import judge_of
from pytest_mlgates.statistics.search import level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import EvaluationParameters
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.gates.slices.judge import Judge, Key, Looked
    from pytest_mlgates.statistics.search import Worse

    Codes = NDArray[np.intp]


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
        undefined: The slices with rows enough in which, or in whose rest, the metric has no value.
        min_rows: How many rows a slice needs.
        depth: The most columns a slice is cut by.
        attributes: The columns searched.
        left_out: The others, and why.
        private: Whether values of the table must not be shown.
        slices: Those that are worse, the clearest first.
        redundant: How many more are worse, but no worse than a slice they lie in.
        weighted: Whether rows were weighted.
        clustered: Whether rows of a cluster were taken as drawn together.
        pos_label: The label that was named as the one to be found.
    """

    metric: str
    table: str
    n: int
    value: float | None
    confidence: float
    each: float
    looks: int
    few: int
    undefined: int
    min_rows: int
    depth: int
    attributes: tuple[Attribute, ...]
    left_out: tuple[LeftOut, ...]
    private: bool
    slices: tuple[Slice, ...]
    redundant: int
    weighted: bool = False
    clustered: bool = False
    pos_label: Any = None


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
        metric: One of those that are searched.
        display: What may be shown.
        columns: What to cut by.
        depth: By how many columns at once, at most.
        min_rows: Slices and rests of fewer rows are not looked at.
        confidence: That not one slice is listed by chance.

    Raises:
        MLGatesError: for columns that are missing or cannot be used, or if no column is left.
    """
    told = judge_of(table, parameters, metric, display)
    found = [attribute(table, table.require(name, role="by"), display) for name in columns]
    attributes = [one for one in found if isinstance(one, Attribute)]
    left_out = [one for one in found if isinstance(one, LeftOut)]
    if not attributes:
        raise MLGatesError(
            f"table {table.name!r} has no column to cut by",
            got=", ".join(f"{one.name} {one.why}" for one in left_out) or "no other columns",
            want="columns of few values, or of numbers",
        )
    judge = told(attributes)
    looked = list(_families(judge, attributes, depth=depth, min_rows=min_rows))
    looks = sum(one.looks for one in looked)
    each = level(confidence, looks)
    bad = {key: one for family in looked for key, one in judge.significant(family, each)}
    kept = {key: one for key, one in bad.items() if not _redundant(judge, key, bad, each)}
    order = sorted(kept, key=lambda key: (-kept[key].at_least, len(key), key))
    return Search(
        metric=metric,
        table=table.name,
        n=table.n_rows,
        value=None if display.small(*judge.cells(())) else judge.whole(),
        confidence=confidence,
        each=each,
        looks=looks,
        few=sum(one.few for one in looked),
        undefined=sum(one.undefined for one in looked),
        min_rows=min_rows,
        depth=depth,
        attributes=tuple(attributes),
        left_out=tuple(left_out),
        private=display.private,
        slices=tuple(_shown(judge, key, kept[key], attributes, display) for key in order),
        redundant=len(bad) - len(kept),
        weighted=judge.weighted,
        clustered=judge.clustered,
        pos_label=parameters.pos_label,
    )


def _families(
    judge: Judge, attributes: Sequence[Attribute], *, depth: int, min_rows: int
) -> Iterator[Looked]:
    """Every set of at most *depth* columns, one pass over the rows each."""

    def deeper(places: tuple[int, ...], codes: Codes, groups: int) -> Iterator[Looked]:
        for place in range(places[-1] + 1 if places else 0, len(attributes)):
            more = attributes[place]
            both = (*places, place)
            finer = codes * len(more.shown) + more.codes if places else more.codes
            count = groups * len(more.shown)
            shape = tuple(len(attributes[one].shown) for one in both)
            yield judge.look(both, shape, finer, min_rows)
            if len(both) < depth:
                yield from deeper(both, finer, count)

    return deeper((), np.empty(0, dtype=np.intp), 1)


def _redundant(judge: Judge, key: Key, bad: Mapping[Key, Worse], each: float) -> bool:
    """Whether some slice that *key* lies in is bad as well, and no better without it."""
    for parent in _around(key):
        if parent in bad:
            found = judge.worse_than_rest_of(key, parent, each)
            if found is None or found.at_least <= 0:
                return True
    return False


def _around(key: Key) -> Iterator[Key]:
    """The slices that *key* lies in."""
    for size in range(1, len(key)):
        yield from combinations(key, size)


def _shown(
    judge: Judge, key: Key, found: Worse, attributes: Sequence[Attribute], display: Display
) -> Slice:
    own = judge.cells(key)
    # Beside the numbers of what it lies in, those of a slice give away what is left of that.
    around = [judge.cells(wider) for wider in ((), *_around(key))] if display.private else []
    left = [n - mine for cells in around for n, mine in zip(cells, own, strict=True)]
    hidden = display.private and display.small(*own, *left)
    return Slice(
        columns=tuple(attributes[a].name for a, _ in key),
        groups=tuple(attributes[a].shown[g] for a, g in key),
        n=None if hidden else judge.rows(key),
        worse=None if hidden else found,
    )
