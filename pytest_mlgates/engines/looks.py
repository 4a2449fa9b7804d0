"""What differing values look like: addresses of objects, names of files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from pytest_mlgates.engines.canonical import Array, Texts

Looks = Literal["", "address", "files"]
_WRITTEN = re.compile(r"\b0x[0-9a-f]{6,16}\b")
_KEY = re.compile(r"\[(\d+)\]$")
_FILES = re.compile(
    r"\.(arrow|avi|bin|bmp|csv|dcm|feather|flac|gif|gz|h5|hdf5|html|ipc|jpe?g|jsonl?|md|mp[34]|"
    r"ndjson|np[yz]|nii|orc|parquet|pdf|pkl|png|pt|pq|tar|tiff?|tsv|txt|wav|webp|xlsx|xml|ya?ml|"
    r"zip|zst)$",
    re.IGNORECASE,
)
_MOST = 1000


def of_numbers(a: Array, b: Array) -> Looks:
    """What the values of *a* and *b* that differ have in common."""
    if a.dtype.kind not in "iuf" or not a.size:
        return ""
    return "address" if _are_addresses(a[:_MOST]) and _are_addresses(b[:_MOST]) else ""


def of_texts(a: Texts, b: Texts) -> Looks:
    """What the texts of *a* and *b* that differ have in common."""
    mine, theirs = ([one for one in texts[:_MOST] if one is not None] for texts in (a, b))
    if not mine or not theirs:
        return ""
    if all(_WRITTEN.search(one) for one in (*mine, *theirs)):
        return "address"
    if all(_FILES.search(one) for one in (*mine, *theirs)):
        return "files"
    return ""


def of_key(path: str) -> Looks:
    """What the last key of *path* looks like."""
    found = _KEY.search(path)
    if found is None or int(found[1]) >= 2**63:
        return ""
    return "address" if _are_addresses(np.array([int(found[1])])) else ""


def _are_addresses(values: Array) -> bool:
    """Whether all are where objects of this process may be; other processes use like places."""
    if values.dtype.kind == "f":
        if not np.isfinite(values).all() or (np.abs(values) >= 2**63).any():
            return False
        whole = values.astype(np.int64)
        if (whole != values).any():
            return False
        values = whole
    if (values % 16 != 0).any() or (values < 2**20).any():
        return False
    places = np.array([id(object()), id([0] * 10_000), id(type("Somewhere", (), {}))])
    ratio = values[:, None].astype(float) / places
    return bool(((ratio > 0.5) & (ratio < 2)).any(axis=1).all())
