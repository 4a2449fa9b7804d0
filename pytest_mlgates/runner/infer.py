"""``mlgates infer`` as functions: the tables it is given, and what its suite says of another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.runner.changed import absolute, covers
from pytest_mlgates.runner.functions import evaluate_call

if TYPE_CHECKING:
    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.runner.evaluator import Evaluator


def read(evaluator: Evaluator, given: str, *, private: bool = False) -> Table:
    """The table that *given* is: a declared one by its name, or a path or glob.

    Args:
        evaluator: Under the configuration that governs the working directory: it says which files
            are private, and how they are read.
        given: What the user wrote.
        private: Whether it is private in any case.

    Raises:
        MLGatesError: if there is no such table, or it cannot be read.
    """
    configuration = evaluator.configuration
    if _names_a_table(configuration, given):
        settings = configuration.settings.tables[given]
        return to_table(
            settings.path,
            name=given,
            base=configuration.base,
            private=private or settings.private,
            options=settings.options(),
        )
    path = absolute(Path(given))
    options = evaluator.options_of(path)
    private = private or evaluator.is_private(path)
    table = to_table(given, base=Path.cwd(), private=private, options=options)
    return to_table(table, private=True) if evaluator.is_private(table) else table


def declared(configuration: Configuration, given: str) -> str | None:
    """The declared table that *given* names, or whose path covers it."""
    if _names_a_table(configuration, given):
        return given
    path = absolute(Path(given))
    return next(
        (
            name
            for name, settings in configuration.settings.tables.items()
            if any(covers(configuration.base, settings.path, one) for one in (path, path.resolve()))
        ),
        None,
    )


def _names_a_table(configuration: Configuration, given: str) -> bool:
    return given in configuration.settings.tables and not Path(given).exists()


def check(evaluator: Evaluator, suite: dict[str, Any], other: Table, *, where: str) -> Verdict:
    """The verdict of an inferred *suite* on an *other* table.

    Raises:
        MLGatesError: if it cannot be judged.
    """
    return evaluate_call(
        "data_schema", other, (suite,), {"id": suite["name"]}, evaluator=evaluator, where=where
    )


def relative(path: str | Path, configuration: Configuration) -> str:
    """*path* as the configuration would write it: relative to its folder, with slashes."""
    return Path(os.path.relpath(path, configuration.base)).as_posix()
