"""``mlgates schema``: the JSON Schema of the configuration, for editors."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "print the JSON Schema of mlgates.toml, with which editors complete and check it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "--pyproject",
        action="store_true",
        help="of a whole pyproject.toml, of which it judges [tool.mlgates] alone",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print it, in ASCII whatever the encoding of the pipe."""
    from pytest_mlgates.config.schema import FILE, of_pyproject
    from pytest_mlgates.core.boundary import PASSED, write

    found = json.loads(FILE.read_text(encoding="utf-8"))
    if arguments.pyproject:
        found = of_pyproject(found)
    write(sys.stdout, json.dumps(found, indent=1) + "\n")
    return PASSED
