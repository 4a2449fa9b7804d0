"""``mlgates init``: configuration, contracts, tests, hooks and CI for a project as it is.

No file that exists is overwritten: what should be in it is printed. Only ``pyproject.toml`` grows,
by lines at its end. The configuration is written last: a run that is cut short starts over.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_mlgates.reports.starting import StartTable
    from pytest_mlgates.runner.starting import Project

HELP = "write a first configuration, contracts, tests, pre-commit hooks and CI for this project"
_PRE_COMMIT = ".pre-commit-config.yaml"
_WORKFLOW = ".github/workflows/mlgates.yml"
_GITLAB = ".gitlab-ci.yml"
_GITLAB_JOB = ".gitlab/mlgates.yml"


@dataclass
class _Work:
    """What is to be done.

    Attributes:
        new: The text of files to write, by path relative to the project.
        there: What needs nothing.
        paste: What belongs into a file that exists, with that file.
    """

    new: dict[str, str] = field(default_factory=dict)
    there: list[str] = field(default_factory=list)
    paste: list[tuple[str, str]] = field(default_factory=list)

    def add(self, base: Path, path: str, text: str) -> None:
        """A file: to write, there already, or to paste into what is there."""
        full = base / path
        if not os.path.lexists(full):
            self.new[path] = text
        elif full.is_file() and full.read_bytes() == text.encode():
            self.there.append(path)
        else:
            self.paste.append((path, text))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--yes", action="store_true", help="write without asking")
    parser.add_argument(
        "--private",
        action="store_true",
        help="the tables are private: no value of them gets into a contract or an output",
    )
    parser.add_argument(
        "--ci",
        choices=("github", "gitlab", "none"),
        help="whose CI to write for (default: the one that the project has)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Look, say what would be written, ask, write."""
    from pytest_mlgates.cli.output import show
    from pytest_mlgates.config.find import find
    from pytest_mlgates.config.load import load
    from pytest_mlgates.core.boundary import PASSED
    from pytest_mlgates.runner.starting import look, tables

    existing = find(Path.cwd())
    base = Path.cwd() if existing is None else existing.parent
    if existing is not None:
        load(existing)  # nothing is built on a configuration with mistakes
    project = look(base)
    found = [] if existing is not None else list(tables(project, private=arguments.private))
    if existing is None and not found:
        raise _nothing(project)
    work = _work(project, found, existing, arguments)
    show(list(_told(project, found, existing, work)), to_stderr=False)
    if not work.new:
        show([" nothing to write: no file was changed"], to_stderr=False)
        return PASSED
    if not arguments.yes and not _agreed():
        show([" nothing was written"], to_stderr=False)
        return PASSED
    for path, text in work.new.items():
        _write(base / path, text)
    if existing is None:
        written = find(base)
        assert written is not None  # noqa: S101  (the last file of work.new)
        load(written)
    show(list(_next(work, found)), to_stderr=False)
    return PASSED


def _nothing(project: Project) -> Exception:
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.core.text import printable
    from pytest_mlgates.runner.starting import MOST_ENTRIES

    got = [f"{printable(path)}: {printable(why)}" for path, why in project.skipped]
    if project.cut:
        got.append(f"the search ended after {MOST_ENTRIES:,} names")
    if project.mlflow is not None:
        got.append(f"MLflow ({project.mlflow}), but no rows that a model could be judged on")
    return MLGatesError(
        "there is no data file that a gate could judge",
        where=str(project.base),
        got="; ".join(got) or "no CSV, Parquet or JSON Lines file, down to four folders deep",
        want="a table of good rows, such as data/train.parquet (hidden folders, virtual "
        "environments and tests are not searched)",
        fix="put one there and run `mlgates init` again; or `mlgates infer TABLE -o suite.json` "
        "for data elsewhere",
    )


def _work(
    project: Project,
    found: list[StartTable],
    existing: Path | None,
    arguments: argparse.Namespace,
) -> _Work:
    from importlib import metadata

    from pytest_mlgates.reports import starting

    work = _Work()
    base = project.base
    for table in found:
        work.add(base, table.suite, table.contract)
    if found:
        work.add(base, f"{project.tests}/test_mlgates.py", starting.test_file(found))
    version = metadata.version("pytest-mlgates")
    if _mentions(base / _PRE_COMMIT, r"\bmlgates\b"):
        work.there.append(_PRE_COMMIT)
    elif os.path.lexists(base / _PRE_COMMIT):
        work.paste.append((_PRE_COMMIT, starting.pre_commit_hooks(found, version=version)))
    else:
        text = starting.pre_commit_file(found, version=version)
        work.add(base, _PRE_COMMIT, text)
    _add_ci(work, project, arguments.ci or project.ci)
    if existing is not None:
        work.there.append(existing.name)
    else:
        _add_configuration(work, project, found, private=arguments.private)
    return work


