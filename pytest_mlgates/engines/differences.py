"""What differs between two fingerprints, where first, and by how much."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pytest_mlgates.core.text import plural
from pytest_mlgates.engines import looks
from pytest_mlgates.engines.distances import comparable, is_now, largest_distance, largest_ulp
from pytest_mlgates.engines.rows import match, same_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgates.engines.leaves import Fingerprint, Leaf
    from pytest_mlgates.engines.sources import Array, Content, Texts

_MOST_ULP = 10**18  # beyond lies zero, or another sign: the number of floats between says nothing
Aspect = Literal["only_first", "only_other", "type", "shape", "order", "rows", "values", "mutated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One part that differs.

    Attributes:
        path: Where: ``result["weights"][2]``.
        aspect: What about it: ``order`` means equal values in another order.
        text: How it differs, for people.
        kind: The type of the part in the first value (in the other one if only that has it).
        differing: How many of its values differ.
        of: How many it has.
        max_abs: The largest distance between two finite numbers, None if there are none.
        max_ulp: The same in units in the last place, for floats.
        first: The index of the first value that differs.
        clock: Whether the values look like the time of the run.
        looks: What else they look like: addresses of objects, or names of files.
    """

    path: str
    aspect: Aspect
    text: str
    kind: str
    differing: int | None = None
    of: int | None = None
    max_abs: float | None = None
    max_ulp: int | None = None
    first: tuple[int, ...] | None = None
    clock: bool = False
    looks: looks.Looks = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain types."""
        return asdict(self)


def compare(first: Fingerprint, other: Fingerprint, *, root: str = "result") -> list[Difference]:
    """Every part in which *other* differs from *first*, in the order of *first*; [] if equal.

    Args:
        first: The reference.
        other: What is compared with it.
        root: What messages call the whole.
    """
    return list(_compare(*_alike(first, other), root))


def changed(first: Fingerprint, other: Fingerprint) -> list[str]:
    """The paths that are not the same in both, in the order of *first*."""
    first, other = _alike(first, other)
    paths = [*first.leaves, *(path for path in other.leaves if path not in first.leaves)]
    return [path for path in paths if first.leaves.get(path) != other.leaves.get(path)]


def needed(first: Fingerprint, other: Fingerprint) -> set[str]:
    """The paths whose contents :func:`compare` looks at: what changed, and all of its tables."""
    paths = set(changed(first, other))
    tables = {leaf.table for path in paths if (leaf := other.leaves.get(path))} - {None}
    return paths | {path for path, leaf in other.leaves.items() if leaf.table in tables}


def _alike(first: Fingerprint, other: Fingerprint) -> tuple[Fingerprint, Fingerprint]:
    """Both with digests of one kind: what is kept from run to run has cryptographic ones alone."""
    if first.is_sealed == other.is_sealed:
        return first, other
    return first.sealed(), other.sealed()


def _compare(first: Fingerprint, other: Fingerprint, root: str) -> Iterator[Difference]:
    paths = changed(first, other)
    tables = dict.fromkeys(
        leaf.table for path in paths if (leaf := first.leaves.get(path)) and leaf.table is not None
    )
    settled: list[str] = []
    after: dict[str, Difference] = {}
    for table in tables:
        found = _rows(first, other, table, root)
        if found is not None and found.aspect == "order":
            settled.append(table)
            yield found
        elif found is not None:
            after[table] = found
    for path in paths:
        mine, theirs = first.leaves.get(path), other.leaves.get(path)
        if any(_of_table(path, mine, table) for table in settled):
            continue
        if mine is None or theirs is None:
            yield _alone(path, mine, theirs, root)
        else:
            a, b = first.content(path), other.content(path)
            if a is None or b is None:
                yield _unseen(mine, theirs, root, kept=first.kept and other.kept)
            else:
                yield _leaf(mine, theirs, a, b, root)
    yield from after.values()


def _of_table(path: str, leaf: Leaf | None, table: str) -> bool:
    return leaf is not None and (leaf.table == table or path.startswith(f"{table}.index"))


def _alone(path: str, mine: Leaf | None, theirs: Leaf | None, root: str) -> Difference:
    leaf = mine or theirs
    assert leaf is not None  # noqa: S101
    side = "first" if mine else "other"
    return Difference(
        path=root + path,
        aspect="only_first" if mine else "only_other",
        text=f"only in the {side} run ({leaf.kind})",
        kind=leaf.kind,
        looks=looks.of_key(path),
    )


def _unseen(mine: Leaf, theirs: Leaf, root: str, *, kept: bool) -> Difference:
    """What can be said of two leaves without their contents."""
    common: dict[str, Any] = {"path": root + mine.path, "kind": mine.kind}
    if mine.kind != theirs.kind:
        return _other_kind(mine, theirs, root)
    if mine.kind == "file":
        text = f"other bytes ({mine.size:,} and {theirs.size:,})"
        return Difference(aspect="values", text=text, **common)
    if mine.shape != theirs.shape:
        return _other_shape(mine, theirs, root)
    if not kept and mine.rows is not None and mine.rows == theirs.rows:
        what = "rows" if len(mine.shape) > 1 else "values"
        text = f"the same {mine.shape[0]:,} {what} in another order"
        return Difference(aspect="order", text=text, of=mine.size, **common)
    text = "other values; how far apart is unknown, because "
    text += "the value was changed in place" if kept else "only the digest of one is kept"
    aspect: Aspect = "mutated" if kept else "values"
    return Difference(aspect=aspect, text=text, of=mine.size, **common)


def _other_kind(mine: Leaf, theirs: Leaf, root: str) -> Difference:
    text = f"{mine.kind} in the first run, {theirs.kind} in the other"
    return Difference(path=root + mine.path, aspect="type", text=text, kind=mine.kind)


def _other_shape(mine: Leaf, theirs: Leaf, root: str, more: str = "") -> Difference:
    text = f"shape {mine.shape} in the first run, {theirs.shape} in the other{more}"
    return Difference(path=root + mine.path, aspect="shape", text=text, kind=mine.kind)


def _leaf(mine: Leaf, theirs: Leaf, a: Content, b: Content, root: str) -> Difference:
    if mine.kind != theirs.kind:
        return _other_kind(mine, theirs, root)
    if mine.shape != theirs.shape:
        counts = ""
        if isinstance(a, list) and isinstance(b, list):
            more, less = _counts(a, b)
            counts = f"; {more:,} only in the first, {less:,} only in the other"
        return _other_shape(mine, theirs, root, counts)
    if isinstance(a, list):
        assert isinstance(b, list)  # noqa: S101
        return _texts(root + mine.path, mine, a, b)
    return _numbers(root + mine.path, mine, np.asarray(a), np.asarray(b))


def _texts(path: str, leaf: Leaf, a: Texts, b: Texts) -> Difference:
    places = [place for place, pair in enumerate(zip(a, b, strict=True)) if pair[0] != pair[1]]
    common: dict[str, Any] = {"path": path, "kind": leaf.kind, "of": len(a)}
    common |= {"differing": len(places), "first": (places[0],) if leaf.shape else ()}
    common |= {"clock": leaf.kind in {"datetime", "date", "Timestamp"}}
    common |= {"looks": looks.of_texts([a[n] for n in places], [b[n] for n in places])}
    if leaf.kind in {"set", "frozenset"}:
        more, less = _counts(a, b)
        text = f"{plural(more, 'element')} only in the first run, {less:,} only in the other"
        return Difference(aspect="values", text=text, **common)
    if len(a) > 1 and Counter(a) == Counter(b):
        text = f"the same {len(a):,} values in another order, from [{places[0]}] on"
        return Difference(aspect="order", text=text, **common)
    text = _share(len(places), len(a)) + (f", first at [{places[0]}]" if leaf.shape else "")
    return Difference(aspect="values", text=text, **common)


def _numbers(path: str, leaf: Leaf, a: Array, b: Array) -> Difference:
    flags = comparable(a) != comparable(b)
    places = np.flatnonzero(flags)
    first = tuple(int(i) for i in np.unravel_index(places[0], a.shape)) if a.shape else ()
    common: dict[str, Any] = {"path": path, "kind": leaf.kind, "of": a.size, "first": first}
    common |= {"differing": len(places)}
    if a.ndim and len(a) > 1 and same_rows(a, b):
        what = "values" if a.ndim == 1 else "rows"
        text = f"the same {len(a):,} {what} in another order, from [{first[0]}] on"
        return Difference(aspect="order", text=text, **common)
    if a.ndim == 0 and a.dtype.kind in "biuf":
        text = f"{a.item()!r} in the first run, {b.item()!r} in the other"
    else:
        text = _share(len(places), a.size)
    mine, theirs = a.reshape(-1)[places], b.reshape(-1)[places]
    far, ulp = largest_distance(mine, theirs), largest_ulp(mine, theirs)
    if far is not None:
        text += f", by {'at most ' if a.ndim else ''}"
        text += f"{far:,.0f}" if far.is_integer() else f"{far:.3g}"
        if a.dtype.kind in "mM":
            text += f" {np.datetime_data(a.dtype)[0]}"
        if ulp is not None and ulp < _MOST_ULP:
            text += f" ({ulp:,} ULP)"
        if far == 0:
            text += ": the sign of a zero"
    elif mine.dtype.kind in "fc" and np.array_equal(np.isnan(mine), np.isnan(theirs)):
        text += ": the same NaNs with other bits"
    if a.dtype.kind in "fc" and (lost := int((np.isnan(mine) != np.isnan(theirs)).sum())):
        text += f"; {plural(lost, 'value is', 'values are')} NaN in one run only"
    if first:
        text += f", first at [{', '.join(map(str, first))}]"
    common |= {"clock": is_now(mine) and is_now(theirs), "looks": looks.of_numbers(mine, theirs)}
    return Difference(aspect="values", text=text, max_abs=far, max_ulp=ulp, **common)


def _rows(first: Fingerprint, other: Fingerprint, table: str, root: str) -> Difference | None:
    """Whether a table has the same rows in another order, or how many other rows."""
    mine = [leaf for leaf in first.leaves.values() if leaf.table == table]
    theirs = [leaf for leaf in other.leaves.values() if leaf.table == table]
    if [(x.path, x.kind) for x in mine] != [(x.path, x.kind) for x in theirs]:
        return None
    pairs = [(first.content(x.path), other.content(x.path)) for x in mine]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    leaf = first.leaves[table]
    rows: dict[str, Any] = {"path": root + table, "kind": leaf.kind, "of": leaf.shape[0]}
    if len(known) < len(pairs):
        return _unseen_rows(leaf, other.leaves[table], rows)
    found = match(known)
    at = found.unequal_at or 0
    if found.reordered:
        text = f"the same {plural(found.first, 'row')} in another order, from row {at} on"
        return Difference(aspect="order", text=text, first=(at,), **rows)
    gone, new = found.first - found.common, found.other - found.common
    text = f"other rows, not the same in another order: {found.common:,} of {found.first:,} occur "
    text += "in both runs"
    text += f", {gone:,} only in the first" if gone else ""
    text += f", {new:,} only in the other" if new else ""
    return Difference(aspect="rows", text=text, differing=gone, **rows)


def _unseen_rows(mine: Leaf, theirs: Leaf, rows: dict[str, Any]) -> Difference | None:
    """The same by the digests of the rows, where the rows themselves are not kept."""
    if mine.rows is None or theirs.rows is None:
        return None
    if mine.rows == theirs.rows:
        text = f"the same {plural(mine.shape[0], 'row')} in another order"
        return Difference(aspect="order", text=text, **rows)
    text = "other rows, not the same in another order"
    return Difference(aspect="rows", text=text, **rows)


def _counts(a: Texts, b: Texts) -> tuple[int, int]:
    return (Counter(a) - Counter(b)).total(), (Counter(b) - Counter(a)).total()


def _share(differing: int, of: int) -> str:
    if of == 1:
        return "another value"
    share = 100 * differing / of
    percent = "<0.1" if share < 0.1 else f"{share:.3g}"
    return f"{differing:,} of {of:,} values differ ({percent} %)"
