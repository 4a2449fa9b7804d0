"""``mlgates infer`` as functions: the tables it is given, and what its suite says of another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.table import to_table
from pytest_mlgates.runner.changed import absolute, covers
from pytest_mlgates.runner.functions import evaluate_call

if TYPE_CHECKING:
    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.runner.evaluator import Evaluator


def read(configuration: Configuration, given: str, *, private: bool = False) -> Table:
    """The table that *given* is: a declared one by its name, or a path or glob.

    Args:
        configuration: What governs the working directory; a path that it declares private is.
        given: What the user wrote.
        private: Whether it is private in any case.

    Raises:
        MLGatesError: if there is no such table, or it cannot be read.
    """
    name = declared(configuration, given)
    if name is None:
        return to_table(given, base=Path.cwd(), private=private)
    settings = configuration.settings.tables[name]
    by_name = name == given and not Path(given).exists()
    return to_table(
        settings.path if by_name else given,
        name=name if by_name else Path(given).name,
        base=configuration.base if by_name else Path.cwd(),
        private=private or settings.private,
        options=settings.options(),
    )


def declared(configuration: Configuration, given: str) -> str | None:
    """The declared table that *given* names, or whose path covers it."""
    tables = configuration.settings.tables
    if given in tables and not Path(given).exists():
        return given
    path = absolute(Path(given))
    for name, settings in tables.items():
        whole = absolute(configuration.base / settings.path) == path
        if whole or any(
            covers(configuration.base, settings.path, one) for one in (path, path.resolve())
        ):
            return name
    return None


def check(evaluator: Evaluator, suite: dict[str, Any], other: Table, *, where: str) -> Verdict:
    """The verdict of an inferred *suite* on an *other* table.

    Raises:
        MLGatesError: if it cannot be judged.
    """
    return evaluate_call(
        "data_schema", other, (suite,), {}, evaluator=evaluator, id=suite["name"], where=where
    )


def relative(path: str | Path, configuration: Configuration) -> str:
    """*path* as the configuration would write it: relative to its folder, with slashes."""
    return Path(os.path.relpath(path, configuration.base)).as_posix()
