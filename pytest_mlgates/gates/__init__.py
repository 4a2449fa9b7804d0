"""The kinds of gates: pure functions, subject + parameters → verdict."""

from __future__ import annotations
