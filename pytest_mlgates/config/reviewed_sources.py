"""What a change weakens in test files, in what they import and in the contracts that they name.

Standard library only.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.definitions import DEFAULTS
from pytest_mlgates.config.excuses_in_source import is_in, replaced
from pytest_mlgates.config.loosening import dropped_expectations, expectations_of, loosened
from pytest_mlgates.config.markers_in_source import (
    KINDS,
    is_computed,
    names_in,
    read_source,
)
from pytest_mlgates.config.reviewed_configuration import of_references, of_suites
from pytest_mlgates.config.weakening import Weakening, gates_of, governing, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_mlgates.config.base import Tree

COMPUTED = (
    "an argument of it is computed, and its file or what it imports changed: it cannot be compared "
    "(a lock by `pytest --mlgates-lock` in both commits says what it demands)"
)

# Where projects keep what their tests import.
_SOURCES = ("src",)
# Whole words: no gate stands in a file without one of them, but by names from a file with one.
_OF_GATES = ("mark", "mlgate", *KINDS)
_FROM = re.compile(r"\bfrom\b([.\w\s\\]+?)\bimport\b")


def of_sources(
    base: Tree, before: Mapping[str, str], knows: Callable[[str, str], bool]
) -> Iterator[Weakening]:
    """What test files weaken, and what others do to them.

    Args:
        base: What is compared with.
        before: The folders of its configurations, and their files.
        knows: Whether the locks say what a gate demands, by folder and id.
    """
    changed = sorted(base.changed)
    sources = {name for name in changed if name.endswith(".py")}
    contracts = {name for name in changed if name.endswith(".json")}
    touched = sources & base.files
    modules = {PurePosixPath(name).stem for name in sources if not _is_test(name)} - {"conftest"}
    modules |= {PurePosixPath(name).parent.name for name in sources if "__init__" in name} - {""}
    kept = {name for name in changed if not name.endswith(".py")} & base.files
    words = {*modules, *(PurePosixPath(name).name for name in kept)}
    if words:
        touched |= set(base.mentioning(*sorted(words)))
    touched = _with_gates(base, touched)
    base.fetch(touched)
    base.fetch(path for name in touched for path in _imported(base, name, base.read(name) or ""))
    named: set[str] = set()
    for name in sorted(touched):
        found = _Source(base, name, governing(name, before))
        named |= found.contracts()
        yield from found.weaker(modules, knows)
    for name in sorted(contracts & base.files - named - _declared(base, before)):
        for what in _of_contract(base, name):
            yield Weakening(gate=name, where=name, what=what, configuration=governing(name, before))
    for name in sorted(sources):
        if _is_test(name) or name.endswith("conftest.py"):
            now, old = base.now(name), base.read(name)
            for what in sorted(replaced(now or "") - replaced(old or "")):
                folder = governing(name, before)
                yield Weakening(gate="*", where=name, what=what, configuration=folder)


def _with_gates(base: Tree, names: set[str]) -> set[str]:
    """Those of *names* that may have gates, by what they hold, import or inherit.

    Every gate has one of a few words in it, there or in a module that gives a name to it: to parse
    all sources of a large project would take many seconds.
    """
    if not names:
        return set()
    told = set(base.mentioning(*_OF_GATES, whole=True))
    told |= {
        name
        for name in base.changed
        if name.endswith(".py") and any(word in (base.now(name) or "") for word in _OF_GATES)
    }
    found = set()
    base.fetch(names & base.changed)
    for name in names:
        changed = name in base.changed
        texts = [base.now(name) or "", *([base.read(name) or ""] if changed else ())]
        if (
            name in told
            or (changed and any("class " in text for text in texts))  # it may inherit them
            or any(not told.isdisjoint(_imported(base, name, text)) for text in texts)
        ):
            found.add(name)
    return found


def _imported(base: Tree, name: str, text: str) -> set[str]:
    """The files that the source *text* of *name* takes names from, in the base or as it is now."""
    found = set()
    for match in _FROM.finditer(text):
        module = "".join(match[1].replace("\\", "").split())
        for exists in (base.files.__contains__, base.there):
            path = _path_of(module, name, exists)
            found |= set() if path is None else {path}
    return found


def _path_of(module: str, name: str, exists: Callable[[str], bool]) -> str | None:
    """Of a module that *name* imports: relative to it, to the folders above it, to the root."""
    path = module.lstrip(".").replace(".", "/")
    above = [str(folder) for folder in PurePosixPath(name).parents]
    dots = len(module) - len(module.lstrip("."))
    for folder in above[dots - 1 : dots] if dots else (*above, *_SOURCES):
        for ending in (".py", "/__init__.py"):
            found = posixpath.normpath(posixpath.join(folder, f"{path}{ending}"))
            if exists(found):
                return found
    return None


def tests_with_gates(base: Tree) -> list[str]:
    """The files of the base with markers that have arguments, or calls of methods."""
    found = base.mentioning(*KINDS)
    return [name for name in found if read_source(base.read(name) or "").gates]


def of_defaults(
    base: Tree, name: str, old: Mapping[str, Any], before: Mapping[str, str]
) -> Iterator[Weakening]:
    """What the configuration *name* demands less of gates that are tests, by its defaults."""
    folder = str(PurePosixPath(name).parent)
    now = gates_of(base.now(name) or "", name) or {}
    one = {"gate": {key: old[key] for key in DEFAULTS if key in old}}
    other = {"gate": {key: now[key] for key in DEFAULTS if key in now}}
    lines = loosened(one, other)
    if lines and any(governing(test, before) == folder for test in tests_with_gates(base)):
        for line in lines:
            what = f"{line} (for gates that are tests)"
            yield Weakening(gate="*", where=name, what=what, configuration=folder)


def of_takeovers(base: Tree, name: str, before: Mapping[str, str]) -> Iterator[Weakening]:
    """What the new configuration *name* takes from the one above it."""
    folder = str(PurePosixPath(name).parent)
    above = governing(name, before)
    if above not in before or above == folder:
        return
    for test in tests_with_gates(base):
        if governing(test, before) == above and governing(test, [folder]) == folder:
            what = f"it governs {test} in the place of {before[above]}: it cannot be compared"
            yield Weakening(gate="*", where=name, what=what, configuration=above)
            return


def _is_test(name: str) -> bool:
    stem = PurePosixPath(name).stem
    return stem.startswith("test_") or stem.endswith("_test")


def _declared(base: Tree, before: Mapping[str, str]) -> set[str]:
    """The contracts that declared gates name: those are compared there."""
    found = set()
    for folder, name in before.items():
        gates = (gates_of(base.read(name) or "", name) or {}).get("gates")
        for gate in gates.values() if isinstance(gates, dict) else ():
            if isinstance(gate, dict) and isinstance(gate.get("suite"), str):
                found.add(joined(folder, gate["suite"]))
    return found


def _of_contract(base: Tree, name: str) -> Iterator[str]:
    """What a contract that no gate names in plain words demands less."""
    old = expectations_of(base.read(name) or "")
    if not old or not all(str(one.get("type")).startswith("expect_") for one in old):
        return
    text = base.now(name)
    new = None if text is None else expectations_of(text)
    if new is None:
        yield "the contract is gone" if text is None else "the contract cannot be compared"
        return
    yield from dropped_expectations(old, new)


class _Source:
    """A file of the base, and what became of it."""

    def __init__(self, base: Tree, name: str, folder: str) -> None:
        self._base, self._name, self._folder = base, name, folder
        text = base.read(name) or ""
        now = base.now(name)
        self._there = now is not None
        self._old = read_source(text, self._reader(base.files.__contains__, base.read))
        self._new = self._old
        if not {name, *_imported(base, name, text)}.isdisjoint(base.changed):
            self._new = read_source(now or "", self._reader(base.there, base.now))

    def _reader(
        self, exists: Callable[[str], bool], read: Callable[[str], str | None]
    ) -> Callable[[str], str | None]:
        def source_of(module: str) -> str | None:
            path = _path_of(module, self._name, exists)
            return None if path is None else read(path)

        return source_of

    def contracts(self) -> set[str]:
        """Those that its gates name."""
        suites = (gate.definition["gate"].get("suite") for gate in self._old.gates.values())
        return {joined(self._folder, suite) for suite in suites if isinstance(suite, str)}

    def weaker(self, modules: set[str], knows: Callable[[str, str], bool]) -> Iterator[Weakening]:
        """What it weakens, itself or by what it names and imports."""
        if self._there and self._new.error is not None:
            if self._old.gates or self._old.foreign:
                yield self._weakening("*", f"it cannot be read: {self._new.error}")
            return
        for key, what in self._of_gates(modules):
            found = self._weakening(key, what)
            if what != COMPUTED or not knows(self._folder, found.gate):
                yield found

    def _weakening(self, key: str, what: str) -> Weakening:
        relative = PurePosixPath(self._name).relative_to(self._folder).as_posix()
        gate = f"{relative}::{key}" if "::" in key or ":" in key else key
        return Weakening(gate=gate, where=self._name, what=what, configuration=self._folder)

    def _of_gates(self, modules: set[str]) -> Iterator[tuple[str, str]]:
        old, new = self._old, self._new
        for key, gate in old.gates.items():
            other = new.gates.get(key)
            if other is None:
                yield key, "the gate is gone" if self._there else "its test file is gone"
                continue
            before, after = gate.definition["gate"], other.definition["gate"]
            for line in loosened(gate.definition, other.definition):
                yield key, line
            if before.get("suite") != after.get("suite") or not is_computed(gate):
                for line in of_suites(self._base, self._folder, before, after):
                    yield key, line
            for line in of_references(self._base, self._folder, before, after):
                yield key, line
            if is_computed(gate) and before == after and self._may_differ(before, modules):
                yield key, COMPUTED
        for test, what in sorted(new.excuses - old.excuses):
            for key in self._kept(test):
                yield key, what
        for test, value in sorted(old.parameters - new.parameters):
            for key in self._kept(test):
                yield key, f"{test or 'the module'} is no longer parametrized by {value}"
        yield from self._no_longer_judged()

    def _no_longer_judged(self) -> Iterator[tuple[str, str]]:
        """What of marks on modules and classes, which are inherited, binds a test no more."""
        old, new = self._old, self._new
        kept = [(key, gate) for key, gate in old.gates.items() if key in new.gates]
        for test in sorted(old.judges - new.judges):
            owners = {base for name, base in old.bases & new.bases if is_in(test, name)}
            for key, gate in kept:
                if is_in(test, gate.test) or gate.test in owners:
                    yield key, f"{test} no longer requests mlgate"
        for name, base in sorted(old.bases - new.bases):
            what = f"{name} no longer inherits from {base}"
            for key, gate in kept:
                if is_in(gate.test, base):
                    yield key, what
            if base in old.foreign:
                yield "*", what

    def _may_differ(self, gate: Mapping[str, Any], modules: set[str]) -> bool:
        return self._name in self._base.changed or bool(names_in(gate) & modules)

    def _kept(self, test: str) -> list[str]:
        """The gates on *test* that were there before."""
        gates = self._new.gates.items()
        return [key for key, gate in gates if key in self._old.gates and is_in(gate.test, test)]
