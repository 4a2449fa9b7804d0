"""Where a gate stands, to the line: for annotations in reviews.

Read from the sources when a report asks, not while gates run; nothing is imported.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, NamedTuple

from pytest_mlgates.config.markers_in_source import read_source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_mlgates.config.markers_in_source import SourceGate
    from pytest_mlgates.core.verdict import Verdict


_LONGEST_LINE = 9  # digits


class Place(NamedTuple):
    """A file, relative to what was asked for, and a line of it, from 1."""

    path: str
    line: int


def place_of(verdict: Verdict, base: Path, root: Path) -> Place | None:
    """The line of the marker, or of the TOML table, that demands *verdict*.

    Args:
        verdict: Of a run in the project at *base*.
        base: The folder of its configuration.
        root: What the path is relative to: the root of the repository.

    Returns:
        None where the verdict does not say its file, or the file is outside of *root*.
    """
    if not verdict.where:
        return None
    name, _, told = verdict.where.rpartition(":")
    if not told.isdecimal() or len(told) > _LONGEST_LINE:
        name, told = verdict.where, ""
    path = base / name
    try:
        shown = path.resolve().relative_to(root.resolve()).as_posix()
    except (OSError, ValueError):
        return None
    line = max(1, int(told)) if told else 1
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return Place(shown, line)
    if path.suffix == ".toml":
        keys = ("gates", verdict.id) if path.name == "mlgates.toml" else _in_pyproject(verdict.id)
        return Place(shown, _header_line(text, keys) or line)
    return Place(shown, _marker_line(text, verdict) or line)


def line_of(path: Path, where: str) -> int | None:
    """The line of ``pyproject.toml [tool.mlgates.gates.x] min`` in *path*."""
    told = re.search(r"(\[+[^\]]*\]+)(?: (\S+))?", where)
    if told is None:
        return None
    return _header_line(path.read_text(encoding="utf-8"), _keys(told[1]), told[2])


def _header_line(text: str, wanted: tuple[str, ...], key: str | None = None) -> int | None:
    """The line of the table *wanted*, of its *key* where that is found."""
    line = None
    inside = False
    for number, raw in enumerate(text.splitlines(), start=1):
        stripped = raw.strip()
        if stripped.startswith("["):
            inside = _keys(stripped) == wanted
            line = line or (number if inside else None)
        elif inside and key and re.match(rf"[\"']?{re.escape(key)}[\"']?\s*=", stripped):
            return number
    return line


def _in_pyproject(gate: str) -> tuple[str, ...]:
    return ("tool", "mlgates", "gates", gate)


def _keys(header: str) -> tuple[str, ...]:
    """``[a."b.c"]`` as ``("a", "b.c")``."""
    try:
        table = tomllib.loads(header)
    except tomllib.TOMLDecodeError:
        return ()
    keys = []
    while table:
        key = next(iter(table))
        keys.append(key)
        table = table[key]
        table = table[0] if isinstance(table, list) else table
    return tuple(keys)


def _marker_line(text: str, verdict: Verdict) -> int | None:
    """The line of the marker in the source *text* that demands *verdict*."""
    gates: Mapping[str, SourceGate] = read_source(text).gates
    given = [gate for key, gate in gates.items() if key == verdict.id]
    if given:
        return given[0].line
    if "::" not in verdict.id:  # an id with the parameters of its test
        stem = verdict.id.partition("[")[0]
        return next((gate.line for key, gate in gates.items() if key == stem), None)
    _, *names, claim = verdict.id.split("::")
    claim = claim.partition("@")[0]
    owner = "::".join([name.partition("[")[0] for name in names])
    while True:  # on the test, else on its class, else on the module
        found = gates.get(f"{owner}::{claim}" if owner else claim)
        if found is not None:
            return found.line
        if not owner:
            return None
        owner = owner.rpartition("::")[0]
