"""Verdicts as Markdown, for pull requests and ``GITHUB_STEP_SUMMARY``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.core.text import printable
from pytest_mlgates.reports.rows import row, status, tally
from pytest_mlgates.reports.text import message, render_holdouts

if TYPE_CHECKING:
    from pytest_mlgates.core.evidence import Evidence

_HEAD = ("", "gate", "what", "estimate", "deciding", "bound", "rows", "finding")


def render(evidence: Evidence) -> str:
    """A heading, a table, and the messages of what did not simply pass."""
    lines = [f"## ML gates: {evidence.result}", "", tally(evidence.verdicts), ""]
    if evidence.verdicts:
        lines += ["| " + " | ".join(_HEAD) + " |", "|" + "---|" * len(_HEAD)]
        lines += [
            "| " + " | ".join(_cell(cell) for cell in row(verdict).cells()) + " |"
            for verdict in evidence.verdicts
        ]
    told = [_cell(note) for note in (*render_holdouts(evidence), *evidence.notes)]
    told += [f"**{_cell(problem)}**" for problem in evidence.problems]
    if evidence.verdicts and told:
        lines.append("")  # else some renderers take the list for rows of the table
    lines += [f"- {one}" for one in told]
    for verdict in evidence.verdicts:
        if status(verdict) != "PASS":
            fence = "```"
            text = message(verdict).replace(fence, "'''")
            lines += ["", f"{fence}text", text, fence]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """*text* as one table cell that cannot break out of it."""
    text = printable(text.replace("\n", " "))
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
