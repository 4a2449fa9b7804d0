"""What a change weakens: the gates of a base tree against those of the working tree.

Standard library only: on most commits there is nothing to find, in milliseconds.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.definitions import plain
from pytest_mlgates.config.find import NAMES, is_name
from pytest_mlgates.config.loosening import loosened
from pytest_mlgates.config.reviewed_configuration import of_configuration
from pytest_mlgates.config.weakening import Weakening, gates_of, joined
from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.waivers import today

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgates.config.base import Tree
    from pytest_mlgates.core.lock import Lock, LockedGate


def review(base: Tree) -> list[Weakening]:
    """Everything that the working tree weakens."""
    names = sorted(filter(is_name, base.files))
    base.fetch(names)
    texts = {name: base.read(name) or "" for name in names}
    before = {name: raw for name in names if (raw := gates_of(texts[name], name))}
    folders = {str(PurePosixPath(name).parent): name for name in before}
    found: list[Weakening] = []
    for name, old in before.items():
        found += of_configuration(base, name, old, base.changed)
    locked = _Locks(base)
    if base.changed:
        found += _of_changed(base, before, folders, locked)
    for folder in folders:
        found += locked.weaker(folder)
    return found


def _of_changed(
    base: Tree, before: Mapping[str, Any], folders: Mapping[str, str], locked: _Locks
) -> Iterator[Weakening]:
    """What is weaker by files that changed, beside what the configurations say of gates."""
    from pytest_mlgates.config.reviewed_pytest import of_pytest
    from pytest_mlgates.config.reviewed_sources import of_defaults, of_sources, of_takeovers

    for name, old in before.items():
        if name in base.changed:
            yield from of_defaults(base, name, old, folders)
    for name in sorted(filter(is_name, base.changed - base.files)):
        if gates_of(base.now(name) or "", name) is not None:
            yield from of_takeovers(base, name, folders)
    yield from of_sources(base, folders, locked.knows)
    yield from of_pytest(base, folders)


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
            name = joined(folder, locks.NAME)
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
        name = joined(folder, locks.NAME)
        if name in self._base.files and not self._base.there(name):
            yield Weakening(
                gate="*",
                where=name,
                what=f"{locks.NAME} is gone: what the gates of it demanded and found is not held",
                configuration=folder,
            )
        before, now = self.of(folder)
        if not now:  # no longer locked: their sources are compared all the same
            return
        for name, gate in before.items():
            if name in now:
                for line in loosened(gate.definition, now[name].definition):
                    yield Weakening(
                        gate=name,
                        where=joined(folder, locks.NAME),
                        what=line,
                        configuration=folder,
                    )


def _tests(lock: Lock | None) -> dict[str, LockedGate]:
    return {} if lock is None else {n: g for n, g in lock.gates.items() if g.test is not None}


def _is_of(name: str, gate: str) -> bool:
    """Whether *name*, with the parameters of its test, is an id of *gate* in a source."""
    return re.sub(r"\[[^\]]*\]", "", name.partition("@")[0]) == gate


def allowances(text: str | None, name: str) -> list[dict[str, Any]]:
    """The entries of ``allow-loosening`` and ``waivers`` in a configuration's *text*."""
    raw = gates_of(text or "", name) or {}
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
            path = joined(one.configuration, name)
            old, new = allowances(base.read(path), name), allowances(base.now(path), name)
            gates |= {
                str(entry.get("gate"))
                for entry in new
                if entry not in old and _answers_for(entry, one)
            }
        (allowed if one.gate in gates else left).append(one)
    return left, allowed


def _answers_for(entry: Mapping[str, Any], one: Weakening) -> bool:
    """Whether *entry* is of somebody, is still valid, and excuses as much as *one* lets through."""
    if not (entry.get("owner") and entry.get("reason")) or "group" in entry:
        return False
    if "expires" in entry and str(entry["expires"]) < today().isoformat():
        return False
    kind = str(entry.get("expectation", "")).partition(":")[0]
    return kind in one.what
