"""Bounds, comparisons and multiplicity: numbers in, bounds out. Knows no table and no gate."""

from __future__ import annotations
