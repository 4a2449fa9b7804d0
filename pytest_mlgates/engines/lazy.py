"""narwhals, imported when the first of its names is used: a hook over a small file uses none."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:

    class _Narwhals:
        # Nothing is kept: a pytester run in this process forgets what it imported first, and two
        # copies of narwhals do not know each other's frames.
        def __getattr__(self, name: str) -> Any:
            return getattr(importlib.import_module("narwhals.stable.v2"), name)

    nw = _Narwhals()

__all__ = ["nw"]
