"""``mlgates.lock``: what each gate found, for which definition and which inputs.

Standard library only: hooks compare digests with it before they import anything.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import ConfigurationError
from pytest_mlgates.core.outcomes import Finding, Outcome
from pytest_mlgates.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.core.waivers import Waiver

NAME = "mlgates.lock"
_FORM = "1"
_ABOUT = "written by `mlgates lock`: commit it, and never edit it"
# What a lock claims of a verdict. Other runs must find the same.
_CLAIMS = (
    *("finding", "outcome", "policy", "n", "estimate", "deciding_estimate"),
    *("lower", "lower_confidence", "upper", "upper_confidence", "summary"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedGate:
    """One gate.

    Attributes:
        definition: What it demands, in plain values.
        inputs: The digests of the files that it judges, by path; of a test's gate those of the
            tables, by name.
        verdict: What it found: see ``_CLAIMS``.
        champion: What its champion resolved to: ``reference``, and as far as they are known
            ``version``, the digest of the ``model`` and of its ``predictions``.
        stages: The fingerprint chain of a reproducibility gate.
        versions: Of Python and the libraries that decided it.
        test: The file of its test; None for a declared gate.
        item: Its test in that file, where its id is of its own and does not say so.
        waivers: What of a gate that does not pass by itself waivers excused when it was evaluated:
            see :attr:`Waiver.part`. Whether any holds is told by the configuration and the day.
    """

    definition: Mapping[str, Any]
    inputs: Mapping[str, str]
    verdict: Mapping[str, Any]
    champion: Mapping[str, Any] | None = None
    stages: tuple[Mapping[str, Any], ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    test: str | None = None
    item: str | None = None
    waivers: tuple[tuple[str, ...], ...] = ()

    def outcome(self, waivers: Sequence[Waiver]) -> Outcome | None:
        """Its outcome under the *waivers* of this gate that hold today.

        None if only an evaluation can tell: others excuse parts of it than when it was locked.
        """
        said = Outcome(self.verdict["outcome"])
        if said not in (Outcome.FAILED, Outcome.WAIVED):
            return said
        parts = {one.part for one in waivers}
        if ("gate",) in parts:
            return Outcome.WAIVED
        if not parts:
            return Outcome.FAILED
        return said if parts == set(self.waivers) else None

    def under(self, waivers: Sequence[Waiver]) -> LockedGate:
        """As it is to be locked where *waivers* hold.

        It stays as it is where nothing is to be excused, or only an evaluation can tell.
        """
        found = self.outcome(waivers)
        if found not in (Outcome.FAILED, Outcome.WAIVED):
            return self
        parts = parts_of(waivers)
        return replace(self, verdict={**self.verdict, "outcome": str(found)}, waivers=parts)

    def to_dict(self) -> dict[str, Any]:
        """Plain types; what is empty is left out."""
        out: dict[str, Any] = {
            "definition": self.definition,
            "inputs": dict(sorted(self.inputs.items())),
            "verdict": self.verdict,
            "champion": self.champion,
            "stages": list(self.stages),
            "versions": dict(sorted(self.versions.items())),
            "test": self.test,
            "item": self.item,
            "waivers": [list(one) for one in self.waivers],
        }
        return {key: value for key, value in out.items() if value or key in _NEEDED}


_NEEDED = ("definition", "inputs", "verdict")
_DEEPEST = 60
_WORDS = {str: "a text", int: "a whole number", int | float: "a number"}
_KINDS_OF_CLAIMS: dict[str, Any] = {
    **dict.fromkeys(("policy", "summary"), str),
    "n": int,
    **dict.fromkeys(("estimate", "deciding_estimate", "lower", "upper"), int | float),
    **dict.fromkeys(("lower_confidence", "upper_confidence"), int | float),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """All gates of a configuration, by id."""

    gates: Mapping[str, LockedGate] = field(default_factory=dict)

    def to_json(self) -> str:
        """A line per value, gates by id: a diff shows what changed and nothing else."""
        gates = {name: self.gates[name].to_dict() for name in sorted(self.gates)}
        whole = {"version": _FORM, "about": _ABOUT, "gates": gates}
        return json.dumps(whole, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def path_of(configuration: Path) -> Path:
    """The lock beside a configuration file."""
    return configuration.with_name(NAME)


def read(path: Path) -> Lock | None:
    """The lock at *path*, None if there is none.

    Raises:
        ConfigurationError: if it is damaged, or of another version.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from None
    return parse(text, path)


def parse(text: str, path: Path) -> Lock:
    """The lock that *text* holds; *path* is for messages.

    Raises:
        ConfigurationError: if it is damaged, or of another version.
    """
    try:
        raw = json.loads(text, object_pairs_hook=_once, parse_constant=_refused)
    except ValueError as error:
        conflict = any(line.startswith(("<<<<<<<", ">>>>>>>")) for line in text.splitlines())
        raise _damaged(path, "a merge conflict" if conflict else str(error)) from None
    except RecursionError:
        raise _damaged(path, "brackets in brackets, too deep to be read") from None
    if not isinstance(raw, dict) or raw.get("version") != _FORM:
        version = raw.get("version") if isinstance(raw, dict) else type(raw).__name__
        raise _damaged(path, f"version {version!r:.40} instead of {_FORM!r}")
    entries = raw.get("gates")
    if not isinstance(entries, dict):
        raise _damaged(path, "no gates")
    try:
        _refuse_depth(entries, _DEEPEST)
        return Lock(gates={name: _gate(name, entry) for name, entry in entries.items()})
    except ValueError as error:
        raise _damaged(path, str(error)) from None


