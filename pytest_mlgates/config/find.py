"""Which configuration file governs a path: the nearest ancestor that has one.

Standard library only: a hook asks this before it imports anything.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from os.path import isfile, join
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import ConfigurationError
from pytest_mlgates.core.text import line_of

if TYPE_CHECKING:
    from pathlib import Path

OWN_NAME = "mlgates.toml"
PYPROJECT = "pyproject.toml"
NAMES = (OWN_NAME, PYPROJECT)


def find(start: Path) -> Path | None:
    """The configuration file of the nearest folder at or above *start* that has one.

    Raises:
        ConfigurationError: if that folder has two, or one is not TOML.
    """
    folder = start if start.is_dir() else start.parent
    for candidate in (folder, *folder.parents):
        # Every gate that is called as a function asks this: no path is made of what is not there.
        place = str(candidate)
        there = [candidate / name for name in NAMES if isfile(join(place, name))]  # noqa: PTH113, PTH118
        found = [path for path in there if has_gates(path)]
        if len(found) > 1:
            raise ConfigurationError(
                "two configurations side by side",
                where=str(candidate),
                got=f"{OWN_NAME} and [tool.mlgates] in {PYPROJECT}",
                fix="keep one of them",
            )
        if found:
            return found[0]
    return None


def has_gates(path: Path) -> bool:
    """Whether *path* is a configuration file of ours (cheap: the text is searched first)."""
    if not path.is_file():
        return False
    if path.name == OWN_NAME:
        return True
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return b"mlgates" in content and "mlgates" in _tool(_toml(path, content))


def is_name(name: str) -> bool:
    """Whether *name*, with ``/`` between folders, is one that a configuration may have."""
    return name.rpartition("/")[2] in NAMES


def section(path: Path | None, *parts: str) -> str:
    """``[tool.mlgates.gates.NAME]``, or what *path* calls it: a file of our own has no prefix."""
    prefix = ("tool", "mlgates") if path is None or path.name == PYPROJECT else ()
    return f"[{'.'.join([*prefix, *parts])}]"


def read(path: Path) -> dict[str, Any]:
    """The raw table of *path*.

    Raises:
        ConfigurationError: if it is missing, unreadable, not TOML, or has no such table.
    """
    if path.name == PYPROJECT:
        tool = _tool(_content(path))
        if "mlgates" not in tool:
            raise ConfigurationError(
                "there is no [tool.mlgates]", where=str(path), fix="add [tool.mlgates.gates.…]"
            )
        table = tool["mlgates"]
        if not isinstance(table, dict):
            raise ConfigurationError("[tool.mlgates] is not a table", where=str(path))
        return table
    return _content(path)


def _tool(table: dict[str, Any]) -> dict[str, Any]:
    tool = table.get("tool", {})
    return tool if isinstance(tool, dict) else {}


def _content(path: Path) -> dict[str, Any]:
    try:
        return _toml(path, path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"{path.name} cannot be read", where=str(path), got=str(error.strerror)
        ) from None


def _toml(path: Path, content: bytes) -> dict[str, Any]:
    try:
        return parsed(content.decode())
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path.name} is not UTF-8 text", where=f"{path}:{line_of(error)}"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{path.name} is not TOML", where=str(path), got=str(error)
        ) from None


@lru_cache(maxsize=16)
def parsed(text: str) -> dict[str, Any]:
    """TOML, read once for all that ask for the same text in a process; not to be changed."""
    return tomllib.loads(text)
