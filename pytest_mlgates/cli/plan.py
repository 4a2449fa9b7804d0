"""``mlgates plan``: what the declared gates can settle, before they are asked."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_mlgates.cli.output import configuration_of, show, stdout_to_stderr, write_json

if TYPE_CHECKING:
    import argparse

HELP = "say what the declared gates can settle and prove with the rows they have"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("gates", nargs="*", metavar="GATE", help="ids to plan (default: all)")
    parser.add_argument("--config", metavar="FILE", help="pyproject.toml or mlgates.toml to use")
    parser.add_argument("--json", metavar="FILE", help="write the plans as JSON there (-: stdout)")


def run(arguments: argparse.Namespace) -> int:
    """Plan, print, write."""
    from pytest_mlgates.core.boundary import MISUSE, PASSED
    from pytest_mlgates.reports.plan import render
    from pytest_mlgates.runner.plan import plan

    configuration = configuration_of(arguments.config, command="plan")
    only_json = arguments.json == "-"
    with stdout_to_stderr() if only_json else contextlib.nullcontext():
        plans = plan(configuration, arguments.gates)
    show(render(plans), to_stderr=only_json)
    if arguments.json:
        record = {"version": "1", "plans": [one.to_dict() for one in plans]}
        write_json(arguments.json, record)
    return MISUSE if any(one.error is not None for one in plans) else PASSED
