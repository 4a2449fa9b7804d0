"""How far the parts of two fingerprints are apart, and whether that is within what is allowed.

Floats may be apart by a tolerance; anything else is a label, of which a share may flip. Kinds,
shapes, names and missing values must be equal. -0.0 is 0.0 here, and one NaN is like another.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pytest_mlgates.core.text import plural
from pytest_mlgates.engines.apart import Allowed, Apart, floats_apart, share_allows
from pytest_mlgates.engines.category_codes import covers, recoded
from pytest_mlgates.engines.differences import changed
from pytest_mlgates.engines.token_parts import float_pairs, holds_floats, is_told_as_tokens

if TYPE_CHECKING:
    from pytest_mlgates.engines.canonical import Array, Content, Fingerprint, Leaf, Texts

# The width of fixed-width text is that of its longest element, which may be the one that flips.
_WIDTH = re.compile(r"^(str|bytes)\d+ ")
_MISSING = (".isna()", ".is_null()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How far one part of a run is from the same part of run 1.

    Attributes:
        path: Where: ``result["weights"]``.
        holds: What it holds: floats, labels, or what is compared as a whole.
        of: How many values.
        beyond: How many are not within what is allowed; of labels: how many flipped.
        within: Whether the part as a whole is.
        text: What is wrong with it, for people; "" where it is within.
        max_abs: The largest distance of two floats.
        max_rel: The same by the size of the float in run 1.
        max_ulp: The same in units in the last place.
        used: The largest share of ``atol + rtol |b|`` that is used.
        first: The index of the first value beyond, or of the first label that flipped.
    """

    path: str
    holds: Literal["floats", "labels", "whole"]
    of: int
    beyond: int
    within: bool
    text: str
    max_abs: float | None = None
    max_rel: float | None = None
    max_ulp: int | None = None
    used: float | None = None
    first: tuple[int, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain types."""
        return asdict(self)


def closeness(
    first: Fingerprint, other: Fingerprint, allowed: Allowed, *, root: str = "result"
) -> list[Part]:
    """Every part that is not the same in both, with how far it is apart; in the order of *first*.

    Args:
        first: The reference.
        other: What is compared with it.
        allowed: How far they may be apart.
        root: What messages call the whole.
    """
    paths = changed(first, other)
    columns = recoded(first, other, paths)
    found = [
        _part(first, other, path, allowed, root)
        for path in paths
        if not any(covers(column, path) for column in columns)
    ]
    for column, (a, b) in columns.items():
        leaf = first.leaves[column]
        found.append(_categories(root + column, leaf, a, b, allowed))
    return found


def _categories(path: str, leaf: Leaf, a: Array, b: Array, allowed: Allowed) -> Part:
    lost = int(((a < 0) != (b < 0)).sum())
    if lost:
        return _whole(path, leaf, f"{plural(lost, 'value is', 'values are')} {_LOST}", lost)
    return _labels(path, leaf, np.flatnonzero(a != b), allowed)


def _part(first: Fingerprint, other: Fingerprint, path: str, allowed: Allowed, root: str) -> Part:
    mine, theirs = first.leaves.get(path), other.leaves.get(path)
    leaf = mine or theirs
    assert leaf is not None  # noqa: S101
    place = root + path
    if mine is None or theirs is None:
        side = "run 1" if mine else "the other run"
        return _whole(place, leaf, f"only in {side} ({leaf.kind})")
    if _kind(mine) != _kind(theirs):
        if mine.kind.startswith("file") and theirs.kind.startswith("file"):
            return _whole(place, leaf, _FILE)
        return _whole(place, leaf, f"{mine.kind} in run 1, {theirs.kind} in the other")
    if mine.shape != theirs.shape:
        return _whole(place, leaf, f"shape {mine.shape} in run 1, {theirs.shape} in the other")
    a, b = first.content(path), other.content(path)
    if mine.kind.startswith("file"):
        return _whole(place, leaf, _FILE)
    if a is None or b is None:
        return _whole(place, leaf, "other values; how far apart is unknown: changed in place")
    if not mine.size and not theirs.size:
        return _whole(place, leaf, "other names: what labels rows and columns must be equal")
    if path.endswith(_MISSING):
        count = int((np.asarray(a) != np.asarray(b)).sum())
        return _whole(place, leaf, f"{plural(count, 'value is', 'values are')} {_LOST}", count)
    return _values(place, mine, a, b, allowed)


_LOST = "missing in one run only"
_FILE = "other bytes: a file has no tolerance, return the numbers that it holds"


def _kind(leaf: Leaf) -> str:
    return _WIDTH.sub(r"\1 ", leaf.kind)


def _whole(path: str, leaf: Leaf, text: str, beyond: int | None = None) -> Part:
    count = max(1, leaf.size) if beyond is None else beyond
    return Part(path=path, holds="whole", of=leaf.size, beyond=count, within=False, text=text)


def _values(path: str, leaf: Leaf, a: Content, b: Content, allowed: Allowed) -> Part:
    if not isinstance(a, list) and a.dtype.kind in "fc":
        return _floats(path, leaf, floats_apart(a, np.asarray(b), allowed), allowed)
    if not isinstance(a, list):
        return _labels(path, leaf, np.flatnonzero(np.ravel(a != np.asarray(b))), allowed)
    assert isinstance(b, list)  # noqa: S101
    if leaf.kind in {"set", "frozenset"}:
        more = (Counter(a) - Counter(b)).total()
        return _labels(path, leaf, np.arange(more), allowed, ordered=False)
    return _texts(path, leaf, a, b, allowed)


def _texts(path: str, leaf: Leaf, a: Texts, b: Texts, allowed: Allowed) -> Part:
    """Texts, or tokens of any values: floats among them are held to the tolerance."""
    tokens = is_told_as_tokens(leaf.kind)
    flips, at, x, y = [], [], [], []
    for place, (mine, theirs) in enumerate(zip(a, b, strict=True)):
        if mine == theirs:
            continue
        pairs = float_pairs(str(mine), str(theirs)) if tokens else None
        if pairs is not None:
            at += [place] * len(pairs[0])
            x += pairs[0]
            y += pairs[1]
        elif _missing(mine) != _missing(theirs):
            return _whole(path, leaf, f"a value is {_LOST}, first at [{place}]")
        elif tokens and (holds_floats(str(mine)) or holds_floats(str(theirs))):
            return _whole(path, leaf, f"a number in one run only, first at [{place}]")
        else:
            flips.append(place)
    labels = _labels(path, leaf, np.array(flips, dtype=int), allowed)
    if not at:
        return labels
    apart = floats_apart(np.array(x), np.array(y), allowed)
    floats = _floats(path, leaf, apart, allowed, np.array(at))
    return labels if flips and not labels.within else floats


def _missing(token: str | None) -> bool:
    return token is None or token in {"none", "missing"}


def _labels(
    path: str, leaf: Leaf, places: Array, allowed: Allowed, *, ordered: bool = True
) -> Part:
    of, count = int(np.prod(leaf.shape, dtype=int)), len(places)
    within = share_allows(count, of, allowed.max_flips)
    at = _index(leaf, places[0]) if ordered and count else None
    text = ""
    if not within:
        text = f"{count:,} of {plural(of, 'label')} flipped ({100 * count / of:.3g} %)"
        text += f", allowed {100 * allowed.max_flips:g} %"
        text += f", first at {_brackets(at)}" if at else ""
    return Part(path=path, holds="labels", of=of, beyond=count, within=within, text=text, first=at)


def _floats(
    path: str, leaf: Leaf, apart: Apart, allowed: Allowed, places: Array | None = None
) -> Part:
    """Of all floats of a part, or of those at *places* of a list."""
    of = int(np.prod(leaf.shape, dtype=int))
    place = apart.first if places is None or apart.first is None else int(places[apart.first])
    at = None if place is None else _index(leaf, place)
    text = ""
    if apart.beyond:
        text = f"{apart.beyond:,} of {plural(of, 'value is', 'values are')} beyond {allowed.floats}"
        if apart.max_abs is not None:
            text += f", at most {apart.max_abs:.3g} apart"
            text += f" ({apart.max_ulp:,} ULP)" if apart.max_ulp is not None else ""
        if apart.lost:
            text += f", {apart.lost:,} NaN or infinite in one run only"
        text += f", first at {_brackets(at)}" if at else ""
    return Part(
        path=path,
        holds="floats",
        of=of,
        beyond=apart.beyond,
        within=not apart.beyond,
        text=text,
        max_abs=apart.max_abs,
        max_rel=apart.max_rel,
        max_ulp=apart.max_ulp,
        used=apart.used,
        first=at,
    )


def _index(leaf: Leaf, place: int) -> tuple[int, ...]:
    return tuple(int(one) for one in np.unravel_index(place, leaf.shape)) if leaf.shape else ()


def _brackets(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]"
