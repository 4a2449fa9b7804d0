"""Where evidence goes unless the user says otherwise."""

from __future__ import annotations

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


def write(path: Path, evidence: Evidence) -> None:
    """Write *evidence* to *path* atomically; our own folder is kept out of version control.

    Raises:
        OSError: if it cannot be written.
    """
    write_atomically(path, evidence.to_json())
    ignore = path.parent / ".gitignore"
    if path.parent.name == FOLDER and not ignore.exists():
        write_atomically(ignore, "*\n")
