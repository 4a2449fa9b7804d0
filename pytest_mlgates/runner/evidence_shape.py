"""The types of what a record of evidence holds: what nobody checked would be computed with."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from pytest_mlgates.core.verdict import SCHEMA_VERSION

_Number = float | None


class NoEvidenceError(ValueError):
    """Why a file holds no evidence, in one sentence."""


class _Group(Struct, kw_only=True):
    group: list[Any]
    n: int | None
    value: _Number
    lower: _Number
    upper: _Number
    rate: str | None = None
    successes: int | None = None


class _Input(Struct, kw_only=True):
    name: str
    digest: str | None
    rows: int | None
    role: str | None = None


class _Bound(Struct, kw_only=True, forbid_unknown_fields=True):
    min: _Number = None
    max: _Number = None
    no_worse_than: str | None = None
    margin: _Number = None


class _Waiver(Struct, kw_only=True):
    owner: str
    reason: str
    expires: str


class _Holdout(Struct, kw_only=True):
    table: str
    id: str
    evaluation: str
    uses: int
    at_least: bool
    budget: int | None


class _Environment(Struct, kw_only=True):
    packages: dict[str, str] = {}


class _Verdict(Struct, kw_only=True):
    version: Literal["1"]
    id: str
    kind: str
    finding: Literal["proven", "disproven", "inconclusive"] | None
    outcome: Literal["passed", "failed", "waived", "error"]
    message: str
    metric: str | None
    by: list[str] = []
    estimate: _Number
    deciding_estimate: _Number
    lower: _Number
    lower_confidence: _Number
    upper: _Number
    upper_confidence: _Number
    correction: str | None
    n: int | None
    bound: _Bound
    method: str | None
    policy: Literal["estimate", "pass", "fail"]
    groups: list[_Group]
    details: list[dict[str, Any]]
    inputs: list[_Input]
    duration_s: float
    rows_needed: int | None
    warnings: list[str] = []
    replaces: str | None = None
    summary: str = ""
    waivers: list[_Waiver] = []
    holdout: _Holdout | None = None
    definition: dict[str, Any] = {}
    counts: dict[str, Any] = {}
    where: str | None = None
    files: dict[str, str] = {}
    stands_in: dict[str, Any] | None = None


class _Commit(Struct, kw_only=True):
    sha: str = ""
    dirty: bool = False
    folder: str = "."


class _Test(Struct, kw_only=True):
    id: str
    outcome: Literal["passed", "failed", "skipped", "xfailed", "xpassed"]
    gates: list[str]


class _Record(Struct, kw_only=True):
    version: Literal["1"]
    result: Literal["PASSED", "WARNED", "FAILED"]
    complete: bool
    created: str
    policy: Literal["estimate", "pass", "fail"]
    configuration: dict[str, str]
    environment: _Environment
    required: list[str]
    required_not_run: list[str]
    problems: list[str]
    notes: list[str] = []
    commit: _Commit | None = None
    url: str = ""
    finished: bool = True
    named: list[_Input] = []
    models: list[_Input] = []
    tables: list[_Input] = []
    tests: list[_Test] = []
    verdicts: list[_Verdict]


def refuse_other_shapes(record: dict[str, Any]) -> None:
    """Refuse a record whose values are not of the types of ``evidence.schema.json``.

    Raises:
        NoEvidenceError: naming the first that is not.
    """
    version = record.get("version")
    if version != SCHEMA_VERSION:
        raise NoEvidenceError(
            f"its version is {version!r}; this pytest-mlgates reads version {SCHEMA_VERSION!r}"
        )
    try:
        msgspec.convert(record, _Record)
    except msgspec.ValidationError as error:
        raise NoEvidenceError(f"it is not of the shape of evidence: {error}") from None
    configuration = record["configuration"]
    if configuration and not {"name", "digest"} <= set(configuration):
        raise NoEvidenceError("its configuration has no name or no digest")
