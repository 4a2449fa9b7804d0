"""What git says of a folder, where it is no mistake that it says nothing."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT_S = 60


def told(folder: Path, *arguments: str) -> str | None:
    """What git prints in *folder*; None where it fails, hangs, or is not installed.

    Nothing is written: not even the index is refreshed.
    """
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, check=False, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return None if done.returncode else done.stdout.decode("utf-8", "replace")
