"""Where the content of a leaf is: an array, texts, the buffers of Arrow, a file.

A source hands its canonical bytes to a hash in blocks: nothing is copied whole, and a file takes
the memory of one block.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pytest_mlgates.core.files import sha256_of_file
from pytest_mlgates.engines import arrow_texts
from pytest_mlgates.engines.beside import Beside
from pytest_mlgates.engines.tokens import is_extended

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Update = Callable[[Any], object]

Array = np.ndarray[Any, Any]
Texts = list[str | None]
Content = Array | Texts

# A block and what is computed from it stay in the cache of a processor.
_BLOCK = 1 << 18
_MANY = 1 << 16  # values
# Of a file, hashed by one thread: part of the canonical form.
_CHUNK = 1 << 24
_THREADS = 4
# A smaller one is in a cache nearer to the processor, and has the threads wait for each other.
_FILE_BLOCK = 1 << 20
_own = threading.local()


class Source(Protocol):
    """Canonical bytes, and the values that they are of."""

    def feed(self, update: Update, *, cryptographic: bool) -> None:
        """Hand all bytes to *update*, which belongs to a *cryptographic* hash or to a fast one.

        Raises:
            OSError: if a file cannot be read any more.
        """

    def content(self) -> Content | None:
        """The values, None if they are not kept (those of a file)."""


@dataclass(frozen=True, slots=True)
class ArraySource:
    """Numbers or fixed-width text, little-endian: fed in C order, whatever their order."""

    array: Array

    def feed(self, update: Update, *, cryptographic: bool) -> None:  # noqa: ARG002  (as all do)
        """See :class:`Source`."""
        if self.array.size and self.array.itemsize:
            _feed(self.array, update)

    def content(self) -> Array:
        """The array itself."""
        return self.array


def _feed(array: Array, update: Update) -> None:
    row = array.nbytes // len(array) if array.ndim else array.itemsize
    if array.flags.c_contiguous and not is_extended(array.dtype):
        update(array.reshape(-1).view(np.uint8).data)
    elif array.ndim > 1 and row > _BLOCK:
        for part in array:
            _feed(part, update)
    else:
        step = max(1, _BLOCK // row)
        flat = array.reshape(1) if array.ndim == 0 else array
        for start in range(0, len(flat), step):
            update(raw_rows(flat[start : start + step]).reshape(-1).data)


def raw_rows(array: Array) -> Array:
    """The bytes of each row: of shape ``(rows, bytes)``."""
    width = array.nbytes // len(array)
    raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    if is_extended(array.dtype):  # ten bytes of number, six of whatever was in memory
        raw, width = np.ascontiguousarray(raw.reshape(-1, 16)[:, :10]), width // 16 * 10
    return raw.reshape(len(array), width)


@dataclass(frozen=True, slots=True)
class RangeSource:
    """Whole numbers that are nowhere in memory: the same bytes as of an array of int64."""

    values: range

    def feed(self, update: Update, *, cryptographic: bool) -> None:  # noqa: ARG002  (as all do)
        """See :class:`Source`."""
        for start in range(0, len(self.values), _MANY):
            update(_numbers(self.values[start : start + _MANY]).data)

    def content(self) -> Array:
        """As an array."""
        return _numbers(self.values)


def _numbers(values: range) -> Array:
    return np.arange(values.start, values.stop, values.step, dtype="<i8")


@dataclass(frozen=True, slots=True)
class TextSource:
    """Texts in memory, None where one is missing: their lengths in bytes, then their UTF-8."""

    texts: Texts

    def feed(self, update: Update, *, cryptographic: bool) -> None:  # noqa: ARG002  (as all do)
        """See :class:`Source`."""
        parts = [
            _encoded(self.texts[start : start + _MANY])
            for start in range(0, len(self.texts), _MANY)
        ]
        for lengths, _ in parts:
            update(lengths.data)
        for _, raw in parts:
            update(raw)

    def content(self) -> Texts:
        """The list itself."""
        return self.texts


def _encoded(texts: Texts) -> tuple[Array, bytes]:
    joined = "".join([text for text in texts if text is not None])
    if joined.isascii():
        lengths = [-1 if text is None else len(text) for text in texts]
    else:
        lengths = [
            -1 if text is None else len(text.encode("utf-8", "surrogatepass")) for text in texts
        ]
    return np.array(lengths, dtype="<i8"), joined.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class ArrowSource:
    """Texts in a pyarrow array, which nobody can change: the same bytes as of :class:`TextSource`.

    Args:
        texts: The array.
    """

    texts: Any

    def feed(self, update: Update, *, cryptographic: bool) -> None:  # noqa: ARG002  (as all do)
        """See :class:`Source`."""
        chunks = arrow_texts.chunks(self.texts)
        for lengths in arrow_texts.lengths(chunks):
            update(lengths.data)
        for raw in arrow_texts.utf8(chunks):
            update(raw)

    def content(self) -> Texts:
        """As a list."""
        found: Texts = self.texts.to_pylist()
        return found


def _block() -> memoryview:
    """The block of this thread: one more for each chunk would be mapped and unmapped."""
    found: memoryview | None = getattr(_own, "block", None)
    if found is None:
        found = _own.block = memoryview(bytearray(_FILE_BLOCK))
    return found


@dataclass(frozen=True, slots=True)
class FileSource:
    """The bytes of a file, by the hashes of its chunks; a cryptographic hash gets its SHA-256.

    Args:
        path: The file.
    """

    path: Path

    def feed(self, update: Update, *, cryptographic: bool) -> None:
        """See :class:`Source`."""
        if cryptographic:
            update(sha256_of_file(self.path).encode())
            return
        starts = range(0, self.path.stat().st_size, _CHUNK)
        if len(starts) < 2:
            for start in starts:
                update(self._chunk(start))
            return
        # Handing a file over takes the system longer than hashing it: several threads do.
        count = min(_THREADS, os.cpu_count() or 1)
        others = [Beside(partial(self._chunks, starts[n::count])) for n in range(1, count)]
        found = [self._chunks(starts[::count]), *(one.result() for one in others)]
        for number in range(len(starts)):
            update(found[number % count][number // count])

    def _chunks(self, starts: range) -> list[bytes]:
        return [self._chunk(start) for start in starts]

    def _chunk(self, start: int) -> bytes:
        """The fast hash of the bytes from *start* on, of one chunk at most."""
        from xxhash import xxh3_128

        # Read, not mapped into memory, which is faster by half: a file that another program cuts
        # off meanwhile would end this process.
        state, block, left = xxh3_128(), _block(), _CHUNK
        with self.path.open("rb", buffering=0) as stream:
            stream.seek(start)
            while left and (count := stream.readinto(block[:left])):
                state.update(block[:count])
                left -= count
        return state.digest()

    def content(self) -> None:
        """Not kept."""
