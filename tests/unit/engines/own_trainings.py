"""Trainings that return types of their own; this module registers nothing."""

from __future__ import annotations

import numpy as np

from tests.unit.engines.own_plugin import Tokens
from tests.unit.engines.own_types import Index


def index():
    return Index(np.arange(5))


def unseeded_index():
    return Index(np.random.default_rng().random(5))


def tokens():
    return Tokens(["a", "b"])
