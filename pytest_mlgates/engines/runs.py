"""One call of a function: what came out, and which global random generators it drew from."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import time
import traceback
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum
from numbers import Number
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.tracing import listening
from pytest_mlgates.engines import generators, stages
from pytest_mlgates.engines.fingerprint import fingerprint
from pytest_mlgates.engines.seeding import seed_in_force
from pytest_mlgates.engines.stages import Recorder
from pytest_mlgates.engines.variations import TEMPORARY_VARIABLES
from pytest_mlgates.extensions.manager import manager

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_mlgates.engines.canonical import Fingerprint
    from pytest_mlgates.engines.stages import Stage

# A path stands for what the file holds, which is read anew.
_SMALL = (
    *(Number, np.generic, str, bytes, Enum, PurePath, type, range),
    *(dt.date, dt.time, dt.timedelta),
)
# Of the test runner, not of the training.
_OURS = ("PYTEST_", "MLGATES_", "PYTHONHASHSEED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One call.

    Attributes:
        fingerprint: Of what it returned.
        duration_s: How long the call took, the fingerprint not counted.
        process: Where it ran, for people.
        random: The global generators that it drew from, each with the digest of the state it left:
            equal for two runs that seed it, different where it continues from run to run.
        stages: What it told ``trace``, in order.
        environment: Where it ran, if that was another process that said so.
        facts: What explains differences, and is compared by nobody; see ``core.tracing.note``.
        value: What it returned, where it ran in this process.
    """

    fingerprint: Fingerprint
    duration_s: float
    process: str
    random: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    environment: Mapping[str, Any] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    value: Any = field(default=None, repr=False, compare=False)


def call(
    function: Callable[[], Any], folder: Path, reference: Path | None = None
) -> tuple[Any, float, dict[str, str]]:
    """What *function* returns, its seconds, and the global generators that it drew from.

    The stages that it tells ``trace`` are written into *folder*; *reference* is that of run 1.
    """
    recorder = Recorder(folder, reference)
    recorder.note("environment", environment_digests())
    before = generators.states()
    recorder.note("start", before)
    recorder.note("seed", seed_in_force())
    with ExitStack() as watches:
        watches.enter_context(listening(recorder))
        for watch in manager().hook.mlgates_watch_run():
            watches.enter_context(watch)
        start = time.perf_counter()
        value = function()
        duration = time.perf_counter() - start
    after = generators.states()
    recorder.note("end", after)
    recorder.finish()
    drawn = {name: state for name, state in after.items() if state != before.get(name)}
    return value, duration, drawn


def run_here(
    function: Callable[[], Any],
    name: str,
    number: int,
    folder: Path,
    reference: Path | None = None,
) -> Run:
    """Call *function* in this process; its stages are kept in *folder*.

    Raises:
        MLGatesError: if it raises (SystemExit counts: it would end the run with its own code).
    """
    try:
        value, duration, drawn = call(function, folder, reference)
    except MLGatesError:  # what it told `trace` has no fingerprint
        raise
    except (Exception, SystemExit) as error:
        raise raised(name, number, describe(error), place(error)) from error
    return Run(
        fingerprint=fingerprint(value),
        duration_s=duration,
        process="this",
        random=drawn,
        stages=stages.load(folder, reference),
        facts=stages.facts(folder),
        value=value,
    )


def is_same_object(one: Any, other: Any) -> bool:
    """Whether *other* is the very object *one*, or a list, tuple or dict of nothing but such.

    Small immutable values are often one object by nature; they never count as the same.
    """
    if one is other:
        return not _is_small(one)
    if type(one) is not type(other) or not isinstance(one, list | tuple | dict) or not one:
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same_object(one[k], other[k]) for k in one)
    return len(one) == len(other) and all(map(is_same_object, one, other))


def _is_small(value: Any) -> bool:
    if isinstance(value, tuple | frozenset):
        return all(map(_is_small, value))
    return value is None or isinstance(value, _SMALL)


def raised(name: str, number: int, error: str, line: str) -> MLGatesError:
    """A call that ended in an exception has no result to compare."""
    return MLGatesError(
        f"{name} raised {error.partition(':')[0]} in run {number}: there is no result to compare",
        got=f"{error}{f' ({line})' if line else ''}",
        want="a callable that returns its result",
    )


def describe(error: BaseException) -> str:
    """``ValueError: no rows``, in at most a few hundred characters."""
    text = str(error).strip()
    text = text if len(text) <= 500 else f"{text[:500]}…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def place(error: BaseException) -> str:
    """``train.py:12``: the line that raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def environment_digests() -> dict[str, str]:
    """Each environment variable with a digest of its value, which may be a secret."""
    return {
        name: hashlib.blake2b(os.fsencode(value), digest_size=6).hexdigest()
        for name, value in os.environ.items()
        if not name.startswith(_OURS) and name not in TEMPORARY_VARIABLES
    }
