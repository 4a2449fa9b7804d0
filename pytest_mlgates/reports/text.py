"""Verdicts for a terminal: aligned rows, then the messages of what did not simply pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.core.text import printable_lines
from pytest_mlgates.core.verdict import Outcome, Verdict
from pytest_mlgates.reports.rows import ESTIMATE, row, status, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_mlgates.core.evidence import Evidence

# What ASCII terminals get instead.
_ASCII = str.maketrans(
    {"×": "x", "·": "-", "…": "...", "−": "-", "–": "-", "≥": ">=", "≤": "<=", "\u202f": " "}
)


def render_rows(verdicts: Sequence[Verdict]) -> list[str]:
    """One line per verdict, columns aligned, in the given order.

    Lines are as long as they are: wrapped by a terminal they stay readable, folded cells do not.
    """
    from rich.cells import cell_len  # the rest of rich costs a hook 40 ms

    rows = [row(verdict).cells() for verdict in verdicts]
    columns = list(zip(*rows, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    used = [i for i, width in enumerate(widths) if width]
    lines = []
    for cells in rows:
        padded = []
        for i in used:
            space = " " * (widths[i] - cell_len(cells[i]))
            padded.append(space + cells[i] if i == ESTIMATE else cells[i] + space)
        lines.append(f" {'  '.join(padded)}".rstrip())
    return lines


def render_messages(verdicts: Sequence[Verdict]) -> list[str]:
    """The full message of every verdict that failed, errs, was waived, or was not decided.

    What keeps several gates from being evaluated, and a warning of several, are told once.
    """
    lines: list[str] = []
    errors = _ids_of((verdict.id, verdict.message) for verdict in verdicts if _is_shared(verdict))
    warnings = _ids_of((verdict.id, one) for verdict in verdicts for one in verdict.warnings)
    for verdict in verdicts:
        ids = errors.pop(verdict.message, []) if _is_shared(verdict) else [verdict.id]
        if ids and status(verdict) != "PASS":
            lines += ["", *message(verdict, ids).splitlines()]
        told = [(one, ids) for one in verdict.warnings if (ids := warnings.pop(one, []))]
        lines += (printable_lines(f"  warning ({', '.join(ids)}): {one}") for one, ids in told)
    return lines


def _is_shared(verdict: Verdict) -> bool:
    """Whether its message may be that of other gates as well: of an error."""
    return verdict.outcome is Outcome.ERROR and not verdict.replaces


def _ids_of(found: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The ids of the gates that have each message, in order."""
    ids: dict[str, list[str]] = {}
    for name, text in found:
        ids.setdefault(text, []).append(name)
    return ids


def message(verdict: Verdict, ids: Sequence[str] = ()) -> str:
    """What people read of one verdict: its outcome, its id, its message, what it replaced.

    *ids* are those of all gates with this very error, where there are several.
    """
    gates = f"gate {verdict.id!r}" if len(ids) < 2 else f"gates {', '.join(map(repr, ids))}"
    head = {
        Outcome.FAILED: f"{gates} failed",
        Outcome.ERROR: f"{gates} could not be evaluated",
        Outcome.WAIVED: f"{gates} is waived",
        Outcome.PASSED: f"{gates} passed, but {_undeciding(verdict)} not decide it"
        if verdict.undecided
        else f"{gates} passed",
    }[verdict.outcome]
    body = "\n".join(f"  {line}" for line in verdict.message.splitlines())
    replaced = f"\n  replaces: {verdict.replaces}" if verdict.replaces else ""
    return printable_lines(f"{head}\n{body}{replaced}")


def _undeciding(verdict: Verdict) -> str:
    return "its runs do" if verdict.kind == "reproducibility" else "the rows do"


def render_tally(verdicts: Sequence[Verdict], *, evidence: str | None = None) -> str:
    """The last line: counts, and where the evidence is."""
    text = tally(list(verdicts))
    return f"{text} · evidence {evidence}" if evidence else text


def render_evidence(evidence: Evidence, *, written: str | None = None) -> list[str]:
    """All of a run: rows, messages, counts, what was required and did not run."""
    verdicts = evidence.verdicts
    lines = [*render_rows(verdicts), *render_messages(verdicts), ""]
    lines.append(f" {render_tally(verdicts, evidence=written)}")
    if evidence.required_not_run and not evidence.problems:
        lines.append(f" required, not run: {', '.join(evidence.required_not_run)}")
    lines += [f" {text}" for text in render_holdouts(evidence)]
    lines += [f" {printable_lines(text)}" for text in (*evidence.notes, *evidence.problems)]
    return lines


def render_holdouts(evidence: Evidence) -> list[str]:
    """How often each holdout was used: ``holdout 3f2a0c1d used 37 times``."""
    lines = []
    for one in evidence.holdouts:
        times = f"{one['uses']:,}" + (f" of {one['budget']:,}" if one["budget"] else "")
        noun = "time" if times == "1" else "times"
        least = "at least " if one["at_least"] else ""
        lines.append(f"holdout {one['id'][:8]} ({one['table']}) used {least}{times} {noun}")
    return lines


def degrade(text: str, encoding: str | None) -> str:
    """*text* as far as *encoding* can show it."""
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return text
