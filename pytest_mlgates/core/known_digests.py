"""Digests of large files, remembered for as long as a file stays what it was.

They are kept in the user's cache folder and not in the project: a checkout, which others write,
must not bring digests along. Only paths and digests are kept. In CI nothing is trusted but bytes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

from pytest_mlgates.core.ci import is_ci
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import md5_of_file, sha256_of_file, write_atomically

ENVIRONMENT = "MLGATES_DIGEST_CACHE"
_VERSION = 1
# Bytes from which on a file takes longer to digest than to look up.
_WORTH = 8 << 20
# Nanoseconds: a file that is written twice within its clock's step looks written once.
_SETTLED = 2_000_000_000
# How many files are remembered, those that were digested last; a larger record is not read.
_MOST, _LARGEST = 1000, 8 << 20
_DIGEST = re.compile("sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}")


def sha256_of_unchanged(path: Path) -> str:
    """``sha256:<hex>`` of the bytes of *path*, which are read if they may have changed.

    Raises:
        MLGatesError: if the variable that switches this off says neither that nor a folder.
    """
    return _of_unchanged(path, "sha256")


def md5_of_unchanged(path: Path) -> str:
    """``md5:<hex>`` likewise: pointers of DVC hold no other digest.

    Raises:
        MLGatesError: as :func:`sha256_of_unchanged`.
    """
    return _of_unchanged(path, "md5")


def _of_unchanged(path: Path, algorithm: str) -> str:
    compute = sha256_of_file if algorithm == "sha256" else md5_of_file
    record = _record()
    before = _identity(path) if record is not None else None
    if record is None or before is None or before[0] < _WORTH:
        return compute(path)
    name = os.path.abspath(path)  # noqa: PTH100  (the same name where the file is a link)
    key = name if algorithm == "sha256" else f"{algorithm}:{name}"
    entry = _known(record).get(key)
    if entry is not None and entry[:-1] == before and str(entry[-1]).startswith(f"{algorithm}:"):
        return str(entry[-1])
    settled = time.time_ns() - max(before[1], before[2]) >= _SETTLED
    digest = compute(path)
    if settled and _identity(path) == before:
        _remember(record, key, [*before, digest])
    return digest


def _identity(path: Path) -> list[int] | None:
    """What changes when a file does: size, times, inode and device; None without a file.

    The time of the last change of the inode is among them, since ``touch`` and ``cp -p`` set the
    other one back.
    """
    try:
        found = path.stat()
    except OSError:  # told by whoever reads it
        return None
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev]


def _record() -> Path | None:
    """The file that remembers; None where nothing is."""
    kept = folder()
    return None if kept is None else kept / "digests.json"


def folder() -> Path | None:
    """Where things are remembered from run to run; None where nothing is, as in CI.

    Raises:
        MLGatesError: if the variable that switches this off says neither that nor a folder.
    """
    given = os.environ.get(ENVIRONMENT, "").strip()
    if given and given != "off" and not Path(given).is_absolute():
        raise MLGatesError(
            f"{ENVIRONMENT} is no folder",
            where="environment",
            got=repr(given),
            want="off, or the full path of the folder that digests are kept in",
            fix=f"{ENVIRONMENT}=off",
        )
    if is_ci() or given == "off":
        return None
    try:
        return Path(given) if given else _of_user()
    except RuntimeError:  # nobody's home
        return None


def _of_user() -> Path:
    """The folder of this user's caches that is ours."""
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local"
    elif sys.platform == "darwin":
        root = Path.home() / "Library/Caches"
    else:
        # A path that is not absolute is to be ignored (XDG Base Directory Specification).
        named = os.environ.get("XDG_CACHE_HOME", "")
        root = named if named.startswith("/") else Path.home() / ".cache"
    return Path(root) / "pytest-mlgates"


def _known(record: Path) -> dict[str, list[Any]]:
    """What *record* holds, by path; nothing where it is damaged or somebody else's."""
    try:
        with record.open("rb") as stream:
            found = os.fstat(stream.fileno())
            own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
            if not own or found.st_size > _LARGEST:
                return {}
            content = json.loads(stream.read())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        return {}
    files = content.get("files")
    if not isinstance(files, dict):
        return {}
    return {name: entry for name, entry in files.items() if _is_whole(entry)}


def _is_whole(entry: Any) -> bool:
    return (
        isinstance(entry, list)
        and len(entry) == 6
        and all(type(number) is int for number in entry[:-1])
        and isinstance(entry[-1], str)
        and _DIGEST.fullmatch(entry[-1]) is not None
    )


def _remember(record: Path, name: str, entry: list[Any]) -> None:
    """Add *entry* to *record*, if that can be written.

    It is replaced as a whole: of two processes that write at once one may lose its entry, which is
    then computed again, and neither sees a part.
    """
    files = _known(record)
    files.pop(name, None)
    kept = dict([*files.items(), (name, entry)][-_MOST:])
    text = json.dumps({"version": _VERSION, "files": kept})
    with contextlib.suppress(OSError):
        record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(record, text)
