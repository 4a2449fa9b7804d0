"""What a change weakens: the gates of a base tree against those of the working tree.

Standard library only: on most commits there is nothing to find, in milliseconds.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.definitions import definitions, plain
from pytest_mlgates.config.find import NAMES, PYPROJECT
from pytest_mlgates.config.loosening import dropped_expectations, expectations_of, loosened
from pytest_mlgates.config.markers_in_source import KINDS, SourceGates, is_computed, read_source
from pytest_mlgates.core import lock as locks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgates.config.base import Tree
    from pytest_mlgates.core.lock import Lock, LockedGate

_COMPUTED = (
    "an argument of it is computed, and its file changed: it cannot be compared (a lock by "
    "`pytest --mlgates-lock` in both commits says what it demands)"
)


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


def review(base: Tree) -> list[Weakening]:
    """Everything that the working tree weakens."""
    changed = base.changed
    found: list[Weakening] = []
    names = sorted(name for name in base.files if PurePosixPath(name).name in NAMES)
    before = {name: raw for name in names if (raw := _gates_of(base.read(name) or "", name))}
    for name, old in before.items():
        found += _of_configuration(base, name, old, changed)
    locked = _Locks(base)
    bases = [str(PurePosixPath(name).parent) for name in before]
    for name in sorted(changed & base.files):
        if name.endswith(".py"):
            found += _of_source(base, name, _governing(name, bases), locked)
    for folder in bases:
        found += locked.weaker(folder)
    return found


class _Locks:
    """What the locks of both trees say of gates that are tests, as pytest resolved them."""

    def __init__(self, base: Tree) -> None:
        self._base = base
        self._known: dict[str, tuple[dict[str, LockedGate], dict[str, LockedGate]]] = {}

    def of(self, folder: str) -> tuple[dict[str, LockedGate], dict[str, LockedGate]]:
        """The gates of tests in the base's lock of *folder*, and in that of the working tree.

        Raises:
            ConfigurationError: for a damaged lock.
        """
        if folder not in self._known:
            name = _joined(folder, locks.NAME)
            text, now = self._base.read(name), locks.read(self._base.root / name)
            before = None if text is None else locks.parse(text, self._base.root / name)
            self._known[folder] = (_tests(before), _tests(now))
        return self._known[folder]

    def knows(self, folder: str, gate: str) -> bool:
        """Whether both say what *gate* demands: its arguments may be computed."""
        before, now = self.of(folder)
        return any(_is_of(name, gate) for name in before) and any(_is_of(n, gate) for n in now)

    def weaker(self, folder: str) -> Iterator[Weakening]:
        """What gates of tests demand less in the lock of the working tree."""
        before, now = self.of(folder)
        if not now:  # no longer locked: their sources are compared all the same
            return
        for name, gate in before.items():
            if name in now:
                for line in loosened(gate.definition, now[name].definition):
                    yield Weakening(
                        gate=name,
                        where=_joined(folder, locks.NAME),
                        what=line,
                        configuration=folder,
                    )


def _tests(lock: Lock | None) -> dict[str, LockedGate]:
    return {} if lock is None else {n: g for n, g in lock.gates.items() if g.test is not None}


def _is_of(name: str, gate: str) -> bool:
    """Whether *name*, with the parameters of its test, is an id of *gate* in a source."""
    return re.sub(r"\[[^\]]*\]", "", name.partition("@")[0]) == gate


def _gates_of(text: str, name: str) -> dict[str, Any] | None:
    """``[tool.mlgates]`` of a configuration's *text*; None if it has none."""
    if PurePosixPath(name).name == PYPROJECT and "mlgates" not in text:
        return None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    if PurePosixPath(name).name != PYPROJECT:
        return raw
    found = raw.get("tool", {}).get("mlgates")
    return found if isinstance(found, dict) else None


def _governing(name: str, bases: list[str]) -> str:
    """The folder of the configuration that governs the file *name*: the nearest above it."""
    above = [str(folder) for folder in PurePosixPath(name).parents]
    return next((folder for folder in above if folder in bases), ".")


def _of_configuration(
    base: Tree, name: str, old: Mapping[str, Any], changed: frozenset[str]
) -> Iterator[Weakening]:
    folder = str(PurePosixPath(name).parent)
    file = base.root / name
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    new = _gates_of(text, name)
    moved = new is None and [
        other
        for other in NAMES
        if (base.root / folder / other).is_file()
        and _gates_of((base.root / folder / other).read_text(encoding="utf-8"), other)
    ]
    if moved:  # from pyproject.toml to mlgates.toml, or back
        new = _gates_of((base.root / folder / moved[0]).read_text(encoding="utf-8"), moved[0])
    now = new or {}

    def weaker(gate: str, what: str) -> Weakening:
        return Weakening(gate=gate, where=name, what=what, configuration=folder)

    before, after = definitions(old), definitions(now)
    for gate, definition in before.items():
        if gate not in after:
            yield weaker(gate, "the gate is gone" if file.is_file() else f"{name} is gone")
            continue
        for line in loosened(definition, after[gate]):
            yield weaker(gate, line)
        for line in _of_files(base, folder, definition, after[gate], changed):
            yield weaker(gate, line)
    for gate in old.get("required") or ():
        if gate not in before and gate not in (now.get("required") or ()):
            yield weaker(str(gate), "it is no longer required")
    if now.get("allow_reruns") and not old.get("allow_reruns"):
        yield weaker("*", "allow_reruns changed from false to true: weaker")


