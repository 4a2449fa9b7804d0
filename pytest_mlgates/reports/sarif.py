"""Evidence as SARIF 2.1.0, for code scanning.

Only what is no plain pass is a result: hosts make an alert of every result, whatever its kind. An
undecided pass is ``kind: open`` ("insufficient information to decide whether a problem exists",
SARIF 2.1.0, 3.27.9), which demands ``level: none``; a waiver is a suppression.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_mlgates.reports.findings import Told, told

if TYPE_CHECKING:
    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.reports.findings import PlaceOf

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def render(evidence: Evidence, place_of: PlaceOf, otherwise: str) -> str:
    """One SARIF log with one run; arguments as of :func:`findings.told`."""
    found = list(told(evidence, place_of, otherwise))
    rules = list(dict.fromkeys([*(v.id for v in evidence.verdicts), *(one.id for one in found)]))
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "pytest-mlgates",
                        "version": _version(evidence),
                        "rules": [
                            {"id": name, "shortDescription": {"text": name}} for name in rules
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        # Whether the tool did its work, not what it found.
                        "executionSuccessful": all(one.status != "ERROR" for one in found),
                        "endTimeUtc": evidence.created.replace("+00:00", "Z"),
                    }
                ],
                "results": [_result(one, rules) for one in found],
                "properties": {"result": evidence.result, "complete": evidence.complete},
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _version(evidence: Evidence) -> str:
    packages: dict[str, str] = dict(evidence.environment.get("packages", {}))
    return packages.get("pytest-mlgates", "unknown")


def _result(one: Told, rules: list[str]) -> dict[str, Any]:
    undecided = one.status == "PASS?"
    result: dict[str, Any] = {
        "ruleId": one.id,
        "ruleIndex": rules.index(one.id),
        "kind": "open" if undecided else "fail",
        "level": "none" if undecided else "error",
        "message": {"text": one.text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(one.path), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": one.line},
                }
            }
        ],
        "partialFingerprints": {"mlgatesGate/v1": one.fingerprint},
    }
    if one.status == "WAIVED":
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": one.reason}
        ]
    return result


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path)
