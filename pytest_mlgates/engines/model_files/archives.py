"""Archives in memory, within limits, and without forgiving anything. Standard library only.

What loaders forgive differs (a wrong checksum, a flag that says encrypted, bytes behind the end):
an archive with such a fault may be skipped here and read there, so every fault is told.
"""

from __future__ import annotations

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.model_files.found import UnreadableError
from pytest_mlgates.engines.model_files.signs import Form

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 1 << 20
_LEAST, _TIMES = 256 << 20, 20
_MOST_MEMBERS = 20_000
_ZIP_END = b"PK\x05\x06"
_ZIP_END_BYTES = 22 + (1 << 16)
_ENCRYPTED = 0x1 | 0x40 | 0x2000


class Budget:
    """How many bytes may come out of one file, all archives in it together."""

    def __init__(self, most: int) -> None:
        self._left = self.most = most
        self._members = _MOST_MEMBERS

    @classmethod
    def of(cls, size: int) -> Budget:
        """For a file of *size* bytes."""
        return cls(max(_LEAST, _TIMES * size))

    def spend(self, count: int) -> None:
        """*count* bytes come out.

        Raises:
            UnreadableError: if these are too many.
        """
        self._left -= count
        if self._left < 0:
            raise UnreadableError(f"unpacks to more than {self.most >> 20} MiB")

    def member(self) -> None:
        """One more file comes out."""
        self._members -= 1
        if self._members < 0:
            raise UnreadableError(f"holds more than {_MOST_MEMBERS} files")


def has_zip_end(data: bytes) -> bool:
    """Whether *data* ends like a zip archive, whatever it starts with."""
    return _ZIP_END in data[-_ZIP_END_BYTES:] and zipfile.is_zipfile(io.BytesIO(data))


def zip_members(data: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    """The files in a zip archive.

    Raises:
        UnreadableError: if not every byte of every one can be read.
    """
    try:
        yield from _zip_members(data, budget)
    except UnreadableError:
        raise
    except Exception as error:  # zipfile raises of many kinds for what is broken
        raise UnreadableError(f"is a zip archive that cannot be read: {error}") from None


def _zip_members(data: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if data[archive.start_dir :].count(_ZIP_END) != 1:
            raise UnreadableError("is a zip archive with two ends")
        if len({one.filename for one in members}) != len(members):
            raise UnreadableError("is a zip archive with two files of one name")
        for one in members:
            budget.member()
            if one.is_dir() and not one.file_size:
                continue
            if one.flag_bits & _ENCRYPTED:
                raise UnreadableError(f"is encrypted ({one.filename!r})")
            budget.spend(one.file_size)
            with archive.open(one) as stream:
                content = stream.read(one.file_size + 1)
            if len(content) != one.file_size:
                raise UnreadableError(f"is a zip archive whose {one.filename!r} lies on its size")
            yield one.filename, content


def tar_members(data: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    """The files in a tar archive (links have no content).

    Raises:
        UnreadableError: if one cannot be read, or something stands behind the last.
    """
    try:
        yield from _tar_members(data, budget)
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError(f"is a tar archive that cannot be read: {error}") from None


def _tar_members(data: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for one in archive:
            budget.member()
            if not one.isfile():
                continue
            budget.spend(one.size)
            stream = archive.extractfile(one)
            content = b"" if stream is None else stream.read()
            if len(content) != one.size:
                raise UnreadableError(f"is a tar archive that is cut off in {one.name!r}")
            yield one.name, content
        behind = data[archive.offset :]
    if behind.strip(b"\0"):
        raise UnreadableError("is a tar archive with something behind its last file")


def unpack(data: bytes, form: Form, budget: Budget, found: io.BytesIO) -> None:
    """Write what stands compressed in *data*, all streams of it, to *found*.

    Raises:
        UnreadableError: if it is broken, cut off, followed by something else, larger than allowed,
            or of a form that Python does not read.
    """
    makers: dict[Form, Any] = {
        Form.GZIP: lambda: zlib.decompressobj(wbits=31),
        Form.ZLIB: zlib.decompressobj,
        Form.BZIP2: bz2.BZ2Decompressor,
        Form.XZ: lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
        Form.LZMA: lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE),
    }
    if form not in makers:
        raise UnreadableError(f"is {form.value}, which cannot be read here")
    left = data
    try:
        while left:
            left = _stream(makers[form](), left, found, budget)
            if form is Form.XZ:  # padding between streams
                left = left.lstrip(b"\0")
    except (zlib.error, lzma.LZMAError, OSError, ValueError) as error:
        raise UnreadableError(f"is {form.value} that cannot be read: {error}") from None


def _stream(machine: Any, data: bytes, found: io.BytesIO, budget: Budget) -> bytes:
    """Unpack one stream into *found*; the bytes behind it."""
    left = data
    while not machine.eof:
        block = machine.decompress(left, _BLOCK)
        # zlib hands back what it did not take; the others keep it.
        left = getattr(machine, "unconsumed_tail", b"")
        budget.spend(len(block))
        found.write(block)
        if not block and not left and not machine.eof:
            raise ValueError("it is cut off")
    return bytes(machine.unused_data)
