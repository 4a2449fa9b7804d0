"""The stages of a run, each with its fingerprint, and the first in which two runs differ."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.files import write_atomically
from pytest_mlgates.engines import stored
from pytest_mlgates.engines.differences import Difference, compare
from pytest_mlgates.engines.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_mlgates.engines.canonical import Fingerprint

_STAGES = "stages.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One call of ``trace``.

    Attributes:
        name: As the user calls it: ``epoch``.
        index: Its number, where one was given.
        fingerprint: Of its value.
    """

    name: str
    index: int | None
    fingerprint: Fingerprint

    @property
    def label(self) -> str:
        """``epoch 3``."""
        return self.name if self.index is None else f"{self.name} {self.index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """The first stage in which two runs differ.

    Attributes:
        label: The stage in the first run (in the other one, where the first has none).
        place: Its place among the stages, from 0.
        of: How many stages the first run has.
        other: What the other run has in its place, where that is another stage; "" for none.
        differences: What differs in its value.
    """

    label: str
    place: int
    of: int
    other: str | None
    differences: tuple[Difference, ...]


class Recorder:
    """Listens to ``trace`` and writes each stage into *folder*: values change after they are told.

    Args:
        folder: Is made when the first stage comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: list[dict[str, Any]] = []

    def __call__(self, name: str, index: int | None, value: Any) -> None:
        """Record a stage.

        Raises:
            MLGatesError: if its value has no fingerprint.
        """
        place = self._folder / str(len(self._told))
        found = fingerprint(value)
        found.digests()  # they stand in the evidence, and the value may change from here on
        stored.save(found, place)
        self._told.append({"name": name, "index": index})

    def finish(self) -> None:
        """Write the list of the stages."""
        if self._told:
            write_atomically(self._folder / _STAGES, json.dumps(self._told))


def load(folder: Path) -> tuple[Stage, ...]:
    """The stages in *folder*; none if no stage was told."""
    try:
        told = json.loads((folder / _STAGES).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    return tuple(
        Stage(name=one["name"], index=one["index"], fingerprint=stored.load(folder / str(number)))
        for number, one in enumerate(told)
    )


def first_divergence(first: Sequence[Stage], other: Sequence[Stage]) -> Divergence | None:
    """The first stage in which *other* differs from *first*, top-down; None if all are equal."""
    for place in range(max(len(first), len(other))):
        mine = first[place] if place < len(first) else None
        theirs = other[place] if place < len(other) else None
        present = mine or theirs
        assert present is not None  # noqa: S101
        label = present.label
        common: dict[str, Any] = {"label": label, "place": place, "of": len(first)}
        if mine is None or theirs is None or mine.label != theirs.label:
            there = "" if theirs is None or mine is None else theirs.label
            return Divergence(other=there, differences=(), **common)
        if mine.fingerprint != theirs.fingerprint:
            found = compare(mine.fingerprint, theirs.fingerprint, root=label)
            return Divergence(other=None, differences=tuple(found), **common)
    return None
