"""A verdict as a row: the same words in the terminal, in Markdown and in JUnit."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pytest_mlgates.core.text import limit, number, percent, plural, printable
from pytest_mlgates.core.verdict import Bound, Finding, Outcome, Verdict

_RUNS = "reproducibility"  # its rows count runs, and name their level
ESTIMATE = 3  # the cell that holds the estimate

_WORST_FIRST = {Outcome.ERROR: "ERROR", Outcome.FAILED: "FAIL", Outcome.WAIVED: "WAIVED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The cells of one verdict.

    Attributes:
        status: ``PASS``, ``PASS?`` (passed, but not decided), ``FAIL``, ``WAIVED``, ``ERROR``.
        gate: The id, without what the other cells say.
        claim: What was measured.
        estimate: The estimate.
        deciding: The side that decides: ``at most 0.066``.
        bound: ``max 0.10``.
        size: ``n=6,512``.
        finding: ``proven (95 %)``.
    """

    status: str
    gate: str
    claim: str
    estimate: str
    deciding: str
    bound: str
    size: str
    finding: str

    def cells(self) -> tuple[str, ...]:
        """All cells in order, each one line that moves no cursor."""
        found = (
            self.status,
            self.gate,
            self.claim,
            self.estimate,
            self.deciding,
            self.bound,
            self.size,
            self.finding,
        )
        return tuple(printable(" ".join(cell.split())) for cell in found)


def status(verdict: Verdict) -> str:
    """The one word of *verdict*; a pass that the rows did not decide is ``PASS?``."""
    if verdict.outcome is Outcome.PASSED:
        return "PASS?" if verdict.undecided else "PASS"
    return _WORST_FIRST[verdict.outcome]


def row(verdict: Verdict) -> Row:
    """*verdict* in cells."""
    if verdict.outcome is Outcome.ERROR:
        return Row(
            status="ERROR",
            gate=short_id(verdict.id),
            claim=verdict.metric or verdict.kind,
            estimate="",
            deciding="",
            bound=bound_text(verdict.bound),
            size="",
            finding=verdict.summary,
        )
    return Row(
        status=status(verdict),
        gate=short_id(verdict.id),
        claim=claim(verdict),
        estimate=_estimate(verdict),
        deciding=deciding_side(verdict),
        bound=bound_text(verdict.bound),
        size=_size(verdict),
        finding=_finding(verdict),
    )


def short_id(name: str) -> str:
    """An id for a narrow column: of a default one only the test, its parameters and its subject."""
    parts = name.split("::")
    if len(parts) < 3:
        return name
    subject = parts[-1].partition("@")[2]
    return "::".join(parts[1:-1]) + (f"@{subject}" if subject else "")


def claim(verdict: Verdict) -> str:
    """What was measured: ``equalized_odds_difference by sex × age``, ``accuracy in sex=F``.

    A slice is named where the estimate and its rows are the slice's and not the whole table's.
    """
    if verdict.kind == _RUNS:
        level = (verdict.method or "").partition(",")[0]
        if level in {"", "bitwise"}:
            return verdict.kind
        what = "" if verdict.metric is None else f": {verdict.metric}"
        return f"{verdict.kind} {level}{what}"
    if verdict.metric is None:
        return verdict.kind
    by = f" by {' × '.join(verdict.by)}" if verdict.by else ""
    shown = next((detail for detail in verdict.details if detail.get("part") == "shown"), None)
    if shown is not None and shown["group"] is not None:
        named = str(shown["shown"]).startswith(f"{verdict.by[0]}=")  # a pseudonym names no column
        by = f"{'' if named else by} in {shown['shown']}"
    champion = " vs champion" if is_comparison(verdict) else ""
    return f"{verdict.metric}{champion}{by}"


def bound_text(bound: Bound) -> str:
    """``max 0.10``, ``min 0.80``, ``margin 0.01``."""
    parts = []
    if bound.min is not None:
        parts.append(f"min {limit(bound.min)}")
    if bound.max is not None:
        parts.append(f"max {limit(bound.max)}")
    if bound.margin is not None:
        parts.append(f"margin {limit(bound.margin)}")
    return ", ".join(parts)


