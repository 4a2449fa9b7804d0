"""Every mistake in a configuration, its contracts and the markers of its tests, with its line."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pytest_mlgates.config.load import load
from pytest_mlgates.config.markers_in_source import is_computed, read_source
from pytest_mlgates.config.places import line_of
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.extensions.manager import BUILTIN_KINDS, gate_kind
from pytest_mlgates.gates.base import parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def mistakes_in(path: Path, root: Path, changed: Collection[str]) -> Iterator[MLGatesError]:
    """What is wrong in the configuration *path*, and in what *changed* of what it governs.

    Args:
        path: The configuration file.
        root: Of the repository.
        changed: Paths relative to *root*.
    """
    try:
        configuration = load(path, project_code=False)
    except MLGatesError as error:
        yield from (_with_line(one, path) for one in error.parts or [error])
        return
    for declared in configuration.gates.values():
        suite = getattr(declared.gate.parameters, "suite", None)
        if isinstance(suite, str):
            from pytest_mlgates.gates.data_schema.suite import load as load_suite

            try:
                load_suite(suite, configuration.base)
            except MLGatesError as error:
                yield from (_with_line(one, path) for one in error.parts or [error])
    for name in sorted(changed):
        file = root / name
        if name.endswith(".py") and file.is_file() and path.parent in file.parents:
            yield from _markers(file, PurePosixPath(name))


def _markers(file: Path, name: PurePosixPath) -> Iterator[MLGatesError]:
    """Literal arguments that no gate takes."""
    found = read_source(file.read_text(encoding="utf-8", errors="replace"))
    for gate in found.gates.values():
        arguments = dict(gate.definition["gate"])
        kind = arguments.pop("kind")
        if kind not in BUILTIN_KINDS or is_computed(gate):
            continue
        known = {key: value for key, value in arguments.items() if key not in ("id", "subject")}
        where = f"{name}:{gate.line} {kind}"
        try:
            parse(gate_kind(kind), (), known, where=where)
        except MLGatesError as error:
            yield from error.parts or [error]


def _with_line(error: MLGatesError, path: Path) -> MLGatesError:
    """*error* with the line of the table or key that it is about, if it can be found."""
    line = line_of(path, error.where)
    if line is not None and error.where.startswith(path.name):
        error.where = error.where.replace(path.name, f"{path.name}:{line}", 1)
    return error
