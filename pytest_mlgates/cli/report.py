"""``mlgates report``: the evidence of a run, shown where people work."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.core.verdict import Verdict

HELP = "show the evidence of a run: terminal, HTML, Markdown, SARIF, GitLab, GitHub, MLflow"

_FILES = {
    "html": "one self-contained page",
    "markdown": "for a pull request",
    "sarif": "SARIF 2.1.0, for code scanning",
    "gitlab": "a Code Quality report",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "evidence",
        nargs="?",
        metavar="EVIDENCE",
        help="what a run wrote (default: .mlgates/evidence.json beside the configuration)",
    )
    parser.add_argument("--config", metavar="FILE", help="pyproject.toml or mlgates.toml to use")
    for name, text in _FILES.items():
        parser.add_argument(f"--{name}", metavar="FILE", help=f"{text} (-: stdout)")
    parser.add_argument(
        "--github",
        action="store_true",
        help="annotations on stdout, and the job's summary where GITHUB_STEP_SUMMARY is set",
    )
    parser.add_argument(
        "--mlflow", metavar="RUN", help="tags, metrics and the evidence itself, in that MLflow run"
    )
    parser.add_argument(
        "--history",
        nargs="+",
        default=[],
        metavar="EVIDENCE",
        help="evidence of earlier runs, drawn beside this one's in the HTML page",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write what was asked for; without any wish, show the run on the terminal.

    It reports and does not judge: 0 whatever the run came to.
    """
    from pytest_mlgates.cli.output import show
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.core.files import FOLDER
    from pytest_mlgates.reports.text import render_evidence
    from pytest_mlgates.runner.evidence import read

    base, name = _project(arguments.config)
    path = Path(arguments.evidence) if arguments.evidence else base / FOLDER / "evidence.json"
    evidence = read(path)
    history = [read(Path(file)) for file in arguments.history]
    wanted = {kind: file for kind in _FILES if (file := getattr(arguments, kind))}
    if [*wanted.values(), *(["-"] if arguments.github else [])].count("-") > 1:
        raise MLGatesError("two reports cannot both go to stdout", fix="name a file for one")
    if not (wanted or arguments.github or arguments.mlflow):
        show(render_evidence(evidence, written=str(path)), to_stderr=False)
        return 0
    place_of, otherwise = _places(base, name)
    for kind, file in wanted.items():
        _write(file, _render(kind, evidence, history, place_of, otherwise), option=f"--{kind}")
    if arguments.github:
        from pytest_mlgates.cli.output import step_summary
        from pytest_mlgates.reports.github import render

        _write("-", render(evidence, place_of, otherwise), option="--github")
        pages = [file for kind, file in wanted.items() if kind == "html" and file != "-"]
        step_summary(evidence, whole=[os.path.relpath(path), *pages])
    if arguments.mlflow:
        from pytest_mlgates.integrations.mlflow_report import report

        report(evidence, path, arguments.mlflow, base)
    return 0


def _project(given: str | None) -> tuple[Path, str | None]:
    """The folder of the configuration, here where there is none, and the file's name."""
    from pytest_mlgates.config.find import find

    path = Path(given) if given else find(Path.cwd())
    return (Path.cwd(), None) if path is None else (path.resolve().parent, path.name)


def _places(
    base: Path, name: str | None
) -> tuple[Callable[[Verdict], tuple[str, int] | None], str]:
    """Where gates stand, from the root of the repository on, and where the rest is shown."""
    from pytest_mlgates.config.places import place_of

    root = next((folder for folder in (base, *base.parents) if (folder / ".git").exists()), base)
    otherwise = (base / (name or "pyproject.toml")).relative_to(root).as_posix()
    return lambda verdict: place_of(verdict, base, root), otherwise


def _render(
    kind: str,
    evidence: Evidence,
    history: list[Evidence],
    place_of: Callable[[Verdict], tuple[str, int] | None],
    otherwise: str,
) -> str:
    if kind == "html":
        from pytest_mlgates.reports import html

        return html.render(evidence, history)
    if kind == "markdown":
        from pytest_mlgates.reports import markdown

        return markdown.render(evidence)
    if kind == "sarif":
        from pytest_mlgates.reports import sarif

        return sarif.render(evidence, place_of, otherwise)
    from pytest_mlgates.reports import gitlab

    return gitlab.render(evidence, place_of, otherwise)


def _write(file: str, text: str, *, option: str) -> None:
    from pytest_mlgates.core.boundary import write
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.core.files import write_atomically

    if file == "-":
        write(sys.stdout, text)
        return
    try:
        write_atomically(Path(file), text)
    except OSError as error:
        raise MLGatesError(
            f"{file!r} cannot be written",
            where=option,
            got=str(error.strerror or error),
            want="a file in a folder that can be written",
        ) from None