def _of_files(
    base: Tree,
    folder: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    changed: frozenset[str],
) -> Iterator[str]:
    """What is gone of a gate's contract and table."""
    old, new = before["gate"].get("suite"), after["gate"].get("suite")
    if isinstance(old, str) and isinstance(new, str):
        path, there = _joined(folder, old), _joined(folder, new)
        if path != there or path in changed:
            yield from _of_suite(base, path, there)
    elif isinstance(old, list) and isinstance(new, list) and old != new:
        yield from dropped_expectations(old, new)
    elif old != new:
        yield f"suite changed from {old!r} to {new!r}: it cannot be compared"
    table = before.get("table", {}).get("path")
    if isinstance(table, str) and table == after.get("table", {}).get("path"):
        full = _joined(folder, table)
        if full in base.files and full in changed and not (base.root / full).exists():
            pointer = (base.root / f"{full}.dvc").is_file()
            if not pointer:
                yield f"its table {table} is gone"


def _of_suite(base: Tree, path: str, there: str) -> Iterator[str]:
    text = base.read(path)
    old = None if text is None else expectations_of(text)
    file = base.root / there
    if not file.is_file():
        yield f"its contract {there} is gone"
        return
    new = expectations_of(file.read_text(encoding="utf-8", errors="replace"))
    if old is None or new is None:
        yield f"its contract {there} cannot be compared with that of {base.name}"
        return
    yield from dropped_expectations(old, new)


def _of_source(base: Tree, name: str, folder: str, locked: _Locks) -> Iterator[Weakening]:
    """What a test file that was there before weakens."""
    text = base.read(name) or ""
    if not any(kind in text for kind in KINDS):
        return
    old = read_source(text)
    file = base.root / name
    there = file.is_file()
    new = read_source(file.read_text(encoding="utf-8", errors="replace")) if there else None

    def weaker(key: str, what: str) -> Weakening:
        relative = PurePosixPath(name).relative_to(folder).as_posix()
        gate = f"{relative}::{key}" if "::" in key or ":" in key else key
        return Weakening(gate=gate, where=name, what=what, configuration=folder)

    if new is not None and new.error is not None:
        if old.gates:
            yield weaker("*", f"it cannot be read: {new.error}")
        return
    for key, what in _of_gates(old, new or SourceGates(), there):
        found = weaker(key, what)
        if what == _COMPUTED and locked.knows(folder, found.gate):
            continue
        yield found


def _of_gates(old: SourceGates, new: SourceGates, there: bool) -> Iterator[tuple[str, str]]:  # noqa: FBT001
    for key, gate in old.gates.items():
        other = new.gates.get(key)
        if other is None:
            yield key, "the gate is gone" if there else "its test file is gone"
            continue
        for line in loosened(gate.definition, other.definition):
            yield key, line
        if is_computed(gate) and gate.definition == other.definition:
            yield key, _COMPUTED
    for test, mark, source in sorted(new.excuses - old.excuses):
        owned = [k for k, g in new.gates.items() if k in old.gates and _on(g.test, test)]
        for key in owned:
            yield key, f"{mark} was put on {test or 'the module'}: {source}"


def _on(test: str, owner: str) -> bool:
    return not owner or test == owner or test.startswith(f"{owner}::")


def allowances(text: str | None, name: str) -> list[dict[str, Any]]:
    """The entries of ``allow-loosening`` and ``waivers`` in a configuration's *text*."""
    raw = _gates_of(text or "", name) or {}
    found = []
    for key in ("allow-loosening", "waivers"):
        entries = raw.get(key)
        if isinstance(entries, list):
            found += [plain(one) for one in entries if isinstance(one, dict)]
    return found


def excused(base: Tree, found: list[Weakening]) -> tuple[list[Weakening], list[Weakening]]:
    """Which of *found* nobody answers for, and which somebody does in the same change."""
    left: list[Weakening] = []
    allowed: list[Weakening] = []
    for one in found:
        gates: set[str] = set()
        for name in NAMES:
            path = (PurePosixPath(one.configuration) / name).as_posix()
            file = Path(base.root / path)
            if not file.is_file():
                continue
            old = allowances(base.read(path), name)
            new = allowances(file.read_text(encoding="utf-8", errors="replace"), name)
            gates |= {
                str(entry.get("gate"))
                for entry in new
                if entry not in old and entry.get("owner") and entry.get("reason")
            }
        (allowed if one.gate in gates else left).append(one)
    return left, allowed


def _joined(folder: str, path: str) -> str:
    """*path*, relative to *folder*, relative to the root of the repository."""
    import posixpath

    return posixpath.normpath(posixpath.join(folder, path))
