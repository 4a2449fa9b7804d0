"""Verdicts as Markdown, for pull requests and ``GITHUB_STEP_SUMMARY``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pytest_mlgates.core.text import printable
from pytest_mlgates.reports.rows import row, status, tally
from pytest_mlgates.reports.text import message, render_holdouts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.core.evidence import Evidence

_FENCE = "```"
_WORST_FIRST = ("ERROR", "FAIL", "PASS?", "WAIVED", "PASS")
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
            text = message(verdict).replace(_FENCE, "'''")
            lines += ["", f"{_FENCE}text", text, _FENCE]
    return "\n".join(lines) + "\n"


def render_within(evidence: Evidence, most: int, limit: str, whole: Sequence[str]) -> bytes:
    """The same in UTF-8, in at most *most* bytes: what is more is cut at a line that says so.

    The worst comes first then. Nothing at all is left where not even that line fits.

    Args:
        evidence: Of the run.
        most: Bytes.
        limit: Why there are no more, as a sentence.
        whole: The files that have all of it.
    """
    text = _encoded(render(evidence))
    if len(text) <= most:
        return text
    found = f"The whole is in {' and in '.join(map(_code, whole))}." if whole else (
        "`mlgates check --evidence FILE` keeps the whole."
    )  # fmt: skip
    note = _encoded(f"\n**Cut here: {_cell(limit)} {found}**\n")
    fence = _encoded(f"{_FENCE}\n")
    left = most - len(note)
    if left < 0:
        return b""
    worst = sorted(evidence.verdicts, key=lambda one: _WORST_FIRST.index(status(one)))
    ordered = dataclasses.replace(evidence, verdicts=tuple(worst))
    kept, is_open = [], False
    for line in _encoded(render(ordered)).splitlines(keepends=True):
        after = not is_open if line.startswith(fence.strip()) else is_open
        left -= len(line)
        if left < (len(fence) if after else 0):
            break
        kept.append(line)
        is_open = after
    return b"".join([*kept, *([fence] if is_open else []), note])


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _code(path: str) -> str:
    return f"`{printable(path).replace('`', chr(39))}`"


def _cell(text: str) -> str:
    """*text* as one table cell that cannot break out of it."""
    text = printable(text.replace("\n", " "))
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
