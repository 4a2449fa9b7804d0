"""Hook ``mlgates-model-files``: no model file that runs code when it is loaded, none too large."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pytest_mlgates.core.boundary import guarded, parsed, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.config.model_files import ModelFiles


def main(argv: Sequence[str] | None = None) -> int:
    """Judge the files in *argv* (default: the process's arguments); return the exit code."""
    return guarded(lambda: _run(parsed(_parser(), argv)))


def command() -> NoReturn:
    """The console script: :func:`main`, then the end of the process."""
    from pytest_mlgates.core.ending import end

    end(main())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlgates-model-files", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("filenames", nargs="*", metavar="FILE", help="model files")
    parser.add_argument("--config", metavar="FILE", help="pyproject.toml or mlgates.toml to use")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    files = [Path(name) for name in arguments.filenames]
    if not files:
        write(sys.stdout, "mlgates-model-files: no files named\n")
        return 0
    from pytest_mlgates.config.model_files import model_files_for
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.core.text import plural

    config = Path(arguments.config) if arguments.config else None
    lines: list[str] = []
    refused, mistakes = 0, 0
    for file in files:
        try:
            settings = model_files_for(file.resolve(), config)
            line, safe = _judged(file, settings)
        except MLGatesError as error:
            line, safe = str(error), True
            mistakes += 1
        lines.append(line)
        refused += not safe
    lines.append(
        f"mlgates-model-files: {plural(len(files), 'file')}, "
        + (f"{refused} refused" if refused else "none refused")
        + (f", {mistakes} not judged" if mistakes else "")
    )
    write(sys.stdout, "\n".join(lines) + "\n")
    if mistakes:
        return 2
    return 1 if refused else 0


def _judged(file: Path, settings: ModelFiles) -> tuple[str, bool]:
    """What is to be said about *file*, and whether it may be committed."""
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.runner.model_files import judged

    try:
        size = file.stat().st_size
        if size > settings.max_size and not _is_kept_outside(file):
            return str(_too_large(file, size, settings)), False
        found = judged(file.read_bytes(), str(file), settings)
    except OSError as error:
        raise MLGatesError(
            f"there is no model file {str(file)!r} that can be read", got=str(error.strerror)
        ) from None
    if found.refusal is not None:
        return str(found.refusal), False
    if found.pointer:
        return f"{file}: a pointer of Git LFS; the file itself is not here and not judged", True
    if found.reason:
        return f"{file}: not judged, allowed by its digest: {found.reason}", True
    return f"{file}: {found.kind}, nothing speaks against loading it", True


def _too_large(file: Path, size: int, settings: ModelFiles) -> Exception:
    from pytest_mlgates.core.errors import MLGatesError

    return MLGatesError(
        f"model file {str(file)!r} is too large for git, and was not judged",
        got=f"{size / 1e6:,.1f} MB",
        want=f"at most {settings.max_size / 1e6:,.1f} MB: every clone has every version of it",
        fix=f"keep it outside: dvc add {file}, or git lfs track '*{file.suffix}'; or raise "
        f"max_size in {settings.section}",
    )


def _is_kept_outside(file: Path) -> bool:
    """Whether Git LFS commits a pointer in the place of *file*."""
    from pytest_mlgates.core.git import told

    said = told(file.resolve().parent, "check-attr", "-z", "filter", file.name)
    return (said or "").split("\0")[2:3] == ["lfs"]


if __name__ == "__main__":
    command()
