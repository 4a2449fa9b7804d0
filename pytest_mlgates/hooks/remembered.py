"""What a gate found for the same bytes a moment ago: the names of a commit come in several runs.

pre-commit splits long lists of files over processes, and each that names a file of a table judges
the whole of it. What one found, passed or failed, the next tells as it was. A file per content
stands in the user's cache folder, never in the project: a checkout must not bring verdicts along.
It is locked while the gate is evaluated, and the system lets go of it if the process is killed.
In CI nothing is remembered, nor of private tables, nor of those with a budget, nor what could not
be evaluated.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pytest_mlgates.core.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgates.config.model import Configuration, DeclaredGate

_PACKAGE = Path(__file__).parents[1]
_DECIDING = ("duckdb", "narwhals", "numpy")
# A database has files beside it that decide what it holds.
_DATABASES = (".duckdb", ".db")
# How many contents are remembered, the latest, and the bytes of one that are read.
_MOST, _LARGEST = 200, 1 << 20


@dataclass(slots=True)
class Memory:
    """The verdict that is known, or None: then whoever finds it puts it here."""

    verdict: Verdict | None = None


@contextlib.contextmanager
def remembered(configuration: Configuration, declared: DeclaredGate) -> Iterator[Memory]:
    """What is known of *declared*; what is put there is known to the next process.

    Another process that is evaluating the same is waited for.
    """
    key, folder = _key(configuration, declared), _folder()
    stream = None if key is None or folder is None else _locked(folder / f"{key}.json")
    if key is None or stream is None:
        yield Memory()
        return
    with stream:  # closing lets go of the lock
        known = _known(stream, key)
        memory = Memory(known)
        yield memory
        found = memory.verdict
        # What changed while it was evaluated is not what was found of it.
        new = known is None and found is not None and found.outcome is not Outcome.ERROR
        if new and found is not None and _key(configuration, declared) == key:
            _write(stream, key, found)


def _folder() -> Path | None:
    from pytest_mlgates.core.known_digests import folder

    kept = folder()
    return None if kept is None else kept / "verdicts"


def _key(configuration: Configuration, declared: DeclaredGate) -> str | None:
    """A digest of all that decides what the gate finds; None for what is not remembered."""
    from pytest_mlgates.config.definitions import definitions
    from pytest_mlgates.config.find import read
    from pytest_mlgates.config.inputs import named
    from pytest_mlgates.core.known_digests import sha256_of_unchanged
    from pytest_mlgates.core.waivers import today

    if configuration.path is None or declared.table is None or _folder() is None:
        return None
    settings = configuration.settings.tables[declared.table]
    if settings.private or settings.path.lower().endswith(_DATABASES):
        return None
    if settings.budget is not None:  # what others used of it since decides too
        return None
    base, name = configuration.base, declared.gate.id
    definition = definitions(read(configuration.path)).get(name)
    if definition is None:
        return None
    files = sorted(set(named(definition, base, configuration.settings.pythonpath)[0]))
    try:
        # The bytes, not what a pointer of Git LFS or DVC stands for: those are what is judged.
        inputs = {file: sha256_of_unchanged(base / file) for file in files}
        text = sha256_of_unchanged(configuration.path)
    except OSError:  # missing: told by whoever reads it
        return None
    whole = [str(configuration.path), name, text, inputs, _installed(), today().isoformat()]
    told = json.dumps(whole, sort_keys=True)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


@functools.cache
def _installed() -> list[object]:
    """What decides here: our sources, which an editable install may change, and the libraries."""
    from importlib.metadata import version

    ours = sorted((str(file), file.stat().st_mtime_ns) for file in _PACKAGE.rglob("*.py"))
    return [sys.version, sys.prefix, [version(name) for name in _DECIDING], ours]


def _locked(path: Path) -> IO[bytes] | None:
    """*path*, open and ours alone; None where that cannot be had."""
    try:
        import fcntl
    except ImportError:  # Windows: each process finds out for itself
        return None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        stream = os.fdopen(os.open(path, flags, 0o600), "r+b")
    except OSError:
        return None
    try:
        if os.fstat(stream.fileno()).st_uid == os.getuid():
            fcntl.flock(stream, fcntl.LOCK_EX)
            return stream
    except OSError:  # a file system without locks
        pass
    stream.close()
    return None


def _known(stream: IO[bytes], key: str) -> Verdict | None:
    """What a whole record says; None for one that is new, damaged, or cut off by a kill."""
    try:
        content = json.loads(stream.read(_LARGEST))
        told = content["verdict"]
        if content["key"] != key or content["digest"] != _digest(told):
            return None
        found = Verdict.from_dict(told)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return None if found.outcome is Outcome.ERROR else found


def _write(stream: IO[bytes], key: str, found: Verdict) -> None:
    try:
        told = json.loads(found.to_json())
        if Verdict.from_dict(told).to_dict() != found.to_dict():
            return  # a value that JSON does not give back
        text = json.dumps({"key": key, "digest": _digest(told), "verdict": told}).encode()
        if len(text) > _LARGEST:
            return
        stream.seek(0)
        stream.truncate()
        stream.write(text)
        stream.flush()
    except (OSError, ValueError, TypeError):
        return
    _forget()


def _forget() -> None:
    """Remove all but the latest records."""
    folder = _folder()
    if folder is None:
        return
    with contextlib.suppress(OSError):
        records = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        for old in records[:-_MOST]:
            old.unlink()


def _digest(told: object) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
