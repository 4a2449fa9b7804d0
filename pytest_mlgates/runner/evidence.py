"""Where evidence goes unless the user says otherwise."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_mlgates.core.files import FOLDER, ours, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.evidence import Evidence


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
    ours(path.parent)
    write_atomically(path, evidence.to_json())


def read(path: Path) -> Evidence:
    """The evidence in *path*, as it was written.

    Raises:
        MLGatesError: if there is none, or the file holds something else.
    """
    import json

    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.core.evidence import Evidence

    try:
        data = json.loads(path.read_bytes())
        return Evidence.from_dict(data)
    except OSError as error:
        raise MLGatesError(
            f"there is no evidence in {str(path)!r}",
            got=str(error.strerror or error),
            fix="run the gates first: mlgates check, or pytest --mlgates",
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MLGatesError(
            f"{str(path)!r} holds no evidence of pytest-mlgates",
            got=f"{type(error).__name__}: {error}",
            want="what mlgates check --evidence or pytest --mlgates-evidence wrote",
        ) from None
