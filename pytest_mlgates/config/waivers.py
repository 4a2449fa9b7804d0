"""``[[tool.mlgates.waivers]]``: exceptions, each with an owner, a reason and a last day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Struct

from pytest_mlgates.config.waiver_entries import a_day, a_group, a_text, contradiction
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.core.waivers import Waiver
from pytest_mlgates.gates import reading

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXAMPLE = (
    'gate = "sex-parity", owner = "ana@example.org", reason = "relabelling is under way", '
    "expires = 2027-01-31"
)


class WaiverSettings(Struct, frozen=True, kw_only=True):
    """One entry."""

    gate: Annotated[str, reading.reader(a_text)]
    owner: Annotated[str, reading.reader(a_text)]
    reason: Annotated[str, reading.reader(a_text)]
    expires: Annotated[dt.date, reading.reader(a_day)]
    expectation: Annotated[str, reading.reader(a_text)] | None = None
    group: Annotated[tuple[str, ...], reading.reader(a_group)] | None = None


def read_waivers(
    given: Any, kinds: Mapping[str, str], name: str, errors: list[MLGatesError]
) -> tuple[Waiver, ...]:
    """The waivers, and what is wrong with them in *errors*.

    Args:
        given: What stands under ``waivers``.
        kinds: The declared gates and their kinds.
        name: The table, for messages: ``pyproject.toml [[tool.mlgates.waivers]]``.
        errors: Gets every mistake.
    """
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        errors.append(
            MLGatesError("waivers is not usable", where=name, want=f"entries such as {_EXAMPLE}")
        )
        return ()
    found: list[Waiver] = []
    for number, entry in enumerate(given, start=1):
        where = f"{name} {number}"
        values, mistakes = reading.read(WaiverSettings, entry)
        problems = [_complaint(one, where) for one in mistakes]
        if not mistakes:
            waiver = Waiver(**values, where=where)
            problem = contradiction(waiver, kinds, found)
            problems = [] if problem is None else [problem]
            found += [] if problems else [waiver]
        errors += problems
    return tuple(found)


class AllowedLoosening(Struct, frozen=True, kw_only=True):
    """``[[tool.mlgates.allow-loosening]]``: who answers for a weaker gate, once."""

    gate: Annotated[str, reading.reader(a_text)]
    owner: Annotated[str, reading.reader(a_text)]
    reason: Annotated[str, reading.reader(a_text)]
    date: Annotated[dt.date, reading.reader(a_day)]


def read_allowed(given: Any, name: str, errors: list[MLGatesError]) -> None:
    """Put what is wrong with ``allow-loosening`` into *errors*."""
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        want = 'entries with gate = "…", owner = "…", reason = "…" and date = 2027-01-31'
        errors.append(MLGatesError("allow-loosening is not usable", where=name, want=want))
        return
    for number, entry in enumerate(given, start=1):
        _, mistakes = reading.read(AllowedLoosening, entry)
        errors += [_complaint(one, f"{name} {number}", AllowedLoosening) for one in mistakes]


def _complaint(
    mistake: reading.Mistake, where: str, model: type[Struct] = WaiverSettings
) -> MLGatesError:
    if mistake.kind == "missing":
        return MLGatesError(f"{mistake.field} is missing", where=where, want=f"e.g. {_EXAMPLE}")
    if mistake.kind == "unknown":
        names = list(reading.names_of(model))
        return MLGatesError(
            f"unknown key {mistake.field!r}",
            where=where,
            want=f"one of {listing(names)}",
            fix=did_you_mean(mistake.field, names),
        )
    return MLGatesError(
        f"{mistake.field} is not usable", where=where, got=repr(mistake.got), want=mistake.want
    )
