"""Whether evidence may be trusted: every reason why not, each in a sentence of its own.

Nothing in the file is believed. What the signature covers is believed of whoever holds the key;
what can be computed from the record is computed again; and what evidence says twice must agree.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.statement import EXTENSION, statement
from pytest_mlgates.core.text import did_you_mean
from pytest_mlgates.core.verdict import Finding, Outcome
from pytest_mlgates.runner.evidence import Stored, parse
from pytest_mlgates.runner.evidence_shape import NoEvidenceError
from pytest_mlgates.runner.recompute import recompute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.runner.signing import Verifier

# Clocks of two machines may differ by so much.
SKEW = dt.timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Demands:
    """What a deployment wants of evidence.

    Attributes:
        verifier: The key that must have signed it; None: the signature is not looked at.
        models: Path and digest (``sha256:…``) of each file or folder that is about to ship.
        commit: The commit that it must be of: 7 to 64 hex digits, the beginning is enough.
        required: Gates that must be proven, beside those of the policy and of the evidence itself.
        max_age: How old it may be.
        policy: The configuration of the protected branch, and the digest of its file.
    """

    verifier: Verifier | None = None
    models: Sequence[tuple[str, str]] = ()
    commit: str | None = None
    required: Sequence[str] = ()
    max_age: dt.timedelta | None = None
    policy: tuple[Configuration, str] | None = None


@dataclass(kw_only=True)
class Verification:
    """What was found.

    Attributes:
        refusals: Why the evidence is not to be trusted; empty: it is.
        notes: What people should know although nothing is wrong with it.
        evidence: What it says, None where it cannot be read.
        depths: How many verdicts were recomputed, checked, or taken as recorded.
    """

    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    evidence: Evidence | None = None
    depths: dict[str, int] = field(default_factory=dict)

    @property
    def trusted(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.refusals


def verify(content: bytes, demands: Demands, *, now: dt.datetime) -> Verification:
    """Hold the evidence in *content* to *demands*.

    Args:
        content: The bytes of the file.
        demands: What is wanted of it.
        now: The time, with its zone.
    """
    found = Verification()
    try:
        stored = parse(content)
    except NoEvidenceError as error:
        found.refusals.append(f"this is no evidence: {error}")
        return found
    found.evidence = evidence = stored.evidence
    found.refusals += doubts(stored, demands, found.notes, now=now)
    found.refusals += _subjects(evidence, demands, found.notes)
    found.refusals += _stood_in(evidence, demands, found.notes, now)
    found.refusals += _whole(evidence, now)
    found.refusals += _policy(evidence, demands)
    found.refusals += _recomputed(evidence.verdicts, found)
    found.refusals += _required(evidence, demands, found.notes)
    found.refusals = list(dict.fromkeys(found.refusals))
    return found


def doubts(
    stored: Stored, demands: Demands, notes: list[str], *, now: dt.datetime
) -> Iterator[str]:
    """What speaks against the file itself: who signed it, when, and whether it agrees with itself.

    Args:
        stored: The file.
        demands: Its key and its age are looked at.
        notes: What people should know is added to these.
        now: The time, with its zone.
    """
    yield from _signature(stored, demands, notes)
    yield from _says_once(stored)
    yield from _ids(stored.evidence.verdicts)
    yield from _time(stored.evidence.created, demands, now)


def _signature(stored: Stored, demands: Demands, notes: list[str]) -> Iterator[str]:
    if demands.verifier is None:
        signed = "signed" if stored.envelope is not None else "not signed"
        notes.append(f"signature not checked (the evidence is {signed}; --key checks it)")
    elif stored.envelope is None:
        yield "it is not signed, and a key was given to verify it with"
    elif complaint := demands.verifier.complaint(stored.envelope):
        yield complaint


def _says_once(stored: Stored) -> Iterator[str]:
    """What evidence says of itself in several places is the same everywhere."""
    if stored.statement is None:
        yield "it is a plain record (--json), and no statement: verify what --evidence wrote"
        return
    derived = statement(stored.evidence)
    predicate, own = stored.statement["predicate"], derived["predicate"]
    record, own_record = predicate[EXTENSION], own[EXTENSION]
    if stored.statement.get("subject") != derived["subject"]:
        yield "its subject is not what its verdicts and its commit say"
    for name in sorted((set(own) | {"url"}) - {EXTENSION}):
        if predicate.get(name) != own.get(name):
            yield f"its {name} is not what its verdicts say"
    # Keys that a later minor version added are not there in older evidence: they have defaults.
    for name in sorted(set(own_record) & set(record) - {"verdicts"}):
        if record[name] != own_record[name]:
            yield f"its {name} (in the extension) is not what its verdicts say"
    for written, verdict in zip(record["verdicts"], own_record["verdicts"], strict=True):
        for name in sorted(set(verdict) & set(written)):
            if written[name] != verdict[name]:
                yield f"verdict {verdict['id']!r}: its {name} cannot be read as it is written"


def _ids(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Ids are equal byte for byte or clearly different."""
    seen: dict[str, str] = {}
    for one in verdicts:
        if not one.id:
            yield "a verdict has no id"
        elif strange := [c for c in one.id if unicodedata.category(c) in _INVISIBLE]:
            yield f"the id {one.id!r} holds a character that is not seen (U+{ord(strange[0]):04X})"
        key = unicodedata.normalize("NFKC", one.id).casefold()
        if key in seen and seen[key] == one.id:
            yield f"two verdicts have the id {one.id!r}"
        elif key in seen:
            yield f"the ids {seen[key]!a} and {one.id!a} look alike and are not the same"
        seen.setdefault(key, one.id)


