"""The slices of an evaluation table in which a metric is worse than in the rest."""

from __future__ import annotations

from pytest_mlgates.gates.slices.search import Search, Slice, search

__all__ = ["Search", "Slice", "search"]
