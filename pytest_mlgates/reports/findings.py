"""What reviewers must see, and the line where they see it: for the formats of code hosts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.core.text import printable_lines
from pytest_mlgates.reports.rows import status
from pytest_mlgates.reports.text import message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.core.verdict import Verdict

    # Path relative to the root of the repository, and line from 1; None where it is not known.
    PlaceOf = Callable[[Verdict], tuple[str, int] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A verdict that is no plain pass, or a problem of the run.

    Attributes:
        id: Of the gate; of a problem: ``run``.
        status: ``PASS?``, ``FAIL``, ``WAIVED`` or ``ERROR``.
        title: One line.
        text: All of it.
        path: The file to show it at.
        line: Its line, from 1.
        fingerprint: The same in every run, for hosts that follow a finding over commits.
        reason: Why it is waived.
        of_run: Whether it is a problem of the run, not a verdict.
    """

    id: str
    status: str
    title: str
    text: str
    path: str
    line: int
    fingerprint: str
    reason: str = ""
    of_run: bool = False


def told(evidence: Evidence, place_of: PlaceOf, otherwise: str) -> Iterator[Told]:
    """What *evidence* has to say, verdicts first.

    Args:
        evidence: Of the run.
        place_of: Where a verdict's gate stands.
        otherwise: The file for what stands nowhere: the configuration.
    """
    for verdict in evidence.verdicts:
        word = status(verdict)
        if word == "PASS":
            continue
        path, line = place_of(verdict) or (otherwise, 1)
        text = message(verdict)
        yield Told(
            id=verdict.id,
            status=word,
            title=text.partition("\n")[0],
            text=text,
            path=path,
            line=line,
            fingerprint=_fingerprint(verdict.id),
            reason="; ".join(f"{w['owner']}: {w['reason']}" for w in verdict.waivers),
        )
    for problem in map(printable_lines, evidence.problems):
        yield Told(
            id="run",
            status="FAIL",
            title=problem.partition("\n")[0],
            text=problem,
            path=otherwise,
            line=1,
            fingerprint=_fingerprint(f"run: {problem}"),
            of_run=True,
        )


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
