"""Where evidence goes unless the user says otherwise."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_mlgates.core.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.evidence import Evidence

FOLDER = ".mlgates"


def default_path(configuration: Configuration) -> Path:
    """``.mlgates/evidence.json`` beside the configuration."""
    return configuration.base / FOLDER / "evidence.json"


def outdate(configuration: Configuration, *paths: Path) -> None:
    """Mark evidence that exists at *paths* and at the default place as of an unfinished run.

    A run that is interrupted or killed must not leave an earlier run's pass behind it.
    """
    from pytest_mlgates.runner.check import evidence_of

    unfinished = evidence_of(configuration, [], whole=False, problems=["the run did not finish"])
    for path in (default_path(configuration), *paths):
        if path.is_file():
            with contextlib.suppress(OSError):  # said when the run's own evidence is written
                write_atomically(path, unfinished.to_json())


def write(path: Path, evidence: Evidence) -> None:
    """Write *evidence* to *path* atomically; our own folder is kept out of version control.

    Raises:
        OSError: if it cannot be written.
    """
    write_atomically(path, evidence.to_json())
    ignore = path.parent / ".gitignore"
    if path.parent.name == FOLDER and not ignore.exists():
        write_atomically(ignore, "*\n")
