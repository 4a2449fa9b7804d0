"""The words of a verdict: what was found, what becomes of it, and by which policy.

Apart from :mod:`pytest_mlgates.core.verdict`, which takes hooks milliseconds to import.
"""

from __future__ import annotations

from enum import StrEnum


class Finding(StrEnum):
    """What the rows say about the claim, statistics alone."""

    PROVEN = "proven"
    DISPROVEN = "disproven"
    INCONCLUSIVE = "inconclusive"


class Outcome(StrEnum):
    """The finding under the policy and the waivers."""

    PASSED = "passed"
    FAILED = "failed"
    WAIVED = "waived"
    ERROR = "error"


class Policy(StrEnum):
    """What becomes of an inconclusive finding.

    ``estimate``: its deciding estimate resolves it (no error guarantee). ``pass``: only what is
    disproven blocks (false block at most alpha). ``fail``: proof is required (false pass at most
    alpha).
    """

    ESTIMATE = "estimate"
    PASS = "pass"  # noqa: S105
    FAIL = "fail"
