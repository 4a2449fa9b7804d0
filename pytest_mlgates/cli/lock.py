"""``mlgates lock``: evaluate what changed and write ``mlgates.lock``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "evaluate the gates that changed and write mlgates.lock"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("gates", nargs="*", metavar="GATE", help="ids to lock (default: all)")
    parser.add_argument("--config", metavar="FILE", help="pyproject.toml or mlgates.toml to use")
    parser.add_argument(
        "--refresh",
        action="store_true",
        help="evaluate also what did not change, and take the champions that aliases name now",
    )


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, print, write the lock."""
    from pytest_mlgates.cli.locked import judged, of_waivers
    from pytest_mlgates.cli.output import configuration_of, show
    from pytest_mlgates.cli.progress import progress
    from pytest_mlgates.core import lock as locks
    from pytest_mlgates.core.lock import Lock
    from pytest_mlgates.core.lock_file import update
    from pytest_mlgates.core.text import plural
    from pytest_mlgates.core.verdict import Outcome
    from pytest_mlgates.reports.text import render_messages, render_rows
    from pytest_mlgates.runner.locking import lock

    configuration = configuration_of(arguments.config, command="lock")
    total = len(arguments.gates) or len(configuration.gates)
    with progress(total) as bar:
        found = lock(
            configuration,
            arguments.gates,
            refresh=arguments.refresh,
            progress=None if bar is None else bar.gate,
        )
    lines = []
    if found.verdicts:
        lines += [*render_rows(found.verdicts), *render_messages(found.verdicts), ""]
    assert configuration.path is not None  # noqa: S101  (there is a gate)
    path = locks.path_of(configuration.path)
    before = locks.read(path) or Lock()
    written = update(path, found.onto)
    told = [judged(name, written.gates.get(name), now) for name, now in found.kept.items()]
    lines += [one.line for one in told if one.line]
    anew = sum(written.gates.get(name) != before.gates.get(name) for name in found.kept)
    text = f" {plural(len(found.verdicts), 'gate')} evaluated, {len(found.kept) - anew} unchanged"
    text += f", {anew} under other waivers" if anew else ""
    text += f", {len(found.dropped)} dropped" if found.dropped else ""
    lines.append(f"{text} · {os.path.relpath(path)}")
    whole = not arguments.gates
    ending, failing = of_waivers(configuration.waivers, configuration.gates, written, whole=whole)
    lines += [f" {line}" for line in (*ending, *failing)]
    show(lines, to_stderr=False)
    if any(verdict.outcome is Outcome.ERROR for verdict in found.verdicts):
        return 2
    passed = all(v.passed for v in found.verdicts) and all(one.passed for one in told)
    return 0 if passed and not failing else 1
