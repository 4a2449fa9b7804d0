"""A fingerprint: the leaves of a value with their digests, fast ones and cryptographic ones.

Runs are compared by fast digests. The cryptographic ones, which stand in the evidence and in what
is kept from run to run, are made when they are asked for, from the contents; what has been changed
by then is refused, because its digest would be that of another value.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import hashing, row_digests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlgates.engines.sources import Content, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One part of a value.

    Attributes:
        path: Where it is, relative to the value: ``["weights"][2]``.
        kind: Its type in one vocabulary: ``float64 array``, ``text``, ``dict``.
        shape: Its shape or length.
        digest: ``xxh3:…`` or ``sha256:…`` of kind, shape and content.
        size: How many values it holds; 0 proves nothing.
        table: The path of the table that it is a column of.
        rows: The digest of its rows (of a table: of the table's) whatever their order, where the
            fingerprint is :meth:`~Fingerprint.sealed`.
    """

    path: str
    kind: str
    shape: tuple[int, ...]
    digest: str
    size: int
    table: str | None = None
    rows: str | None = field(default=None, compare=False)


class Fingerprint:
    """The identity of a value, part by part.

    Args:
        leaves: By path, in the order in which they were met.
        source: Where the content of a leaf is, None if it is not kept.
        digests: The cryptographic digests of leaves by path, where they are known.
        kept: Whether contents were to be kept: those that are not there have been changed.

    Attributes:
        leaves: By path, in the order in which they were met.
        size: How many values it rests on.
        known: The cryptographic digests of leaves by path, as far as they have been made.
    """

    def __init__(
        self,
        leaves: Mapping[str, Leaf],
        source: Callable[[Leaf], Source | None] = lambda _: None,
        *,
        digests: Mapping[str, str] | None = None,
        kept: bool = True,
    ) -> None:
        self.leaves = dict(leaves)
        self.kept = kept
        self.size = sum(leaf.size for leaf in self.leaves.values())
        self._source = source
        self.known = dict(digests or {})

    def content(self, path: str) -> Content | None:
        """The values of a leaf; None if it has none, or none that still are what was hashed."""
        source = self._unchanged(self.leaves[path])
        return None if source is None else source.content()

    @cached_property
    def identity(self) -> str:
        """``xxh3:…`` over all leaves (``sha256:…`` where only those are known)."""
        name = hashing.CRYPTOGRAPHIC if self.is_sealed else hashing.FAST
        return hashing.of_leaves(name, ((p, leaf.digest) for p, leaf in self.leaves.items()))

    @cached_property
    def digest(self) -> str:
        """``sha256:…`` over all leaves, independent of the order of dictionary keys.

        Raises:
            MLGatesError: if a value has been changed in place since it was fingerprinted.
        """
        return hashing.of_leaves(hashing.CRYPTOGRAPHIC, self.digests().items())

    @property
    def is_sealed(self) -> bool:
        """Whether the digests of its leaves are cryptographic."""
        return any(leaf.digest.startswith(hashing.CRYPTOGRAPHIC) for leaf in self.leaves.values())

    def digests(self, like: Fingerprint | None = None) -> Mapping[str, str]:
        """``sha256:…`` of each leaf, by path.

        Args:
            like: Whose digests are taken over for the leaves that are equal, if it has them.

        Raises:
            MLGatesError: if a value has been changed in place since it was fingerprinted.
        """
        for path, leaf in self.leaves.items():
            if path in self.known:
                continue
            if like is not None and path in like.known and like.leaves[path] == leaf:
                self.known[path] = like.known[path]
            else:
                self.known[path] = self._cryptographic(leaf)
        return self.known

    def sealed(self) -> Fingerprint:
        """The form in which it is kept: cryptographic digests, digests of rows, no contents.

        Raises:
            MLGatesError: if a value has been changed in place since it was fingerprinted.
        """
        digests = self.digests()
        leaves = {
            path: replace(leaf, digest=digests[path], rows=leaf.rows or self._rows(leaf))
            for path, leaf in self.leaves.items()
        }
        return Fingerprint(leaves, digests=digests, kept=False)

    def _cryptographic(self, leaf: Leaf) -> str:
        name = hashing.CRYPTOGRAPHIC
        if leaf.digest.startswith(name):
            return leaf.digest
        source = self._unchanged(leaf)
        if source is None and not self._is_bare(leaf):
            raise MLGatesError(
                f"result{leaf.path} was changed before its digest was taken",
                want="a value that stays as it was returned, until it has been compared",
                fix="return a copy of what later runs change",
            )
        return hashing.of_leaf(name, leaf.kind, leaf.shape, source)

    def _is_bare(self, leaf: Leaf) -> bool:
        """Whether *leaf* never had a content: a container."""
        return leaf.digest == hashing.of_leaf(hashing.FAST, leaf.kind, leaf.shape, None)

    def _unchanged(self, leaf: Leaf) -> Source | None:
        """The source of *leaf*, if it still gives what was hashed."""
        source = self._source(leaf)
        if source is None:
            return None
        try:
            found = hashing.of_leaf(hashing.FAST, leaf.kind, leaf.shape, source)
        except OSError:  # a file that is gone
            return None
        return source if found == leaf.digest else None

    def _rows(self, leaf: Leaf) -> str | None:
        columns = [one.path for one in self.leaves.values() if one.table == leaf.path]
        if leaf.table is not None or not (columns or (leaf.shape and leaf.shape[0] > 1)):
            return None
        contents = [self.content(path) for path in columns or [leaf.path]]
        known = [one for one in contents if one is not None]
        if len(known) < len(contents) or (isinstance(known[0], np.ndarray) and not known[0].ndim):
            return None
        return row_digests.of_rows(known)

    def __eq__(self, other: object) -> bool:
        """The same values; by fast digests where both have them."""
        if not isinstance(other, Fingerprint):
            return False
        if self.is_sealed == other.is_sealed:
            return self.identity == other.identity
        return self.digest == other.digest

    def __hash__(self) -> int:
        """Equal fingerprints have as many values."""
        return hash((len(self.leaves), self.size))
