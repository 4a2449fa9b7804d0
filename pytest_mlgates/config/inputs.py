"""The files that a declared gate judges, and their digests: for the lock, in milliseconds.

A pointer of Git LFS or DVC stands for the data that it points to. Standard library only.
"""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.files import sha256_of_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_LFS = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = 1024
_MD5 = re.compile(r"^\s*-?\s*md5:\s*([0-9a-f]{32}(?:\.dir)?)\s*$", re.MULTILINE)
_ENTRY = re.compile(r"([A-Za-z_][\w.]*):[A-Za-z_][\w.]*")
MISSING = "missing"


def inputs(
    definition: Mapping[str, Any],
    base: Path,
    pythonpath: tuple[str, ...] = (),
    digest: Callable[[Path], str] = sha256_of_file,
) -> dict[str, str]:
    """The digest of every file that a gate judges, by its path relative to *base*.

    Args:
        definition: As ``config.definitions`` has it.
        base: The folder that paths are relative to.
        pythonpath: Where the modules of the project are.
        digest: Of a file; one that is cached where that is safe.
    """
    found: dict[str, str] = {}
    for path in named(definition, base, pythonpath):
        full = base / path
        found[path] = digest_of(full, digest)
    return dict(sorted(found.items()))


def digest_of(path: Path, digest: Callable[[Path], str] = sha256_of_file) -> str:
    """``sha256:…`` of what *path* holds or points to, ``md5:…`` where only DVC knows it.

    ``missing`` where there is neither.
    """
    if path.is_file():
        return _of_lfs_pointer(path) or digest(path)
    pointer = path.with_name(f"{path.name}.dvc")
    if pointer.is_file():
        told = _MD5.search(pointer.read_text(encoding="utf-8", errors="replace"))
        if told is not None:
            return f"md5:{told[1]}"
    return MISSING


def _of_lfs_pointer(path: Path) -> str | None:
    if path.stat().st_size > _POINTER_BYTES:
        return None
    text = path.read_bytes()
    if not text.startswith(_LFS):
        return None
    told = re.search(rb"^oid (sha256:[0-9a-f]{64})$", text, re.MULTILINE)
    return told[1].decode() if told else None


def named(definition: Mapping[str, Any], base: Path, pythonpath: tuple[str, ...]) -> Iterator[str]:
    """The files that a gate judges, relative to *base*, whether they are there or not."""
    gate, table = definition["gate"], definition.get("table", {})
    if isinstance(table.get("path"), str):
        yield from _files(table["path"], base)
    owned = ((gate, "suite"), (gate, "no_worse_than"), (gate, "against"), (table, "model"))
    for owner, key in owned:
        value = owner.get(key)
        if not isinstance(value, str):
            continue
        module = _ENTRY.fullmatch(value)
        if module:
            yield from _module(module[1], base, pythonpath)
        elif ":" not in value:
            yield from _files(value, base)
    for key in ("entry", "metric"):
        module = _ENTRY.fullmatch(str(gate.get(key, "")))
        if module:
            yield from _module(module[1], base, pythonpath)
    for name in definition.get("plugins", ()):
        yield from _module(str(name), base, pythonpath)


def _files(pattern: str, base: Path) -> Iterator[str]:
    """The files that *pattern* (a file, a folder or a glob) names; itself where there is none."""
    full = base / pattern
    if full.is_dir():
        names = [str(p) for p in full.rglob("*") if p.is_file() and not p.name.startswith(".")]
    elif any(char in pattern for char in "*?["):
        names = [name for name in glob.glob(str(full), recursive=True) if os.path.isfile(name)]  # noqa: PTH113, PTH207
    else:
        names = []
    if not names:
        yield Path(pattern).as_posix()
    for name in names:
        yield Path(os.path.relpath(name, base)).as_posix()


def _module(name: str, base: Path, pythonpath: tuple[str, ...]) -> Iterator[str]:
    """The source of a module of the project, and of its whole package: what it may import."""
    top = name.partition(".")[0]
    for folder in (*(base / entry for entry in pythonpath), base):
        if (folder / f"{top}.py").is_file():
            yield Path(os.path.relpath(folder / f"{top}.py", base)).as_posix()
            return
        if (folder / top).is_dir():
            for file in (folder / top).rglob("*.py"):
                yield Path(os.path.relpath(file, base)).as_posix()
            return
