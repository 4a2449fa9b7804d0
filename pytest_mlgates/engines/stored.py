"""Fingerprints in a folder: how one process hands its result to another, without pickles."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.files import write_atomically
from pytest_mlgates.engines.canonical import Content, Fingerprint, Leaf

if TYPE_CHECKING:
    from collections.abc import Container
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
    write_atomically(folder / _LEAVES, json.dumps(leaves))


def load(folder: Path) -> Fingerprint:
    """The fingerprint in *folder*; contents are read when they are asked for.

    Raises:
        OSError: if there is none.
    """
    rows = json.loads((folder / _LEAVES).read_text(encoding="utf-8"))
    leaves = {row["path"]: Leaf(**{**row, "shape": tuple(row["shape"])}) for row in rows}
    numbers = {path: number for number, path in enumerate(leaves)}

    def content(leaf: Leaf) -> Content | None:
        stem = folder / str(numbers[leaf.path])
        if stem.with_suffix(".npy").exists():
            array: Content = np.load(stem.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
            return array
        if stem.with_suffix(".json").exists():
            texts: Content = json.loads(stem.with_suffix(".json").read_text(encoding="ascii"))
            return texts
        return None

    return Fingerprint(leaves, content)
