"""The files that ``mlgates init`` writes, as text: every line of them explained where it stands.

Names of files and columns may hold anything. They get in as quoted text alone, in one form that is
the same in TOML, Python and YAML: :func:`~pytest_mlgates.core.text.quoted`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.core.text import limit, plural, quoted
from pytest_mlgates.reports.inferred import toml_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_REPOSITORY = "https://github.com/pytest-mlgates/pytest-mlgates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The roles that the columns of a table play for certain.

    Attributes:
        y_true: The column of labels.
        y_pred: The column of predictions.
        attributes: Columns that groups of people are told apart by.
        accuracy: As measured now, None where it could not be.
    """

    y_true: str
    y_pred: str
    attributes: tuple[str, ...] = ()
    accuracy: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTable:
    """A data file, and the contract that was inferred of it.

    Attributes:
        name: In the configuration.
        path: Relative to the project, with slashes.
        suite: Where its contract goes, relative to the project.
        contract: The text of the contract.
        columns: How many it has.
        listed: Columns of which the contract lists the values.
        judged: What it is an evaluation table of, None where that is not certain.
    """

    name: str
    path: str
    suite: str
    contract: str
    columns: int
    listed: tuple[str, ...] = ()
    judged: Judged | None = None

    @property
    def gate(self) -> str:
        """The id of its gate."""
        return f"{self.name}-schema"


def configuration(tables: Sequence[StartTable], *, prefix: str, private: bool, mlflow: bool) -> str:
    """The TOML that declares *tables* and a contract of each.

    Args:
        tables: What was found.
        prefix: ``tool.mlgates.``, or nothing in a file of our own.
        private: Whether the tables are private.
        mlflow: Whether the project uses MLflow.
    """
    lines: list[str] = []
    if prefix:
        lines.append(f"[{prefix.rstrip('.')}]")
    lines += [
        "# A whole run (`mlgates check`, CI) fails unless each of these gates was evaluated.",
        "required = [",
        *(f"  {quoted(table.gate)}," for table in tables),
        "]",
        "# Policy for gates that the rows cannot decide: estimate, pass or fail.",
        'inconclusive = "estimate"',
    ]
    for table in tables:
        lines += ["", *_table(table, prefix=prefix, private=private, mlflow=mlflow)]
    return "\n".join(lines) + "\n"


def _table(table: StartTable, *, prefix: str, private: bool, mlflow: bool) -> Iterator[str]:
    yield f"[{prefix}tables.{toml_key(table.name)}]"
    yield "# A file, a folder, or a glob such as data/*.parquet; relative to this file."
    yield f"path = {quoted(table.path)}"
    yield "# Private: no value, category or small count of this table in any output."
    yield "private = true" if private else "# private = true"
    if mlflow and table.judged is None:
        yield "# The model whose predictions on this table gates judge; and its labels."
        yield '# model = "models:/NAME@ALIAS"'
        yield '# y_true = "COLUMN"'
    if table.judged is not None:
        yield "# The columns of labels and of predictions."
        yield f"y_true = {quoted(table.judged.y_true)}"
        yield f"y_pred = {quoted(table.judged.y_pred)}"
    yield ""
    yield f"[{prefix}gates.{toml_key(table.gate)}]"
    yield "# Every row is held to the contract; edit the contract where you know better."
    yield 'kind = "data_schema"'
    yield f"table = {quoted(table.name)}"
    yield f"suite = {quoted(table.suite)}"
    if table.judged is not None:
        yield ""
        yield from _proposals(table, table.judged, prefix)


def _proposals(table: StartTable, judged: Judged, prefix: str) -> Iterator[str]:
    """Gates whose bound only the project can know: as comments."""
    yield "# What is good enough is yours to say: put in a bound, take the # away, and add the id"
    yield "# to `required`."
    yield f"# [{prefix}gates.{toml_key(f'{table.name}-accuracy')}]"
    yield '# kind = "metric"'
    yield f"# table = {quoted(table.name)}"
    yield '# metric = "accuracy"'
    measured = "" if judged.accuracy is None else f"; measured now: {limit(judged.accuracy)}"
    yield f"# min = BOUND  # the least that you accept{measured}"
    for attribute in judged.attributes:
        yield "#"
        yield f"# [{prefix}gates.{toml_key(f'{table.name}-{attribute}-parity')}]"
        yield '# kind = "fairness"'
        yield f"# table = {quoted(table.name)}"
        yield '# metric = "demographic_parity_difference"'
        yield f"# by = {quoted(attribute)}"
        yield "# max = BOUND  # the most that groups may differ in how often they are selected"


