"""What of a configuration is as its lock says. Standard library only: hooks compare this first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlgates.config.definitions import definitions
from pytest_mlgates.config.find import read
from pytest_mlgates.config.inputs import MISSING, changed_files, digests_of, named
from pytest_mlgates.core.lock import NAME, contradictions
from pytest_mlgates.core.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_mlgates.core.lock import Lock, LockedGate
    from pytest_mlgates.core.verdict import Verdict


class Current(NamedTuple):
    """A gate as it is now.

    Attributes:
        definition: What it demands, in plain values.
        inputs: The digests of the files that it judges, by path.
        unfollowed: Why these may not be all.
    """

    definition: Mapping[str, Any]
    inputs: Mapping[str, str]
    unfollowed: tuple[str, ...] = ()


def current(path: Path) -> dict[str, Current]:
    """Every gate declared in *path* as it is now."""
    raw = read(path)
    given = raw.get("pythonpath", ())
    folders = tuple(str(folder) for folder in given) if isinstance(given, list | tuple) else ()
    found = {}
    for name, definition in definitions(raw).items():
        files, unfollowed = named(definition, path.parent, folders)
        found[name] = Current(definition, digests_of(files, path.parent), unfollowed)
    return found


def changes(locked: LockedGate | None, now: Current) -> list[str]:
    """What is not as *locked* says, a line each; none if all is, as far as digests can tell."""
    if locked is None:
        return ["it is not in the lock"]
    lines = changed_files(locked.inputs, now.inputs)
    if dict(locked.definition) != dict(now.definition):
        lines.insert(0, "its definition changed")
    return lines


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
            told = contradictions(locked, verdict)
        if told:
            lines.append(f"{verdict.id} is not as {NAME} claims: {'; '.join(told)}")
    if whole:
        gone = [n for n, one in lock.gates.items() if one.test is None and n not in now]
        lines += [f"{name} is in {NAME}, and no gate is declared by that id" for name in gone]
    return lines
