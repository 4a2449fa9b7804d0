"""Where this runs."""

from __future__ import annotations

import os


def is_ci() -> bool:
    """Whether this runs in continuous integration, as all its providers say."""
    return os.environ.get("CI", "").strip().lower() not in ("", "0", "false")
