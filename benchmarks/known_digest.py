"""In a child: a file that was judged before, whose digest is remembered as users have it."""

from __future__ import annotations

import os
from pathlib import Path


def of(path: str) -> None:
    """Remember the digest of *path* beside it, unless an earlier run did."""
    from pytest_mlgates.core.known_digests import sha256_of_unchanged

    os.environ["MLGATES_DIGEST_CACHE"] = str(Path(path).resolve().parent / "digests")
    sha256_of_unchanged(Path(path))
