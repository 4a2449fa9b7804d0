"""Files that are whole or absent: written atomically, digested in blocks."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

_BLOCK = 1 << 20


def write_atomically(path: Path, text: str | bytes) -> None:
    """Write *text* to *path* so that a reader sees the old file or the new one, never a part.

    Bytes are written as they are.

    Raises:
        OSError: if the folder cannot be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        if isinstance(text, str):
            # A file name that is not UTF-8 arrives as a lone surrogate, written as \\udcff.
            text = text.encode("utf-8", "backslashreplace")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)  # mkstemp makes files that only the owner may read
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def sha256_of_file(path: Path) -> str:
    """``sha256:<hex>`` of the bytes of *path*, in constant memory."""
    return f"sha256:{_fed(hashlib.sha256(), path).hexdigest()}"


def md5_of_file(path: Path) -> str:
    """``md5:<hex>`` of the bytes of *path*, to be compared with what others wrote down."""
    return f"md5:{_fed(hashlib.md5(usedforsecurity=False), path).hexdigest()}"


def _fed(digest: hashlib._Hash, path: Path) -> hashlib._Hash:
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest
