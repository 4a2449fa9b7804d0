"""The file of a stored run: what a training gave, stage by stage, and where.

JSON, one part of a value per line, so that a diff shows which part changed; under a seal, because
a number mended by hand would pass for evidence. The values of the result lie beside it in an
archive that the JSON names by its content: the JSON is replaced last, and until then the old pair
is whole. Stages keep digests only. Reading executes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import zipfile
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import write_atomically
from pytest_mlgates.engines import stored_values
from pytest_mlgates.engines.hashing import FORM
from pytest_mlgates.engines.leaves import Fingerprint, Leaf
from pytest_mlgates.engines.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STORED_FORM = "mlgates-run-1"
_HEAD = re.compile(r'\s*\{\s*"form":\s*"mlgates-run-')
_ARCHIVE = re.compile(r"[^/\\]+\.[0-9a-f]{12}\.npz")
_CONFLICT = ("<<<<<<< ", "||||||| ", ">>>>>>> ")
_FIELDS = {one.name for one in fields(Leaf)}


class DamagedRunError(MLGatesError):
    """A stored run that is no evidence: damaged, changed by hand, or of another version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """One run, kept to be compared with later ones.

    Attributes:
        gate: The id of its gate.
        callable: What was called.
        level: The level that it was recorded for.
        environment: Where it ran, see ``engines.environment``.
        fingerprint: Of its result; ``content`` knows the values where they were kept.
        stages: What it told ``trace``, fixtures first; their values are not kept.
        seeds: Numbers by name for each seed, for the level statistical:
            ``{"7": {"accuracy": 0.912}}``.
        seed: What ``pytest_mlgates.seed`` had seeded it with, if that was in force.
        left_out: Why the values of the result are not there; "" if they are.
        seal: ``sha256:…`` of what the file says, once it is written.
    """

    gate: str
    callable: str
    level: str
    environment: Mapping[str, Any]
    fingerprint: Fingerprint
    stages: Sequence[Stage] = ()
    seeds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seed: int | None = None
    left_out: str = ""
    seal: str = ""


def save(run: StoredRun, path: Path) -> StoredRun:
    """Write *run* to *path*, atomically; what was written.

    Raises:
        MLGatesError: if *path* is something else than a stored run, or cannot be written.
    """
    refuse_foreign(path)
    archive, left_out = stored_values.pack(run.fingerprint)
    left_out = run.left_out or left_out
    name = None
    if archive and not left_out:
        digest = hashlib.sha256(archive).hexdigest()
        name = f"{path.stem}.{digest[:12]}.npz"
    body: dict[str, Any] = {
        "form": STORED_FORM,
        "fingerprints": FORM.decode(),
        "gate": run.gate,
        "callable": run.callable,
        "level": run.level,
        "environment": dict(run.environment),
        "seed": run.seed,
        "seeds": {seed: dict(values) for seed, values in run.seeds.items()},
        "stages": [
            {
                "name": stage.name,
                "index": stage.index,
                "decides": stage.decides,
                **_rows(stage.fingerprint),
            }
            for stage in run.stages
        ],
        "result": _rows(run.fingerprint),
        "values": {"file": name, "left_out": left_out}
        if name is None
        else {"file": name, "sha256": digest},
    }
    try:
        body["seal"] = _seal(body)
    except ValueError:
        raise MLGatesError(
            "a run cannot be stored: a number of a seed is not finite", where=str(path)
        ) from None
    before = _archive_of(path)
    try:
        if name is not None and not (path.parent / name).exists():
            write_atomically(path.parent / name, archive)
        write_atomically(path, _render(body) + "\n")
    except OSError as error:
        raise MLGatesError(
            "a run cannot be stored", where=str(path), got=str(error.strerror or error)
        ) from None
    if before is not None and before != name:
        with contextlib.suppress(OSError):
            (path.parent / before).unlink()
    return load(path)


