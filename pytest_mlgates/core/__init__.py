"""Values that every layer shares: verdicts, bounds, evidence, errors. Standard library only."""

from __future__ import annotations
