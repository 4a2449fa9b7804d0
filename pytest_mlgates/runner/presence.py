"""Whether what declared gates judge is here: the files of their tables. Nothing of them is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_mlgates.config.inputs import files_of
from pytest_mlgates.config.load import key_of
from pytest_mlgates.config.pointers import dvc_pointer, lfs_digest
from pytest_mlgates.core.errors import MLGatesError, NoFilesError
from pytest_mlgates.core.text import plural
from pytest_mlgates.engines.readers import expand

if TYPE_CHECKING:
    from pytest_mlgates.config.model import Configuration

# What becomes of the gates of a table that is not here.
WITHOUT = "its gates end in an error (exit 2) here"


class Presence(NamedTuple):
    """What is there of a table.

    Attributes:
        is_here: Whether its data is.
        may_be_elsewhere: Whether the data, which is not here, may be where the gates run.
        says: What was found.
        fix: What would bring it.
    """

    is_here: bool
    may_be_elsewhere: bool
    says: str
    fix: str = ""


def files_of_table(configuration: Configuration, name: str) -> list[Path]:
    """The files of the declared table *name*.

    Raises:
        TableError: if there is none; at the key of the configuration that names them.
    """
    path = configuration.settings.tables[name].path
    try:
        return expand(path, configuration.base)
    except MLGatesError as error:
        source = configuration.path or Path(configuration.source)
        raise error.at(key_of(source, "tables", name, "path")) from None


def presence(configuration: Configuration, name: str) -> Presence:
    """What is there of the declared table *name*: its files, pointers in their place, or nothing.

    A pointer of DVC or Git LFS says that the data is kept elsewhere; so may be data of which there
    is no sign, as what is private often is.
    """
    base, path = configuration.base, configuration.settings.tables[name].path
    try:
        files = files_of_table(configuration, name)
    except NoFilesError as error:
        pointers = (dvc_pointer(base / one, base) for one in files_of(path, base))
        pointer = next(filter(None, pointers), None)
        if pointer is not None:
            told = Path(os.path.relpath(pointer.file, base)).as_posix()
            says = f"{path}: only {told}, its pointer of DVC, is here: {WITHOUT}"
            return Presence(is_here=False, may_be_elsewhere=True, says=says, fix=f"dvc pull {told}")
        kept = (
            "where the data is kept elsewhere: fetch it, or let signed evidence stand in "
            "(mlgates check --stand-in evidence.json)"
        )
        return Presence(
            is_here=False,
            may_be_elsewhere=True,
            says=f"{error.summary}: {WITHOUT}",
            fix=error.fix or kept,
        )
    except MLGatesError as error:
        return Presence(
            is_here=False, may_be_elsewhere=False, says=error.summary, fix=error.fix or error.want
        )
    for file in files:
        try:
            with file.open("rb") as stream:
                stream.read(1)
            if lfs_digest(file) is not None:
                told = Path(os.path.relpath(file, base)).as_posix()
                says = f"{path}: {told} is a pointer of Git LFS: {WITHOUT}"
                return Presence(
                    is_here=False,
                    may_be_elsewhere=True,
                    says=says,
                    fix=f"git lfs pull --include {told!r}",
                )
        except OSError as error:
            says = f"{file.name!r} cannot be opened: {error.strerror}"
            return Presence(
                is_here=False, may_be_elsewhere=False, says=says, fix=f"chmod u+r {path}"
            )
    return Presence(
        is_here=True, may_be_elsewhere=True, says=f"{path}, {plural(len(files), 'file')}"
    )
