"""What a reproducibility gate says of a stored run: what differs, and what was to be expected."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_mlgates.core.text import plural
from pytest_mlgates.core.verdict import Finding

if TYPE_CHECKING:
    from pytest_mlgates.engines.differences import Difference
    from pytest_mlgates.engines.environment import Change
    from pytest_mlgates.engines.leaves import Fingerprint
    from pytest_mlgates.engines.stages import Divergence
    from pytest_mlgates.engines.stored_runs import StoredRun
    from pytest_mlgates.gates.reproducibility_text import Report

_MOST_SHOWN = 5
_UNSEEN = ", because only the digest of one is kept"
_DIGESTS_ONLY = "of a stage only digests are stored"
# `differences` speaks of two runs; here one of them is stored.
_FIRST = re.compile(r"\bin (the first( run)?|run 1)\b")
_OTHER = re.compile(r"\bin the other( run)?\b")


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The first run of this evaluation beside the stored one.

    Attributes:
        reference: What the user calls the stored run.
        stored: It.
        report: The runs of this evaluation, which are equal to one another.
        differences: Of the result from the stored one.
        divergence: The first stage that differs.
        changes: In what the environments differ.
        command: What records it anew.
    """

    reference: str
    stored: StoredRun
    report: Report
    differences: list[Difference]
    divergence: Divergence | None
    changes: list[Change]
    command: str

    @property
    def equal(self) -> bool:
        """Whether every bit of result and stages is the stored one."""
        return not self.differences and self.divergence is None

    @property
    def deciding(self) -> list[Change]:
        """The changes for which equal bits are not to be expected."""
        return [change for change in self.changes if change.decides]

    @property
    def finding(self) -> Finding:
        """Equal bits are proof anywhere; other bits disprove where equal ones were expected."""
        if self.equal:
            return Finding.PROVEN
        return Finding.INCONCLUSIVE if self.deciding else Finding.DISPROVEN

    @property
    def told(self) -> list[Difference]:
        """What differs first, in the words of a stored run: of a stage, then of the result."""
        first = [] if self.divergence is None else list(self.divergence.differences)
        return [
            *(_reworded(one, _DIGESTS_ONLY) for one in first),
            *(_reworded(one, self.stored.left_out) for one in self.differences),
        ]


def _reworded(one: Difference, unknown: str) -> Difference:
    text = reworded(one.text)
    return replace(one, text=text.replace(_UNSEEN, f": {unknown}") if unknown else text)


def reworded(text: str) -> str:
    """What is said of two runs, of which the first is the stored one."""
    return _OTHER.sub("in this run", _FIRST.sub("in the stored run", text))


def method(found: Compared, level: str = "bitwise") -> str:
    """How it was compared."""
    report = found.report
    runs = plural(len(report.runs), "run")
    return f"{level}, against a stored run, {runs}, {report.processes}"


def summary(found: Compared) -> str:
    """One line for the table of a run."""
    head = f"bitwise, against {found.reference}: "
    if found.equal:
        return f"{head}proven"
    if found.deciding:
        names = ", ".join(change.name for change in found.deciding[:3])
        return f"{head}not decided, not to be expected ({names})"
    told = found.told
    where = found.divergence.label if found.divergence is not None else told[0].path
    more = f" and {len(told) - 1:,} more" if len(told) > 1 else ""
    return f"{head}disproven, {where} differs{more}"


def message(found: Compared) -> str:
    """What, where and by how much, want, why, fix, in the template of the house."""
    report, name = found.report, found.report.name
    if found.equal:
        text = (
            f"{name} repeats the stored run {found.reference} bit for bit (level bitwise proven): "
            f"{plural(len(report.runs), 'run')} in {report.processes}, equal in "
            f"{extent(report.runs[0].fingerprint)}"
        )
        if found.deciding:
            text += f"; in another environment: {listed(found.deciding)}"
        return text
    decided = "not decided" if found.deciding else "disproven"
    what = f"{name} does not repeat the stored run {found.reference} bit for bit (level bitwise "
    lines = [f"{what}{decided}): it differs {_where(found)}", *_shown(found)]
    if found.deciding:
        lines.append(f"  - bitwise is not to be expected: {listed(found.deciding)}")
    lines += [
        f"  {label:<6} {text}"
        for label, text in (
            ("want:", _want(found)),
            ("why:", _why(found)),
            ("fix:", _fix(found)),
        )
    ]
    return "\n".join(lines)


