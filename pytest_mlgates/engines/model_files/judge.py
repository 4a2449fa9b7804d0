"""Judge the bytes of a model file: what is in it, by its content, and whether it may be loaded.

Names decide only where the content says nothing (old pickles and torch's have no sign of their
own). What is broken, encrypted or of an unknown form is never safe: loaders differ in what they
forgive, and a scanner that skips what it cannot read passes what a loader then runs.
"""

from __future__ import annotations

import io
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pytest_mlgates.engines.model_files import archives, arrays, keras, signs
from pytest_mlgates.engines.model_files.found import Judgement, Trouble, UnreadableError
from pytest_mlgates.engines.model_files.names import is_plausible, known
from pytest_mlgates.engines.model_files.pickled import Global
from pytest_mlgates.engines.model_files.pickles import Walk
from pytest_mlgates.engines.model_files.signs import Form

if TYPE_CHECKING:
    from collections.abc import Collection

_DEEPEST = 8  # archives and pickles in each other
PICKLES = (".pkl", ".pickle", ".joblib", ".dill", ".sav", ".p")
_TORCH = (".pt", ".pth", ".ckpt", ".bin")
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_TORCH_PICKLES = 5
# From here on picklescan's list of all opcodes takes too much memory and time: of longer pickles,
# the names that were followed here are looked up in its list.
_SCANNED = 4 << 20


def judge(data: bytes, name: str, *, allowed: Collection[str] = ()) -> Judgement:
    """What speaks against loading the file *name* with the content *data*.

    Args:
        data: All bytes of it.
        name: Its name, for messages and where the content says nothing.
        allowed: Globals that the user allows, ``package.module.Name``; none that the scanner lists.
    """
    if signs.is_lfs_pointer(data):
        return Judgement(kind="a pointer of Git LFS", pointer=True)
    judging = _Judging(frozenset(allowed), archives.Budget.of(len(data)))
    kind = judging.part(data, name, name, depth=0, whole=True)
    worst_first = sorted(judging.troubles, key=lambda one: (not one.listed, not one.name))
    return Judgement(kind=kind, troubles=worst_first)


