"""The canonical form of values: what a fingerprint hashes, and how its parts are called.

A value is walked into *leaves*: a path (``["weights"][2]``), a kind (``float64 array``), a shape
and a digest over kind, shape and content. Content is either numbers (little-endian, C order) or
texts. Pickles, ``repr`` and ``id`` are never hashed: they differ between processes and versions.

At the bitwise level nothing is normalised: -0.0 is not 0.0, and NaN payloads count.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import hashing
from pytest_mlgates.engines.leaves import Fingerprint, Leaf
from pytest_mlgates.engines.sources import (
    Array,
    ArraySource,
    ArrowSource,
    Content,
    FileSource,
    RangeSource,
    Source,
    Texts,
    TextSource,
)
from pytest_mlgates.engines.tokens import dtype_name, nested_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

__all__ = ["Array", "Content", "Fingerprint", "Leaf", "Texts", "Walk"]


class Walk:
    """Collects the leaves of one value.

    Args:
        handle: Called for every part; it calls back into this object.
    """

    def __init__(self, handle: Callable[[Walk, str, Any], None]) -> None:
        self.leaves: dict[str, Leaf] = {}
        self.models = 0  # how many estimators enclose the part that is being visited
        self._labels = False
        self._sources: dict[str, Source] = {}
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
        name = dtype_name(array.dtype)
        if name == "bfloat16":  # the upper half of a float of 32 bits, which has distances
            array = (array.view(np.uint16).astype("<u4") << 16).view("<f4")
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        kind = f"{name} {kind}"
        self._add(path, kind, array.shape, array.size, ArraySource(array), table)

    def whole_numbers(self, path: str, kind: str, values: range) -> None:
        """The numbers of a range: the same leaf as that of an array of int64."""
        self._add(path, f"int64 {kind}", (len(values),), len(values), RangeSource(values))

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
        self._add(path, kind, shape, values, TextSource(list(texts)), table)

    def arrow_texts(self, path: str, kind: str, texts: Any, *, table: str | None = None) -> None:
        """Texts in a pyarrow array: the same leaf as that of :meth:`texts`."""
        values = len(texts) - texts.null_count
        self._add(path, kind, (len(texts),), values, ArrowSource(texts), table)

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

    def file(self, path: str, kind: str, file: Path) -> None:
        """A file, known by its bytes, which are not kept.

        Raises:
            OSError: if it cannot be read.
        """
        size = file.stat().st_size
        self._add(path, kind, (size,), size, FileSource(file))

    def finished(self) -> Fingerprint:
        """All leaves, with their contents by reference."""
        sources = self._sources
        return Fingerprint(self.leaves, lambda leaf: sources.get(leaf.path))

    def _add(
        self,
        path: str,
        kind: str,
        shape: tuple[int, ...],
        size: int,
        source: Source | None = None,
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
            digest=hashing.of_leaf(hashing.FAST, kind, shape, source),
            size=0 if self._labels else size,
            table=table,
        )
        if source is not None:
            self._sources[path] = source
