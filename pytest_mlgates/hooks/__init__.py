"""The pre-commit hooks: one file, one console script, one ``main(argv) -> int`` each."""

from __future__ import annotations
