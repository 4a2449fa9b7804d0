"""Canonical forms of types that fingerprints learn from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.canonical_models import class_name
from pytest_mlgates.extensions.fingerprints import parts_of

if TYPE_CHECKING:
    from pytest_mlgates.engines.canonical import Walk


def handle(walk: Walk, path: str, value: Any) -> bool:
    """Walk *value* if a registered function or a plugin knows what it consists of."""
    kind = class_name(type(value))
    try:
        parts = parts_of(value)
    except MLGatesError:
        raise
    except Exception as error:  # of whoever registered it
        raise MLGatesError(
            f"what is registered for {kind} cannot take result{path} apart",
            got=f"{type(error).__name__}: {error}",
            want="a function that takes every value of its type",
        ) from error
    if parts is None:
        return False
    if isinstance(parts, np.ndarray):
        walk.array(path, kind, parts)
    elif isinstance(parts, str):
        walk.texts(path, kind, [parts], ())
    elif isinstance(parts, Mapping) and all(isinstance(name, str) for name in parts):
        walk.structure(path, kind)
        for name, part in parts.items():
            walk.visit(f"{path}.{name}", part)
    else:
        raise MLGatesError(
            f"what is registered for {kind} does not say what result{path} consists of",
            got=type(parts).__qualname__,
            want="a mapping of names to parts, a numpy array, or a text",
            fix="return None from mlgates_fingerprint for what it does not know",
        )
    return True
