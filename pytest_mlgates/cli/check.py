"""``mlgates check``: evaluate the declared gates."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.evidence import Evidence

HELP = "evaluate the gates declared in [tool.mlgates]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("gates", nargs="*", metavar="GATE", help="ids to evaluate (default: all)")
    parser.add_argument("--config", metavar="FILE", help="pyproject.toml or mlgates.toml to use")
    parser.add_argument(
        "--json", metavar="FILE", help="write the record of the run as JSON there (-: stdout)"
    )
    parser.add_argument(
        "--evidence",
        metavar="FILE",
        help="where the evidence goes (default: .mlgates/evidence.json)",
    )
    parser.add_argument(
        "--inconclusive",
        choices=("estimate", "pass", "fail"),
        help="what becomes of gates that the rows cannot decide; stands over the configuration",
    )
    parser.add_argument(
        "--examples",
        type=_count,
        default=0,
        metavar="N",
        help="show up to N example values of what broke a contract (never for private tables)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, print, write the evidence."""
    from pytest_mlgates.runner.check import exit_code
    from pytest_mlgates.runner.check import run as evaluate

    configuration = _configuration(arguments)
    total = len(arguments.gates) or len(configuration.gates)
    with _progress(total) as progress:
        evidence = evaluate(
            configuration, arguments.gates, examples=arguments.examples, progress=progress
        )
    written = _write_evidence(configuration, evidence, arguments.evidence)
    _show(evidence, written, to_stderr=arguments.json == "-")
    if arguments.json == "-":
        sys.stdout.write(evidence.to_json())
    elif arguments.json:
        _write(Path(arguments.json), evidence)
    _step_summary(evidence)
    return exit_code(evidence)


def _configuration(arguments: argparse.Namespace) -> Configuration:
    from pytest_mlgates.config.load import load, load_for
    from pytest_mlgates.core.errors import ConfigurationError

    if arguments.config:
        return load(Path(arguments.config), inconclusive=arguments.inconclusive)
    found = load_for(Path.cwd(), inconclusive=arguments.inconclusive)
    if found.path is None:
        raise ConfigurationError(
            "no configuration found",
            got=f"looked in {Path.cwd()} and the folders above it",
            want="[tool.mlgates] in pyproject.toml, or mlgates.toml",
            fix="name one: mlgates check --config path/to/pyproject.toml",
        )
    return found


def _show(evidence: Evidence, written: str | None, *, to_stderr: bool) -> None:
    from pytest_mlgates.reports.text import degrade, render_evidence

    stream = sys.stderr if to_stderr else sys.stdout
    for line in render_evidence(evidence, written=written):
        stream.write(degrade(line, stream.encoding) + "\n")


def _write_evidence(
    configuration: Configuration, evidence: Evidence, given: str | None
) -> str | None:
    from pytest_mlgates.runner.evidence import default_path

    if given is not None:
        _write(Path(given), evidence)
        return given
    path = default_path(configuration)
    try:
        from pytest_mlgates.runner.evidence import write

        write(path, evidence)
    except OSError as error:  # a read-only checkout: nobody asked for this file
        sys.stderr.write(f"evidence was not written: {error}\n")
        return None
    return os.path.relpath(path)


def _write(path: Path, evidence: Evidence) -> None:
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.runner.evidence import write

    try:
        write(path, evidence)
    except OSError as error:
        raise MLGatesError(
            f"{str(path)!r} cannot be written", got=str(error.strerror or error)
        ) from None


def _step_summary(evidence: Evidence) -> None:
    """Append to the summary of a GitHub job, where one runs us."""
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if not target:
        return
    from pytest_mlgates.reports.markdown import render

    try:
        with Path(target).open("a", encoding="utf-8") as stream:
            stream.write(render(evidence))
    except OSError as error:
        sys.stderr.write(f"GITHUB_STEP_SUMMARY was not written: {error}\n")


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[str], None] | None]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        started = False

        def advance(name: str) -> None:
            nonlocal started
            bar.update(task, description=name, advance=1 if started else 0)
            started = True

        yield advance


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value
