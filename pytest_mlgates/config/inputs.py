"""The files that a declared gate judges, and their digests: for the lock, in milliseconds.

A pointer of Git LFS or DVC stands for the data that it points to. Standard library only.
"""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlgates.config.pointers import SUFFIX, dvc_pointer, lfs_digest
from pytest_mlgates.core.known_digests import sha256_of_unchanged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_ENTRY = re.compile(r"([A-Za-z_][\w.]*):[A-Za-z_][\w.]*")
_OF_TOOLS = frozenset({"__pycache__", ".git"})
# Where digests would be, of files that are not here: with a pointer of DVC in their place, without.
MISSING = "missing"
POINTED = "pointed to"
# Behind the digest in a pointer of DVC that is not the one of the data beside it.
OTHER = " (other data is here)"


def digests_of(
    files: Iterable[str], base: Path, known: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The digest of every one of *files* (relative to *base*), and of their pointers of DVC.

    ``sha256:…`` of what a file holds or, as a pointer of Git LFS, stands for; ``md5:…`` of a
    pointer of DVC, as it says. What is *known* of a file already is not computed again.
    """
    found: dict[str, str] = {}
    pointers: dict[str, str] = {}
    for path in files:
        full = base / path
        pointer = dvc_pointer(full, base)
        if full.is_file():
            told = (known or {}).get(path)
            found[path] = told or lfs_digest(full) or sha256_of_unchanged(full)
        else:
            found[path] = MISSING if pointer is None else POINTED
        if pointer is not None:
            name = Path(os.path.relpath(pointer.file, base)).as_posix()
            if name not in pointers:
                other = pointer.is_here and not pointer.matches
                pointers[name] = f"md5:{pointer.md5}{OTHER if other else ''}"
    return dict(sorted((found | pointers).items()))


def changed_files(locked: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What is not as it was *locked*, a line each.

    Data that is not here is as it was where its pointer of DVC is.
    """
    pointed = [  # what became of these their pointers say, in a line of their own
        path.removesuffix(SUFFIX)
        for path, digest in now.items()
        if digest.startswith("md5:") and path in locked
    ]
    lines = []
    for path in sorted({*locked, *now}):
        digest = now.get(path, POINTED)
        if digest.endswith(OTHER):
            lines.append(f"{path.removesuffix(SUFFIX)} is not the data that {path} says")
        elif digest == POINTED and any(f"{path}/".startswith(f"{one}/") for one in pointed):
            continue
        elif digest == MISSING or locked.get(path) != now.get(path):
            gone = digest in (MISSING, POINTED)
            how = "is gone" if gone else "changed" if path in locked else "is new"
            lines.append(f"{path} {how}")
    return lines


class Named(NamedTuple):
    """What a gate judges.

    Attributes:
        files: Relative to the folder of the configuration, whether they are there or not.
        unfollowed: Why that may not be all: code of which only a run knows what it brings in.
    """

    files: tuple[str, ...]
    unfollowed: tuple[str, ...]


def named(definition: Mapping[str, Any], base: Path, pythonpath: tuple[str, ...]) -> Named:
    """The files that a gate judges: its data, its contract, and the code of the project it runs.

    Where a gate names its ``inputs``, these stand for what cannot be followed.
    """
    from pytest_mlgates.config.imports_in_source import Code  # not for a hook that only has data

    gate = definition["gate"]
    code = Code(base, pythonpath)
    files = dict.fromkeys(data_of(definition, base))
    for _, value in _owned(definition):
        if module := _ENTRY.fullmatch(value):
            code.add_module(module[1])
    for key in ("entry", "metric"):
        module = _ENTRY.fullmatch(str(gate.get(key, "")))
        if module:
            code.add_module(module[1])
    for name in definition.get("plugins", ()):
        code.add_module(str(name))
    if isinstance(gate.get("command"), str):
        code.add_command(gate["command"])
    unfollowed = () if gate.get("inputs") else tuple(code.unfollowed)
    return Named((*files, *(name for name in code.files if name not in files)), unfollowed)


def data_of(definition: Mapping[str, Any], base: Path) -> tuple[str, ...]:
    """The files that a gate names: of its table, contract, model, champion, and its ``inputs``."""
    names = (name for one in patterns_of(definition) for name in files_of(one, base))
    return tuple(dict.fromkeys(names))


def patterns_of(definition: Mapping[str, Any]) -> list[str]:
    """What a gate names: files, folders and globs."""
    table, told = definition.get("table", {}), definition["gate"].get("inputs")
    patterns = [table["path"]] if isinstance(table.get("path"), str) else []
    patterns += [value for _, value in _owned(definition) if ":" not in value]
    patterns += map(str, told) if isinstance(told, list | tuple) else ()
    return patterns


def registered(definition: Mapping[str, Any]) -> dict[str, str]:
    """What a gate names that is no file and no code, by key: a registry says what it is."""
    return {
        key: value
        for key, value in _owned(definition)
        if ":" in value and _ENTRY.fullmatch(value) is None
    }


def _owned(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    gate, table = definition["gate"], definition.get("table", {})
    owned = ((gate, "suite"), (gate, "no_worse_than"), (gate, "against"), (table, "model"))
    for owner, key in owned:
        if isinstance(owner.get(key), str):
            yield key, owner[key]


def files_of(pattern: str, base: Path) -> Iterator[str]:
    """The files that *pattern* (a file, a folder or a glob) names; itself where there is none.

    Links to folders are followed, and those that lead nowhere are files that are not here. A
    pointer of DVC stands for its data, which may not be here either.
    """
    full = base / pattern
    names: Iterable[str] = ()
    if full.is_dir():
        names = (part for name in _within(str(full)) for part in _pointed(name, base))
    elif any(char in pattern for char in "*?["):
        found = [
            name
            for name in glob.glob(str(full), recursive=True)  # noqa: PTH207
            if not os.path.isdir(name) and _OF_TOOLS.isdisjoint(Path(name).parts)  # noqa: PTH112
        ]
        pointed = glob.glob(f"{full}{SUFFIX}", recursive=True)  # noqa: PTH207
        names = [part for name in found for part in _pointed(name, base)]
        names += [part for name in pointed for part in _data(name.removesuffix(SUFFIX))]
    names = list(dict.fromkeys(names))
    if not names:
        yield Path(pattern).as_posix()
    for name in names:
        yield Path(os.path.relpath(name, base)).as_posix()


def _within(folder: str) -> Iterator[str]:
    """The files in *folder*, in order, but those with a dot before their names.

    What Python and git keep of their own in it is no part of what anybody judges.
    """
    seen = set()
    for at, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(at)
        if real in seen:  # a link to what is around it
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if name not in _OF_TOOLS)
        yield from (os.path.join(at, name) for name in sorted(names) if name[0] != ".")  # noqa: PTH118


def _pointed(name: str, base: Path) -> Iterator[str]:
    """The data of a pointer of DVC; any other file itself."""
    if name.endswith(SUFFIX):
        data = name.removesuffix(SUFFIX)
        pointer = dvc_pointer(Path(data), base)
        if pointer is not None and str(pointer.file) == name:
            yield from _data(data)
            return
    yield name


def _data(name: str) -> Iterator[str]:
    """A file, or the files of a folder."""
    found = list(_within(name)) if os.path.isdir(name) else []  # noqa: PTH112
    yield from found or [name]
