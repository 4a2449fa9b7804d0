"""Fingerprints outside of a process: with contents in a folder, or as digests alone. No pickles."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import write_atomically
from pytest_mlgates.engines.hashing import FORM
from pytest_mlgates.engines.leaves import Fingerprint, Leaf
from pytest_mlgates.engines.sources import ArraySource, Source, TextSource

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from pathlib import Path

_LEAVES = "leaves.json"


def save(fingerprint: Fingerprint, folder: Path, paths: Container[str] | None = None) -> None:
    """Write *fingerprint* into *folder*.

    Args:
        fingerprint: What to write.
        folder: Is made.
        paths: Whose contents to write too; None: all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(fingerprint.leaves):
        if paths is not None and path not in paths:
            continue
        content = fingerprint.content(path)
        if isinstance(content, np.ndarray):
            np.save(folder / f"{number}.npy", content, allow_pickle=False)
        elif content is not None:
            (folder / f"{number}.json").write_text(json.dumps(content), encoding="ascii")
    leaves = [asdict(leaf) for leaf in fingerprint.leaves.values()]
    written = {"leaves": leaves, "digests": dict(fingerprint.known)}
    write_atomically(folder / _LEAVES, json.dumps(written))


def load(folder: Path) -> Fingerprint:
    """The fingerprint in *folder*; contents are read when they are asked for.

    Raises:
        OSError: if there is none.
    """
    written = json.loads((folder / _LEAVES).read_text(encoding="utf-8"))
    leaves = _leaves(written["leaves"])
    numbers = {path: number for number, path in enumerate(leaves)}

    def source(leaf: Leaf) -> Source | None:
        stem = folder / str(numbers[leaf.path])
        if stem.with_suffix(".npy").exists():
            array = np.load(stem.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
            return ArraySource(array)
        if stem.with_suffix(".json").exists():
            return TextSource(json.loads(stem.with_suffix(".json").read_text(encoding="ascii")))
        return None

    return Fingerprint(leaves, source, digests=written["digests"])


def to_dict(fingerprint: Fingerprint) -> dict[str, Any]:
    """*fingerprint* as plain types: cryptographic digests, digests of rows, no contents.

    Raises:
        MLGatesError: if a value has been changed in place since it was fingerprinted.
    """
    sealed = fingerprint.sealed()
    return {
        "form": FORM.decode(),
        "digest": sealed.digest,
        "leaves": [asdict(leaf) for leaf in sealed.leaves.values()],
    }


def from_dict(written: Mapping[str, Any]) -> Fingerprint:
    """The fingerprint of :func:`to_dict`.

    Raises:
        MLGatesError: if it was made with another canonical form, or is not whole.
    """
    if written.get("form") != FORM.decode():
        raise MLGatesError(
            "a stored fingerprint has another form than this version makes",
            got=str(written.get("form")),
            want=FORM.decode(),
            fix="store it again with this version",
        )
    leaves = _leaves(written["leaves"])
    digests = {path: leaf.digest for path, leaf in leaves.items()}
    found = Fingerprint(leaves, digests=digests, kept=False)
    if found.digest != written["digest"]:
        raise MLGatesError(
            "a stored fingerprint does not belong to its digest",
            got=found.digest,
            want=str(written["digest"]),
            fix="restore the file, or store the fingerprint again",
        )
    return found


def _leaves(rows: Iterable[Mapping[str, Any]]) -> dict[str, Leaf]:
    return {row["path"]: Leaf(**{**row, "shape": tuple(row["shape"])}) for row in rows}
