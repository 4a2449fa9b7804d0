"""What ``mlgates init`` finds in a project: data files, models, tests, CI. Bounded, and no guess.

A role or an attribute is only taken from a column whose name leaves no doubt.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.git import told
from pytest_mlgates.reports.starting import Judged, StartTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgates.engines.table import Table

_DATA = re.compile(r"\.(csv|tsv|parquet|pq|jsonl|ndjson)(\.gz|\.zst|\.bz2|\.xz)?$", re.IGNORECASE)
_SKIPPED = frozenset(
    {"node_modules", "venv", "env", "site-packages", "mlruns", "mlartifacts", "build", "dist"}
    | {"__pycache__", "tests", "test", "wandb", "htmlcov"}
)
MOST_ENTRIES = 20_000
MOST_TABLES = 5
_DEPTH = 4
_LARGEST = 512 << 20
# Names that leave no doubt, in the order in which they are believed.
_TRUTHS = ("y_true", "label", "target")
_PREDICTIONS = ("y_pred", "prediction", "predicted")
_ATTRIBUTES = (
    *("sex", "gender", "race", "ethnicity", "religion", "nationality", "disability"),
    *("age_band", "age_group"),
)


@dataclass(kw_only=True)
class Project:
    """What a folder holds.

    Attributes:
        base: The folder.
        files: Data files, relative, with slashes; those in ``data`` first.
        cut: Whether the search was ended by its bounds.
        skipped: Data files that were not taken, with the reason.
        mlflow: What shows that MLflow is used, None if nothing does.
        tests: The folder of tests, relative.
        ci: ``github``, ``gitlab``, or None.
        install: Commands that install what the gates need.
    """

    base: Path
    files: list[str] = field(default_factory=list)
    cut: bool = False
    skipped: list[tuple[str, str]] = field(default_factory=list)
    mlflow: str | None = None
    tests: str = "tests"
    ci: str | None = None
    install: list[str] = field(default_factory=list)


def look(base: Path) -> Project:
    """What *base* holds; nothing of it is imported or run.

    Raises:
        MLGatesError: if its ``pyproject.toml`` cannot be read.
    """
    project = Project(base=base)
    pyproject = _pyproject(base)
    _find_data(project)
    project.mlflow = _mlflow(base, pyproject)
    project.tests = _tests(base, pyproject)
    project.ci = _ci(base)
    project.install = _install(base, pyproject, mlflow=project.mlflow is not None)
    return project


def _pyproject(base: Path) -> dict[str, Any]:
    path = base / "pyproject.toml"
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_bytes().decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MLGatesError(
            "pyproject.toml cannot be read",
            where=str(path),
            got=str(error),
            fix="mend it first: the gates are declared there",
        ) from None


def _find_data(project: Project) -> None:
    """Data files, by folders and names in order; folders that are links are not followed."""
    found: list[str] = []
    entries = 0
    for folder, folders, names in os.walk(project.base):
        relative = Path(folder).relative_to(project.base)
        entries += len(folders) + len(names)
        if entries > MOST_ENTRIES:
            project.cut = True
            break
        deep = len(relative.parts) >= _DEPTH
        folders[:] = [] if deep else sorted(f for f in folders if _is_searched(folder, f))
        for name in sorted(names):
            path = (relative / name).as_posix()
            if not _DATA.search(name) or name.startswith("."):
                continue
            if not _is_text(path):
                project.skipped.append((repr(path), "its name is not UTF-8"))
            else:
                found.append(path)
    project.files = sorted(found, key=lambda path: (not path.startswith("data/"), path))


def _is_searched(folder: str, name: str) -> bool:
    if name.startswith(".") or name.casefold() in _SKIPPED or not _is_text(name):
        return False
    return not Path(folder, name, "pyvenv.cfg").exists()


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _mlflow(base: Path, pyproject: Mapping[str, Any]) -> str | None:
    for name in ("mlruns", "mlflow.db", "MLmodel", "MLproject"):
        if (base / name).exists():
            return name
    declared = _section(pyproject, "project").get("dependencies")
    names = declared if isinstance(declared, list) else []
    if any(re.match(r"mlflow\b|pytest-mlgates\[[^]]*\bmlflow\b", str(name)) for name in names):
        return "a dependency in pyproject.toml"
    requirements = base / "requirements.txt"
    try:
        text = requirements.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = re.search(r"^mlflow\b", text, re.MULTILINE)
    return "a line of requirements.txt" if found else None


def _tests(base: Path, pyproject: Mapping[str, Any]) -> str:
    """Where pytest looks, as far as one folder inside the project says it."""
    options = _section(_section(_section(pyproject, "tool"), "pytest"), "ini_options")
    paths = options.get("testpaths")
    if isinstance(paths, str):
        paths = paths.split()
    if isinstance(paths, list) and paths and isinstance(paths[0], str):
        first = Path(paths[0])
        plain = not any(c in paths[0] for c in "*?[") and not first.is_absolute()
        if plain and ".." not in first.parts and not (base / first).is_file():
            return first.as_posix()
    return "test" if (base / "test").is_dir() and not (base / "tests").is_dir() else "tests"


def _section(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = raw.get(name)
    return found if isinstance(found, dict) else {}


def _ci(base: Path) -> str | None:
    if (base / ".github" / "workflows").is_dir():
        return "github"
    if (base / ".gitlab-ci.yml").exists():
        return "gitlab"
    remotes = told(base, "remote", "-v") or ""
    return next((name for name in ("github", "gitlab") if name in remotes), None)


def _install(base: Path, pyproject: Mapping[str, Any], *, mlflow: bool) -> list[str]:
    lines = []
    if (base / "requirements.txt").is_file():
        lines.append("pip install -r requirements.txt")
    if "build-system" in pyproject and "project" in pyproject:
        lines.append("pip install -e .")
    extras = "mlflow,report" if mlflow else "report"
    return [*lines, f"pip install 'pytest-mlgates[{extras}]'"]


def tables(project: Project, *, private: bool) -> Iterator[StartTable]:
    """The first files of *project* that a contract can be inferred of, each with its contract.

    What is not taken is added to ``project.skipped``. Each contract was held against its own file.

    Args:
        project: What was found.
        private: Whether no value of a table may get into its contract.
    """
    names: set[str] = set()
    taken = 0
    for path in project.files:
        if taken == MOST_TABLES:
            project.skipped.append((path, f"only the first {MOST_TABLES} are taken"))
            continue
        if (project.base / path).stat().st_size > _LARGEST:
            project.skipped.append((path, "too large for a first look: mlgates infer"))
            continue
        try:
            found = _table(project, path, names, private=private)
        except MLGatesError as error:
            project.skipped.append((path, "private" if private else error.summary))
            continue
        taken += 1
        yield found


def _table(project: Project, path: str, names: set[str], *, private: bool) -> StartTable:
    """One file.

    Raises:
        MLGatesError: if it cannot be read, or its contract does not hold on itself.
    """
    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.engines.tables import to_table
    from pytest_mlgates.gates.data_schema.inference import infer
    from pytest_mlgates.runner.evaluator import Evaluator
    from pytest_mlgates.runner.infer import check

    table = to_table(path, base=project.base, private=private)
    inferred = infer(table)
    name = _name(path, names)
    suite = inferred.suite(name)
    evaluator = Evaluator(Configuration(path=None, base=project.base))
    verdict = check(evaluator, suite, table, where=path)
    if not verdict.passed:  # of rows that repeat, the statistics may ask too much
        raise MLGatesError("the contract that it supports does not hold on it")
    names.add(name.casefold())
    listed = tuple(
        one.column
        for one in inferred.columns
        if any(i.type == "expect_column_values_to_be_in_set" for i in one.inferences)
    )
    return StartTable(
        name=name,
        path=path,
        suite=f"contracts/{name}.json",
        contract=json.dumps(suite, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        columns=len(table.columns),
        listed=listed,
        judged=_judged(table, evaluator),
    )


def _name(path: str, taken: set[str]) -> str:
    """``holdout`` of ``data/holdout.csv.gz``: letters, digits, - and _; none twice."""
    stem = Path(path).name.split(".")[0]
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-") or "table"
    found, count = base, 1
    while found.casefold() in taken:
        count += 1
        found = f"{base}-{count}"
    return found


def _judged(table: Table, evaluator: Any) -> Judged | None:
    """The roles of *table*, if it holds labels and predictions for certain."""
    columns = list(table.columns)
    truths = [name for name in _TRUTHS if name in columns]
    predictions = [name for name in _PREDICTIONS if name in columns]
    if len(truths) != 1 or len(predictions) != 1:
        return None
    if any(table.schema[name].is_float() for name in (truths[0], predictions[0])):
        return None  # numbers, not classes: no proposal is better than a wrong one
    from pytest_mlgates.runner.functions import evaluate_call

    roles = {"y_true": truths[0], "y_pred": predictions[0]}
    try:
        verdict = evaluate_call(
            "metric", table, ("accuracy",), {**roles, "min": 0.5}, evaluator=evaluator
        )
    except MLGatesError:
        return None
    accuracy = None if verdict.estimate is None else round(verdict.estimate, 4)
    attributes = tuple(name for name in columns if name.casefold() in _ATTRIBUTES)
    return Judged(**roles, attributes=attributes, accuracy=None if table.private else accuracy)