def load(path: Path) -> StoredRun:
    """The stored run at *path*.

    Raises:
        FileNotFoundError: if there is none.
        MLGatesError: if it is damaged, changed by hand, or of another version.
    """
    body = _parsed(path)
    try:
        stages = tuple(
            Stage(
                name=str(one["name"]),
                index=one["index"],
                decides=bool(one["decides"]),
                fingerprint=_unvalued(one),
            )
            for one in body["stages"]
        )
        fingerprint, left_out = _valued(body["result"], body["values"], path)
        seeds = {
            str(seed): {str(name): float(value) for name, value in values.items()}
            for seed, values in body["seeds"].items()
        }
        return StoredRun(
            gate=str(body["gate"]),
            callable=str(body["callable"]),
            level=str(body["level"]),
            environment=dict(body["environment"]),
            fingerprint=fingerprint,
            stages=stages,
            seeds=seeds,
            seed=body["seed"],
            left_out=left_out,
            seal=_seal(body),
        )
    except (KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        _damaged(path, f"{type(error).__name__}: {error}")


def _parsed(path: Path) -> dict[str, Any]:
    """The body under its seal."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        body = json.loads(text)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise MLGatesError(
            "a stored run cannot be read", where=str(path), got=str(error.strerror or error)
        ) from None
    except (ValueError, RecursionError) as error:
        _refuse_conflicts(path, text)
        if isinstance(error, json.JSONDecodeError):
            _damaged(path, f"no JSON from line {error.lineno} on: {error.msg}", error.lineno)
        _damaged(path, f"{type(error).__name__}: {str(error)[:100]}")
    if not isinstance(body, dict) or "form" not in body:
        _damaged(path, "JSON of something else")
    for key, known in (("form", STORED_FORM), ("fingerprints", FORM.decode())):
        if body.get(key) != known:
            raise DamagedRunError(
                "a stored run was written by another version of pytest-mlgates",
                where=str(path),
                got=f"{key} {str(body.get(key))[:60]!r}",
                want=f"{key} {known!r}",
                fix="record it anew",
            )
    seal = body.pop("seal", None)
    try:
        whole = seal == _seal(body)
    except ValueError:  # NaN, which we never write
        whole = False
    if not whole:
        _damaged(path, "its content does not belong to its seal: it was changed after recording")
    return body


def _refuse_conflicts(path: Path, text: str) -> None:
    """What git leaves in a file that two branches have recorded."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(_CONFLICT):
            raise DamagedRunError(
                "a stored run has merge conflicts, it is no evidence",
                where=f"{path}:{number}",
                got=line[:60],
                want="the file as one of the two branches recorded it",
                fix="take one side (git checkout --ours, or --theirs), or record it anew",
            ) from None


def _damaged(path: Path, got: str, line: int | None = None) -> NoReturn:
    raise DamagedRunError(
        "a stored run is damaged, it is no evidence",
        where=str(path) if line is None else f"{path}:{line}",
        got=got,
        want="the file as it was recorded",
        fix="restore it, or record it anew",
    ) from None


def refuse_foreign(path: Path) -> None:
    """Never replace a file that is no stored run.

    Raises:
        MLGatesError: if *path* is one.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            head = stream.read(200)
    except FileNotFoundError:
        return
    except OSError as error:
        got = str(error.strerror or error)
    else:
        if not head or _HEAD.match(head):
            return
        got = "a file of something else"
    raise MLGatesError(
        "a run is not stored over another file",
        where=str(path),
        got=got,
        want="the name of a new file, or of a stored run",
    )


def _archive_of(path: Path) -> str | None:
    """The archive that the file at *path* names, if that is a name that we gave."""
    try:
        name = json.loads(path.read_text(encoding="utf-8"))["values"]["file"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return name if isinstance(name, str) and _ARCHIVE.fullmatch(name) else None


def _rows(fingerprint: Fingerprint) -> dict[str, Any]:
    sealed = fingerprint.sealed()
    leaves = [
        {name: value for name, value in asdict(leaf).items() if value is not None}
        for leaf in sealed.leaves.values()
    ]
    return {"digest": sealed.digest, "leaves": leaves}


def _leaves(rows: Mapping[str, Any]) -> dict[str, Leaf]:
    leaves = {}
    for row in rows["leaves"]:
        if set(row) - _FIELDS:
            raise ValueError(f"unknown fields of a part: {sorted(set(row) - _FIELDS)}")
        leaves[row["path"]] = Leaf(**{**row, "shape": tuple(row["shape"])})
    return leaves


def _unvalued(rows: Mapping[str, Any]) -> Fingerprint:
    """Digests alone."""
    leaves = _leaves(rows)
    digests = {path: leaf.digest for path, leaf in leaves.items()}
    found = Fingerprint(leaves, digests=digests, kept=False)
    if found.digest != rows["digest"]:
        raise ValueError("a digest that is not that of its parts")
    return found


def _valued(
    rows: Mapping[str, Any], values: Mapping[str, Any], path: Path
) -> tuple[Fingerprint, str]:
    """The fingerprint of a result, and why its values are not there."""
    name = values["file"]
    if name is None:
        return _unvalued(rows), str(values["left_out"])
    if not _ARCHIVE.fullmatch(name):
        raise ValueError(f"a file of values called {name!r}")
    try:
        data = (path.parent / name).read_bytes()
    except FileNotFoundError:
        return _unvalued(rows), f"{name} is not there"
    except OSError as error:
        return _unvalued(rows), f"{name} cannot be read ({error.strerror or error})"
    if hashlib.sha256(data).hexdigest() != values["sha256"]:
        _damaged(path.parent / name, "other bytes than were recorded")
    return stored_values.unpack(data, _unvalued(rows)), ""


def _seal(body: Mapping[str, Any]) -> str:
    """``sha256:…`` over everything else in the file, however it is laid out."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


def _render(value: Any, indent: str = "") -> str:
    """JSON with one line for whatever holds no other table."""
    inner = indent + "  "
    if isinstance(value, dict) and any(_is_wide(one) for one in value.values()):
        rows = [f"{inner}{json.dumps(k)}: {_render(v, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and _is_wide(value):
        return "[\n" + ",\n".join(inner + _render(v, inner) for v in value) + f"\n{indent}]"
    return json.dumps(value)


def _is_wide(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(one, dict) for one in value)
    return isinstance(value, dict) and bool(value)
