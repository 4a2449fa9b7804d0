"""The files that a test's gate judged, with their digests: as far as its ``inputs`` name them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.inputs import data_of, digests_of, files_of
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgates.core.verdict import Verdict


def with_files(verdict: Verdict, subject: Any, base: Path) -> Verdict:
    """*verdict* of a test's gate, with the digests of the files that it names.

    Nothing else says what a dataframe or a callable was made of, so a gate without ``inputs`` names
    none. Files that its table was read from are among them, named or not.

    Args:
        verdict: What was found.
        subject: What the test handed over.
        base: What paths are relative to.
    """
    if not verdict.definition.get("inputs"):
        return verdict
    files = dict.fromkeys(data_of({"gate": verdict.definition}, base))
    files |= dict.fromkeys(_read(subject, base))
    try:
        return verdict.replace(files=digests_of(files, base))
    except (OSError, MLGatesError):  # gone meanwhile: nothing is said of them
        return verdict


def _read(subject: Any, base: Path) -> Iterator[str]:
    if isinstance(subject, Table):
        for path in subject.files:
            yield Path(os.path.relpath(path, base)).as_posix()
    elif isinstance(subject, str | os.PathLike):
        yield from files_of(os.fspath(subject), base)
