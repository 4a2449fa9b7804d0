"""Signed evidence in the place of a recomputation, for gates whose data, or GPU, is not here.

The data of a gate may be where CI must not see it, and CI may have no GPU. A verdict from there is
believed if the key that the reviewed configuration names has signed it, and if it is about exactly
what this commit names: the commit itself, the configuration, the definition, and the digest of
every file, as pointers of DVC and Git LFS or ``mlgates.lock`` have it. What is here is evaluated
here, whatever it says.

Gates of tests are in :mod:`pytest_mlgates.runner.standing_in_tests`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import posixpath
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.base import tracked
from pytest_mlgates.config.definitions import definitions
from pytest_mlgates.config.find import read
from pytest_mlgates.config.inputs import (
    MISSING,
    OTHER,
    POINTED,
    changed_files,
    data_of,
    digests_of,
    patterns_of,
    registered,
)
from pytest_mlgates.config.pointers import SUFFIX
from pytest_mlgates.core import gpu
from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import sha256_of_file
from pytest_mlgates.core.text import listing
from pytest_mlgates.core.verdict import Outcome, plain
from pytest_mlgates.core.waivers import today
from pytest_mlgates.runner.changed import covers
from pytest_mlgates.runner.commit import commit_of, folder_of, root_of
from pytest_mlgates.runner.evidence import Stored, content_of, parse
from pytest_mlgates.runner.evidence_shape import NoEvidenceError
from pytest_mlgates.runner.lacking import Lacking, is_away
from pytest_mlgates.runner.recompute import recompute
from pytest_mlgates.runner.signing import verifier_of
from pytest_mlgates.runner.verify import Demands, doubts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_mlgates.config.model import Configuration, DeclaredGate
    from pytest_mlgates.core.lock import LockedGate
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.runner.signing import Verifier

MAX_AGE = dt.timedelta(days=7)
OTHER_DEFINITION = "it judged by another definition"


@dataclass(kw_only=True)
class StandIn:
    """Evidence that may stand in for gates of one configuration.

    Attributes:
        name: What the user calls the file.
        content: Its bytes.
        verifier: The key that must have signed it.
        configuration: Whose gates.
        now: The time, with its zone.
        max_age: How old it may be.
        refusals: Why it stands in for nothing at all; empty: it may.
    """

    name: str
    content: bytes
    verifier: Verifier
    configuration: Configuration
    now: dt.datetime
    max_age: dt.timedelta = MAX_AGE
    refusals: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Judge the file once, for all gates."""
        self.judged: dict[str, Verdict] = {}
        self.tests: dict[str, Mapping[str, Any]] = {}
        try:
            stored = parse(self.content)
        except NoEvidenceError as error:
            self.refusals.append(f"it is no evidence: {error}")
            return
        self._evidence = stored.evidence
        self.refusals += self._of_file(stored)
        if not self.refusals:
            self.judged = {one.id: one for one in stored.evidence.verdicts}
            self.tests = {one["id"]: one for one in stored.evidence.tests}

    def _of_file(self, stored: Stored) -> Iterator[str]:
        evidence = stored.evidence
        demands = Demands(verifier=self.verifier, max_age=self.max_age)
        yield from doubts(stored, demands, [], now=self.now)
        here, there = commit_of(self.configuration.base), evidence.commit
        if not here:
            yield "no commit is known here"
        elif here["dirty"]:
            yield f"tracked files differ from the commit {here['sha'][:12]} here"
        if not there.get("sha"):
            yield "it names no commit"
        elif here and there["sha"] != here["sha"]:
            yield f"it is of commit {str(there['sha'])[:12]}, and this is {here['sha'][:12]}"
        elif there.get("dirty") is not False:
            yield "tracked files differed from its commit when it was made"
        path = self.configuration.path
        digest = None if path is None else sha256_of_file(path)
        folder = folder_of(self.configuration.base)
        if evidence.configuration.get("digest") != digest:
            yield f"it is of another configuration than {self.configuration.source}"
        elif there.get("sha") and there.get("folder") != folder:
            where = there.get("folder", "a folder that it does not say")
            yield f"it is of the project in {where}, and this is the one in {folder}"
        if len({one["id"] for one in evidence.tests}) < len(evidence.tests):
            yield "it says twice how a test ended"
        if not evidence.finished:
            yield "its run did not come to its end"
        for problem in evidence.problems:
            yield f"its run had a problem: {problem}"

    def verdict_of(self, declared: DeclaredGate) -> Verdict | None:
        """The verdict that the evidence has of a gate; None if the gate can be evaluated here.

        Raises:
            MLGatesError: if its data, or a GPU that it needs, is not here, and the evidence does
                not fit.
        """
        definition = self._definitions.get(declared.gate.id)
        if definition is None:
            return None
        lacking = Lacking(
            files=tuple(self.away(definition, declared.gate.id)),
            gpu=gpu.is_lacking(declared.gate.parameters.needs),
        )
        if not lacking:
            return None
        verdict = self.judged.get(declared.gate.id)
        reasons = list(self.refusals)
        if verdict is None and not reasons:
            reasons.append("it has no verdict of this gate")
        elif verdict is not None:
            if declared.unread or dict(verdict.definition) != plain(declared.gate.definition()):
                reasons.append(OTHER_DEFINITION)
            reasons += self.of_verdict(verdict)
            reasons += self.of_files(definition, verdict, lacking.files)
        if verdict is None or reasons:
            raise self.refusal(lacking, reasons)
        return self.taken(verdict)

    def refusal(self, lacking: Lacking, reasons: Iterable[str]) -> MLGatesError:
        """The error of a gate that cannot be evaluated for what is *lacking*, nor stood in for."""
        return MLGatesError(
            f"{lacking}, and {self.name} does not stand in for it",
            got="; ".join(dict.fromkeys(reasons)),
            want=f"{lacking.wanted}, or evidence of this very commit that the key has signed",
        )

    def taken(self, verdict: Verdict) -> Verdict:
        """*verdict* of the evidence as one of this run: it says where it is from."""
        told = {
            "created": self._evidence.created,
            "keyid": self.verifier.keyid,
            "commit": self._evidence.commit["sha"],
            "digest": f"sha256:{hashlib.sha256(self.content).hexdigest()}",
        }
        said = f"from signed evidence of {told['created']}, key {self.verifier.keyid[:16]}"
        return verdict.replace(stands_in=told, warnings=(*verdict.warnings, said))

    def contradicted(self, verdicts: Sequence[Verdict]) -> list[str]:
        """What the evidence claims otherwise than *verdicts*, which were evaluated here.

        Args:
            verdicts: Of gates that its configuration governs.
        """
        lines = []
        for here in verdicts:
            there = self.judged.get(here.id)
            evaluated = here.stands_in is None and here.outcome is not Outcome.ERROR
            if there is None or not evaluated:
                continue
            # What a test judges that names no files may be something else on every machine.
            if here.id not in self.configuration.gates and not there.files:
                continue
            claimed = locks.LockedGate(
                definition={},
                inputs={},
                verdict=locks.claims(there),
                champion=locks.champion_of(there) or None,
            )
            told = changed_files(there.files, here.files) if there.files else []
            told += [
                line.replace("in the lock", "in it") for line in locks.contradictions(claimed, here)
            ]
            if told:
                lines.append(f"{here.id} is not as {self.name} claims: {'; '.join(told)}")
        return lines

    def excused(self, verdicts: Sequence[Verdict], tests: Sequence[Mapping[str, Any]]) -> list[str]:
        """Tests that failed where they ran, and that only this run expects to fail.

        Args:
            verdicts: Of gates that its configuration governs.
            tests: How the tests of this run ended.
        """
        taken = {one.id for one in verdicts if one.stands_in is not None}
        return [
            f"the test {one['id']} failed where {self.name} was made, and here it is expected to"
            for one in tests
            if one["outcome"] == "xfailed"
            and not taken.isdisjoint(one["gates"])
            and self.tests.get(one["id"], one)["outcome"] == "failed"
        ]

    def left_over(self, verdicts: Sequence[Verdict]) -> list[str]:
        """What a whole run, which found *verdicts*, has no gate for: tests made of what is away."""
        names = [one for one in self.judged if one not in {verdict.id for verdict in verdicts}]
        told = f"{self.name} has verdicts of gates that this run does not have: "
        return [told + listing(names, 3)] if names else []

    def notes(self) -> list[str]:
        """What people should know: that it stands in for nothing, and why."""
        return [f"{self.name} stands in for no gate: {'; '.join(self.refusals)}"] * bool(
            self.refusals
        )

    @cached_property
    def _definitions(self) -> dict[str, dict[str, Any]]:
        path = self.configuration.path
        return {} if path is None else definitions(read(path))

    @cached_property
    def _tracked(self) -> frozenset[str]:
        """The files of the commit, relative to the root of the repository."""
        return tracked(root_of(self.configuration.base) or self.configuration.base)

    def _is_tracked(self, path: str) -> bool:
        """Whether *path*, relative to the folder of the configuration, is a file of the commit."""
        folder = folder_of(self.configuration.base)
        return posixpath.normpath(posixpath.join(folder, path)) in self._tracked

    @cached_property
    def lock(self) -> Mapping[str, LockedGate]:
        """What the lock of this commit says; one that is no part of it says nothing."""
        path = self.configuration.path
        if path is None or not self._is_tracked(locks.NAME):
            return {}
        found = locks.read(locks.path_of(path))
        return {} if found is None else found.gates

    def away(self, definition: Mapping[str, Any], name: str) -> list[str]:
        """The data files of a gate that are not here; its contract is no data.

        Of a folder, or a glob, a part may be here: the evidence knows the rest, else the lock.
        """
        base, suite = self.configuration.base, definition["gate"].get("suite")
        suite = Path(suite).as_posix() if isinstance(suite, str) else None
        found = [
            path for path in data_of(definition, base) if path != suite and is_away(base / path)
        ]
        verdict, locked = self.judged.get(name), self.lock.get(name)
        known = verdict.files if verdict is not None else locked.inputs if locked else {}
        patterns = [one for one in patterns_of(definition) if one not in (*found, suite)]
        found += [
            path
            for path in known
            if not (base / path).exists()
            and any(covers(base, one, base / path) for one in patterns)
            and not any(covers(base, one, base / path) for one in found)
        ]
        return found

    def of_verdict(self, verdict: Verdict) -> Iterator[str]:
        """What speaks against a verdict, whatever gate it is of."""
        if verdict.stands_in is not None:
            yield "its verdict was itself taken from other evidence"
        if verdict.outcome is Outcome.ERROR:
            yield "the gate could not be evaluated there either"
        for complaint in recompute(verdict).complaints:
            yield f"its verdict does not follow: {complaint}"
        for waiver in verdict.waivers:
            if str(waiver.get("expires", "")) < today().isoformat():
                yield f"its waiver has expired: {waiver.get('expires')}"

    def of_files(
        self, definition: Mapping[str, Any], verdict: Verdict, away: Sequence[str]
    ) -> Iterator[str]:
        """The files that were judged are those that are here, else those that the commit names."""
        base = self.configuration.base
        if "table" not in definition and not definition["gate"].get("inputs"):
            yield "the gate has no `inputs`: nothing says what its code judges"
        if not verdict.files:
            yield "it does not say which files it judged"
            return
        for path, digest in verdict.files.items():
            if digest in (MISSING, POINTED) or digest.endswith(OTHER):
                data = path.removesuffix(SUFFIX)
                yield f"it was made where {data} was not the data that its pointer says"
        locked = self.lock.get(verdict.id)
        if locked is not None and dict(locked.definition) != dict(definition):
            locked = None
        known = {} if locked is None else locked.inputs
        now = digests_of((*data_of(definition, base), *away), base)
        for path in [path for path in away if now[path] == MISSING]:
            named = {name: one for name, one in known.items() if covers(base, path, base / name)}
            if not named:
                yield f"neither a pointer nor {locks.NAME} says what {path} is at this commit"
            del now[path]
            now |= named
        pinning = [p for p in now if now[p].startswith("md5:")]
        pinning += [p for p in away if (base / p).is_file()]  # pointers of Git LFS
        for path in pinning:
            if not self._is_tracked(path):
                yield f"{path} is no part of this commit"
        for line in changed_files(verdict.files, now):
            yield f"it judged other data: {line}"
        for path, digest in verdict.files.items():
            if known.get(path, digest) != digest:
                yield f"it judged other data: {locks.NAME} has another digest of {path}"
        yield from of_registry(definition, verdict, locked)


