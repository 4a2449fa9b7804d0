"""Which globals a pickle may import: those that are known to be harmless, by exact name.

A name that is neither known nor on the scanner's list of dangerous ones is refused too: lists of
dangerous names are never complete (an importable file of any library may run what it is given).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def known() -> frozenset[tuple[str, str]]:
    """``(module, name)`` of everything that is known to be harmless."""
    text = Path(__file__).with_name("known_globals.txt").read_text(encoding="utf-8")
    lines = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return frozenset((module, name) for module, _, names in lines for name in names.split())


def is_plausible(module: str) -> bool:
    """Whether *module* could be imported at all; bytes that only look like a pickle name others."""
    return bool(module) and all(part.isidentifier() for part in module.split("."))
