"""The values of a stored run in an archive: arrays and texts, never pickles."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.engines.leaves import Fingerprint, Leaf
from pytest_mlgates.engines.sources import ArraySource, Source, TextSource

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_BYTES = 50_000_000
# By which runs are compared while their values are there; the digests to trust are elsewhere.
_FAST = "fast.json"


def pack(fingerprint: Fingerprint) -> tuple[bytes, str]:
    """The values of *fingerprint* as a zip, the same bytes for the same values; or why not."""
    buffer, size = io.BytesIO(), 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, path in enumerate(fingerprint.leaves):
            content = fingerprint.content(path)
            if content is None:
                continue
            part = io.BytesIO()
            if isinstance(content, np.ndarray):
                name, bytes_there = f"{number}.npy", content.nbytes
                if size + bytes_there <= MOST_BYTES:
                    np.save(part, np.asarray(content), allow_pickle=False)
            else:
                part.write(json.dumps(content).encode("ascii"))
                name, bytes_there = f"{number}.json", part.tell()
            size += bytes_there
            if size > MOST_BYTES:
                return b"", f"they are more than {MOST_BYTES // 1_000_000} MB"
            _write(archive, name, part.getvalue())
        fast = {path: leaf.digest for path, leaf in fingerprint.leaves.items()}
        _write(archive, _FAST, json.dumps(fast).encode("ascii"))
    return (buffer.getvalue(), "") if size else (b"", "it has no values of its own")


def _write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name)  # dated 1980
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)


def unpack(data: bytes, sealed: Fingerprint) -> Fingerprint:
    """*sealed* with its values from the archive in *data*.

    Raises:
        ValueError: if the archive is larger than any that :func:`pack` makes.
        KeyError: if it is not of these leaves.
        zipfile.BadZipFile: if it is none.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    if sum(one.file_size for one in archive.infolist()) > 4 * MOST_BYTES:
        raise ValueError("more values than are ever stored")
    fast = json.loads(archive.read(_FAST))
    leaves = {path: replace(leaf, digest=fast[path]) for path, leaf in sealed.leaves.items()}
    return Fingerprint(leaves, _sources(archive, list(leaves)), digests=sealed.known)


def _sources(archive: zipfile.ZipFile, paths: list[str]) -> Callable[[Leaf], Source | None]:
    numbers = {path: number for number, path in enumerate(paths)}
    names = set(archive.namelist())

    def source(leaf: Leaf) -> Source | None:
        number = numbers[leaf.path]
        if f"{number}.npy" in names:
            raw = io.BytesIO(archive.read(f"{number}.npy"))
            try:
                return ArraySource(np.load(raw, allow_pickle=False))
            except (ValueError, TypeError):  # numbers that this platform does not have
                return None
        if f"{number}.json" in names:
            return TextSource(json.loads(archive.read(f"{number}.json")))
        return None

    return source
