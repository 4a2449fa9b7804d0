"""Hook ``mlgates-check``: evaluate the declared gates whose inputs are among the changed files."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pytest_mlgates.core.boundary import guarded, parsed, write

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Judge the files in *argv* (default: the process's arguments); return the exit code."""
    return guarded(lambda: _run(parsed(_parser(), argv)))


def command() -> NoReturn:
    """The console script: :func:`main`, then the end of the process."""
    from pytest_mlgates.core.ending import end

    end(main())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mlgates-check", description=__doc__, allow_abbrev=False)
    parser.add_argument("filenames", nargs="*", metavar="FILE", help="changed files")
    parser.add_argument("--config", metavar="FILE", help="pyproject.toml or mlgates.toml to use")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    if not arguments.filenames:
        write(sys.stdout, "mlgates-check: no files named\n")
        return 0
    from pytest_mlgates.runner.changed import configurations_of

    files = [Path(name) for name in arguments.filenames]
    config = Path(arguments.config) if arguments.config else None
    found = configurations_of(files, config)
    if not found:
        write(sys.stdout, "mlgates-check: no configuration governs the named files, no data file\n")
        return 0
    return max(_judge(path, changed) for path, changed in found.items())


def _judge(path: Path, changed: list[Path]) -> int:
    from pytest_mlgates.runner.changed import affected, may_concern

    if may_concern(path, changed):
        from pytest_mlgates.config.load import load
        from pytest_mlgates.hooks.judging import judge

        configuration = load(path, project_code=False)
        gates = affected(configuration, changed)
        if gates:
            return judge(configuration, gates)
    _refuse_nothing(path, changed)
    names = ", ".join(sorted({file.name for file in changed}))
    write(sys.stdout, f"mlgates-check: no gate of {path.name} reads {names}\n")
    return 0


def _refuse_nothing(path: Path, changed: list[Path]) -> None:
    """What no gate reads is fine, unless nothing could be read at all.

    Raises:
        ConfigurationError: for a file that is not there, or data where no gate is declared.
    """
    from pytest_mlgates.config.find import read
    from pytest_mlgates.core.errors import ConfigurationError
    from pytest_mlgates.core.text import listing
    from pytest_mlgates.runner.changed import is_data

    missing = sorted(str(file) for file in changed if not os.path.lexists(file))
    if missing:
        raise ConfigurationError(
            f"there is no file {listing(missing, 6)}",
            where=str(path),
            want="files that changed and are there: what is deleted, mlgates-config sees",
        )
    data = sorted({file.name for file in changed if is_data(file)})
    if data and not read(path).get("gates"):
        raise ConfigurationError(
            f"no gate is declared that could read {listing(data, 6)}",
            where=str(path),
            want="[tool.mlgates.gates.NAME] with a table that names the file",
            fix="declare one, or narrow `files:` of this hook",
        )


if __name__ == "__main__":
    command()
