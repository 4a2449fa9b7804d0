"""A model version gets an alias only on evidence about that very version.

The order of writing is the whole point. What is written first is true by itself (this version has
that evidence); the alias moves last, in one step of the registry. Whoever is killed in between
leaves a registry in which every alias points to a version with evidence, and can run again.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from pytest_mlgates.runner.verify import Demands, verify

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from pytest_mlgates.core.evidence import Evidence

# On a version: all of its evidence in one tag, which is written in one step; then in plain words.
EVIDENCE, VERDICT, DIGEST, COMMIT = (
    "mlgates.evidence",
    "mlgates.verdict",
    "mlgates.evidence_sha256",
    "mlgates.commit",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a registered model.

    Attributes:
        name: Of the model.
        number: Of the version.
        digest: ``sha256:…`` of its artifacts.
    """

    name: str
    number: str
    digest: str

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"


class Registry(Protocol):
    """Where versions and aliases are. Every method raises MLGatesError where it does not answer."""

    def version(self, reference: str) -> Version:
        """The version that ``models:/name/7`` names, with the digest of what would be served."""

    def holder(self, name: str, alias: str) -> str | None:
        """The number of the version that has *alias*, None where none has.

        Raises:
            MLGatesError: also where no version could ever have it.
        """

    def attach(self, version: Version, name: str, evidence: bytes) -> bool:
        """Keep *evidence* as the file *name* beside the version's run; False where it has none."""

    def tag(self, version: Version, tags: Mapping[str, str]) -> None:
        """Set *tags* of the version, in order."""

    def point(self, version: Version, alias: str) -> None:
        """Give *alias* to the version."""


@dataclass(kw_only=True)
class Promotion:
    """What came of it.

    Attributes:
        version: What was to be promoted.
        before: The version that had the alias, None for none.
        refusals: Why it was not promoted; empty: it was, or would have been.
        notes: What people should know.
        evidence: What the decision rests on; None where it cannot be read.
        digest: ``sha256:…`` of the file of evidence.
        moved: Whether this run moved the alias.
        after: The version that has the alias now, None for none.
    """

    version: Version
    before: str | None
    after: str | None
    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    evidence: Evidence | None = None
    digest: str = ""
    moved: bool = False


def promote(
    registry: Registry,
    reference: str,
    alias: str,
    name: str,
    content: bytes,
    demands: Demands,
    *,
    now: dt.datetime,
    dry_run: bool = False,
) -> Promotion:
    """Give *alias* to the version *reference*, if the evidence in *content* says that it may.

    Args:
        registry: Where it is.
        reference: ``models:/name/7``.
        alias: ``champion``.
        name: What the file of the evidence is called beside the version.
        content: Its bytes: what is verified is what is kept, whatever the file says by then.
        demands: What is wanted of it; the version itself is added as the model.
        now: The time, with its zone.
        dry_run: Whether nothing is written.

    Raises:
        MLGatesError: where the registry does not answer.
    """
    version = registry.version(reference)
    before = registry.holder(version.name, alias)
    found = verify(content, replace(demands, models=[(reference, version.digest)]), now=now)
    promotion = Promotion(
        version=version,
        before=before,
        after=before,
        refusals=list(found.refusals),
        notes=list(found.notes),
        evidence=found.evidence,
        digest=f"sha256:{hashlib.sha256(content).hexdigest()}",
    )
    if found.evidence is not None:
        promotion.refusals += _champions(registry, found.evidence, version, alias, before)
    if promotion.refusals or dry_run:
        return promotion
    assert found.evidence is not None  # noqa: S101  (else there is a refusal)
    if not registry.attach(version, name, content):
        promotion.notes.append(f"{version} is of no run: the evidence is kept as tags alone")
    registry.tag(version, _tags(found.evidence, promotion.digest))
    promotion.after = registry.holder(version.name, alias)
    if promotion.after != before:
        promotion.refusals.append(
            f"{alias!r} moved from {_shown(before)} to {_shown(promotion.after)} while this was "
            "verified"
        )
        return promotion
    registry.point(version, alias)
    promotion.moved = True
    promotion.after = registry.holder(version.name, alias)
    if promotion.after != version.number:
        promotion.refusals.append(
            f"another promotion moved {alias!r} to {_shown(promotion.after)} right after this one"
        )
        return promotion
    registry.tag(version, {f"mlgates.promoted.{alias}": now.isoformat(timespec="seconds")})
    return promotion


def _champions(
    registry: Registry, evidence: Evidence, version: Version, alias: str, before: str | None
) -> list[str]:
    """Gates that compared with another champion than the one that would be replaced."""
    reference = f"models:/{version.name}@{alias}"
    compared = [
        one
        for one in evidence.verdicts
        if re.sub("^models:/+", "models:/", one.bound.no_worse_than or "") == reference
    ]
    if not compared or before is None or before == version.number:
        return []
    holder = registry.version(f"models:/{version.name}/{before}").digest
    return [
        f"gate {one.id!r} compared with another champion than v{before}, the present one"
        for one in compared
        if holder not in _digests(one)
    ]


def _digests(verdict: Any) -> set[str]:
    named = {str(detail.get("champion_digest")) for detail in verdict.details}
    return named | {str(one.digest) for one in verdict.inputs}


def _tags(evidence: Evidence, digest: str) -> dict[str, str]:
    commit = str(evidence.commit.get("sha", ""))
    told = {
        "result": evidence.result,
        "sha256": digest.removeprefix("sha256:"),
        "commit": commit,
        "created": evidence.created,
    }
    return {
        EVIDENCE: json.dumps(told, sort_keys=True),
        DIGEST: told["sha256"],
        COMMIT: commit or "unknown",
        VERDICT: evidence.result,
    }


def _shown(number: str | None) -> str:
    return "no version" if number is None else f"v{number}"