_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _subjects(evidence: Evidence, demands: Demands, notes: list[str]) -> Iterator[str]:
    digests = {one.digest: one.name for one in evidence.models if one.digest is not None}
    for path, digest in demands.models:
        if digest in digests:
            continue
        if not digests:
            yield f"it names no model with a digest: nothing says that it is about {path!r}"
        else:
            named = ", ".join(f"{name} ({one[:15]}…)" for one, name in digests.items())
            yield f"it is about another model than {path!r} ({digest[:15]}…): {named}"
    if not demands.models and digests:
        notes.append("model not checked (--model FILE compares it with what was judged)")
    sha = str(evidence.commit.get("sha", ""))
    if demands.commit is not None:
        if not sha:
            yield f"it names no commit, and it must be of {demands.commit}"
        elif not sha.startswith(demands.commit.lower()):
            yield f"it is of commit {sha[:12]}, not of {demands.commit}"
        elif evidence.commit.get("dirty"):
            yield f"it is of a tree in which tracked files differ from the commit {sha[:12]}"
    elif evidence.commit.get("dirty"):
        notes.append(f"tracked files differed from the commit {sha[:12]} when it was made")


def _stood_in(
    evidence: Evidence, demands: Demands, notes: list[str], now: dt.datetime
) -> Iterator[str]:
    """What was taken from other evidence is of the same commit, and as old as that."""
    for one in evidence.verdicts:
        if one.stands_in is None:
            continue
        created, key = str(one.stands_in.get("created", "")), str(one.stands_in.get("keyid", ""))
        notes.append(f"gate {one.id!r} is from signed evidence of {created}, key {key[:16]}…")
        for refusal in _time(created, demands, now):
            yield f"the evidence that gate {one.id!r} was taken from: {refusal}"
        if one.stands_in.get("commit") != evidence.commit.get("sha"):
            yield f"gate {one.id!r} was taken from evidence of another commit"


def _time(made: str, demands: Demands, now: dt.datetime) -> Iterator[str]:
    try:
        created = dt.datetime.fromisoformat(made)
    except ValueError:
        created = None
    if created is None or created.tzinfo is None:
        yield f"the time of its making is not one, with its zone: {made!r}"
        return
    age = now - created
    if age < -SKEW:
        yield f"it was made in the future: {made}"
    elif demands.max_age is not None and age > demands.max_age:
        yield (f"it is {_span(age)} old (made {made}), and may be {_span(demands.max_age)} at most")