def recorded(stored: StoredRun, reference: str, report: Report, before: Compared | None) -> str:
    """What was recorded, and in what it differs from what was there before."""
    what = f"{report.name} is recorded in {reference}: {plural(len(report.runs), 'run')} in "
    held = "equal in" if stored.level == "bitwise" else "within its tolerance,"
    what += f"{report.processes}, {held} {extent(stored.fingerprint)}, "
    lines = [f"{what}{plural(len(stored.stages), 'stage')}; nothing was judged"]
    if stored.left_out:
        lines.append(f"  - its values are not kept, only digests: {stored.left_out}")
    if before is None:
        lines.append("  - it is the first one there")
    elif before.equal and not before.changes:
        lines.append("  - nothing changed against the one before")
    else:
        if not before.equal:
            lines += [f"  - against the one before it differs {_where(before)}", *_shown(before)]
        lines += [f"  - {change.text}" for change in before.changes]
    return "\n".join(lines)


def extent(fingerprint: Fingerprint) -> str:
    """``14 parts and 2,003 values``."""
    parts = sum(leaf.size > 0 for leaf in fingerprint.leaves.values())
    return f"{plural(parts, 'part')} and {plural(fingerprint.size, 'value')}"


def _where(found: Compared) -> str:
    diverged = found.divergence
    if diverged is not None:
        return f"from stage {diverged.label!r} on ({diverged.place + 1} of {diverged.of})"
    total = len(found.stored.fingerprint.leaves)
    return f"in {plural(len(found.differences), 'part')} of {total:,}"


def _shown(found: Compared) -> list[str]:
    told, diverged = found.told, found.divergence
    lines = [f"  - {one.path}: {one.text}" for one in told[:_MOST_SHOWN]]
    if len(told) > _MOST_SHOWN:
        lines.append(f"  - and {plural(len(told) - _MOST_SHOWN, 'more part')}")
    if diverged is not None and diverged.other is not None:
        there = f"tells {diverged.other!r} there" if diverged.other else "does not have it"
        side = "the stored run" if diverged.place >= diverged.of else "this run"
        lines.append(f"  - {diverged.label}: {side} {there}")
    return lines


def listed(deciding: list[Change]) -> str:
    """``CPU class differs (stored …, here …); numpy differs (…)``."""
    more = f"; and {len(deciding) - 4} more" if len(deciding) > 4 else ""
    return "; ".join(change.text for change in deciding[:4]) + more


def _want(found: Compared) -> str:
    if found.deciding:
        return "a run in the environment of the stored one, or limits within which it may differ"
    return "the bits that are stored"


def _why(found: Compared) -> str:
    if found.deciding:
        return (
            "sums are taken in another order by another CPU class, library, or number of threads; "
            "a change of code or data would look the same here"
        )
    why = "the environment is the same in all that decides bits, so the code, its data or a seed "
    why += "changed since"
    if found.stored.callable != found.report.name:
        why += f" ({found.stored.callable} was recorded)"
    if not found.report.fresh and any(one.aspect == "order" for one in found.told):
        why += ", or the order of a set did, which fresh_process=True would hold"
    before, now = found.stored.seed, found.report.runs[0].facts.get("seed")
    if before != now:
        why += f"; seed({_seed(before)}) was in force then, seed({_seed(now)}) is now"
    noted = [change.text for change in found.changes]
    if noted:
        why += f"; {'; '.join(noted)}"
    if len(found.report.runs) == 1:
        why += "; or it does not repeat itself at all, which runs=2 would tell"
    return why


def _seed(value: int | None) -> str:
    return "none" if value is None else str(value)


def _fix(found: Compared) -> str:
    if found.deciding:
        return (
            "declare how far it may differ there (atol=1e-8, max_flips=0.01, …, which then "
            f"decide), or record on this class of machine in a file of its own: {found.command}"
        )
    return f"find the change; if it was meant, {found.command}"
