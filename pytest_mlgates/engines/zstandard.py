"""Whether a Zstandard file is whole: its frames are walked, nothing is unpacked (RFC 8878).

DuckDB reads a file whose end is missing up to where it ends, without a word.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FRAME = 0xFD2FB528
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)
_REPEATED, _RESERVED = 1, 3


def refuse_cut(path: Path) -> None:
    """Refuse a file whose end is missing.

    Raises:
        EOFError: if it is cut.
        OSError: if it is no such file, or cannot be opened.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        while stream.tell() < size:
            _frame(stream)
            if stream.tell() > size:
                raise EOFError("a block is cut")


def _frame(stream: IO[bytes]) -> None:
    magic = _number(stream, 4)
    if magic in _SKIPPABLE:
        stream.seek(_number(stream, 4), 1)
        return
    if magic != _FRAME:
        raise OSError("it does not start a frame where one should start")
    descriptor = _number(stream, 1)
    single = descriptor >> 5 & 1
    content_size = (single, 2, 4, 8)[descriptor >> 6]
    stream.seek((0 if single else 1) + (0, 1, 2, 4)[descriptor & 3] + content_size, 1)
    last = 0
    while not last:
        header = _number(stream, 3)
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        if kind == _RESERVED:
            raise OSError("a block of no known kind")
        stream.seek(1 if kind == _REPEATED else size, 1)
    if descriptor >> 2 & 1:  # a checksum
        _number(stream, 4)


def _number(stream: IO[bytes], size: int) -> int:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("the next block is missing")
    return int.from_bytes(data, "little")
