"""Waivers: exceptions that somebody answers for, until a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import group_named, plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Every run says so from here on.
NOTICE_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One exception.

    Attributes:
        gate: The id of the gate.
        owner: Who answers for it.
        reason: Why.
        expires: The last day on which it holds.
        expectation: Where only this of a contract is excused: its type, or ``type:column``.
        group: Where only this group or slice is excused: its values, in the order of ``by``.
        where: Where the user wrote it.
    """

    gate: str
    owner: str
    reason: str
    expires: dt.date
    expectation: str | None = None
    group: tuple[str, ...] | None = None
    where: str = ""

    @property
    def target(self) -> str:
        """What it excuses, for people."""
        if self.expectation is not None:
            return f"{self.gate} ({self.expectation})"
        group = "" if self.group is None else printable(", ".join(self.group))
        return self.gate if self.group is None else f"{self.gate} ({group_named(group)})"

    @property
    def part(self) -> tuple[str, ...]:
        """What of its gate it excuses, as the lock has it: ``("group", "F")``, ``("gate",)``."""
        if self.expectation is not None:
            return ("expectation", self.expectation)
        return ("gate",) if self.group is None else ("group", *self.group)

    @property
    def words(self) -> str:
        """``until 2027-01-31 by ana@example.org: relabelling is under way``."""
        return f"until {self.expires.isoformat()} by {self.owner}: {self.reason}"

    def has_expired(self, today: dt.date) -> bool:
        """Whether its last day is over."""
        return today > self.expires

    def excuses(self, type: str, column: str | None) -> bool:  # noqa: A002
        """Whether an expectation is the one that is excused."""
        return self.expectation in (type, f"{type}:{column}")

    def to_dict(self) -> dict[str, Any]:
        """As evidence records it."""
        out: dict[str, Any] = {
            "owner": self.owner,
            "reason": self.reason,
            "expires": self.expires.isoformat(),
        }
        if self.expectation is not None:
            out["expectation"] = self.expectation
        if self.group is not None:
            out["group"] = list(self.group)
        return out


def told_of(waivers: Sequence[Waiver]) -> str:
    """``waived until …``, of each that excuses a gate: one of the whole gate does so alone."""
    whole = [one for one in waivers if one.part == ("gate",)]
    return "; ".join(f"waived {one.words}" for one in (whole[:1] or waivers))


def today() -> dt.date:
    """The day by which waivers expire, the same everywhere on earth."""
    return dt.datetime.now(tz=dt.UTC).date()


def expired(waivers: Iterable[Waiver], day: dt.date) -> list[str]:
    """What to say of each that has expired: it fails the run."""
    return [
        f"the waiver of {one.target} expired on {one.expires.isoformat()} ({one.owner}: "
        f"{one.reason}): mend the gate, or renew it in {one.where}"
        for one in waivers
        if one.has_expired(day)
    ]


def ending(waivers: Iterable[Waiver], day: dt.date) -> list[str]:
    """What to say of each that ends soon."""
    found = []
    for one in waivers:
        left = (one.expires - day).days
        if 0 <= left <= NOTICE_DAYS:
            when = "today" if not left else f"in {plural(left, 'day')}, on {one.expires}"
            found.append(f"the waiver of {one.target} ends {when} ({one.owner}: {one.reason})")
    return found
