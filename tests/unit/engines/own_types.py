"""Types of a project that no library knows."""

from __future__ import annotations


class Index:
    """A type that `own_registration` teaches."""

    def __init__(self, ids, scale=1.0):
        self.ids = ids
        self.scale = scale
        self.made_at = object()


class Larger(Index):
    """A subclass."""
