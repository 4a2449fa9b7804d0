"""What a command wrote, as values: tables and numbers where a file holds them, else its bytes.

Pickles and their like are never opened: that runs whatever is in them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Sequence

_TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".arrow", ".feather")
_PACKED = (".gz", ".zst")
# Files whose bytes may differ where what they hold does not.
OPAQUE = (".joblib", ".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".keras", ".h5", ".hdf5", ".zip")
_MOST_BYTES = 1 << 30


def collected(folder: Path, names: Sequence[str], *, exact: bool) -> dict[str, Any]:
    """The values of the files *names* in *folder*, by name.

    Args:
        folder: In which the command wrote them.
        names: Files or folders, relative to it.
        exact: Whether the bytes of a table count too; its values alone are compared otherwise.

    Raises:
        MLGatesError: for one that is missing, naming what is there, or that is a link to what no
            run made; and if none of them holds anything.
    """
    found: dict[str, Any] = {}
    hollow: list[str] = []
    for name in names:
        path = folder / name
        if not path.exists():
            raise _missing(folder, name)
        _refuse_elsewhere(folder, path, name)
        values = _values(path)
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
    return found


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
    """What the file holds, None if it is no file of values that can be read."""
    if not path.is_file() or path.stat().st_size > _MOST_BYTES:
        return None
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in _PACKED]
    suffix = suffixes[-1] if suffixes else ""
    try:
        if suffix in _TABLES:
            return _columns(path)
        if suffix == ".json":
            value = json.loads(path.read_text("utf-8"))
            return value if isinstance(value, dict | list) else None
        if suffix == ".npy":
            return np.load(path, allow_pickle=False)
        if suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
    except (MLGatesError, ValueError, OSError, RecursionError):
        return None  # whatever is wrong with it, its bytes can be compared
    return None


def _columns(path: Path) -> dict[str, Any]:
    from pytest_mlgates.engines.tables import to_table  # dear to import

    table = to_table(path)
    return table.arrays(table.columns) if table.n_rows else {}
