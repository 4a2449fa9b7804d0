"""What a change weakens in a configuration, its contracts and its tables.

Standard library only.
"""

from __future__ import annotations

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
    for key in ("allow_reruns", "trust_registry"):
        if now.get(key) and not old.get(key):
            yield weaker("*", f"{key} changed from false to true: weaker")
    for line in of_trust(base, folder, old, now):
        yield weaker("*", line)


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
    if isinstance(table, str) and table == after.get("table", {}).get("path"):
        full = joined(folder, table)
        if full in base.files and full in changed and not (base.root / full).exists():
            pointer = (base.root / f"{full}.dvc").is_file()
            if not pointer:
                yield f"its table {table} is gone"


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
