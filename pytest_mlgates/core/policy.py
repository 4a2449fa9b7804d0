"""From a finding to an outcome: the one place where the policy is applied."""

from __future__ import annotations

from pytest_mlgates.core.verdict import Finding, Outcome, Policy


def judge(finding: Finding, policy: Policy, *, estimate_holds: bool) -> Outcome:
    """The outcome of *finding* under *policy*.

    Args:
        finding: What the rows say.
        policy: What becomes of an inconclusive finding.
        estimate_holds: Whether the deciding estimate is on the right side of its bound; it decides
            only an inconclusive finding under ``Policy.ESTIMATE``.
    """
    if finding is Finding.PROVEN:
        return Outcome.PASSED
    if finding is Finding.DISPROVEN:
        return Outcome.FAILED
    if policy is Policy.PASS:
        return Outcome.PASSED
    if policy is Policy.FAIL:
        return Outcome.FAILED
    return Outcome.PASSED if estimate_holds else Outcome.FAILED
