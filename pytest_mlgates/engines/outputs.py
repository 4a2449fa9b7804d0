"""What a command wrote, as values: tables and numbers where a file holds them, else its bytes.

Pickles and their like are never opened: that runs whatever is in them.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Sequence

_TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".arrow", ".feather")
_TEXTS = (".csv", ".tsv", ".jsonl", ".ndjson")
_VALUES = (".json", ".npy", ".npz")
_PACKED = (".gz", ".zst")
# Files whose bytes may differ where what they hold does not.
OPAQUE = (".joblib", ".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".keras", ".h5", ".hdf5", ".zip")
_MOST_BYTES = 1 << 30
_BROKEN = (ValueError, OSError, EOFError, RecursionError, zipfile.BadZipFile, zlib.error)


class _Unread(Exception):  # noqa: N818  (no mistake: what is then done is said)
    """A file that holds values, and why its bytes are compared in their place."""


@dataclass(slots=True)
class Collected:
    """What the outputs hold.

    Attributes:
        values: By name; a path where the bytes of a file stand for it.
        by_bytes: Why, for a file that its name says to hold values, by name.
    """

    values: dict[str, Any] = field(default_factory=dict)
    by_bytes: dict[str, str] = field(default_factory=dict)


def collected(folder: Path, names: Sequence[str], *, exact: bool) -> Collected:
    """The values of the files *names* in *folder*, by name.

    Args:
        folder: In which the command wrote them.
        names: Files or folders, relative to it.
        exact: Whether the bytes of a table count too; its values alone are compared otherwise.

    Raises:
        MLGatesError: for one that is missing, naming what is there, that is a link to what no run
            made, or that is damaged; and if none of them holds anything.
    """
    result = Collected()
    found = result.values
    hollow: list[str] = []
    for name in names:
        path = folder / name
        if not path.exists():
            raise _missing(folder, name)
        _refuse_elsewhere(folder, path, name)
        try:
            values = _values(path)
        except _Unread as error:
            values = None
            result.by_bytes[name] = str(error)
        except (MLGatesError, *_BROKEN) as error:
            raise _damaged(name, error) from None
        if _holds_nothing(path if values is None else values):
            hollow.append(name)
        if values is None:
            found[name] = path
            continue
        found[name] = values
        if exact:
            found[f"bytes of {name}"] = path
    if len(hollow) == len(found.keys() & set(names)):
        raise MLGatesError(
            "the command wrote nothing to compare, which proves nothing",
            got=f"{', '.join(map(repr, hollow[:10]))}: no rows, no values, or no files",
            want="predictions, a model or metrics",
            fix="let the command write them into the files that `outputs` names",
        )
    return result


def _damaged(name: str, error: BaseException) -> MLGatesError:
    ending = Path(name).suffix
    got = error.got or error.what if isinstance(error, MLGatesError) else str(error).strip()
    return MLGatesError(
        f"output {name!r} is damaged: it cannot be read as what its name says",
        got=got.splitlines()[0][:200] if got else type(error).__name__,
        want=f"a whole {ending} file",
        fix="let the command write it to its end; a file of another kind, whose bytes alone are "
        "compared, needs another ending",
    )


def _refuse_elsewhere(folder: Path, path: Path, name: str) -> None:
    target = path.resolve()
    if not target.is_relative_to(folder.resolve()):
        raise MLGatesError(
            f"output {name!r} is a link that leads out of {{out}}: no run need have made the file",
            got=target.as_posix(),
            want=f"the file itself at {{out}}/{name}",
            fix="let the command write or copy it there",
        )


def _holds_nothing(value: Any) -> bool:
    """Whether an output proves nothing: a table without rows, an empty file or folder."""
    if isinstance(value, Path):
        files = [value] if value.is_file() else value.rglob("*")
        return not any(file.is_file() and file.stat().st_size for file in files)
    if isinstance(value, np.ndarray):
        return not value.size
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return all(map(_holds_nothing, items))
    return False


def _missing(folder: Path, name: str) -> MLGatesError:
    there = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    more = f" and {len(there) - 10:,} more" if len(there) > 10 else ""
    return MLGatesError(
        f"the command did not write {name!r}",
        got=", ".join(there[:10]) + more if there else "no file in {out}",
        want=f"{{out}}/{name}",
        fix="let the command write into the folder that {out} stands for, or mend `outputs`",
    )


def _values(path: Path) -> Any:
    """What the file holds, None if its name promises no values.

    Raises:
        _Unread: if it does, and its bytes are compared all the same.
        Exception: one of ``_BROKEN`` or MLGatesError for a damaged file.
    """
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in _PACKED]
    suffix = suffixes[-1] if suffixes else ""
    packed = path.suffix.lower() in _PACKED
    if not path.is_file() or (suffix not in _TABLES and (packed or suffix not in _VALUES)):
        return None
    if not path.stat().st_size:
        return None  # nothing at all, which is told as such
    if path.stat().st_size > _MOST_BYTES:
        raise _Unread("it is larger than 1 GiB")
    if suffix in _TABLES:
        return _table(path, suffix)
    if suffix == ".json":
        value = json.loads(path.read_text("utf-8"))
        return value if isinstance(value, dict | list) else None
    try:
        loaded = np.load(path, allow_pickle=False)
        if suffix == ".npy":
            return loaded
        with loaded as arrays:
            return {name: arrays[name] for name in arrays.files}
    except ValueError as error:
        if "Object arrays" in str(error):
            raise _Unread("it holds Python objects, which are not opened") from None
        if "pickled" in str(error):  # which numpy takes for anything without its mark
            raise ValueError("it is no array of numpy") from None
        raise


def _table(path: Path, suffix: str) -> Any:
    try:
        return _columns(path)
    except MLGatesError as error:
        if suffix not in _TEXTS:
            raise
        # Anything may be called so: a report, a table under three lines of text, lists as lines.
        raise _Unread(f"it cannot be read as a table ({error.got or error.what})") from None


def _columns(path: Path) -> dict[str, Any]:
    from pytest_mlgates.engines.tables import to_table  # dear to import

    table = to_table(path)
    return table.arrays(table.columns) if table.n_rows else {}
