"""Runs of one training with several seeds, and the numbers that they give."""

from __future__ import annotations

import functools
import inspect
import json
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing
from pytest_mlgates.engines.fresh import FreshProcesses
from pytest_mlgates.engines.runs import Run, run_here
from pytest_mlgates.engines.writes import MOST_FILES
from pytest_mlgates.engines.written import FEW_FILES, Written
from pytest_mlgates.gates.callables import refuse_uncallable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlgates.engines.canonical import Fingerprint
    from pytest_mlgates.gates.reproducibility import ReproducibilityParameters

# What the number of a training that returns nothing else is called.
VALUE = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedRun:
    """One run with a seed.

    Attributes:
        seed: The seed.
        values: What it gave, by name.
        digest: Of what it returned.
        duration_s: How long it took.
        process: Where it ran, for people.
        again: What the same seed gave once more, where it was asked for.
    """

    seed: int
    values: Mapping[str, float]
    digest: str
    duration_s: float
    process: str
    again: Mapping[str, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "seed": self.seed,
            "values": dict(self.values),
            "digest": self.digest,
            "duration_s": round(self.duration_s, 6),
            **({} if self.again is None else {"again": dict(self.again)}),
        }


class SeedRuns:
    """Calls a training with one seed after another; no call may read what an earlier one wrote.

    Args:
        parameters: Say whether each call has a process of its own.
        function: Takes ``seed``, or one argument.
        name: What messages call it.
        base: The folder of the project.
    """

    def __init__(
        self, parameters: ReproducibilityParameters, function: Any, name: str, base: Path
    ) -> None:
        self._parameters, self._name = parameters, name
        self._bind = _binder(function, name)
        most = MOST_FILES if parameters.fresh_process else FEW_FILES
        self._written = Written.by_function(name, base, most)
        self._number = 0

    def run(self, seed: int) -> SeedRun:
        """What the training gives with *seed*.

        Raises:
            MLGatesError: if it takes no seed, raises, reads what an earlier call wrote, or returns
                anything but numbers.
        """
        self._number += 1
        call = self._bind(seed)
        if self._number == 1:
            refuse_uncallable(call, self._name)
        if self._parameters.fresh_process:
            timeout, written = self._parameters.timeout, self._written
            with FreshProcesses(call, self._name, timeout, written=written) as fresh:
                run = fresh.run(1, hash_seed=self._number, noted_as=self._number)
                return _told(run, seed, self._name, fresh=True)
        with tempfile.TemporaryDirectory(prefix="mlgates-") as folder:
            with self._written.listening_here(Path(folder)) as heard:
                run = run_here(call, self._name, self._number, Path(folder, "run"))
            self._written.note(self._number, heard)
            return _told(run, seed, self._name, fresh=False)

    def warnings(self) -> tuple[str, ...]:
        """What the calls wrote into the project."""
        return self._written.warnings()


def seed_values(
    reference: Mapping[int, Mapping[str, float]], new: SeedRun | None, name: str
) -> dict[str, list[float]]:
    """The values of the reference seeds, by name; every run must give the same names.

    Raises:
        MLGatesError: if they do not.
    """
    runs = [(f"seed {seed}", values) for seed, values in reference.items()]
    others = runs[1:] if new is None else [*runs[1:], (f"seed {new.seed}", new.values)]
    place, first = runs[0]
    for other, values in others:
        if set(values) != set(first):
            raise MLGatesError(
                f"{name} gives other numbers with {other} than with {place}",
                got=f"{listing(values)} and {listing(first)}",
                want="the same names from every seed",
            )
    return {one: [values[one] for values in reference.values()] for one in first}


def _binder(function: Any, name: str) -> Callable[[int], Callable[[], Any]]:
    """How *function* takes a seed: by keyword, else as its one required argument."""
    if not callable(function):
        refuse_uncallable(function, name)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # built in C without a signature: the call will tell
        return lambda seed: functools.partial(function, seed)
    if any(
        (one.name == "seed" and one.kind in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY})
        or one.kind is one.VAR_KEYWORD
        for one in parameters
    ):
        return lambda seed: functools.partial(function, seed=seed)
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    required = [one for one in parameters if one.default is one.empty and one.kind in positional]
    if len(required) != 1:
        raise MLGatesError(
            f"{name} takes no seed, which level 'statistical' gives to it",
            got=f"{name}{inspect.signature(function)}",
            want="a function with an argument `seed`, that returns a number or numbers by name",
            fix=f"def {name}(seed): …, and no seed inside of it",
        )
    return lambda seed: functools.partial(function, seed)


def _told(run: Run, seed: int, name: str, *, fresh: bool) -> SeedRun:
    return SeedRun(
        seed=seed,
        values=_numbers(run.fingerprint, name, seed),
        digest=run.fingerprint.digest,
        duration_s=run.duration_s,
        process="fresh processes" if fresh else "one process",
    )


def _numbers(found: Fingerprint, name: str, seed: int) -> dict[str, float]:
    """What a run gave: a number, or numbers by name.

    Raises:
        MLGatesError: if it is anything else, or a number is not finite.
    """
    values: dict[str, float] = {}
    for path, leaf in found.leaves.items():
        key = _key(path)
        if (not path and leaf.kind in {"dict", "OrderedDict"}) or path == ".keys()":
            continue
        content = found.content(path)
        is_number = isinstance(content, np.ndarray) and content.ndim == 0
        if key is None or not is_number or np.asarray(content).dtype.kind not in "iuf":
            raise MLGatesError(
                f"{name} returned no number with seed {seed}",
                got=f"{leaf.kind}{f' at {path}' if path else ''}",
                want='a number, or numbers by name: {"accuracy": 0.91, "auc": 0.95}',
                fix="return the metric alone; models and predictions are compared at the levels "
                "bitwise and tolerance",
            )
        values[key] = float(np.asarray(content))
        if not math.isfinite(values[key]):
            raise MLGatesError(
                f"{name} returned {values[key]} with seed {seed}: no interval holds that",
                got="" if key == VALUE else key,
                want="finite numbers",
            )
    if not values:
        raise MLGatesError(
            f"{name} returned nothing to compare with seed {seed}, which proves nothing",
            want='a number, or numbers by name: {"accuracy": 0.91}',
        )
    return values


def _key(path: str) -> str | None:
    """``accuracy`` for ``["accuracy"]``; None for what is no entry of a dictionary by name."""
    if not path:
        return VALUE
    try:
        found = json.loads(path)
    except ValueError:
        return None
    named = isinstance(found, list) and len(found) == 1 and isinstance(found[0], str)
    return found[0] if named else None
