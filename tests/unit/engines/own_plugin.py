"""A module that `plugins = ["…"]` would name."""

from __future__ import annotations

from pytest_mlgates import hookimpl


class Tokens:
    """Another type that no library knows."""

    def __init__(self, words):
        self.words = words


@hookimpl
def mlgates_fingerprint(value):
    return {"words": value.words} if isinstance(value, Tokens) else None
