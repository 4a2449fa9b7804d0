"""Arguments of ``mlgates`` and its commands."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from pytest_mlgates.cli import (
    check,
    doctor,
    infer,
    init,
    lock,
    merge,
    plan,
    promote,
    record,
    report,
    schema,
    sign,
    slices,
    verify,
)
from pytest_mlgates.core.boundary import parsed, write

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = {
    "init": init,
    "infer": infer,
    "check": check,
    "record": record,
    "lock": lock,
    "plan": plan,
    "slices": slices,
    "report merge": merge,
    "sign": sign,
    "verify": verify,
    "promote": promote,
    "report": report,
    "doctor": doctor,
    "schema": schema,
}


def dispatch(argv: Sequence[str]) -> int:
    """Parse *argv* and run its command."""
    parser = argparse.ArgumentParser(
        prog="mlgates",
        allow_abbrev=False,
        description="Quality gates for machine learning.",
        epilog="exit codes: 0 passed, 1 a gate failed, 2 misuse, 3 a bug of ours, 130 interrupted",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in _COMMANDS.items():
        own = commands.add_parser(
            name, help=module.HELP, description=module.HELP, allow_abbrev=False
        )
        module.add_arguments(own)
    given = list(argv)
    if " ".join(given[:2]) in _COMMANDS:  # a command of two words
        given[:2] = [" ".join(given[:2])]
    arguments = parsed(parser, given)
    code: int = _COMMANDS[arguments.command].run(arguments)
    return code


class _Version(argparse.Action):
    """The version, looked up (20 ms) when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib import metadata

        write(sys.stdout, f"pytest-mlgates {metadata.version('pytest-mlgates')}\n")
        parser.exit()
