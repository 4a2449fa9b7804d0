"""A gate that makes two claims: against a champion, and against an absolute bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.core.verdict import Finding, Outcome

if TYPE_CHECKING:
    from pytest_mlgates.core.errors import NoChampionError
    from pytest_mlgates.core.verdict import Verdict

_SEVERITY = {Outcome.PASSED: 0, Outcome.FAILED: 1}
_DOUBT = {Finding.PROVEN: 0, Finding.INCONCLUSIVE: 1, Finding.DISPROVEN: 2}


def both(comparison: Verdict, absolute: Verdict) -> Verdict:
    """Both claims in one verdict: the worse one, with the words of the other."""
    worse, other = comparison, absolute
    if _rank(absolute) > _rank(comparison):
        worse, other = absolute, comparison
    return worse.replace(
        message=f"{worse.message}\nalso: {other.message}",
        details=(*worse.details, *other.details),
        inputs=tuple(dict.fromkeys((*comparison.inputs, *absolute.inputs))),
        warnings=tuple(dict.fromkeys((*comparison.warnings, *absolute.warnings))),
    )


def without_champion(absolute: Verdict, error: NoChampionError) -> Verdict:
    """The verdict by the absolute bound, which says that there is no champion yet."""
    return absolute.replace(
        message=f"{absolute.message}\nno champion yet ({error.what}): judged by the absolute bound "
        "alone",
        warnings=(*absolute.warnings, f"no champion yet: {error.what}"),
    )


def _rank(verdict: Verdict) -> tuple[int, int]:
    doubt = 0 if verdict.finding is None else _DOUBT[verdict.finding]
    return _SEVERITY.get(verdict.outcome, 2), doubt
