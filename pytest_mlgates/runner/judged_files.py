"""The files that a test's gate judged, with their digests: as far as its ``inputs`` name them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.inputs import data_of, digests_of, files_of
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.gates.base import Context


def with_files(verdict: Verdict, subject: Any, context: Context) -> Verdict:
    """*verdict* of a test's gate, with the digests of the files that it names.

    Nothing else says what a dataframe or a callable was made of, so a gate without ``inputs`` names
    none. Files that its table was read from are among them, named or not.

    Args:
        verdict: What was found.
        subject: What the test handed over.
        context: What paths are relative to; its cache keeps digests, for many gates name the same.
    """
    if not verdict.definition.get("inputs"):
        return verdict
    base = context.base
    files = tuple(
        dict.fromkeys((*data_of({"gate": verdict.definition}, base), *_read(subject, base)))
    )
    key = ("digests of files", tuple(_stated(base, files)))
    if key not in context.cache:
        try:
            context.cache[key] = digests_of(files, base, _known(subject, base))
        except (OSError, MLGatesError):  # gone meanwhile: nothing is said of them
            context.cache[key] = {}
    return verdict.replace(files=context.cache[key])


def _stated(base: Path, files: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    """A test may write what another judges: then it is read again."""
    for name in files:
        try:
            stat = (base / name).stat()
        except OSError:
            yield name, -1, -1
        else:
            yield name, stat.st_size, stat.st_mtime_ns


def _known(subject: Any, base: Path) -> dict[str, str]:
    """What reading a table has found already."""
    if not isinstance(subject, Table) or len(subject.files) != 1:
        return {}
    digest = subject.digest()
    return {} if digest is None else {next(_read(subject, base)): digest}


def _read(subject: Any, base: Path) -> Iterator[str]:
    if isinstance(subject, Table):
        for path in subject.files:
            yield Path(os.path.relpath(path, base)).as_posix()
    elif isinstance(subject, str | os.PathLike):
        yield from files_of(os.fspath(subject), base)
