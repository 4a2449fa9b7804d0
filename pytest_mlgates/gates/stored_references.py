"""The argument ``against``: what names a stored run."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

RUN = re.compile(r"runs:/+(?P<run>[^/\s]+)/?")


def reference(value: Any) -> str:
    """What `against` takes: a file of the project, or a run of MLflow.

    Raises:
        ValueError: for anything else, in words.
    """
    want = 'a file ("repro/training.json") or a run of MLflow ("runs:/RUN_ID")'
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str) or not text.strip():
        raise ValueError(want)
    if RUN.fullmatch(text):
        return str(text)
    if ":/" in text or not text.endswith(".json"):
        raise ValueError(f"{want}: the name of a file ends with .json")
    if not Path(text).is_absolute() and os.path.normpath(text).startswith(".."):
        raise ValueError(f"{want}; one outside of the project is named by its full path")
    return str(text)
