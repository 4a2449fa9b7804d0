"""``mlgates infer``: a suite from a table that is good."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.cli.argument_types import confidence, rows

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.data_schema.inference import Inferred
    from pytest_mlgates.runner.evaluator import Evaluator

HELP = "infer a contract from a table that is good, with bounds that hold on the next one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("table", metavar="TABLE", help="a path or glob, or a declared table's name")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the suite there (-: stdout); default: show it"
    )
    parser.add_argument("--force", action="store_true", help="overwrite FILE if it exists")
    parser.add_argument(
        "--check",
        metavar="OTHER",
        help="judge another table by the suite; exit 1 if it fails (FILE is written all the same)",
    )
    parser.add_argument(
        "--confidence",
        type=confidence,
        default=0.95,
        metavar="P",
        help="with which the whole suite holds on the next batch that is as good (default: 0.95)",
    )
    parser.add_argument(
        "--batch-rows",
        type=rows,
        metavar="N",
        help="rows of the smallest batch to come (default: as many as TABLE has)",
    )
    parser.add_argument(
        "--row-count",
        action="store_true",
        help="bound the number of rows too: from half to twice as many",
    )
    parser.add_argument(
        "--private", action="store_true", help="no value of the table gets into the suite"
    )
    parser.add_argument("--config", metavar="FILE", help="pyproject.toml or mlgates.toml to use")


def run(arguments: argparse.Namespace) -> int:
    """Infer, judge the other table, write, print."""
    from pytest_mlgates.core.boundary import FAILED, PASSED, write
    from pytest_mlgates.gates.data_schema.inference import infer
    from pytest_mlgates.runner.evaluator import Evaluator
    from pytest_mlgates.runner.infer import read

    configuration = _configuration(arguments.config)
    evaluator = Evaluator(configuration)
    output = _output(arguments)
    table = read(evaluator, arguments.table, private=arguments.private)
    other = None
    if arguments.check is not None:
        other = read(evaluator, arguments.check, private=table.private)
    _spare_inputs(output, [table, other])
    inferred = infer(
        table,
        confidence=arguments.confidence,
        batch=arguments.batch_rows,
        row_count=arguments.row_count,
        min_cell=configuration.settings.min_cell,
    )
    suite = inferred.suite(_stem(output or Path(arguments.table)))
    to_stdout = arguments.output == "-"
    verdict = None
    if other is not None:
        verdict = _judge(evaluator, suite, other, arguments.check, to_stdout=to_stdout)
    text = json.dumps(suite, indent=2, ensure_ascii=to_stdout, allow_nan=False) + "\n"
    if output is not None:
        _write(output, text)
    _show(arguments, configuration, inferred, verdict, to_stderr=to_stdout)
    if to_stdout:  # in ASCII, whatever the encoding of the pipe
        write(sys.stdout, text)
    return PASSED if verdict is None or verdict.passed else FAILED


def _configuration(given: str | None) -> Configuration:
    from pytest_mlgates.config.load import load, load_for

    return load(Path(given)) if given else load_for(Path.cwd())


def _output(arguments: argparse.Namespace) -> Path | None:
    """Where the suite goes, None for nowhere or stdout; refused before anything is read."""
    from pytest_mlgates.core.errors import MLGatesError

    if arguments.output is None or arguments.output == "-":
        return None
    path = Path(arguments.output)
    if path.is_dir() or not path.name:
        raise MLGatesError(
            f"{arguments.output!r} is a folder",
            where="-o",
            want="a file: contracts/applications.json",
        )
    if path.exists() and not arguments.force:
        raise MLGatesError(
            f"{arguments.output!r} exists",
            where="-o",
            want="a new file: what was edited by hand would be lost",
            fix="name another one, or overwrite it with --force",
        )
    return path


def _spare_inputs(output: Path | None, tables: list[Table | None]) -> None:
    """Refuse to write over what is read, whatever ``--force`` says."""
    from pytest_mlgates.core.errors import MLGatesError

    files = {file.resolve() for table in tables if table is not None for file in table.files}
    if output is not None and output.resolve() in files:
        raise MLGatesError(
            f"{str(output)!r} is a file of the table itself",
            where="-o",
            want="a file of its own for the suite",
        )


def _judge(
    evaluator: Evaluator,
    suite: dict[str, Any],
    other: Table,
    where: str,
    *,
    to_stdout: bool,
) -> Verdict:
    from pytest_mlgates.runner.infer import check

    with contextlib.redirect_stdout(sys.stderr) if to_stdout else contextlib.nullcontext():
        return check(evaluator, suite, other, where=f"--check {where}")


def _write(path: Path, text: str) -> None:
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.core.files import write_atomically

    try:
        write_atomically(path, text)
    except OSError as error:
        raise MLGatesError(
            f"{str(path)!r} cannot be written",
            where="-o",
            got=str(error.strerror or error),
            want="a file in a folder that can be written",
        ) from None


def _show(
    arguments: argparse.Namespace,
    configuration: Configuration,
    inferred: Inferred,
    verdict: Verdict | None,
    *,
    to_stderr: bool,
) -> None:
    from pytest_mlgates.core.boundary import write
    from pytest_mlgates.reports.inferred import render
    from pytest_mlgates.reports.text import degrade

    stream = sys.stderr if to_stderr else sys.stdout
    lines = render(inferred, width=_width(stream))
    if verdict is not None:
        lines += _checked(verdict, arguments.check)
    lines += ["", *_next(arguments, configuration)]
    write(stream, "".join(degrade(line, stream.encoding) + "\n" for line in lines))


def _checked(verdict: Verdict, other: str) -> Iterator[str]:
    from pytest_mlgates.gates.privacy import label

    holds = "holds" if verdict.passed else "does not hold"
    yield from ("", f" on {label(other)} it {holds}:")
    yield from (f"   {line}" for line in verdict.message.splitlines())


def _next(arguments: argparse.Namespace, configuration: Configuration) -> Iterator[str]:
    """What was written and how to declare it."""
    from pytest_mlgates.config.find import PYPROJECT
    from pytest_mlgates.core.text import untaken
    from pytest_mlgates.reports.inferred import declaration
    from pytest_mlgates.runner.infer import declared, relative

    if arguments.output == "-":
        return
    if arguments.output is None:
        yield " nothing is written; write the suite: -o contracts/NAME.json"
        return
    name = declared(configuration, arguments.table)
    path = configuration.path
    file = PYPROJECT if path is None else path.name
    judging = _judging(Path(arguments.output), configuration)
    if judging is not None:
        yield f" written: {arguments.output}, which gate {judging!r} in {file} judges by"
        return
    table = name or untaken(_stem(Path(arguments.table)), configuration.settings.tables)
    yield f" written: {arguments.output}; declare the gate in {file}:"
    yield ""
    yield from declaration(
        table=table,
        gate=untaken(f"{table}-schema", configuration.gates),
        path=relative(arguments.table, configuration),
        suite=relative(arguments.output, configuration),
        section="tool.mlgates." if file == PYPROJECT else "",
        known=name is not None,
    )


def _judging(suite: Path, configuration: Configuration) -> str | None:
    """The declared gate that judges by *suite* already."""
    for name, declared in configuration.gates.items():
        given = getattr(declared.gate.parameters, "suite", None)
        if not isinstance(given, str | Path):
            continue
        if (configuration.base / given).resolve() == suite.resolve():
            return name
    return None


def _stem(path: Path) -> str:
    """``applications`` of ``data/applications.csv.gz``; of a glob its folder's name."""
    name = path.name.split(".")[0]
    if any(c in name for c in "*?["):
        name = path.parent.name
    return name or "table"


def _width(stream: Any) -> int | None:
    if not stream.isatty():
        return None
    import shutil

    return max(60, shutil.get_terminal_size().columns)
