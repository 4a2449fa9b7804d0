"""The command ``mlgates``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* (default: the process's) and return its exit code."""
    from pytest_mlgates.core.boundary import guarded

    arguments = list(sys.argv[1:] if argv is None else argv)

    def run() -> int:
        from pytest_mlgates.cli.parser import dispatch

        return dispatch(arguments)

    return guarded(run)