def _span(span: dt.timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            more, rest = divmod(seconds, size)
            following = {"d": ("h", 3600), "h": ("m", 60), "m": ("s", 1)}[unit]
            count = rest // following[1]
            return f"{more}{unit} {count}{following[0]}" if count else f"{more}{unit}"
    return f"{seconds}s"


def _whole(evidence: Evidence, now: dt.datetime) -> Iterator[str]:
    if not evidence.complete:
        yield "it is not complete: a part of the gates was selected, or the run did not finish"
    if not evidence.verdicts:
        yield "it has no verdicts: an empty run proves nothing"
    for problem in evidence.problems:
        yield f"the run had a problem: {problem}"
    blocking = {one.id for one in evidence.verdicts if not one.passed}
    for test in evidence.tests:
        if test["outcome"] == "failed" and blocking.isdisjoint(test["gates"]):
            yield f"the test {test['id']} failed, and not by a gate: what it asserts does not hold"
    for name in evidence.required_not_run:
        yield f"gate {name!r}, which its own configuration requires, was not evaluated"
    for one in evidence.verdicts:
        if not one.passed:
            yield f"gate {one.id!r} {one.outcome}"
        today = now.astimezone(dt.UTC).date().isoformat()
        for waiver in one.waivers:
            if str(waiver.get("expires", "")) < today:
                yield f"the waiver of gate {one.id!r} has expired: {waiver.get('expires')}"


def _policy(evidence: Evidence, demands: Demands) -> Iterator[str]:
    """The configuration is that of the protected branch, and its gates demand what that says."""
    if demands.policy is None:
        return
    configuration, digest = demands.policy
    if not evidence.configuration:
        yield "it names no configuration, and a policy was given"
    elif evidence.configuration.get("digest") != digest:
        yield (
            f"its configuration ({str(evidence.configuration.get('digest'))[:15]}…) is not the "
            f"policy ({digest[:15]}…)"
        )
    settings = configuration.settings
    if tuple(evidence.required) != tuple(settings.required):
        yield "the gates that it requires are not those of the policy"
    judged = {one.id: one for one in evidence.verdicts}
    for name, declared in configuration.gates.items():
        one = judged.get(name)
        if one is None:
            yield f"gate {name!r} of the policy has no verdict{_near(name, judged)}"
            continue
        wanted = declared.gate.definition()
        if dict(one.definition) != wanted and not declared.unread:
            yield f"gate {name!r} was judged by another definition than the policy's: " + _parts(
                one.definition, wanted
            )
        table = settings.tables.get(declared.table or "")
        budget, spent = table and table.budget, (one.holdout or {}).get("budget")
        if declared.gate.kind.name in ("metric", "fairness") and budget != spent:
            yield f"gate {name!r} was judged with the budget {spent}, the policy's is {budget}"
    waivers = [{"gate": one.gate, **one.to_dict()} for one in configuration.waivers]
    for one in evidence.verdicts:
        for waiver in one.waivers:
            if {"gate": one.id, **waiver} not in waivers:
                yield f"gate {one.id!r} is waived, and the policy has no such waiver"


def _parts(here: Mapping[str, Any], there: Mapping[str, Any]) -> str:
    names = [name for name in {**there, **here} if here.get(name) != there.get(name)]
    return ", ".join(f"{n} = {here.get(n)!r} instead of {there.get(n)!r}" for n in names)


def _near(name: str, judged: Mapping[str, Any]) -> str:
    """A verdict with an id that looks like the one that is wanted."""
    key = unicodedata.normalize("NFKC", name).casefold()
    alike = [one for one in judged if unicodedata.normalize("NFKC", one).casefold() == key]
    if alike:
        return f" ({alike[0]!a} only looks like it)"
    hint = did_you_mean(name, list(judged))
    return f" ({hint})" if hint else ""


def _recomputed(verdicts: Sequence[Verdict], found: Verification) -> Iterator[str]:
    for one in verdicts:
        again = recompute(one)
        found.depths[again.depth] = found.depths.get(again.depth, 0) + 1
        for complaint in again.complaints:
            yield f"gate {one.id!r}: {complaint}"


def _required(evidence: Evidence, demands: Demands, notes: list[str]) -> Iterator[str]:
    """Every required gate is proven; one that says `promote = "estimate"` may be undecided."""
    gates = {} if demands.policy is None else demands.policy[0].gates
    of_policy = () if demands.policy is None else demands.policy[0].settings.required
    required = list(dict.fromkeys((*demands.required, *of_policy, *evidence.required)))
    if not required:
        required = [one.id for one in evidence.verdicts]
        notes.append("no gate is required: all that were evaluated must be proven")
    elif not demands.required and not of_policy:
        notes.append("required are the gates that the evidence itself names (--require, --policy)")
    judged = {one.id: one for one in evidence.verdicts}
    for name in required:
        one = judged.get(name)
        if one is None:
            yield f"required gate {name!r} has no verdict{_near(name, judged)}"
        elif one.outcome is Outcome.WAIVED:
            yield f"required gate {name!r} is waived, not proven"
        elif one.finding is Finding.INCONCLUSIVE and one.outcome is Outcome.PASSED:
            if name in gates and gates[name].promote == "estimate":
                notes.append(f"gate {name!r} is not decided; the policy promotes on its estimate")
            else:
                yield f"required gate {name!r} is not proven: the rows do not decide it"
