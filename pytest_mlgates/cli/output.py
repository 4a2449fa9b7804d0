"""What several commands share: their configuration, and where what they say goes."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.evidence import Evidence

_MOST_OF_A_SUMMARY = 1 << 20


def configuration_of(given: str | None, *, command: str, option: str = "--config") -> Configuration:
    """The configuration file *given*, else the nearest one, which there must be.

    Raises:
        ConfigurationError: if there is none, or it has mistakes.
    """
    from pytest_mlgates.config.load import load, load_for
    from pytest_mlgates.core.errors import ConfigurationError

    if given:
        return load(Path(given))
    found = load_for(Path.cwd())
    if found.path is None:
        raise ConfigurationError(
            "no configuration found",
            got=f"looked in {Path.cwd()} and the folders above it",
            want="[tool.mlgates] in pyproject.toml, or mlgates.toml",
            fix=f"name one: mlgates {command} {option} path/to/pyproject.toml",
        )
    return found


def policy_of(given: str | None) -> tuple[Configuration, str]:
    """The configuration file *given*, else the nearest one, and its digest; no code is imported.

    Raises:
        ConfigurationError: if there is none, or it has mistakes.
    """
    from pytest_mlgates.config.find import find
    from pytest_mlgates.config.load import load
    from pytest_mlgates.core.files import sha256_of_file

    path = Path(given) if given else find(Path.cwd())
    if path is None:
        # Which says that there is none.
        path = configuration_of(None, command="promote MODEL", option="--policy").path
        assert path is not None  # noqa: S101
    return load(path, project_code=False), sha256_of_file(path)


def show(lines: Sequence[str], *, to_stderr: bool) -> None:
    """Print *lines*, as far as the terminal can show them."""
    from pytest_mlgates.core.boundary import write
    from pytest_mlgates.reports.text import degrade

    stream = sys.stderr if to_stderr else sys.stdout
    write(stream, "".join(degrade(line, stream.encoding) + "\n" for line in lines))


def write_json(given: str, record: Mapping[str, Any]) -> None:
    """Write *record* to the file *given* (-: stdout, in ASCII whatever the pipe's encoding).

    Raises:
        MLGatesError: if the file cannot be written.
    """
    from pytest_mlgates.core.boundary import write
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.core.files import write_atomically

    text = json.dumps(record, indent=2, allow_nan=False) + "\n"
    if given == "-":
        write(sys.stdout, text)
        return
    try:
        write_atomically(Path(given), text)
    except OSError as error:
        raise MLGatesError(
            f"{given!r} cannot be written",
            where="--json",
            got=str(error.strerror or error),
            want="a file in a folder that can be written",
        ) from None


def step_summary(evidence: Evidence, *, whole: Sequence[str] = ()) -> None:
    """Append to the summary of a GitHub job, where one runs us; the files *whole* have all of it.

    Of a step that wrote more than it takes GitHub shows nothing, and fails nothing either: what
    would be more is cut.
    """
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if not target:
        return
    from pytest_mlgates.reports.markdown import render_within

    limit = "GitHub shows 1 MiB of a step's summary."
    try:
        with Path(target).open("ab") as stream:
            there = os.fstat(stream.fileno()).st_size
            text = render_within(evidence, _MOST_OF_A_SUMMARY - there, limit, whole)
            stream.write(text)
    except OSError as error:
        sys.stderr.write(f"GITHUB_STEP_SUMMARY was not written: {error}\n")
        return
    if not text:
        sys.stderr.write(
            f"GITHUB_STEP_SUMMARY was not written: it holds {there:,} bytes already. {limit}\n"
        )


@contextlib.contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """What the project's code and its child processes print must not end up among the JSON."""
    with contextlib.redirect_stdout(sys.stderr):
        try:
            sys.__stdout__.flush()  # type: ignore[union-attr]
            kept = os.dup(1)
            os.dup2(2, 1)
        except (OSError, ValueError, AttributeError):  # closed, or not a file: nothing to redirect
            yield
            return
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
