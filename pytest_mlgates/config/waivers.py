"""``[[tool.mlgates.waivers]]``: exceptions, each with an owner, a reason and a last day."""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Struct

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.core.waivers import Waiver
from pytest_mlgates.gates import reading

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_EXAMPLE = (
    'gate = "sex-parity", owner = "ana@example.org", reason = "relabelling is under way", '
    "expires = 2027-01-31"
)


# Parts of words and of pictures of people.
_JOINERS = ("\u200c", "\u200d")


def _said(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that says it")
    if any(_breaks(char) for char in value.strip()):
        raise ValueError("a text in one line, without control characters")
    return value.strip()


def _breaks(char: str) -> bool:
    """Whether *char* may begin another line, move a cursor or turn the words behind it around."""
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in _JOINERS


def _day(value: Any) -> Any:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("a day: 2027-01-31")


def _group(value: Any) -> Any:
    values = value if isinstance(value, list | tuple) else [value]
    if not values or any(isinstance(one, list | dict) for one in values):
        raise ValueError("the values of a group, in the order of `by`")
    return tuple(str(one) for one in values)


class WaiverSettings(Struct, frozen=True, kw_only=True):
    """One entry."""

    gate: Annotated[str, reading.reader(_said)]
    owner: Annotated[str, reading.reader(_said)]
    reason: Annotated[str, reading.reader(_said)]
    expires: Annotated[dt.date, reading.reader(_day)]
    expectation: Annotated[str, reading.reader(_said)] | None = None
    group: Annotated[tuple[str, ...], reading.reader(_group)] | None = None


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
            problem = _contradiction(waiver, kinds, found)
            problems = [] if problem is None else [problem]
            found += [] if problems else [waiver]
        errors += problems
    return tuple(found)


class AllowedLoosening(Struct, frozen=True, kw_only=True):
    """``[[tool.mlgates.allow-loosening]]``: who answers for a weaker gate, once."""

    gate: Annotated[str, reading.reader(_said)]
    owner: Annotated[str, reading.reader(_said)]
    reason: Annotated[str, reading.reader(_said)]
    date: Annotated[dt.date, reading.reader(_day)]


def read_allowed(given: Any, name: str, errors: list[MLGatesError]) -> None:
    """Put what is wrong with ``allow-loosening`` into *errors*."""
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        want = 'entries with gate = "…", owner = "…", reason = "…" and date = 2027-01-31'
        errors.append(MLGatesError("allow-loosening is not usable", where=name, want=want))
        return
    for number, entry in enumerate(given, start=1):
        _, mistakes = reading.read(AllowedLoosening, entry)
        errors += [_complaint(one, f"{name} {number}", AllowedLoosening) for one in mistakes]


def unknown(waivers: Sequence[Waiver], known: Collection[str]) -> list[str]:
    """What to say of each whose gate is none of those *known*: it excuses nothing."""
    return [
        str(
            MLGatesError(
                f"a waiver names the unknown gate {one.gate!r}",
                where=one.where,
                want=f"one of {listing(known)}",
                fix=did_you_mean(one.gate, list(known)) or "delete the waiver if the gate is gone",
            )
        )
        for one in waivers
        if one.gate not in known
    ]


def _contradiction(
    waiver: Waiver, kinds: Mapping[str, str], before: Sequence[Waiver]
) -> MLGatesError | None:
    kind = kinds.get(waiver.gate)
    if waiver.expectation is not None and waiver.group is not None:
        return MLGatesError(
            "a waiver of an expectation names a group", where=waiver.where, fix="leave one out"
        )
    if waiver.expectation is not None and kind not in (None, "data_schema"):
        return MLGatesError(
            f"{waiver.gate!r} of kind {kind!r} has no expectations",
            where=f"{waiver.where} expectation",
            fix="leave `expectation` out",
        )
    if waiver.group is not None and kind not in (None, "metric", "fairness"):
        return MLGatesError(
            f"{waiver.gate!r} of kind {kind!r} has no groups",
            where=f"{waiver.where} group",
            fix="leave `group` out",
        )
    if any(one.target == waiver.target for one in before):
        return MLGatesError(f"{waiver.target} is waived twice", where=waiver.where)
    return None


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
