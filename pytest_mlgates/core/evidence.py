"""The record of one run."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import platform
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core import gpu
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import SCHEMA_VERSION, InputDigest, Outcome, Verdict, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# How the problem of a whole run begins in which a required gate is missing.
REQUIRED_NOT_EVALUATED = "required, not evaluated: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All verdicts of a run, with what they were made from.

    Attributes:
        verdicts: In the order of evaluation.
        complete: Whether this was a whole run in which every required gate was evaluated.
        required: The ids that the configuration requires.
        configuration: Name and digest of the configuration file.
        environment: Versions and platform.
        policy: What became of inconclusive findings by default.
        created: UTC time, ISO 8601.
        problems: What fails the run beside its verdicts (a worker that went down, a laundered
            rerun, an expired waiver).
        notes: What people should know in time: waivers that end soon.
        commit: ``sha`` of HEAD, and whether a tracked file differs from it (``dirty``).
        url: Of the CI job, where one is known.
        named: Files and folders that the run was told to be about, beside its gates' models.
        tests: How each test with a gate ended: its ``id``, ``outcome`` and the ids of its
            ``gates``. A test asserts more than its gates.
        finished: Whether the run came to its end: with others like it, a part of the gates may
            then make a whole run (`mlgates report merge`).
    """

    verdicts: tuple[Verdict, ...]
    complete: bool
    required: tuple[str, ...] = ()
    configuration: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    policy: str = "estimate"
    created: str = ""
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    commit: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""
    named: tuple[InputDigest, ...] = ()
    tests: tuple[Mapping[str, Any], ...] = ()
    finished: bool = True

    @property
    def required_not_run(self) -> tuple[str, ...]:
        """Required ids without a verdict, in order."""
        evaluated = {v.id for v in self.verdicts if v.outcome is not Outcome.ERROR}
        return tuple(name for name in self.required if name not in evaluated)

    @property
    def holdouts(self) -> tuple[Mapping[str, Any], ...]:
        """What the verdicts say of the holdouts that they used, each holdout once."""
        found: dict[Any, Mapping[str, Any]] = {}
        for verdict in self.verdicts:
            if verdict.holdout is not None:
                before = found.get(verdict.holdout["id"])
                if before is None or verdict.holdout["uses"] > before["uses"]:
                    found[verdict.holdout["id"]] = verdict.holdout
        return tuple(found.values())

    @property
    def result(self) -> str:
        """``PASSED``, ``WARNED`` (something was not decided, or waived) or ``FAILED``."""
        if self.problems or any(not v.passed for v in self.verdicts) or not self.verdicts:
            return "FAILED"
        doubtful = any(v.undecided or v.outcome is Outcome.WAIVED for v in self.verdicts)
        return "WARNED" if doubtful else "PASSED"

    def judged(self, *, whole: bool) -> Evidence:
        """This evidence as of a *whole* run, in which what is required must have been evaluated."""
        whole = whole and self.finished
        if whole and self.required_not_run:
            problem = REQUIRED_NOT_EVALUATED + ", ".join(self.required_not_run)
            return dataclasses.replace(self, complete=False, problems=(*self.problems, problem))
        return dataclasses.replace(self, complete=whole)

    @property
    def models(self) -> tuple[InputDigest, ...]:
        """The judged models, each once: those of the gates, and those that the run was told."""
        judged = [one for v in self.verdicts for one in v.inputs if one.role == "model"]
        return tuple(dict.fromkeys((*judged, *self.named)))

    @property
    def tables(self) -> tuple[InputDigest, ...]:
        """What else verdicts were computed from, each once."""
        found = [one for v in self.verdicts for one in v.inputs if one.role != "model"]
        return tuple(dict.fromkeys(found))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        out = plain(
            {
                "version": SCHEMA_VERSION,
                "result": self.result,
                "complete": self.complete,
                "created": self.created,
                "policy": self.policy,
                "configuration": self.configuration,
                "environment": self.environment,
                "required": self.required,
                "required_not_run": self.required_not_run,
                "problems": self.problems,
                "notes": self.notes,
                "commit": self.commit,
                "url": self.url,
                "finished": self.finished,
                "tests": self.tests,
                "named": [one.to_dict() for one in self.named],
                "models": [one.to_dict() for one in self.models],
                "tables": [one.to_dict() for one in self.tables],
                "holdouts": self.holdouts,
            }
        )
        assert isinstance(out, dict)  # noqa: S101
        return {**out, "verdicts": [verdict.to_dict() for verdict in self.verdicts]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Evidence:
        """The inverse of :meth:`to_dict`; unknown keys are ignored, as evidence readers must."""
        names = {f.name for f in dataclasses.fields(cls)}
        known = {key: value for key, value in data.items() if key in names}
        known["verdicts"] = tuple(Verdict.from_dict(one) for one in known["verdicts"])
        for key in ("required", "problems", "notes", "tests"):
            known[key] = tuple(known.get(key, ()))
        known["named"] = tuple(InputDigest(**one) for one in known.get("named", ()))
        return cls(**known)

    def to_json(self) -> str:
        """Indented strict JSON with a final newline."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def now() -> str:
    """The current time in UTC, to the second."""
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")


def environment(packages: Sequence[str]) -> dict[str, Any]:
    """Python, platform, GPU or not, and versions of those *packages* that this process imported."""
    from importlib import metadata

    versions: dict[str, str] = {}
    for name in ("pytest-mlgates", *packages):
        module = {"scikit-learn": "sklearn"}.get(name, name.replace("-", "_"))
        if name != "pytest-mlgates" and module not in sys.modules:
            continue
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "machine": platform.machine(),
        "gpu": _has_gpu(),
        "packages": versions,
    }


def _has_gpu() -> bool | None:
    try:
        return gpu.is_here()
    except MLGatesError:  # the environment does not say it; told where a gate needs one
        return None
