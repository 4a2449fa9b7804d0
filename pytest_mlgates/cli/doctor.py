"""``mlgates doctor``: whether what is installed and configured would work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_mlgates.runner.doctoring import Diagnosis

HELP = "say whether installation, configuration, hooks and lock would work, and how to mend them"
_MARKS = {"ok": "ok", "note": "-", "broken": "BROKEN"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--config", metavar="FILE", help="pyproject.toml or mlgates.toml to use")
    parser.add_argument("--json", metavar="FILE", help="write it as JSON there (-: stdout)")


def run(arguments: argparse.Namespace) -> int:
    """Look, print; 1 if something would not work."""
    from pytest_mlgates.cli.output import show, write_json
    from pytest_mlgates.core.boundary import FAILED, PASSED
    from pytest_mlgates.core.errors import ConfigurationError
    from pytest_mlgates.runner.doctoring import diagnose

    given = None if arguments.config is None else Path(arguments.config)
    if given is not None and not given.is_file():
        raise ConfigurationError(f"{str(given)!r} is no file", where="--config")
    found = diagnose(Path.cwd(), given)
    show(list(_lines(found)), to_stderr=arguments.json == "-")
    if arguments.json:
        record = {
            "version": "1",
            "works": not found.broken,
            "findings": [one.to_dict() for one in found.findings],
        }
        write_json(arguments.json, record)
    return FAILED if found.broken else PASSED


def _lines(found: Diagnosis) -> Iterator[str]:
    from pytest_mlgates.core.text import plural, printable

    width = max(len(printable(one.name)) for one in found.findings)
    topic = None
    for one in found.findings:
        if one.topic != topic:
            topic = one.topic
            yield f" {topic}"
        name = printable(one.name).ljust(width)
        yield f"   {_MARKS[one.state]:<6}  {name}  {printable(one.says)}".rstrip()
        if one.fix and one.state != "ok":
            yield f"           {' ' * width}fix: {printable(one.fix)}"
    broken = len(found.broken)
    away = sum(one.topic == "tables" and one.state == "note" for one in found.findings)
    if broken:
        said = f"{plural(broken, 'thing')} would not work"
    elif away:
        said = f"what is here works; the data of {plural(away, 'table')} is not here"
    else:
        said = "everything works"
    yield f" {said}; nothing was evaluated"
