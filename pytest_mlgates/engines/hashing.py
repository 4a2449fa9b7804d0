"""Two hashes of a leaf: a fast one to compare runs by, a cryptographic one for the evidence.

xxh3_128 reads as fast as memory does, and equal values never differ in it; whoever wants to can
make other values that agree with it. Nobody can with SHA-256, which takes ten times as long.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_mlgates.engines.sources import Source

# Part of every digest: raised when the canonical form changes, so that old and new never mix.
FORM = b"mlgates-fingerprint-2"
FAST, CRYPTOGRAPHIC = "xxh3", "sha256"


def of_leaf(name: str, kind: str, shape: tuple[int, ...], source: Source | None) -> str:
    """``sha256:<hex>`` or ``xxh3:<hex>`` of a leaf's kind, shape and content.

    Args:
        name: ``FAST`` or ``CRYPTOGRAPHIC``.
        kind: See ``Leaf``.
        shape: See ``Leaf``.
        source: Of its content, None for a container.
    """
    head = f"\0{kind}\0{','.join(map(str, shape))}\0"
    state = _new(name, FORM + head.encode("utf-8", "surrogatepass"))
    if source is not None:
        source.feed(state.update, cryptographic=name == CRYPTOGRAPHIC)
    return f"{name}:{state.hexdigest()}"


def of_leaves(name: str, digests: Iterable[tuple[str, str]]) -> str:
    """``sha256:<hex>`` or ``xxh3:<hex>`` over the paths and digests of all leaves, sorted here."""
    lines = (f"{path}\0{digest.partition(':')[2]}\0" for path, digest in sorted(digests))
    state = _new(name, FORM + "".join(lines).encode("utf-8", "surrogatepass"))
    return f"{name}:{state.hexdigest()}"


def _new(name: str, start: bytes) -> Any:
    if name == CRYPTOGRAPHIC:
        return hashlib.sha256(start)
    import xxhash  # here, so that a run without fingerprints does not pay for it

    return xxhash.xxh3_128(start)
