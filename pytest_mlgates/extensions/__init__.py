"""How third parties (and our own parts) register gate kinds, metrics and integrations."""

from __future__ import annotations

import pluggy

hookimpl = pluggy.HookimplMarker("mlgates")
hookspec = pluggy.HookspecMarker("mlgates")

__all__ = ["hookimpl", "hookspec"]
