"""``[tool.mlgates]``: found, read, validated; every mistake is told at once."""

from __future__ import annotations
