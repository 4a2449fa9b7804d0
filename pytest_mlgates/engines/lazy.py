"""narwhals, imported when the first of its names is used: a hook over a small file uses none."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:

    class _Narwhals:
        def __getattr__(self, name: str) -> Any:
            found = getattr(importlib.import_module("narwhals.stable.v2"), name)
            setattr(self, name, found)
            return found

    nw = _Narwhals()

__all__ = ["nw"]
