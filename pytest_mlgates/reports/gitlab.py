"""Evidence as a GitLab Code Quality report: an array of findings beside the lines of a diff."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_mlgates.reports.findings import told

if TYPE_CHECKING:
    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.reports.findings import PlaceOf

_SEVERITY = {"ERROR": "blocker", "FAIL": "blocker", "WAIVED": "minor", "PASS?": "minor"}


def render(evidence: Evidence, place_of: PlaceOf, otherwise: str) -> str:
    """The array; arguments as of :func:`findings.told`. An empty one says that all passed."""
    findings = [
        {
            "description": one.text,
            "check_name": one.id,
            "fingerprint": one.fingerprint,
            "severity": _SEVERITY[one.status],
            "location": {"path": one.path, "lines": {"begin": one.line}},
        }
        for one in told(evidence, place_of, otherwise)
    ]
    return json.dumps(findings, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
