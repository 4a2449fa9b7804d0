"""Evidence as an in-toto Statement v1 with the predicate test-result v0.1.

What other tools read stands where in-toto wants it; everything that this project knows stands under
one key of the predicate, a URI as in-toto's rules ask of extensions.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlgates.core.evidence import Evidence

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
EXTENSION = "https://github.com/pytest-mlgates/pytest-mlgates/evidence/v1"
_SHA256 = "sha256:"


def statement(evidence: Evidence) -> dict[str, Any]:
    """The statement of *evidence*, in plain JSON types."""
    extension = evidence.to_dict()
    predicate: dict[str, Any] = {
        "result": evidence.result,
        "configuration": _configuration(evidence.configuration),
    }
    if evidence.url:
        predicate["url"] = evidence.url
    verdicts = evidence.verdicts
    doubtful = [v.passed and (v.undecided or v.outcome is Outcome.WAIVED) for v in verdicts]
    predicate |= {
        "passedTests": [
            v.id for v, doubt in zip(verdicts, doubtful, strict=True) if v.passed and not doubt
        ],
        "warnedTests": [v.id for v, doubt in zip(verdicts, doubtful, strict=True) if doubt],
        "failedTests": [v.id for v in verdicts if not v.passed],
        EXTENSION: extension,
    }
    return {
        "_type": STATEMENT,
        "subject": _subjects(evidence),
        "predicateType": PREDICATE,
        "predicate": predicate,
    }


def to_json(evidence: Evidence) -> str:
    """The statement as indented strict JSON with a final newline."""
    return json.dumps(statement(evidence), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _configuration(configuration: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not configuration:
        return []
    digest = str(configuration["digest"]).removeprefix(_SHA256)
    return [{"name": configuration["name"], "digest": {"sha256": digest}}]


def _subjects(evidence: Evidence) -> list[dict[str, Any]]:
    """The judged models and the commit: what the evidence is about."""
    found: list[dict[str, Any]] = [
        {"name": one.name, "digest": {"sha256": str(one.digest).removeprefix(_SHA256)}}
        for one in evidence.models
        if one.digest is not None
    ]
    if evidence.commit:
        found.append({"name": "git", "digest": {"gitCommit": evidence.commit["sha"]}})
    return found
