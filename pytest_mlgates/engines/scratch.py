"""A folder for what does not fit into memory, and files in a form that the engine reads.

It belongs to this process alone (rows of private tables may land in it) and is removed at exit; one
that a killed process left is removed by the next. It is made before anything is written: one that
DuckDB makes when it spills can be read by everyone.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import itertools
import lzma
import zlib
from functools import cache
from typing import IO, TYPE_CHECKING

from pytest_mlgates.core.errors import TableError
from pytest_mlgates.engines import own_folders, zstandard
from pytest_mlgates.engines.imports import optional

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BLOCK = 1 << 20
COMPRESSIONS = (".gz", ".zst", ".bz2", ".xz")
# What the byte order mark at the start of a file says; the longer ones first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError)
_numbers = itertools.count()


@cache
def folder() -> Path:
    """The folder."""
    own_folders.remove_left_behind()
    return own_folders.new()


def compression(path: Path) -> str:
    """``.gz``, … or nothing."""
    suffix = path.suffix.lower()
    return suffix if suffix in COMPRESSIONS else ""


def opened(path: Path) -> IO[bytes]:
    """The bytes of *path*, unpacked."""
    kind = compression(path)
    if kind == ".zst":
        arrow = optional("pyarrow", extra="pyarrow", why=f"unpacking {path.name}")
        stream: IO[bytes] = arrow.input_stream(str(path), compression="zstd")
        return stream
    openers: dict[str, Callable[..., IO[bytes]]]
    openers = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}  # type: ignore[dict-item]
    return openers[kind](path, "rb") if kind else path.open("rb")


def readable(path: Path, encoding: str | None) -> Path:
    """*path*, or a copy of it in UTF-8 that the engine reads: written here, in bounded memory.

    Raises:
        TableError: if its bytes are not of that encoding, or cannot be unpacked.
    """
    if encoding is None:
        encoding = _marked(path)
    plain = codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    if plain and compression(path) not in (".bz2", ".xz"):
        return path
    # Folders that are columns (`year=2024`) stay above it.
    kept = [part for part in path.parent.parts if "=" in part]
    target = folder().joinpath(str(next(_numbers)), *kept, "copy")
    target.parent.mkdir(parents=True)
    lines = 1
    decoder = codecs.getincrementaldecoder("utf-8-sig" if plain else encoding)()
    try:
        with opened(path) as stream, target.open("wb") as out:
            while True:
                block = stream.read(_BLOCK)
                text = decoder.decode(block, final=not block)
                out.write((text.removeprefix("\ufeff") if not out.tell() else text).encode())
                lines += text.count("\n")
                if not block:
                    return target
    except UnicodeError as error:
        raise _not_of(path, encoding, lines, error) from None
    except BROKEN as error:
        raise broken(path, error) from None


def refuse_broken(path: Path) -> None:
    """Refuse a compressed file that is cut or damaged, which the engine may read in part.

    Raises:
        TableError: if its end is missing, or for gzip a checksum is wrong.
    """
    try:
        if compression(path) == ".zst":
            zstandard.refuse_cut(path)
        elif compression(path) == ".gz":
            with gzip.open(path) as stream:
                while stream.read(_BLOCK):
                    pass
    except BROKEN as error:
        raise broken(path, error) from None


def broken(path: Path, error: Exception) -> TableError:
    """The complaint about a file that cannot be unpacked."""
    format_ = {".gz": "gzip", ".zst": "Zstandard", ".bz2": "bzip2", ".xz": "xz"}
    kind = format_.get(compression(path), "whole")
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    cut = isinstance(error, EOFError)
    return TableError(
        f"{path.name!r} cannot be read",
        where=str(path),
        got=f"its end is missing: {reason}" if cut else f"no {kind} file: {reason}",
        want=f"a whole {kind} file" if cut else "",
        fix="write or fetch it again",
    )


def _marked(path: Path) -> str:
    """The encoding that the byte order mark of *path* says, UTF-8 without one."""
    if compression(path) == ".zst":
        return "utf-8"
    try:
        with opened(path) as stream:
            start = stream.read(4)
    except BROKEN as error:
        raise broken(path, error) from None
    return next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")


def _not_of(path: Path, encoding: str, lines: int, error: UnicodeError) -> TableError:
    if isinstance(error, UnicodeDecodeError):
        before = error.object[: error.start].decode(encoding, "ignore")
        lines += before.count("\n")
    return TableError(
        f"{path.name!r} cannot be read",
        where=f"{path}:{lines}",
        got=f"bytes that are not {encoding} text",
        fix='name the encoding that it has: encoding = "cp1252"',
    )
