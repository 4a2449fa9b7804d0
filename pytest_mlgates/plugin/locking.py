"""``--mlgates-lock``, and what a lock claims of gates that are tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.locked import (
    Current,
    changes,
    current,
    found_otherwise,
    refuted,
    waivers_today,
)
from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.lock_file import update
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.runner.locking import entry, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_mlgates.core.lock import Lock, LockedGate
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.core.waivers import Waiver
    from pytest_mlgates.plugin.ledger import Entry


def write_locks(entries: Iterable[Entry], root: Path) -> list[str]:
    """Put what a run found into the lock of each configuration; the paths, for people.

    Gates of test files that ran are replaced, those of others are kept.

    Raises:
        ConfigurationError: for a damaged lock.
        MLGatesError: if one cannot be written.
    """
    written = []
    for path, own in _by_configuration(entries).items():
        target = locks.path_of(path)
        now = current(path)
        waivers = waivers_today(path)
        ran = {_file(one, path.parent, root) for one in own}
        gates: dict[str, LockedGate | None] = {}
        for one in own:
            verdict = one.verdict
            if verdict.outcome is Outcome.ERROR:
                gates[verdict.id] = None
            elif verdict.id in now:
                gates[verdict.id] = entry(verdict, now[verdict.id])
            else:
                gates[verdict.id] = entry(
                    verdict,
                    _current(verdict, waivers),
                    test=_file(one, path.parent, root),
                    item=None if verdict.id.startswith(f"{one.test}::") else one.test or None,
                )

        def change(before: Lock, ran: set[str] = ran, gates: Any = gates) -> Lock:
            gone = {n for n, g in before.gates.items() if g.test is not None and g.test in ran}
            return merged(before, gates, gone)

        update(target, change)
        written.append(str(target))
    return written


def contradicted(entries: Iterable[Entry], *, whole: bool) -> list[str]:
    """What the locks claim otherwise than a run found; in CI each fails it.

    Raises:
        ConfigurationError: for a damaged lock.
    """
    lines = []
    for path, own in _by_configuration(entries).items():
        lock = locks.read(locks.path_of(path))
        if lock is None:
            continue
        verdicts = [one.verdict for one in own]
        lines += refuted(path, lock, verdicts, whole=whole)
        lines += _of_tests(path, lock, verdicts)
        if whole:
            ids = {verdict.id for verdict in verdicts}
            gone = [n for n, g in lock.gates.items() if g.test is not None and n not in ids]
            lines += [f"{name} is in {locks.NAME}, and no test evaluated it" for name in gone]
    return lines


def _of_tests(path: Path, lock: Lock, verdicts: Sequence[Verdict]) -> list[str]:
    declared = current(path)
    waivers = waivers_today(path)
    lines = []
    for verdict in verdicts:
        locked = lock.gates.get(verdict.id)
        if verdict.id in declared or locked is None or verdict.outcome is Outcome.ERROR:
            continue  # a test that was never locked claims nothing
        now = _current(verdict, waivers)
        told = changes(locked, now) or found_otherwise(locked, now, verdict)
        if told:
            lines.append(f"{verdict.id} is not as {locks.NAME} claims: {'; '.join(told)}")
    return lines


def _current(verdict: Verdict, waivers: Mapping[str, tuple[Waiver, ...]]) -> Current:
    """The gate of a test as it is now, by what it found."""
    own = waivers.get(verdict.id, ())
    return Current(definition_of(verdict), inputs_of(verdict), waivers=own)


def definition_of(verdict: Verdict) -> dict[str, object]:
    """As the lock keeps that of a test."""
    return {"gate": dict(verdict.definition)}


def inputs_of(verdict: Verdict) -> dict[str, str]:
    """The digests of what a test's gate judged, by name, and of the files that it names."""
    judged = {one.name: one.digest for one in verdict.inputs if one.digest is not None}
    return judged | dict(verdict.files)


def _by_configuration(entries: Iterable[Entry]) -> dict[Path, list[Entry]]:
    found: dict[Path, list[Entry]] = {}
    for one in entries:
        if one.configuration:
            found.setdefault(Path(one.configuration), []).append(one)
    return found


def _file(one: Entry, base: Path, root: Path) -> str:
    """The file of the test, relative to its configuration."""
    import os

    full = root / one.owner.partition("::")[0]
    return Path(os.path.relpath(full, base)).as_posix()