def test_file(tables: Sequence[StartTable]) -> str:
    """The first tests: a contract each, and what a metric would look like."""
    lines = [
        '"""Quality gates as tests. A marker says what must hold, `mlgate` judges the table."""',
        "",
        "from __future__ import annotations",
        "",
        "import pytest",
    ]
    taken: set[str] = set()
    for table in tables:
        name = _function(table.name, taken)
        lines += [
            "",
            "",
            "# The contract; paths are relative to the configuration.",
            f"@pytest.mark.data_schema({quoted(table.suite)})",
            f"def {name}(mlgate):",
            "    # A path, or any dataframe: what your own code hands to training is better still.",
            f"    mlgate({quoted(table.path)})",
        ]
    judged = next((t for t in tables if t.judged is not None), None)
    if judged is not None and judged.judged is not None:
        roles = f"y_true={quoted(judged.judged.y_true)}, y_pred={quoted(judged.judged.y_pred)}"
        lines += ["", "", "# What is good enough is yours to say: put in the bounds."]
        lines += ['# @pytest.mark.metric("accuracy", min=BOUND)']
        lines += [
            f'# @pytest.mark.fairness("demographic_parity_difference", max=BOUND, by={quoted(a)})'
            for a in judged.judged.attributes
        ]
        lines += ["# def test_predictions(mlgate):"]
        lines += [f"#     mlgate({quoted(judged.path)}, {roles})"]
    return "\n".join(lines) + "\n"


def _function(name: str, taken: set[str]) -> str:
    """A function's name of ASCII letters, none twice."""
    base = "test_" + (re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "table")
    found, count = base, 1
    while found in taken:
        count += 1
        found = f"{base}_{count}"
    taken.add(found)
    return found


def pre_commit_hooks(paths: Sequence[str], *, version: str) -> str:
    """The entries of ``repos:`` that run the gates on commit.

    Args:
        paths: Regular expressions of the files that have a contract.
        version: Of this package.
    """
    files = f"^({'|'.join(paths)})$"
    data = [
        "      # Changed data files against their contracts.",
        "      - id: mlgates-data",
        "        # Every file that it sees must have a contract.",
        f"        files: {quoted(files)}",
    ]
    lines = [
        "  # In environments of their own, which hold the light core: no model is loaded and no",
        "  # code of the project is imported. `pre-commit install` once.",
        f"  - repo: {_REPOSITORY}",
        f"    rev: v{version}",
        "    hooks:",
        *(data if paths else []),
        "      # The declared gates whose data, contract or configuration changed.",
        "      - id: mlgates-check",
        "      # Mistakes, gates that a change weakens, a lock that is out of date.",
        "      - id: mlgates-config",
        "      # Model files that would run code when they are loaded, or are too large for git.",
        "      - id: mlgates-model-files",
        "  # The same gates in the project's own environment, for those that need a model or code",
        "  # of the project (pre-commit uses the `mlgates` that is installed there). Take the #",
        "  # away, and mlgates-check above out, once a gate has a model.",
        "  # - repo: local",
        "  #   hooks:",
        "  #     - id: mlgates-project",
        "  #       name: ML gates (project environment)",
        "  #       entry: mlgates check",
        "  #       language: system",
        "  #       pass_filenames: false",
    ]
    return "\n".join(lines) + "\n"


def glob_pattern(path: str) -> str:
    """The names of the files that the glob *path* names, as a regular expression."""
    parts = re.split(r"(\*\*/|\*\*|[*?]|\[[^]]*\])", path)
    globs = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*"}
    found = [globs.get(p, "[^/]") if i % 2 else re.escape(p) for i, p in enumerate(parts)]
    return "".join(found)


def pre_commit_file(paths: Sequence[str], *, version: str) -> str:
    """A whole ``.pre-commit-config.yaml``."""
    return "# Runs on every `git commit`: pre-commit install\nrepos:\n" + pre_commit_hooks(
        paths, version=version
    )


def personal(tables: Sequence[StartTable]) -> Iterator[str]:
    """Which columns' values stand in the contracts: somebody must look at them."""
    for table in tables:
        if table.listed:
            names = ", ".join(quoted(column) for column in table.listed)
            yield f"   {quoted(table.suite)}: {plural(len(table.listed), 'column')}: {names}"
