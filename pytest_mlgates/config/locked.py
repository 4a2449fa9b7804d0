"""What of a configuration is as its lock says. Standard library only: hooks compare this first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlgates.config.definitions import definitions
from pytest_mlgates.config.find import read
from pytest_mlgates.config.inputs import MISSING, changed_files, digests_of, named
from pytest_mlgates.core.lock import NAME, contradictions
from pytest_mlgates.core.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_mlgates.core.lock import Lock, LockedGate
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.core.waivers import Waiver


class Current(NamedTuple):
    """A gate as it is now.

    Attributes:
        definition: What it demands, in plain values.
        inputs: The digests of the files that it judges, by path.
        unfollowed: Why these may not be all.
        waivers: Those of it that hold today.
    """

    definition: Mapping[str, Any]
    inputs: Mapping[str, str]
    unfollowed: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()


def waivers_in(path: Path) -> tuple[Waiver, ...]:
    """All waivers of the configuration *path*.

    Raises:
        ConfigurationError: for one that is not whole, in the words of whoever evaluates.
    """
    raw = read(path)
    if "waivers" not in raw:
        return ()
    from pytest_mlgates.config.waiver_entries import whole_entries  # seldom needed

    found = whole_entries(raw, path)
    if found is not None:
        return found
    from pytest_mlgates.config.load import load  # dear to import, and only for a mistake

    return load(path, project_code=False).waivers


def waivers_today(path: Path) -> dict[str, tuple[Waiver, ...]]:
    """Those in the configuration *path* that hold today, by the gate that they excuse.

    Raises:
        ConfigurationError: for one that is not whole.
    """
    waivers = waivers_in(path)
    if not waivers:
        return {}
    from pytest_mlgates.config.waiver_entries import in_force

    return in_force(waivers)


def failing_waivers(
    waivers: Sequence[Waiver], gates: Iterable[str], lock: Lock | None, *, whole: bool = True
) -> list[str]:
    """What to say of *waivers* that fail a run: expired, or of a gate that is not there.

    Args:
        waivers: All of a configuration.
        gates: The ids of those that it declares.
        lock: Knows gates of tests.
        whole: Whether the run is one of all gates: else none is taken for unknown.
    """
    if not waivers:
        return []
    from pytest_mlgates.config.waiver_entries import failing

    return failing(waivers, known_gates(gates, lock) if whole else None)


def known_gates(gates: Iterable[str], lock: Lock | None) -> list[str]:
    """The ids of declared *gates*, and of the tests that *lock* has."""
    tests = [] if lock is None else [n for n, one in lock.gates.items() if one.test is not None]
    return list(dict.fromkeys([*gates, *tests]))


def declared(path: Path) -> list[str]:
    """The ids of the gates declared in *path*."""
    return list(definitions(read(path)))


def current(path: Path) -> dict[str, Current]:
    """Every gate declared in *path* as it is now.

    Raises:
        ConfigurationError: for a file or a waiver that cannot be read.
    """
    raw = read(path)
    waivers = waivers_today(path)
    given = raw.get("pythonpath", ())
    folders = tuple(str(folder) for folder in given) if isinstance(given, list | tuple) else ()
    found = {}
    for name, definition in definitions(raw).items():
        files, unfollowed = named(definition, path.parent, folders)
        found[name] = Current(
            definition, digests_of(files, path.parent), unfollowed, waivers.get(name, ())
        )
    return found


def changes(locked: LockedGate | None, now: Current) -> list[str]:
    """What is to be evaluated again, a line each; none if all is, as far as digests can tell."""
    if locked is None:
        return ["it is not in the lock"]
    lines = changed_files(locked.inputs, now.inputs)
    if dict(locked.definition) != dict(now.definition):
        lines.insert(0, "its definition changed")
    if locked.outcome(now.waivers) is None:
        lines.append("its waivers changed")
    return lines


def overstated(locked: LockedGate | None, now: Current) -> list[str]:
    """That *locked* calls a gate waived which nothing excuses today; nothing else is told."""
    if locked is None or locked.outcome(now.waivers) is not Outcome.FAILED:
        return []
    said = locked.verdict["outcome"]
    return [] if said == Outcome.FAILED else [f"outcome {said} in the lock, failed now"]


def undeclared(lock: Lock, gates: Container[str]) -> list[str]:
    """The gates of *lock* that are neither among the declared *gates* nor of a test."""
    return [n for n, one in lock.gates.items() if one.test is None and n not in gates]


GONE = f"is in {NAME}, and no gate is declared by that id"


def doubts(now: Current) -> list[str]:
    """Why a gate without :func:`changes` may have changed all the same, a line each."""
    return [f"cannot be told from digests: {one}" for one in now.unfollowed]


def _with_taken(verdict: Verdict, locked: LockedGate | None, now: Current) -> Current:
    """*now*; where signed evidence stands in, with the digests of what is not here from it."""
    if verdict.stands_in is None or locked is None:
        return now
    here = {path: digest for path, digest in now.inputs.items() if digest != MISSING}
    return now._replace(inputs={**verdict.files, **here})


def refuted(
    path: Path, lock: Lock | None, verdicts: Sequence[Verdict], *, whole: bool
) -> list[str]:
    """What *lock* claims of the gates declared in *path* otherwise than *verdicts* found.

    A gate that was not locked, or whose definition or inputs are not those that were locked, is
    told as that.

    Args:
        path: The configuration file.
        lock: None if there is none, which claims nothing.
        verdicts: Of a run just now.
        whole: Whether every declared gate is among them.
    """
    if lock is None:
        return []
    now = current(path)
    lines = []
    for verdict in verdicts:
        if verdict.id not in now:
            continue
        locked = lock.gates.get(verdict.id)
        told = changes(locked, _with_taken(verdict, locked, now[verdict.id]))
        if not told and locked is not None and verdict.outcome is not Outcome.ERROR:
            told = found_otherwise(locked, now[verdict.id], verdict)
        if told:
            lines.append(f"{verdict.id} is not as {NAME} claims: {'; '.join(told)}")
    if whole:
        lines += [f"{name} {GONE}" for name in undeclared(lock, now)]
    return lines


def found_otherwise(locked: LockedGate, now: Current, verdict: Verdict) -> list[str]:
    """What *verdict* found otherwise than *locked* claims.

    That a gate failed stays true where it is waived since.
    """
    if verdict.outcome is Outcome.WAIVED and locked.outcome(now.waivers) is Outcome.WAIVED:
        locked = locked.under(now.waivers)
    return contradictions(locked, verdict)