def deciding_side(verdict: Verdict) -> str:
    """The bound that the finding rests on: ``at most 0.066``; both where both decide."""
    if verdict.kind == _RUNS and verdict.lower is not None and verdict.upper is not None:
        return f"{number(verdict.lower)} to {number(verdict.upper)}"
    if verdict.metric is None or (verdict.lower is None and verdict.upper is None):
        return ""
    upper_matters, lower_matters = _sides(verdict)
    if verdict.finding is Finding.DISPROVEN:
        upper_matters, lower_matters = lower_matters, upper_matters
    texts = []
    if lower_matters and verdict.lower is not None and math.isfinite(verdict.lower):
        texts.append(f"at least {number(verdict.lower)}")
    if upper_matters and verdict.upper is not None and math.isfinite(verdict.upper):
        texts.append(f"at most {number(verdict.upper)}")
    return ", ".join(texts)


def _estimate(verdict: Verdict) -> str:
    if verdict.metric is None and (verdict.kind != _RUNS or verdict.estimate is None):
        return ""
    return number(verdict.estimate)


def _sides(verdict: Verdict) -> tuple[bool, bool]:
    """Whether the upper, and whether the lower side could prove the claim."""
    bound = verdict.bound
    if is_comparison(verdict):
        if verdict.kind == "fairness":
            return True, False  # a gap must not grow
        loss = is_loss(verdict)
        return loss, not loss
    return bound.max is not None, bound.min is not None


def is_comparison(verdict: Verdict) -> bool:
    """Whether its estimate is a difference to a champion's.

    A gate with an absolute bound beside (``first = true``) has the estimate of the worse of its two
    claims, and of the absolute one where there is no champion yet. Every comparison is paired, and
    its method says so.
    """
    bound = verdict.bound
    if bound.margin is None:
        return False
    return (bound.min is None and bound.max is None) or "paired" in (verdict.method or "")


def is_loss(verdict: Verdict) -> bool:
    """Whether less of its metric is better."""
    from pytest_mlgates.gates.metric.metrics import METRICS  # dear to import, seldom needed

    found = METRICS.get(verdict.metric or "")
    loss = found is not None and found.loss
    for detail in verdict.details:  # a metric of the project says it itself
        loss = not detail.get("greater_is_better", not loss)
    return loss


def _size(verdict: Verdict) -> str:
    if verdict.n is None:
        return ""
    if verdict.kind == _RUNS:
        return plural(verdict.n, "run")
    return f"n={verdict.n:,}"


def _finding(verdict: Verdict) -> str:
    if verdict.metric is None or verdict.kind == _RUNS:
        return verdict.summary
    if verdict.finding is Finding.INCONCLUSIVE:
        text = "not decided"
        if verdict.summary.startswith(text):  # the gate knows better what its rows count
            return verdict.summary
        if verdict.rows_needed:
            text += f": about {verdict.rows_needed:,} rows would decide"
        return text
    confidence = (
        verdict.lower_confidence
        if verdict.lower_confidence is not None
        else verdict.upper_confidence
    )
    level = f" ({percent(confidence)})" if confidence is not None else ""
    return f"{verdict.finding}{level}" + (", paired" if is_comparison(verdict) else "")


def tally(verdicts: list[Verdict] | tuple[Verdict, ...]) -> str:
    """``3 gates: 2 passed (1 undecided), 1 failed, 0 waived``."""
    passed = [v for v in verdicts if v.outcome is Outcome.PASSED]
    undecided = sum(v.undecided for v in passed)
    failed = sum(v.outcome is Outcome.FAILED for v in verdicts)
    errors = sum(v.outcome is Outcome.ERROR for v in verdicts)
    waived = sum(v.outcome is Outcome.WAIVED for v in verdicts)
    text = f"{plural(len(verdicts), 'gate')}: {len(passed)} passed"
    text += f" ({undecided} undecided)" if undecided else ""
    text += f", {failed} failed"
    text += f", {plural(errors, 'error')}" if errors else ""
    return f"{text}, {waived} waived"
