"""What a change weakens in a configuration, its contracts and its tables.

Standard library only.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.definitions import definitions
from pytest_mlgates.config.find import NAMES
from pytest_mlgates.config.loosening import dropped_expectations, expectations_of, loosened
from pytest_mlgates.config.reviewed_trust import of_trust
from pytest_mlgates.config.weakening import Weakening, gates_of, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgates.config.base import Tree

# Files that a gate is held to beside its bound.
_REFERENCES = {"no_worse_than": "champion", "against": "stored run"}
# Where modules come from, what registers metrics, and what seeds derive from.
_INCOMPARABLE: dict[str, Any] = {"pythonpath": [], "plugins": [], "seed": 0}


def of_configuration(
    base: Tree, name: str, old: Mapping[str, Any], changed: frozenset[str]
) -> Iterator[Weakening]:
    """What of its declared gates, and of the settings beside them, is weaker.

    Args:
        base: What is compared with.
        name: The file.
        old: What the base has in it.
        changed: The paths that changed.
    """
    folder = str(PurePosixPath(name).parent)
    text = base.now(name)
    now = gates_of(text or "", name) if text is not None else None
    if now is None:  # from pyproject.toml to mlgates.toml, or back
        moved = (gates_of(base.now(joined(folder, other)) or "", other) for other in NAMES)
        now = next((raw for raw in moved if raw), {})

    def weaker(gate: str, what: str) -> Weakening:
        return Weakening(gate=gate, where=name, what=what, configuration=folder)

    before, after = definitions(old), definitions(now)
    for gate, definition in before.items():
        if gate not in after:
            yield weaker(gate, "the gate is gone" if text is not None else f"{name} is gone")
            continue
        for line in loosened(definition, after[gate]):
            yield weaker(gate, line)
        for line in _of_files(base, folder, definition, after[gate], changed):
            yield weaker(gate, line)
    for gate in old.get("required") or ():
        if gate not in before and gate not in (now.get("required") or ()):
            yield weaker(str(gate), "it is no longer required")
    for key, default in _INCOMPARABLE.items():
        one, other = old.get(key, default), now.get(key, default)
        if one != other:
            change = f"{key} changed from {one!r} to {other!r}"
            yield weaker("*", f"{change}: what gates call or draw cannot be compared")
    for line in _of_privacy(old, now):
        yield weaker("*", line)
    for key in ("allow_reruns", "trust_registry"):
        if now.get(key) and not old.get(key):
            yield weaker("*", f"{key} changed from false to true: weaker")
    for line in of_trust(base, folder, old, now):
        yield weaker("*", line)


def _of_privacy(old: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Tables whose values and small counts were kept from all output, and are no more.

    One that is declared no more counts too: tests may read its file.
    """
    kept = {path for path, private in _tables(now) if private}
    for path in sorted({path for path, private in _tables(old) if private} - kept):
        yield f"table {path} is no longer private: its values and small counts may be shown"


def _tables(raw: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    tables = raw.get("tables")
    for table in tables.values() if isinstance(tables, dict) else ():
        if isinstance(table, dict) and isinstance(table.get("path"), str):
            yield table["path"], table.get("private") is True


def _of_files(
    base: Tree,
    folder: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    changed: frozenset[str],
) -> Iterator[str]:
    """What is gone of a gate's contract and table."""
    yield from of_suites(base, folder, before["gate"], after["gate"])
    table = before.get("table", {}).get("path")
    if isinstance(table, str) and table == after.get("table", {}).get("path") and changed:
        yield from _of_table(base, folder, table)
    yield from of_references(base, folder, before["gate"], after["gate"])


def _of_table(base: Tree, folder: str, table: str) -> Iterator[str]:
    """What files *table* (one, a folder or a glob) loses; pointers of DVC count as the data."""
    full = joined(folder, table)
    old = {name.removesuffix(".dvc") for name in base.files if _is_named(name, full)}
    if not old:
        return
    kept = (name for name in base.tracked if _is_named(name, full))
    new = {
        name.removesuffix(".dvc")
        for name in kept
        # What a sparse checkout leaves out did not change.
        if name not in base.changed or os.path.lexists(base.root / name)
    }
    lost = sorted(old - new)
    # A file that took the place of another is other data, as under the same name.
    if not new:
        yield f"its table {table} is gone"
    elif len(lost) > len(new - old):
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        yield f"its table {table} has fewer files than before: {lost[0]}{more}"


def _is_named(name: str, pattern: str) -> bool:
    """Whether a table's path *pattern* reads the file *name*, itself or by its pointer of DVC."""
    data = name.removesuffix(".dvc")
    if data == pattern or data.startswith(f"{pattern}/"):
        return True
    return any(char in pattern for char in "*?[") and _fits(data.split("/"), pattern.split("/"))


def _fits(name: list[str], pattern: list[str]) -> bool:
    if not pattern or not name:
        return not pattern and not name
    if pattern[0] == "**":
        return any(_fits(name[skipped:], pattern[1:]) for skipped in range(len(name)))
    return fnmatchcase(name[0], pattern[0]) and _fits(name[1:], pattern[1:])


def of_references(
    base: Tree, folder: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[str]:
    """What a gate is held to, if its file changed under the same name.

    Args:
        base: What is compared with.
        folder: Of the configuration, which paths are relative to.
        before: What the gate was given.
        after: What it is given now.
    """
    for key, what in _REFERENCES.items():
        value = before.get(key)
        if not isinstance(value, str) or ":" in value or value != after.get(key):
            continue
        path = joined(folder, value)
        names = {path, f"{path}.dvc"} & base.files
        if names & base.changed:
            there = any(os.path.lexists(base.root / name) for name in (path, f"{path}.dvc"))
            yield (
                f"its {what} {value} changed: it cannot be compared"
                if there
                else f"its {what} {value} is gone"
            )


def of_suites(
    base: Tree, folder: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[str]:
    """What the contract of a gate demands less.

    Args:
        base: What is compared with.
        folder: Of the configuration, which paths are relative to.
        before: What the gate was given.
        after: What it is given now.
    """
    old, new = before.get("suite"), after.get("suite")
    if isinstance(old, str) and isinstance(new, str):
        path, there = joined(folder, old), joined(folder, new)
        if path != there or path in base.changed:
            yield from _of_suite(base, path, there)
    elif isinstance(old, list) and isinstance(new, list) and old != new:
        yield from dropped_expectations(old, new)
    elif old != new:
        yield f"suite changed from {old!r} to {new!r}: it cannot be compared"


def _of_suite(base: Tree, path: str, there: str) -> Iterator[str]:
    text = base.read(path)
    old = None if text is None else expectations_of(text)
    content = base.now(there)
    if content is None:
        yield f"its contract {there} is gone"
        return
    new = expectations_of(content)
    if old is None or new is None:
        yield f"its contract {there} cannot be compared with that of {base.name}"
        return
    yield from dropped_expectations(old, new)
