"""``mlgates record``: make the stored runs that declared gates are compared with."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_mlgates.cli.output import configuration_of, show, stdout_to_stderr, write_json

if TYPE_CHECKING:
    import argparse

HELP = "run the gates that name a stored run (`against`) and store what repeats itself"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "gates", nargs="*", metavar="GATE", help="ids to record (default: all with `against`)"
    )
    parser.add_argument("--config", metavar="FILE", help="pyproject.toml or mlgates.toml to use")
    parser.add_argument(
        "--json", metavar="FILE", help="write what was recorded as JSON there (-: stdout)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Record, say what changed. It is no check: there is no evidence of it."""
    from pytest_mlgates.core.boundary import FAILED, MISUSE, PASSED
    from pytest_mlgates.core.verdict import Outcome
    from pytest_mlgates.runner.record import record

    configuration = configuration_of(arguments.config, command="record")
    only_json = arguments.json == "-"
    with stdout_to_stderr() if only_json else contextlib.nullcontext():
        verdicts = record(configuration, arguments.gates)
    made = [any(one.get("recorded") for one in verdict.details) for verdict in verdicts]
    show(
        [
            line
            for verdict in verdicts
            for line in (verdict.id, *(f"  {line}" for line in verdict.message.splitlines()))
        ],
        to_stderr=only_json,
    )
    if arguments.json:
        rows = [
            {**verdict.to_dict(), "recorded": one}
            for verdict, one in zip(verdicts, made, strict=True)
        ]
        write_json(arguments.json, {"version": "1", "gates": rows})
    if any(verdict.outcome is Outcome.ERROR for verdict in verdicts):
        return MISUSE
    return PASSED if all(made) else FAILED
