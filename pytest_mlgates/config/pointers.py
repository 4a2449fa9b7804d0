"""Small files that stand in version control for large ones: of Git LFS and of DVC.

Standard library only.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_mlgates.core.known_digests import md5_of_unchanged

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".dvc"
_LFS = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = 1024
_OID = re.compile(rb"^oid (sha256:[0-9a-f]{64})$", re.MULTILINE)
_OUTS = re.compile(r"^outs:[ \t]*\n((?:[ \t-].*\n?|\n)*)", re.MULTILINE)
_MD5 = re.compile(r"^\s*(?:-\s+)?md5:\s*([0-9a-f]{32}(?:\.dir)?)\s*$", re.MULTILINE)


class Pointer(NamedTuple):
    """A ``.dvc`` file.

    Attributes:
        file: Where it stands.
        data: The file or folder that it stands for.
        md5: Of that: 32 digits, with ``.dir`` behind them for a folder.
    """

    file: Path
    data: Path
    md5: str

    @property
    def is_here(self) -> bool:
        """Whether there is any data in its place."""
        return self.data.exists()

    @property
    def matches(self) -> bool:
        """Whether the data is here, and is what the pointer says."""
        if self.data.is_file():
            return md5_of_unchanged(self.data) == f"md5:{self.md5}"
        return self.data.is_dir() and _of_folder(self.data) == self.md5


def lfs_digest(path: Path) -> str | None:
    """``sha256:…`` of the data that *path* stands for; None if it is no pointer of Git LFS."""
    if path.stat().st_size > _POINTER_BYTES:
        return None
    text = path.read_bytes()
    told = _OID.search(text) if text.startswith(_LFS) else None
    return told[1].decode() if told else None


def dvc_pointer(path: Path, base: Path) -> Pointer | None:
    """The pointer of *path*, or of the nearest folder around it that has one, not above *base*.

    Outside of *base* the folders end where the file system does.
    """
    for data in (path, *path.parents):
        if data == base or not data.name:
            break
        file = data.with_name(f"{data.name}{SUFFIX}")
        if file.is_file():
            text = file.read_text(encoding="utf-8", errors="replace")
            # What a file was imported from has a hash as well, under `deps`.
            outs = _OUTS.search(text)
            told = _MD5.search(outs[1]) if outs else None
            if told is not None:
                return Pointer(file, data, told[1])
    return None


def _of_folder(folder: Path) -> str:
    """As DVC has it: the MD5 of a list in JSON of its files and their MD5s, by path."""
    files = sorted(
        (path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file()
    )
    listed = [
        {"md5": md5_of_unchanged(path).removeprefix("md5:"), "relpath": name}
        for name, path in files
    ]
    import hashlib  # here: hooks that digest nothing have milliseconds

    text = json.dumps(listed, sort_keys=True).encode()
    return f"{hashlib.md5(text, usedforsecurity=False).hexdigest()}.dir"