def _add_ci(work: _Work, project: Project, provider: str | None) -> None:
    from pytest_mlgates.reports.starting_ci import github_workflow, gitlab_job

    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    base = project.base
    if provider == "github":
        workflows = sorted((base / ".github" / "workflows").glob("*.y*ml"))
        has_ours = [path.name for path in workflows if _mentions(path, r"\bmlgates\b")]
        if has_ours:
            work.there.append(f".github/workflows/{has_ours[0]}")
        else:
            work.add(base, _WORKFLOW, github_workflow(project.install, python=python))
    elif provider == "gitlab":
        if _mentions(base / _GITLAB, r"\bmlgates --|\bmlgates check"):
            work.there.append(_GITLAB)
            return
        work.add(base, _GITLAB_JOB, gitlab_job(project.install, python=python))
        if not _mentions(base / _GITLAB, re.escape(_GITLAB_JOB)):
            work.paste.append((_GITLAB, f"include:\n  - local: {_GITLAB_JOB}\n"))


def _mentions(path: Path, pattern: str) -> bool:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return re.search(pattern, text) is not None


def _add_configuration(
    work: _Work, project: Project, found: list[StartTable], *, private: bool
) -> None:
    """At the end of ``pyproject.toml``, where that is there and takes it; else a file of our own.

    TOML that is whole takes any table that it does not have yet at its end; only a section written
    in braces does not, and is then left alone.
    """
    from pytest_mlgates.config.find import OWN_NAME, PYPROJECT
    from pytest_mlgates.reports import starting

    mlflow = project.mlflow is not None
    path = project.base / PYPROJECT
    if path.is_file() and not path.is_symlink():
        old = path.read_bytes().decode()
        own = starting.configuration(found, prefix="tool.mlgates.", private=private, mlflow=mlflow)
        gap = "" if not old else "\n" if old.endswith("\n") else "\n\n"
        added = gap + own
        if "\r\n" in old:
            added = added.replace("\n", "\r\n")
        if _only_adds(old, old + added):
            work.new[PYPROJECT] = old + added
            return
    text = starting.configuration(found, prefix="", private=private, mlflow=mlflow)
    work.new[OWN_NAME] = text


def _only_adds(old: str, new: str) -> bool:
    """Whether *new* says what *old* said, and [tool.mlgates] beside it."""
    try:
        before, after = tomllib.loads(old), tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        return False
    ours = after.get("tool", {}).pop("mlgates", None)
    if not after["tool"] and "tool" not in before:
        del after["tool"]
    return ours is not None and before == after


def _told(
    project: Project, found: list[StartTable], existing: Path | None, work: _Work
) -> Iterator[str]:
    """What was found, and what would be done."""
    from pytest_mlgates.core.text import plural, printable
    from pytest_mlgates.reports.starting import personal

    if existing is not None:
        yield f" found   {existing.name}, which declares what the gates are: left as it is"
    for table in found:
        yield f" found   {printable(table.path)}: {plural(table.columns, 'column')}"
        if table.judged is not None:
            yield (
                f"         labels {printable(table.judged.y_true)!r}, predictions "
                f"{printable(table.judged.y_pred)!r}: gates are proposed as comments"
            )
        if _is_ignored(project.base, table.path):
            yield "         git ignores it: CI must fetch it before the gates run"
    if project.mlflow is not None:
        yield f" found   MLflow: {project.mlflow}"
    if existing is None:
        yield from (f" skipped {printable(p)}: {printable(why)}" for p, why in project.skipped)
        if project.cut:
            yield " skipped the rest: the folder holds too many names"
    yield from (f" there   {printable(path)}" for path in work.there)
    yield from (f" write   {printable(path)}" for path in work.new)
    for path, text in work.paste:
        yield f" exists  {path}: left as it is; paste into it what you want of this:"
        yield from (f"   | {line}".rstrip() for line in text.splitlines())
    if not {".github", ".gitlab"} & {p.split("/")[0] for p in (*work.new, *work.there)}:
        yield " no CI   none was written: mlgates init --ci github|gitlab"
    listed = list(personal([t for t in found if t.suite in work.new]))
    if listed:
        yield ""
        yield " these contracts list the values of columns. If they are personal: --private"
        yield from listed
    yield ""


def _is_ignored(base: Path, path: str) -> bool:
    from pytest_mlgates.core.git import told

    return told(base, "check-ignore", "-q", "--", path) is not None


def _agreed() -> bool:
    """Whether somebody said yes.

    Raises:
        MLGatesError: if nobody can be asked.
    """
    from pytest_mlgates.core.errors import MLGatesError

    if sys.stdin is None or not sys.stdin.isatty():
        raise MLGatesError(
            "nothing was written: there is nobody to ask",
            got="the input is no terminal",
            fix="mlgates init --yes",
        )
    try:
        answer = input(" write these files? [y/N] ")
    except EOFError:
        return False
    return answer.strip().casefold() in {"y", "yes"}


def _write(path: Path, text: str) -> None:
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.core.files import write_atomically

    try:
        write_atomically(path, text)
    except OSError as error:
        raise MLGatesError(
            f"{str(path)!r} cannot be written",
            got=str(error.strerror or error),
            want="a file in a folder that can be written",
            fix="run `mlgates init` again then: what is written already stays",
        ) from None


def _next(work: _Work, found: list[StartTable]) -> Iterator[str]:
    from pytest_mlgates.core.text import plural

    yield f" {plural(len(work.new), 'file')} written; next:"
    yield "   mlgates check        # the declared gates"
    yield "   pytest --mlgates     # with the tests"
    if _PRE_COMMIT in work.new:
        yield "   pre-commit install   # on every commit (pip install pre-commit)"
    if any(table.judged is not None for table in found):
        yield "   put bounds into the gates that stand as comments in the configuration"