def _gate(name: str, entry: Any) -> LockedGate:
    """The entry of one gate; ValueError says what is wrong with it."""
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), dict) for key in _NEEDED):
        raise ValueError(f"gate {name!r} lacks {', '.join(_NEEDED)}")

    def want(holds: object, key: str, what: str) -> None:
        if not holds:
            raise ValueError(f"gate {name!r}: {key} is not {what}")

    verdict, stages, champion = entry["verdict"], entry.get("stages", []), entry.get("champion", {})
    want(isinstance(entry["definition"].get("gate"), dict), "definition.gate", "an object")
    for key in ("inputs", "versions"):
        want(_of_texts(entry.get(key, {})), key, "an object of texts")
    for key, kind in _KINDS_OF_CLAIMS.items():
        value = verdict.get(key)
        told = isinstance(value, kind) and not isinstance(value, bool)
        finite = not isinstance(value, int | float) or abs(value) <= sys.float_info.max
        want(key not in verdict or (told and finite), f"verdict.{key}", _WORDS[kind])
    for key, values in (("outcome", Outcome), ("finding", Finding)):
        allowed = [str(one) for one in values]
        right = verdict.get(key) in allowed or (key == "finding" and key not in verdict)
        want(right, f"verdict.{key}", f"one of {', '.join(allowed)}")
    want(isinstance(champion, dict), "champion", "an object")
    for key in ("reference", "version", "model", "predictions"):
        want(isinstance(champion.get(key, ""), str), f"champion.{key}", "a text")
    listed = isinstance(stages, list) and all(_of_texts(one) for one in stages)
    want(listed, "stages", "a list of objects of texts")
    for key in ("test", "item"):
        want(isinstance(entry.get(key, ""), str), key, "a text")
    waivers = entry.get("waivers", [])
    listed = isinstance(waivers, list) and all(
        isinstance(one, list) and one and all(isinstance(part, str) for part in one)
        for one in waivers
    )
    want(listed, "waivers", "a list of lists of texts")
    return LockedGate(
        definition=entry["definition"],
        inputs=entry["inputs"],
        verdict=verdict,
        champion=champion or None,
        stages=tuple(stages),
        versions=entry.get("versions", {}),
        test=entry.get("test"),
        item=entry.get("item"),
        waivers=tuple(tuple(one) for one in waivers),
    )


def _of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _refuse_depth(value: Any, left: int) -> None:
    """What is compared and written recursively must not be deeper than that goes."""
    if not isinstance(value, dict | list):
        return
    if not left:
        raise ValueError(f"brackets in brackets, more than {_DEEPEST} deep")
    for part in value.values() if isinstance(value, dict) else value:
        _refuse_depth(part, left - 1)


def parts_of(waivers: Iterable[Waiver]) -> tuple[tuple[str, ...], ...]:
    """What *waivers* of one gate excuse, in an order that does not depend on theirs."""
    return tuple(sorted({one.part for one in waivers}))


def claims(verdict: Verdict) -> dict[str, Any]:
    """What the lock keeps of *verdict*."""
    found = verdict.to_dict()
    return {key: found[key] for key in _CLAIMS if found.get(key) not in (None, "")}


def champion_of(verdict: Verdict) -> dict[str, Any]:
    """What the champion of *verdict* resolved to; nothing where there is none."""
    reference = verdict.bound.no_worse_than
    told = next((one for one in verdict.details if "predictions_digest" in one), None)
    if reference is None or told is None:
        return {}
    found = {
        "reference": reference,
        "version": told.get("champion_version"),
        "model": told.get("champion_digest"),
        "predictions": told.get("predictions_digest"),
    }
    return {key: value for key, value in found.items() if value is not None}


def contradictions(locked: LockedGate, verdict: Verdict) -> list[str]:
    """What *verdict* found otherwise than *locked* claims, a line each; numbers to 9 digits."""
    found = claims(verdict)
    lines = []
    before, now = (locked.champion or {}).get("version"), champion_of(verdict).get("version")
    if before is not None and now is not None and before != now:
        lines.append(f"its champion is version {now} now, {before} in the lock")
    for key in ("finding", "outcome", "n", "estimate", "lower", "upper"):
        mine, theirs = locked.verdict.get(key), found.get(key)
        if not _same(mine, theirs):
            lines.append(f"{key} {_shown(mine)} in the lock, {_shown(theirs)} now")
    return lines


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))
    return bool(one == other)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "nothing" if value is None else printable(str(value))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keys that stand twice would let a reader see one gate and us another."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def _damaged(path: Path, got: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path.name} is damaged",
        where=str(path),
        got=printable(got),
        want="the file as `mlgates lock` wrote it",
        fix=f"restore it (git checkout -- {path.name}), or delete it and run `mlgates lock`",
    )
