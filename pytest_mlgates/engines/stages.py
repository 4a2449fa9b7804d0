"""The stages of a run, each with its fingerprint, and the first in which two runs differ."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import write_atomically
from pytest_mlgates.engines import generators, stored
from pytest_mlgates.engines.differences import Difference, compare
from pytest_mlgates.engines.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_mlgates.engines.leaves import Fingerprint

# A long training tells more than a disk holds. Digests are kept of all stages; the values of as
# many of run 1 as fit here, and of a later run those of the first stage that differs.
MOST_BYTES = 1 << 30
_STAGES = "stages.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One call of ``trace``.

    Attributes:
        name: As the user calls it: ``epoch``.
        index: Its number, where one was given.
        fingerprint: Of its value.
        decides: Whether the user named it. What was found automatically explains a difference, and
            is none alone: an estimator may keep how long it took.
        kept: Whether its value could be kept, so that it can be said how far two are apart.
        generators: The digests of the global generators' states when it was told.
    """

    name: str
    index: int | None
    fingerprint: Fingerprint
    decides: bool = True
    kept: bool = True
    generators: Mapping[str, str] = field(default_factory=dict)

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
    """Listens to ``trace``: fingerprints each stage at once, for values change after they are told.

    Args:
        folder: Is made when the first stage comes.
        reference: The folder of run 1, for a later run.
        most_bytes: How much of the values to keep.
    """

    def __init__(
        self, folder: Path, reference: Path | None = None, *, most_bytes: int = MOST_BYTES
    ) -> None:
        self._folder, self._left = folder, most_bytes
        self._told: list[dict[str, Any]] = []
        self._facts: dict[str, Any] = {}
        self._reference = reference
        self._labels = [] if reference is None else _listed(reference)["stages"]
        self._diverged = reference is None
        self._lock = threading.Lock()
        self._error: MLGatesError | None = None

    def tell(self, name: str, index: int | None, value: Any) -> None:
        """Record a stage.

        Raises:
            MLGatesError: if its value has no fingerprint.
        """
        with self._lock:
            try:
                found = fingerprint(value)
            except MLGatesError as error:
                named = _named(error, name, index)
                self._error = self._error or named  # the training may catch it
                raise named from None
            self._add(name, index, found)

    def offer(self, name: str, index: int | None, value: Any) -> None:
        """Record a stage if its value has a fingerprint."""
        with self._lock:
            try:
                found = fingerprint(value)
            except MLGatesError:
                return
            self._add(name, index, found, decides=False)

    def note(self, fact: str, value: Any) -> None:
        """Keep a fact; one told later replaces it."""
        with self._lock:
            self._facts[fact] = value

    def finish(self) -> None:
        """Write the list of the stages.

        Raises:
            MLGatesError: if the training caught what :meth:`tell` raised.
        """
        if self._error is not None:
            raise self._error
        if self._told or self._facts:
            self._folder.mkdir(parents=True, exist_ok=True)
            written = {"stages": self._told, "facts": self._facts}
            write_atomically(self._folder / _STAGES, json.dumps(written))

    def _add(
        self, name: str, index: int | None, found: Fingerprint, *, decides: bool = True
    ) -> None:
        place = len(self._told)
        entry: dict[str, Any] = {"name": name, "index": index, "decides": decides, "kept": True}
        entry["generators"] = generators.states()
        if not self._diverged and self._is_as_before(place, name, index, found):
            entry["same"] = True
        else:
            found.digests()  # they stand in the evidence, and the value may change from here on
            first = not self._diverged or self._reference is None
            self._diverged = True
            entry["kept"] = first and self._keep(found, self._folder / str(place))
            if not entry["kept"]:
                stored.save(found, self._folder / str(place), paths=())
        self._told.append(entry)

    def _is_as_before(self, place: int, name: str, index: int | None, found: Fingerprint) -> bool:
        if self._reference is None or place >= len(self._labels):
            return False
        before = self._labels[place]
        if (before["name"], before["index"]) != (name, index):
            return False
        return stored.load(self._reference / str(place)) == found

    def _keep(self, found: Fingerprint, folder: Path) -> bool:
        """Write *found* with its values, if there is room for them."""
        folder.mkdir(parents=True, exist_ok=True)
        if _bytes(found) > min(self._left, shutil.disk_usage(folder).free // 2):
            return False
        stored.save(found, folder)
        self._left -= sum(file.stat().st_size for file in folder.iterdir())
        return True


def stage_without_value(name: str, index: int | None, value: Any) -> Stage:
    """A stage that is known by its digests alone, and holds nothing of *value*.

    Raises:
        MLGatesError: if *value* has no fingerprint.
    """
    try:
        found = fingerprint(value)
    except MLGatesError as error:
        raise _named(error, name, index) from None
    return Stage(name=name, index=index, fingerprint=found.sealed(), kept=False)


def _named(error: MLGatesError, name: str, index: int | None) -> MLGatesError:
    """The *error* of a value, as one of the stage that was told it."""
    label = name if index is None else f"{name} {index}"
    what = error.what.removeprefix("result")
    what = f"stage {label!r}: {'its value' if what != error.what else ''}{what}"
    fix = f"trace {error.fix.removeprefix('return ')}" if error.fix.startswith("return ") else ""
    return MLGatesError(what, got=error.got, want=error.want, fix=fix or error.fix)


def load(folder: Path, reference: Path | None = None) -> tuple[Stage, ...]:
    """The stages in *folder*; none if no stage was told.

    Args:
        folder: Of a recorder.
        reference: The folder of run 1: what is the same there was written there alone.
    """
    return tuple(
        Stage(
            name=one["name"],
            index=one["index"],
            decides=one["decides"],
            kept=one["kept"],
            generators=one["generators"],
            fingerprint=stored.load(_owner(folder, reference, one) / str(number)),
        )
        for number, one in enumerate(_listed(folder)["stages"])
    )


def facts(folder: Path) -> dict[str, Any]:
    """What the run in *folder* noted beside its stages."""
    found: dict[str, Any] = _listed(folder)["facts"]
    return found


def first_divergence(
    first: Sequence[Stage], other: Sequence[Stage], *, result_differs: bool = False
) -> Divergence | None:
    """The first stage in which *other* differs from *first*, top-down.

    None if all are equal; and if only stages differ that do not decide, unless *result_differs*,
    which they explain.
    """
    if not result_differs and _parting(_deciding(first), _deciding(other)) is None:
        return None
    place = _parting(first, other)
    if place is None:
        return None
    mine = first[place] if place < len(first) else None
    theirs = other[place] if place < len(other) else None
    present = mine or theirs
    assert present is not None  # noqa: S101
    label = present.label
    common: dict[str, Any] = {"label": label, "place": place, "of": len(first)}
    if mine is None or theirs is None or mine.label != theirs.label:
        there = "" if theirs is None or mine is None else theirs.label
        return Divergence(other=there, differences=(), **common)
    found = compare(mine.fingerprint, theirs.fingerprint, root=label)
    if not (mine.kept and theirs.kept):
        found = [_unknown(one, label) for one in found]
    return Divergence(other=None, differences=tuple(found), **common)


def _deciding(stages: Sequence[Stage]) -> list[Stage]:
    return [stage for stage in stages if stage.decides]


def _parting(first: Sequence[Stage], other: Sequence[Stage]) -> int | None:
    """The first place at which they are not the same, None if they are."""
    for place, (mine, theirs) in enumerate(zip(first, other, strict=False)):
        if mine.label != theirs.label or mine.fingerprint != theirs.fingerprint:
            return place
    return None if len(first) == len(other) else min(len(first), len(other))


def _unknown(found: Difference, label: str) -> Difference:
    """What is said where the values themselves were not kept."""
    if found.aspect != "mutated":
        return found
    name = label.partition(" ")[0]
    text = "other values; how far apart is not known, because the values of earlier stages fill "
    text += f"the {MOST_BYTES >> 30} GiB that are kept: trace less of each, or {name!r} alone"
    return replace(found, aspect="values", text=text)


def _bytes(found: Fingerprint) -> int:
    """About how much the values of *found* take."""
    return sum(leaf.size * _width(leaf.kind) for leaf in found.leaves.values())


def _width(kind: str) -> int:
    try:
        return np.dtype(kind.partition(" ")[0]).itemsize
    except TypeError:  # text, and the like
        return 8


def _owner(folder: Path, reference: Path | None, entry: Mapping[str, Any]) -> Path:
    return reference if reference is not None and "same" in entry else folder


def _listed(folder: Path) -> dict[str, Any]:
    try:
        listed: dict[str, Any] = json.loads((folder / _STAGES).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"stages": [], "facts": {}}
    return listed