class _Judging:
    """One file, with all that is in it."""

    def __init__(self, allowed: frozenset[str], budget: archives.Budget) -> None:
        self.troubles: list[Trouble] = []
        self._allowed, self._budget = allowed, budget
        self._told: set[tuple[str, str]] = set()

    def part(self, data: bytes, name: str, where: str, *, depth: int, whole: bool) -> str:
        """Judge *data*; what it is, for people.

        Args:
            data: A file, or part of one.
            name: Its name; empty where it has none.
            where: What messages call it.
            depth: How many archives and pickles stand around it.
            whole: Whether it is the file itself, perhaps unpacked: it must then be of some format.
        """
        if not data and whole:
            self._trouble(where, "holds nothing", unread=True)
            return "an empty file"
        if depth > _DEEPEST:
            self._trouble(where, f"stands more than {_DEEPEST} archives deep", unread=True)
            return "an archive"
        try:
            return self._by_content(data, name, where, depth, whole=whole)
        except UnreadableError as error:
            self._trouble(where, str(error), unread=True)
            return "unreadable"
        except RecursionError:
            self._trouble(where, "is nested too deep to be read", unread=True)
            return "unreadable"

    def _by_content(self, data: bytes, name: str, where: str, depth: int, *, whole: bool) -> str:
        form = signs.form_of(data)
        suffix = PurePosixPath(name.lower()).suffix
        by_name = suffix in PICKLES or (suffix in _TORCH and whole)
        if form is Form.PICKLE or (form is None and by_name):
            return self._pickles(data, where, depth)
        # Whatever else a file is, it must not be a pickle as well for those who read it as one.
        self._looks_like_pickle(data, where, strict=suffix in PICKLES)
        if form is Form.ZIP or archives.has_zip_end(data):
            return self._zip(data, where, depth)
        if form is Form.TAR:
            for member, content in archives.tar_members(data, self._budget):
                self._member(content, member, where, depth)
            return "a tar archive"
        if form is not None and form.is_compressed:
            return self._compressed(data, form, name, where, depth, whole=whole)
        if form is Form.NPY:
            behind = arrays.behind_header(data)
            if behind is not None:
                self._pickles(data[behind:], f"the objects in {where}", depth)
            return "an array of numpy's"
        if form is Form.HDF5:
            for text in keras.configurations_in_hdf5(data):
                self._json(text, where)
            return "a Keras model (HDF5)"
        if form is Form.JSON or suffix == ".json":
            self._json(data, where)
            return "JSON"
        if form is not None:  # numbers and texts, whatever loads it
            return str(form.value)
        return self._unknown(data, where, depth, whole=whole)

    def _unknown(self, data: bytes, where: str, depth: int, *, whole: bool) -> str:
        """No sign of any format: a whole pickle of an old protocol, plain data, or unknown."""
        walk = Walk(data)
        if not walk.broken and walk.end == len(data):
            return self._pickles(data, where, depth)
        if whole:
            self._trouble(where, "is of no format that is known here", unread=True)
        return "data"

    # --- pickles -------------------------------------------------------------------------------

    def _pickles(self, data: bytes, where: str, depth: int) -> str:
        """One pickle, or several in a row as torch wrote them; nothing else may follow."""
        walk = self._pickle(data, where, depth)
        kind = "a joblib file" if walk.arrays else "a pickle"
        count = 1
        legacy = walk.value == _TORCH_MAGIC and not walk.names
        while not walk.broken and walk.end < len(data) and (not legacy or count < _TORCH_PICKLES):
            walk = self._pickle(data, where, depth, walk.end)
            count += 1
        if legacy:  # numbers follow
            self._looks_like_pickle(data[walk.end :], where)
            return "a file of torch's"
        return kind

    def _pickle(self, data: bytes, where: str, depth: int, start: int = 0) -> Walk:
        """Follow the pickle at *start*, and tell what it would import."""
        walk = Walk(data, start)
        self._names(walk, where, data[start : walk.end] if walk.end - start <= _SCANNED else b"")
        if walk.arrays:
            # To who reads joblib's file as a plain pickle, the bytes of its arrays are opcodes.
            plain = Walk(data, start, joblib=False)
            found = {k: at for k, at in _plausible(plain).items() if k not in walk.names}
            reading = f"{where}, read as a plain pickle"
            plain.names = {k: at for k, at in found.items() if at < walk.objects}
            self._names(plain, reading)
            # The memo of a pickle in the pickle is another one: names from it are then mixed up.
            plain.names = {k: at for k, at in found.items() if at >= walk.objects}
            self._names(plain, reading, listed_only=True)
        for position, what in walk.odd:
            self._trouble(f"{where}, byte {position}", what)
        if walk.broken:
            no_pickle = not walk.begins and start == 0
            what = "is no pickle" if no_pickle else f"is a broken pickle: {walk.broken}"
            self._trouble(where, what, unread=True)
        for position, content in walk.embedded:
            self._embedded(content, f"the bytes at {position} in {where}", depth)
        return walk

    def _embedded(self, content: bytes, where: str, depth: int) -> None:
        """Bytes in a pickle: may be a pickle or an archive, which whoever gets them would open."""
        form = signs.form_of(content)
        if form is Form.PICKLE or form is None:
            self._looks_like_pickle(content, where, depth, strict=form is Form.PICKLE)
        elif form.is_embedded:
            self.part(content, "", where, depth=depth + 1, whole=False)

    def _looks_like_pickle(
        self, data: bytes, where: str, depth: int = 0, *, strict: bool = False
    ) -> None:
        """What *data* would import if it were read as a pickle, up to where it breaks.

        Text may start like one (``config``, line, ``value`` names a module ``onfig``): where it
        breaks, only the scanner's list counts, unless *strict*.
        """
        if depth > _DEEPEST:
            self._trouble(where, f"stands more than {_DEEPEST} pickles deep", unread=True)
            return
        walk = Walk(data)
        walk.names = _plausible(walk)
        if not walk.broken and (walk.names or walk.embedded):
            self._pickle(data, where, depth + 1)
        elif walk.names:
            self._names(walk, where, listed_only=not strict)

    def _names(
        self, walk: Walk, where: str, data: bytes = b"", *, listed_only: bool = False
    ) -> None:
        """Tell which imports of *walk*, and of what the scanner sees in *data*, are not allowed."""
        if not walk.names and not data:
            return
        from pytest_mlgates.engines.model_files.scanner import dangerous

        listed = dangerous(walk.names, data)
        for module, name in [*walk.names, *sorted(listed - set(walk.names))]:
            full = f"{module}.{name}"
            if (where, full) in self._told:
                continue
            if (module, name) in listed:
                what = f"would import {full}, which is dangerous (picklescan)"
            elif listed_only or (module, name) in known() or full in self._allowed:
                continue
            else:
                what = f"would import {full}, which is not known to be harmless"
            self._told.add((where, full))
            position = walk.names.get(Global(module, name))
            self.troubles.append(
                Trouble(
                    where=where if position is None else f"{where}, byte {position}",
                    what=what,
                    name=full,
                    listed=(module, name) in listed,
                )
            )

    # --- archives ------------------------------------------------------------------------------

    def _compressed(
        self, data: bytes, form: Form, name: str, where: str, depth: int, *, whole: bool
    ) -> str:
        path = PurePosixPath(name)
        inner = (
            name if path.suffix.lower() in PICKLES else str(path.with_suffix("")) if name else ""
        )
        found = io.BytesIO()
        try:
            archives.unpack(data, form, self._budget, found)
        except UnreadableError:
            # A loader runs what comes out before it comes to the fault.
            self._looks_like_pickle(found.getvalue(), where)
            if form.is_weak and not whole and path.suffix.lower() not in PICKLES:
                return "data"
            raise
        kind = self.part(found.getvalue(), inner, where, depth=depth + 1, whole=whole)
        return f"{kind}, compressed"

    def _zip(self, data: bytes, where: str, depth: int) -> str:
        members = dict(archives.zip_members(data, self._budget))
        torch = any(PurePosixPath(name).name == "data.pkl" for name in members)
        for name, content in members.items():
            path = PurePosixPath(name)
            if torch and path.parts[-2:-1] == ("data",) and path.name.isdecimal():
                self._looks_like_pickle(content, f"{name} in {where}")  # the bytes of a tensor
            elif path.name.endswith(".weights.h5") and signs.form_of(content) is Form.HDF5:
                continue  # Keras reads numbers from it, and nothing else
            else:
                self._member(content, name, where, depth)
            if torch and "code" in path.parts and path.suffix == ".py":
                self._trouble(where, "holds a TorchScript program, which runs when it is loaded")
        if torch:
            return "a file of torch's"
        return "a file of skops'" if "schema.json" in members else "a zip archive"

    def _member(self, content: bytes, name: str, where: str, depth: int) -> None:
        self.part(content, name, f"{name} in {where}", depth=depth + 1, whole=False)

    def _json(self, data: bytes, where: str) -> None:
        """Keras' configurations are JSON: told by what is in them, whatever they are called."""
        try:
            content = json.loads(data)
        except ValueError:
            raise UnreadableError("is no whole JSON") from None
        for name in keras.offenders(content, self._allowed):
            what = f"would make {name}, which runs code, or is not one of Keras' own parts"
            self.troubles.append(Trouble(where=where, what=what, name=name))

    def _trouble(self, where: str, what: str, *, unread: bool = False) -> None:
        self.troubles.append(Trouble(where=where, what=what, unread=unread))


def _plausible(walk: Walk) -> dict[Global, int]:
    """The imports of *walk* that could work at all: other bytes name others by accident."""
    return {one: at for one, at in walk.names.items() if is_plausible(one.module)}
