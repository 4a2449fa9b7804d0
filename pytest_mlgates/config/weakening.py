"""One thing that a change weakens, and which configuration it belongs to.

Standard library only.
"""

from __future__ import annotations

import posixpath
import tomllib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.find import PYPROJECT, parsed

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakening:
    """One thing that lets more through than before, or of which that cannot be told.

    Attributes:
        gate: The id of the gate.
        where: The file.
        what: What changed.
        configuration: The folder of the configuration that may allow it.
    """

    gate: str
    where: str
    what: str
    configuration: str


def gates_of(text: str, name: str) -> dict[str, Any] | None:
    """``[tool.mlgates]`` of a configuration's *text*; None if it has none."""
    if PurePosixPath(name).name == PYPROJECT and "mlgates" not in text:
        return None
    try:
        raw = parsed(text)
    except tomllib.TOMLDecodeError:
        return {}
    if PurePosixPath(name).name != PYPROJECT:
        return raw
    found = raw.get("tool", {}).get("mlgates")
    return found if isinstance(found, dict) else None


def governing(name: str, bases: Collection[str]) -> str:
    """The folder of the configuration that governs the file *name*: the nearest above it."""
    above = [str(folder) for folder in PurePosixPath(name).parents]
    return next((folder for folder in above if folder in bases), ".")


def joined(folder: str, path: str) -> str:
    """*path*, relative to *folder*, relative to the root of the repository."""
    return posixpath.normpath(posixpath.join(folder, path))