def of_registry(
    definition: Mapping[str, Any], verdict: Verdict, locked: LockedGate | None
) -> Iterator[str]:
    """A registry may say something else tomorrow: only a champion is pinned, in the lock."""
    for key, reference in registered(definition).items():
        pinned = None if locked is None else locked.champion
        if key == "no_worse_than" and pinned and dict(pinned) == locks.champion_of(verdict):
            continue
        yield f"nothing in this commit says what its {key} {reference!r} is"


def stand_in_of(
    file: Path,
    configuration: Configuration,
    *,
    key: str | None,
    options: tuple[str, str],
    now: dt.datetime,
    max_age: dt.timedelta = MAX_AGE,
    written: Sequence[Path] = (),
) -> StandIn:
    """The evidence in *file*, to stand in for gates of *configuration*.

    Args:
        file: What a run elsewhere wrote and signed.
        configuration: Whose gates.
        key: The public key that must have signed it; default: ``public_key``.
        options: What the user calls the options for the evidence and for the key.
        now: The time, with its zone.
        max_age: How old it may be.
        written: Where this run will write: its own evidence must not be what it reads.

    Raises:
        MLGatesError: without a key, and for files that cannot be read.
    """
    option, key_option = options
    own = configuration.settings.public_key
    if key is None and own is None:
        raise MLGatesError(
            "no key says whose evidence may stand in",
            where=option,
            want=f'{key_option} public.pem, or public_key = "public.pem" in the configuration',
        )
    if any(file.resolve() == path.resolve() for path in written):
        raise MLGatesError(
            f"{str(file)!r} is where this run writes its own evidence",
            where=option,
            fix="keep what stands in elsewhere",
        )
    if key is not None:
        verifier = verifier_of(key, option=key_option)
    else:
        verifier = verifier_of(str(configuration.base / str(own)), option="public_key")
    return StandIn(
        name=file.name,
        content=content_of(file),
        verifier=verifier,
        configuration=configuration,
        now=now,
        max_age=max_age,
    )
