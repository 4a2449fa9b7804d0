"""What a declared gate demands, in plain values, as the file has it: for the lock.

Standard library only: comparing definitions must not cost the import of what evaluates them.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# What every gate starts from.
DEFAULTS = (
    *("confidence", "inconclusive", "min_cell"),
    *("y_true", "y_pred", "y_score", "query", "sample_weight", "cluster", "pos_label"),
)


def definitions(raw: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The definition of every declared gate, by id.

    Args:
        raw: The table ``[tool.mlgates]`` as TOML has it.
    """
    gates, tables = raw.get("gates"), raw.get("tables")
    if not isinstance(gates, dict):
        return {}
    defaults = {key: raw[key] for key in DEFAULTS if key in raw}
    found = {}
    for name, gate in gates.items():
        if not isinstance(gate, dict):
            continue
        own: dict[str, Any] = {"gate": gate}
        table = tables.get(gate.get("table")) if isinstance(tables, dict) else None
        if isinstance(table, dict):
            own["table"] = table
        if defaults:
            own["defaults"] = defaults
        if raw.get("plugins"):  # any of them may say what the gate's kind or metric is
            own["plugins"] = raw["plugins"]
        if name in (raw.get("required") or ()):
            own["required"] = True
        found[name] = plain(own)
    return found


def plain(value: Any) -> Any:
    """TOML as JSON has it: days as text."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value
