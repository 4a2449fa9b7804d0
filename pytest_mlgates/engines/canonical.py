"""The canonical form of values: what a fingerprint hashes, and how its parts are called.

A value is walked into *leaves*: a path (``["weights"][2]``), a kind (``float64 array``), a shape
and a sha256 over kind, shape and content. Content is either numbers (little-endian, C order) or
texts. Pickles, ``repr`` and ``id`` are never hashed: they differ between processes and versions.

At the bitwise level nothing is normalised: -0.0 is not 0.0, and NaN payloads count.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.tokens import dtype_name, is_extended, nested_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# Part of every digest: raised when the canonical form changes, so that old and new never mix.
FORM = b"mlgates-fingerprint-1"

Array = np.ndarray[Any, Any]
Texts = list[str | None]
Content = Array | Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One part of a value.

    Attributes:
        path: Where it is, relative to the value: ``["weights"][2]``.
        kind: Its type in one vocabulary: ``float64 array``, ``text``, ``dict``.
        shape: Its shape or length.
        digest: Hex sha256 of kind, shape and content.
        size: How many values it holds; 0 proves nothing.
        table: The path of the table that it is a column of.
    """

    path: str
    kind: str
    shape: tuple[int, ...]
    digest: str
    size: int
    table: str | None = None


class Fingerprint:
    """The identity of a value, part by part.

    Attributes:
        leaves: By path, in the order in which they were met.
        digest: ``sha256:…`` over all leaves; independent of the order of dictionary keys.
        size: How many values it rests on.
    """

    def __init__(
        self, leaves: Mapping[str, Leaf], content: Callable[[Leaf], Content | None]
    ) -> None:
        self.leaves = dict(leaves)
        self._content = content
        whole = hashlib.sha256(FORM)
        for path in sorted(self.leaves):
            whole.update(f"{path}\0{self.leaves[path].digest}\0".encode("utf-8", "surrogatepass"))
        self.digest = f"sha256:{whole.hexdigest()}"
        self.size = sum(leaf.size for leaf in self.leaves.values())

    def content(self, path: str) -> Content | None:
        """The values of a leaf; None if it has none, or none that still are what was hashed."""
        return self._content(self.leaves[path])

    def __eq__(self, other: object) -> bool:
        """Equal digests."""
        return isinstance(other, Fingerprint) and self.digest == other.digest

    def __hash__(self) -> int:
        """By digest."""
        return hash(self.digest)


class Walk:
    """Collects the leaves of one value.

    Args:
        handle: Called for every part; it calls back into this object.
    """

    def __init__(self, handle: Callable[[Walk, str, Any], None]) -> None:
        self.leaves: dict[str, Leaf] = {}
        self.models = 0  # how many estimators enclose the part that is being visited
        self._labels = False
        self._contents: dict[str, Content] = {}
        self._handle = handle
        self._open: dict[int, str] = {}

    def visit(self, path: str, value: Any) -> None:
        """Walk *value*; a part that contains itself is recorded by where it began."""
        if id(value) in self._open:
            self._add(path, f"cycle to {self._open[id(value)] or 'the whole'}", (), 0)
            return
        self._open[id(value)] = path
        try:
            self._handle(self, path, value)
        finally:
            del self._open[id(value)]

    @contextlib.contextmanager
    def labels(self) -> Iterator[None]:
        """Parts visited here are part of the value, but prove nothing: an empty table has them."""
        before, self._labels = self._labels, True
        try:
            yield
        finally:
            self._labels = before

    def structure(self, path: str, kind: str, shape: tuple[int, ...] = ()) -> None:
        """A container: its kind and length, no values of its own."""
        self._add(path, kind, shape, 0)

    def array(self, path: str, kind: str, array: Array, *, table: str | None = None) -> None:
        """Numbers, dates or fixed-width text of any shape; *kind* gets the dtype's name."""
        if array.dtype.fields is not None:  # padding between the fields is not part of the value
            self.structure(path, f"{kind} of records", array.shape)
            for name in array.dtype.fields:
                self.array(f"{path}[{json.dumps(name)}]", kind, array[name], table=table)
            return
        if array.dtype.kind in "OT":
            self.objects(path, f"object {kind}", array.ravel().tolist(), array.shape, table=table)
            return
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        kind = f"{dtype_name(array.dtype)} {kind}"
        self._add(path, kind, array.shape, array.size, array, table)

    def texts(
        self,
        path: str,
        kind: str,
        texts: Sequence[str | None],
        shape: tuple[int, ...] | None = None,
        *,
        table: str | None = None,
    ) -> None:
        """Texts, None where one is missing."""
        shape = (len(texts),) if shape is None else shape
        values = sum(text is not None for text in texts)
        self._add(path, kind, shape, values, list(texts), table)

    def objects(
        self,
        path: str,
        kind: str,
        values: Sequence[Any],
        shape: tuple[int, ...],
        *,
        table: str | None = None,
    ) -> None:
        """Python objects: as texts or tokens where they have them, else part by part."""
        if all(type(value) is str or value is None for value in values):
            self.texts(path, f"{kind} of text", values, shape, table=table)
            return
        tokens = [nested_token(value) for value in values]
        if None not in tokens:
            self.texts(path, kind, tokens, shape, table=table)
            return
        self.structure(path, kind, shape)
        for place, value in enumerate(values):
            self.visit(f"{path}[{place}]", value)

    def file(self, path: str, kind: str, digest: str, size: int) -> None:
        """A file, known by the digest of its bytes; its content is not kept."""
        self._add(path, f"{kind} {digest}", (size,), size)

    def finished(self) -> Fingerprint:
        """All leaves, with their contents by reference."""
        contents = self._contents

        def content(leaf: Leaf) -> Content | None:
            found = contents.get(leaf.path)
            if found is None or _digest(leaf.kind, leaf.shape, found) != leaf.digest:
                return None  # changed in place since it was hashed
            return found

        return Fingerprint(self.leaves, content)

    def _add(
        self,
        path: str,
        kind: str,
        shape: tuple[int, ...],
        size: int,
        content: Content | None = None,
        table: str | None = None,
    ) -> None:
        if path in self.leaves:
            raise MLGatesError(
                f"two parts of the result have the same name: result{path}",
                want="keys and columns that are told apart by their values",
            )
        self.leaves[path] = Leaf(
            path=path,
            kind=kind,
            shape=shape,
            digest=_digest(kind, shape, content),
            size=0 if self._labels else size,
            table=table,
        )
        if content is not None:
            self._contents[path] = content


def _digest(kind: str, shape: tuple[int, ...], content: Content | None) -> str:
    sha = hashlib.sha256(FORM)
    sha.update(f"\0{kind}\0{','.join(map(str, shape))}\0".encode("utf-8", "surrogatepass"))
    if isinstance(content, np.ndarray):
        sha.update(_raw(content))
    elif content is not None:
        lengths = [-1 if text is None else len(text) for text in content]
        sha.update(np.array(lengths, dtype="<i8").tobytes())
        joined = "".join(text for text in content if text is not None)
        sha.update(joined.encode("utf-8", "surrogatepass"))
    return sha.hexdigest()


def _raw(array: Array) -> Any:
    if not array.size or not array.itemsize:
        return b""
    raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    if is_extended(array.dtype):  # ten bytes of number, six of whatever was in memory
        raw = np.ascontiguousarray(raw.reshape(-1, 16)[:, :10])
    return raw.data
