"""``mlgates slices``: where the model is weak, beyond what chance makes of a long search."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgates.cli.argument_types import confidence, rows
from pytest_mlgates.cli.output import show, stdout_to_stderr, write_json

if TYPE_CHECKING:
    import argparse

HELP = "find the slices of a table in which a metric is worse than in the rest, beyond chance"
_ROLES = ("y_true", "y_pred", "y_score", "pos_label", "sample_weight", "cluster", "query")
_SAID = {
    "pos_label": "the label to be found",
    "sample_weight": "the column that says what each row counts",
    "cluster": "the column of users, patients or days: rows of one are no independent evidence",
    "query": "the column of queries: a cluster, where none is named",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("table", metavar="TABLE", help="a path or glob, or a declared table's name")
    parser.add_argument(
        "--metric", default="accuracy", metavar="NAME", help="what is worse (default: accuracy)"
    )
    parser.add_argument(
        "--by",
        action="extend",
        nargs="+",
        default=[],
        metavar="COL",
        help="columns to cut by (default: all that play no role)",
    )
    for role in _ROLES:
        what = _SAID.get(role, f"the column {role}")
        parser.add_argument(f"--{role.replace('_', '-')}", metavar="NAME", help=what)
    parser.add_argument(
        "--depth",
        type=int,
        choices=(1, 2, 3),
        default=2,
        help="by how many columns at once, at most (default: 2)",
    )
    parser.add_argument(
        "--min-rows",
        type=rows,
        metavar="N",
        help="rows that a slice needs to be looked at (default: 30)",
    )
    parser.add_argument(
        "--confidence",
        type=confidence,
        default=0.95,
        metavar="P",
        help="that not one slice is listed by chance (default: 0.95)",
    )
    parser.add_argument(
        "--top", type=rows, default=10, metavar="N", help="slices to show (default: 10)"
    )
    parser.add_argument("--private", action="store_true", help="show no value of the table")
    parser.add_argument("--config", metavar="FILE", help="pyproject.toml or mlgates.toml to use")
    parser.add_argument("--json", metavar="FILE", help="write all slices as JSON (-: stdout)")


def run(arguments: argparse.Namespace) -> int:
    """Search, print, write."""
    from pytest_mlgates.config.find import PYPROJECT
    from pytest_mlgates.config.load import load, load_for
    from pytest_mlgates.core.boundary import PASSED
    from pytest_mlgates.reports.slices import record, render
    from pytest_mlgates.runner.infer import declared
    from pytest_mlgates.runner.slices import slices

    given = arguments.config
    configuration = load(Path(given)) if given else load_for(Path.cwd())
    only_json = arguments.json == "-"
    roles = {role: getattr(arguments, role) for role in _ROLES}
    roles = {role: name for role, name in roles.items() if name is not None}
    with stdout_to_stderr() if only_json else contextlib.nullcontext():
        found = slices(
            configuration,
            arguments.table,
            metric=arguments.metric,
            by=arguments.by,
            roles=roles,
            depth=arguments.depth,
            min_rows=arguments.min_rows,
            confidence=arguments.confidence,
            private=arguments.private,
        )
    path = configuration.path
    lines = render(
        found,
        top=arguments.top,
        table=declared(configuration, arguments.table),
        roles=roles,
        taken=configuration.gates,
        section="tool.mlgates." if path is None or path.name == PYPROJECT else "",
    )
    show(lines, to_stderr=only_json)
    if arguments.json:
        write_json(arguments.json, record(found))
    return PASSED
