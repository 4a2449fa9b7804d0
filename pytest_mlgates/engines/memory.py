"""How much memory queries over files may take before they spill to disk."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pytest_mlgates.core.errors import MLGatesError

ENVIRONMENT = "MLGATES_MEMORY_LIMIT"
_SHARE = 0.5
_LEAST = 256 << 20
_UNITS = {
    "": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate(("", "K", "M", "G", "T"))},
    **{f"{prefix}IB": 1024**power for power, prefix in enumerate(("K", "M", "G", "T"), start=1)},
}
_PROC, _GROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def limit() -> int | None:
    """Bytes: what ``MLGATES_MEMORY_LIMIT`` says, else half of what is free here.

    Free is what the system has available and, in a container, what its limit leaves. None where
    neither is known: the engine then has its own limit.

    Raises:
        MLGatesError: if the variable is not a size.
    """
    given = stated()
    if given is not None:
        return given
    known = [free for free in (_available(), *_left_in_groups()) if free is not None]
    return max(int(min(known) * _SHARE), _LEAST) if known else None


def stated() -> int | None:
    """What ``MLGATES_MEMORY_LIMIT`` says in bytes, None where it says nothing.

    Raises:
        MLGatesError: if it is not a size.
    """
    given = os.environ.get(ENVIRONMENT, "").strip()
    return _size(given) if given else None


def _size(given: str) -> int:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?I?B?)", given.upper())
    if found:
        unit = found[2] if found[2].endswith("B") or not found[2] else f"{found[2]}B"
        size = int(float(found[1]) * _UNITS[unit]) if unit in _UNITS else 0
        if size >= 1 << 20:
            return size
    raise MLGatesError(
        f"{ENVIRONMENT} is not a size",
        where="environment",
        got=repr(given),
        want="a number of bytes with a unit, at least 1MB",
        fix=f"{ENVIRONMENT}=2GB",
    )


def _available() -> int | None:
    try:
        for line in (_PROC / "meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        return None


def _left_in_groups() -> list[int]:
    """What each control group of this process leaves, version 2 and version 1."""
    try:
        lines = (_PROC / "self" / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, names = _GROUPS, ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            root = _GROUPS / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        own = root / path.lstrip("/")
        # A container may see its own group as the root of all, whatever its path is called.
        folders = [root, *(f for f in (own, *own.parents) if root in f.parents)]
        found += [left for folder in folders if (left := _left(folder, *names)) is not None]
    return found


def _left(folder: Path, most: str, used: str) -> int | None:
    try:
        total = int((folder / most).read_text(encoding="ascii"))
        cached = _reclaimable(folder)
        return max(total - int((folder / used).read_text(encoding="ascii")) + cached, 0)
    except (OSError, ValueError):  # no such group, or "max": no limit
        return None


def _reclaimable(folder: Path) -> int:
    """The part of a group's usage that is only cached files."""
    try:
        for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines():
            key, _, value = line.partition(" ")
            if key in ("inactive_file", "total_inactive_file"):
                return int(value)
    except (OSError, ValueError):
        pass
    return 0
