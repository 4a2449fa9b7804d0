"""Use cases: configuration → gates → verdicts → evidence. Returns values, never prints or exits."""

from __future__ import annotations
