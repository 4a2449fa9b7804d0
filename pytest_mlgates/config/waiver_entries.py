"""What an entry of ``waivers`` may say, and which of them hold today.

Standard library only: what is as locked under the waivers is told before anything is imported.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.find import PYPROJECT
from pytest_mlgates.core import waivers as exceptions
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.core.waivers import Waiver

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

# Parts of words and of pictures of people.
_JOINERS = ("\u200c", "\u200d")


def a_text(value: Any) -> Any:
    """*value* without what stands around it.

    Raises:
        ValueError: what is wanted instead, in words; so do the next two.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that says it")
    if any(_breaks(char) for char in value.strip()):
        raise ValueError("a text in one line, without control characters")
    return value.strip()


def _breaks(char: str) -> bool:
    """Whether *char* may begin another line, move a cursor or turn the words behind it around."""
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in _JOINERS


def a_day(value: Any) -> Any:
    """A date, also one that is written as text."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("a day: 2027-01-31")


def a_group(value: Any) -> Any:
    """The values of a group as texts; one value may stand alone."""
    values = value if isinstance(value, list | tuple) else [value]
    if not values or any(isinstance(one, list | dict) for one in values):
        raise ValueError("the values of a group, in the order of `by`")
    return tuple(str(one) for one in values)


def table_of(path: Path) -> str:
    """What messages call the waivers in *path*: ``pyproject.toml [[tool.mlgates.waivers]]``."""
    prefix = "tool.mlgates." if path.name == PYPROJECT else ""
    return f"{path.name} [[{prefix}waivers]]"


_TEXTS = ("gate", "owner", "reason", "expectation")
_READERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_TEXTS, a_text),
    "expires": a_day,
    "group": a_group,
}
_NEEDED = {"gate", "owner", "reason", "expires"}


def whole_entries(raw: Mapping[str, Any], path: Path) -> tuple[Waiver, ...] | None:
    """The waivers of a configuration; None where one is not whole, which its reader then tells.

    Args:
        raw: The table ``[tool.mlgates]`` as TOML has it.
        path: The configuration file.
    """
    given, gates = raw.get("waivers", []), raw.get("gates")
    if not isinstance(given, list):
        return None
    declared = gates.items() if isinstance(gates, dict) else ()
    kinds = {name: str(one.get("kind")) for name, one in declared if isinstance(one, dict)}
    found: list[Waiver] = []
    for number, entry in enumerate(given, start=1):
        if not isinstance(entry, dict) or not _NEEDED <= set(entry) <= set(_READERS):
            return None
        try:
            values = {key: _READERS[key](value) for key, value in entry.items()}
        except ValueError:
            return None
        waiver = Waiver(**values, where=f"{table_of(path)} {number}")
        if contradiction(waiver, kinds, found) is not None:
            return None
        found.append(waiver)
    return tuple(found)


def in_force(waivers: Iterable[Waiver]) -> dict[str, tuple[Waiver, ...]]:
    """Those that hold today, by the gate that they excuse."""
    today = exceptions.today()
    found: dict[str, tuple[Waiver, ...]] = {}
    for one in waivers:
        if not one.has_expired(today):
            found[one.gate] = (*found.get(one.gate, ()), one)
    return found


def failing(waivers: Sequence[Waiver], known: Collection[str] | None) -> list[str]:
    """What to say of waivers that fail a run.

    Args:
        waivers: All of a configuration.
        known: The ids of all gates, but for those whose ids name a test; None for a run of some.
    """
    named = [one for one in waivers if "::" not in one.gate]
    lost = [] if known is None else unknown(named, known)
    return [*lost, *exceptions.expired(waivers, exceptions.today())]


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


def contradiction(
    waiver: Waiver, kinds: Mapping[str, str], before: Sequence[Waiver]
) -> MLGatesError | None:
    """Why *waiver* cannot be meant, for gates of these *kinds* and the waivers *before* it."""
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
