"""Evidence as SARIF 2.1.0, for code scanning.

Only what is no plain pass is a result: hosts make an alert of every result, whatever its kind. An
undecided pass is ``kind: open`` ("insufficient information to decide whether a problem exists",
SARIF 2.1.0, 3.27.9), which demands ``level: none``; a waiver is a suppression.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from pytest_mlgates.reports.findings import Told, told
from pytest_mlgates.reports.rows import bound_text

if TYPE_CHECKING:
    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.reports.findings import PlaceOf

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def render(evidence: Evidence, place_of: PlaceOf, otherwise: str) -> str:
    """One SARIF log with one run; arguments as of :func:`findings.told`."""
    found = list(told(evidence, place_of, otherwise))
    rules = list(dict.fromkeys([*(v.id for v in evidence.verdicts), *(one.id for one in found)]))
    verdicts = {verdict.id: verdict for verdict in evidence.verdicts}
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "pytest-mlgates",
                        "version": _version(evidence),
                        "rules": [_rule(name, verdicts.get(name)) for name in rules],
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


def _rule(name: str, verdict: Verdict | None) -> dict[str, Any]:
    """A gate, in the words that GitHub demands of a rule; the same in every run that demands it."""
    if verdict is None:
        demand = "What the whole run must keep, whatever its gates find."
        fix = "See the message of the result."
    else:
        by = f" by {', '.join(verdict.by)}" if verdict.by else ""
        bound = bound_text(verdict.bound)
        demand = f"{verdict.metric or verdict.kind}{by}{bound and f': {bound}'}"
        demand = f"Gate {name!r} of pytest-mlgates: {demand}."
        fix = (
            "Its message says what was found, how sure that is, and what would change the verdict. "
            f"To evaluate it alone: `{_alone(name)}`."
        )
    return {
        "id": name,
        "shortDescription": {"text": name},
        "fullDescription": {"text": demand},
        "help": {"text": f"{demand}\n\n{fix}"},
    }


def _alone(name: str) -> str:
    test, found, _ = name.partition("::")
    if not found:
        return f"mlgates check {shlex.quote(name)}"
    return f"pytest --mlgates {shlex.quote(test)}"


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
