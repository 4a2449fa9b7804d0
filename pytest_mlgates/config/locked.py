"""What of a configuration is as its lock says. Standard library only: hooks compare this first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.definitions import definitions
from pytest_mlgates.config.find import read
from pytest_mlgates.config.inputs import MISSING, inputs
from pytest_mlgates.core.lock import NAME, contradictions
from pytest_mlgates.core.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_mlgates.core.lock import Lock, LockedGate
    from pytest_mlgates.core.verdict import Verdict


def current(path: Path) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
    """The definition of every gate declared in *path*, and the digests of its inputs."""
    raw = read(path)
    folders = tuple(str(folder) for folder in raw.get("pythonpath", ()))
    return {
        name: (definition, inputs(definition, path.parent, folders))
        for name, definition in definitions(raw).items()
    }


def changes(
    locked: LockedGate | None, definition: Mapping[str, Any], digests: Mapping[str, str]
) -> list[str]:
    """What is not as *locked* says, a line each; none if all is."""
    if locked is None:
        return ["it is not in the lock"]
    lines = []
    if dict(locked.definition) != dict(definition):
        lines.append("its definition changed")
    for path in sorted({*locked.inputs, *digests}):
        if locked.inputs.get(path) != digests.get(path):
            how = "is new" if path not in locked.inputs else "changed"
            lines.append(f"{path} {'is gone' if digests.get(path) == MISSING else how}")
    return lines


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
        told = changes(locked, *now[verdict.id])
        if not told and locked is not None and verdict.outcome is not Outcome.ERROR:
            told = contradictions(locked, verdict)
        if told:
            lines.append(f"{verdict.id} is not as {NAME} claims: {'; '.join(told)}")
    if whole:
        gone = [n for n, one in lock.gates.items() if one.test is None and n not in now]
        lines += [f"{name} is in {NAME}, and no gate is declared by that id" for name in gone]
    return lines
