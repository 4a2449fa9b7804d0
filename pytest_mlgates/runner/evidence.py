"""Where evidence goes unless the user says otherwise, and how it is written and read."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core import dsse, strict_json
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.evidence import Evidence
from pytest_mlgates.core.files import FOLDER, ours, write_atomically
from pytest_mlgates.core.statement import EXTENSION, PREDICATE, STATEMENT, statement, to_json
from pytest_mlgates.runner.evidence_shape import NoEvidenceError, refuse_other_shapes

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.runner.signing import Signer

WANTED = "what mlgates check --evidence or pytest --mlgates-evidence wrote"
UNFINISHED = "the run did not finish"


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A file of evidence, read strictly; nothing in it is verified yet.

    Attributes:
        evidence: What it says.
        statement: The in-toto statement as it stands there; None for a plain record (``--json``).
        record: The extension (or the plain record) as it stands there.
        envelope: The signed envelope; None for an unsigned file.
    """

    evidence: Evidence
    statement: dict[str, Any] | None
    record: dict[str, Any]
    envelope: dsse.Envelope | None = None


def default_path(configuration: Configuration) -> Path:
    """``.mlgates/evidence.json`` beside the configuration."""
    return configuration.base / FOLDER / "evidence.json"


def outdate(configuration: Configuration, *paths: Path, plain: Path | None = None) -> None:
    """Mark evidence that exists at *paths* (default: the default place) as of an unfinished run.

    A run that is interrupted or killed must not leave an earlier run's pass behind it.

    Args:
        configuration: What governs the run.
        paths: Where its evidence will be, if it is not the default place.
        plain: Where its plain record will be.
    """
    from pytest_mlgates.runner.check import evidence_of

    there = [path for path in (paths or (default_path(configuration),)) if path.is_file()]
    plain = plain if plain is not None and plain.is_file() else None
    if not there and plain is None:
        return
    problems = [UNFINISHED]
    unfinished = evidence_of(configuration, [], whole=False, finished=False, problems=problems)
    with contextlib.suppress(OSError):  # said when the run's own evidence is written
        for path in there:
            write_atomically(path, to_json(unfinished))
        if plain is not None:
            write_atomically(plain, unfinished.to_json())


def write(path: Path, evidence: Evidence, *, signer: Signer | None = None) -> None:
    """Write *evidence* to *path* atomically; our own folder is kept out of version control.

    Args:
        path: Where it goes.
        evidence: The record of a run.
        signer: What signs it: the file is then a DSSE envelope.

    Raises:
        OSError: if it cannot be written.
    """
    write_text(path, text_of(evidence, signer))


def text_of(evidence: Evidence, signer: Signer | None = None) -> str:
    """What is written of *evidence*: its statement, in an envelope where *signer* signs it."""
    if signer is None:
        return to_json(evidence)
    return signer.seal(json.dumps(statement(evidence), allow_nan=False).encode())


def write_text(path: Path, text: str) -> None:
    """Write *text* to *path* atomically; our own folder is kept out of version control.

    Raises:
        OSError: if it cannot be written.
    """
    ours(path.parent)
    write_atomically(path, text)


def read(path: Path) -> Evidence:
    """The evidence in *path*, signed or not, as it was written; nothing is verified.

    Raises:
        MLGatesError: if there is none, or the file holds something else.
    """
    return read_stored(path).evidence


def read_stored(path: Path) -> Stored:
    """As :func:`read`, with what stands in the file beside it."""
    content = content_of(path)
    try:
        return parse(content)
    except NoEvidenceError as error:
        raise MLGatesError(
            f"{str(path)!r} holds no evidence of pytest-mlgates", got=str(error), want=WANTED
        ) from None


def content_of(path: Path) -> bytes:
    """The bytes of a file of evidence.

    Raises:
        MLGatesError: if there is none.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise MLGatesError(
            f"there is no evidence in {str(path)!r}",
            got=str(error.strerror or error),
            fix="run the gates first: mlgates check, or pytest --mlgates",
        ) from None


def parse(content: bytes) -> Stored:
    """The evidence in *content*: a signed envelope, a statement or a plain record.

    Raises:
        NoEvidenceError: for anything else, and for what could be read in two ways.
    """
    try:
        data = strict_json.parse(content)
        envelope = dsse.opened(data) if dsse.is_envelope(data) else None
        if envelope is not None:
            data = strict_json.parse(envelope.payload)
    except strict_json.NotStrictError as error:
        raise NoEvidenceError(str(error)) from None
    if not isinstance(data, dict):
        raise NoEvidenceError("it is no JSON object")
    found = _statement(data) if "_type" in data or envelope is not None else None
    record = data if found is None else found["predicate"][EXTENSION]
    refuse_other_shapes(record)
    return Stored(
        evidence=Evidence.from_dict(record), statement=found, record=record, envelope=envelope
    )


def _statement(data: dict[str, Any]) -> dict[str, Any]:
    if data.get("_type") != STATEMENT:
        raise NoEvidenceError(f"its _type is {data.get('_type')!r}, not {STATEMENT!r}")
    if data.get("predicateType") != PREDICATE:
        raise NoEvidenceError(
            f"its predicateType is {data.get('predicateType')!r}, not {PREDICATE!r}"
        )
    predicate = data.get("predicate")
    if not isinstance(predicate, dict) or not isinstance(predicate.get(EXTENSION), dict):
        raise NoEvidenceError(f"its predicate has no {EXTENSION!r}: another tool wrote it")
    return data
