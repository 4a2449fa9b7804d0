"""The ``metric`` gate: a metric of an evaluation table against a bound or a champion."""

from __future__ import annotations

from pytest_mlgates.gates.metric.kind import KIND

__all__ = ["KIND"]
