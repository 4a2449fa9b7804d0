"""Files that are whole or absent: written atomically, digested in blocks."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    import hashlib

FOLDER = ".mlgates"  # of what runs leave beside a configuration
_BLOCK = 1 << 20
# MLflow writes this file beside a model that it downloads; it is no part of the model.
NOT_OF_A_MODEL = frozenset({"registered_model_meta"})


def write_atomically(path: Path, text: str | bytes) -> None:
    """Write *text* to *path* so that a reader sees the old file or the new one, never a part.

    Bytes are written as they are.

    Raises:
        OSError: if the folder cannot be made or written.
    """
    import tempfile  # here, as `hashlib` below: hooks that write nothing have milliseconds

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


def sha256_of_folder(folder: Path, *, but: frozenset[str] = NOT_OF_A_MODEL) -> str:
    """``sha256:<hex>`` of all files in *folder*, by name and content.

    It is the SHA-256 of one line for each file, in the order of their paths (by code point):
    ``path/in/the/folder NUL sha256:<hex of the file> NEWLINE``, the path with ``/`` and in UTF-8.

    Args:
        folder: What is digested.
        but: Names of files that are left out, wherever they are.

    Raises:
        OSError: for what cannot be read.
        MLGatesError: for a link to a folder.
    """
    import hashlib

    digest = hashlib.sha256()
    files = []
    for path in folder.rglob("*"):
        if path.is_symlink() and path.is_dir():
            raise MLGatesError(
                f"{str(path)!r} is a link to a folder: no digest would vouch for what is in it",
                fix="put the folder itself there",
            )
        if path.is_file() and path.name not in but:
            files.append((path.relative_to(folder).as_posix(), path))
    for name, path in sorted(files):
        digest.update(f"{name}\0{sha256_of_file(path)}\n".encode("utf-8", "surrogateescape"))
    return f"sha256:{digest.hexdigest()}"


def ours(folder: Path) -> Path:
    """*folder*, made where it is missing, and kept out of version control if it is ``.mlgates``.

    Raises:
        OSError: if it cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if folder.name == FOLDER and not ignore.exists():
        write_atomically(ignore, "*\n")
    return folder


def sha256_of_path(given: str, *, where: str, base: Path | None = None) -> str:
    """``sha256:<hex>`` of a model as the user names it: a file, or a folder.

    Args:
        given: Its path.
        where: The option that names it.
        base: What a relative path is relative to (default: the working directory).

    Raises:
        MLGatesError: if it cannot be read, or is a folder without a file.
    """
    path = Path(base or ".", given)
    try:
        if not path.is_dir():
            return sha256_of_file(path)
        if not any(one.is_file() for one in path.rglob("*")):
            raise MLGatesError(f"there is no file in {given!r}", where=where)
        return sha256_of_folder(path)
    except OSError as error:
        raise MLGatesError(
            f"the model {given!r} cannot be read", where=where, got=str(error.strerror or error)
        ) from None


def sha256_of_file(path: Path) -> str:
    """``sha256:<hex>`` of the bytes of *path*, in constant memory."""
    import hashlib

    return f"sha256:{_fed(hashlib.sha256(), path).hexdigest()}"


def md5_of_file(path: Path) -> str:
    """``md5:<hex>`` of the bytes of *path*, to be compared with what others wrote down."""
    import hashlib

    return f"md5:{_fed(hashlib.md5(usedforsecurity=False), path).hexdigest()}"


def _fed(digest: hashlib._Hash, path: Path) -> hashlib._Hash:
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest
