"""``mlgates.lock``: what each gate found, for which definition and which inputs.

Standard library only: hooks compare digests with it before they import anything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import ConfigurationError
from pytest_mlgates.core.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_mlgates.core.verdict import Verdict

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
        champion: What its champion resolved to.
        stages: The fingerprint chain of a reproducibility gate.
        versions: Of Python and the libraries that decided it.
        test: The file of its test; None for a declared gate.
    """

    definition: Mapping[str, Any]
    inputs: Mapping[str, str]
    verdict: Mapping[str, Any]
    champion: Mapping[str, Any] | None = None
    stages: tuple[Mapping[str, Any], ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    test: str | None = None

    @property
    def passed(self) -> bool:
        """Whether what it found lets a change through."""
        return self.verdict.get("outcome") in ("passed", "waived")

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
        }
        return {key: value for key, value in out.items() if value or key in _NEEDED}


_NEEDED = ("definition", "inputs", "verdict")


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
        raw = json.loads(text, object_pairs_hook=_once)
    except ValueError as error:
        conflict = any(line.startswith(("<<<<<<<", ">>>>>>>")) for line in text.splitlines())
        raise _damaged(path, "a merge conflict" if conflict else str(error)) from None
    if not isinstance(raw, dict) or raw.get("version") != _FORM:
        version = raw.get("version") if isinstance(raw, dict) else type(raw).__name__
        raise _damaged(path, f"version {version!r} instead of {_FORM!r}")
    gates: dict[str, LockedGate] = {}
    entries = raw.get("gates")
    if not isinstance(entries, dict):
        raise _damaged(path, "no gates")
    for name, entry in entries.items():
        if not isinstance(entry, dict) or not all(
            isinstance(entry.get(key), dict) for key in _NEEDED
        ):
            raise _damaged(path, f"gate {name!r} lacks {', '.join(_NEEDED)}")
        gates[name] = LockedGate(
            definition=entry["definition"],
            inputs=entry["inputs"],
            verdict=entry["verdict"],
            champion=entry.get("champion"),
            stages=tuple(entry.get("stages", ())),
            versions=entry.get("versions", {}),
            test=entry.get("test"),
        )
    return Lock(gates=gates)


def write(path: Path, lock: Lock) -> None:
    """Write *lock*, whole or not at all.

    Raises:
        OSError: if the folder cannot be written.
    """
    write_atomically(path, lock.to_json())


def claims(verdict: Verdict) -> dict[str, Any]:
    """What the lock keeps of *verdict*."""
    found = verdict.to_dict()
    return {key: found[key] for key in _CLAIMS if found.get(key) not in (None, "")}


def contradictions(locked: LockedGate, verdict: Verdict) -> list[str]:
    """What *verdict* found otherwise than *locked* claims, a line each; numbers to 9 digits."""
    found = claims(verdict)
    lines = []
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
    return (
        "nothing" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keys that stand twice would let a reader see one gate and us another."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _damaged(path: Path, got: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path.name} is damaged",
        where=str(path),
        got=got,
        want="the file as `mlgates lock` wrote it",
        fix=f"restore it (git checkout -- {path.name}), or delete it and run `mlgates lock`",
    )
