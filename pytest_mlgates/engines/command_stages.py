"""Stages of a command: each process of it that uses ``trace`` leaves its own in a folder.

The gate names the folder in an environment variable. A process takes the next number in it, so
that those of a command that starts several, one after another, stand in that order.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import write_atomically
from pytest_mlgates.core.tracing import listening
from pytest_mlgates.engines import generators, stages
from pytest_mlgates.engines.runs import environment_digests
from pytest_mlgates.engines.seeding import seed_in_force
from pytest_mlgates.extensions.manager import manager

if TYPE_CHECKING:
    from pytest_mlgates.engines.stages import Stage

# Of the folder, and of that of run 1; what is named MLGATES_ is compared by nobody.
_FOLDER, _REFERENCE = "MLGATES_STAGES", "MLGATES_STAGES_OF_RUN_1"
_ERROR = "error.json"


def variables(folder: Path, reference: Path | None) -> dict[str, str]:
    """What tells the processes of a command where to leave their stages."""
    folder.mkdir()
    return {_FOLDER: str(folder), _REFERENCE: "" if reference is None else str(reference)}


def listen() -> None:
    """From now on what this process tells ``trace`` is kept, and written when it ends."""
    folder = Path(os.environ.pop(_FOLDER))  # it is for one process, not for those it starts
    reference = os.environ.pop(_REFERENCE, "")
    own = _claimed(folder)
    recorder = stages.Recorder(own, Path(reference, own.name) if reference else None)
    recorder.note("environment", environment_digests())
    recorder.note("start", generators.states())
    watches = ExitStack()
    watches.enter_context(listening(recorder))
    for watch in manager().hook.mlgates_watch_run():
        watches.enter_context(watch)

    def finish() -> None:
        watches.close()
        recorder.note("seed", seed_in_force())
        recorder.note("end", generators.states())
        try:
            recorder.finish()
        except MLGatesError as error:  # what was told has no fingerprint, and nobody minded
            found = {name: getattr(error, name) for name in ("what", "got", "want", "fix")}
            write_atomically(own / _ERROR, json.dumps(found))

    atexit.register(finish)


def load(folder: Path, reference: Path | None, name: str, number: int) -> tuple[Stage, ...]:
    """The stages of all processes of run *number* of the command *name*.

    Raises:
        MLGatesError: if a value has no fingerprint, or a process told stages and did not write
            which.
    """
    found: list[Stage] = []
    for own in _processes(folder):
        if (own / _ERROR).exists():
            raise MLGatesError(**json.loads((own / _ERROR).read_text("utf-8")))
        told = stages.load(own, None if reference is None else reference / own.name)
        if not told and any(one.is_dir() for one in own.iterdir()):
            raise MLGatesError(
                f"a process of run {number} of {name} told stages and ended before it could say "
                "which: they cannot be compared",
                got="a process that was killed, or that os._exit ended",
                want="a process that comes to its end",
                fix="let it end with sys.exit, or trace nothing in it",
            )
        found += told
    return tuple(found)


def facts(folder: Path) -> dict[str, Any]:
    """What the first process that used ``trace`` noted beside its stages."""
    return next((stages.facts(own) for own in _processes(folder)), {})


def _claimed(folder: Path) -> Path:
    for number in itertools.count(1):
        own = folder / str(number)
        try:
            own.mkdir()
        except FileExistsError:
            continue
        return own
    raise AssertionError


def _processes(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda own: int(own.name))
