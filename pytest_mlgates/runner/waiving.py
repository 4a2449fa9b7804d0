"""From a failed verdict to a waived one, where somebody answers for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.core.waivers import today

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.core.waivers import Waiver
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import GateParameters


def waived(
    verdict: Verdict,
    waivers: Sequence[Waiver],
    without: Callable[[Sequence[tuple[str, ...]]], Verdict],
) -> Verdict:
    """*verdict* under the waivers of its gate.

    A waiver of the whole gate excuses whatever failed, never what could not be evaluated. One of
    an expectation excuses a contract of which nothing else failed; one of a group a gate that
    passes on all rows but those of the group.

    Args:
        verdict: With its final id.
        waivers: All of the configuration.
        without: The verdict on the rows of no group of these.

    Raises:
        MLGatesError: if a waived group is not there.
    """
    day = today()
    own = [one for one in waivers if one.gate == verdict.id and not one.has_expired(day)]
    if not own or verdict.outcome is Outcome.ERROR:
        return verdict
    if verdict.outcome is not Outcome.FAILED:
        idle = tuple(f"the waiver of {one.target} excuses nothing today" for one in own)
        return verdict.replace(warnings=(*verdict.warnings, *idle))
    whole = [one for one in own if one.expectation is None and one.group is None]
    used = whole[:1] or _of_expectations(verdict, own) or _of_groups(own, without)
    if not used:
        parts = ", ".join(one.target for one in own)
        told = f"waived is {parts}; it fails without that too"
        return verdict.replace(warnings=(*verdict.warnings, told))
    head = "\n".join(f"waived {one.words}" for one in used)
    return verdict.replace(
        outcome=Outcome.WAIVED,
        message=f"{head}\n{verdict.message}",
        waivers=tuple(one.to_dict() for one in used),
    )


def _of_expectations(verdict: Verdict, waivers: Sequence[Waiver]) -> list[Waiver]:
    """The waivers that excuse everything that failed; none if something is left."""
    named = [one for one in waivers if one.expectation is not None]
    broken = [
        detail
        for detail in verdict.details
        if detail.get("success") is False and detail.get("severity") not in ("warning", "info")
    ]
    used: dict[str, Waiver] = {}
    for detail in broken:
        column = detail["kwargs"].get("column")
        found = next((w for w in named if w.excuses(detail["type"], column)), None)
        # What could not be evaluated is not excused: nobody knows what is behind it.
        if found is None or (detail.get("error") and detail.get("unexpected_count") is None):
            return []
        used[found.target] = found
    return list(used.values())


def _of_groups(
    waivers: Sequence[Waiver], without: Callable[[Sequence[tuple[str, ...]]], Verdict]
) -> list[Waiver]:
    """The waivers of groups, if the gate passes without the rows of all of them."""
    named = [one for one in waivers if one.group is not None]
    groups = [one.group for one in named if one.group is not None]
    return named if groups and without(groups).outcome is Outcome.PASSED else []


def rest_of(
    table: Table, parameters: GateParameters, groups: Sequence[tuple[str, ...]], where: str
) -> Table:
    """*table* without the rows of *groups*.

    Raises:
        MLGatesError: if the gate has no groups, compares with a champion row by row, or one of
            them is not there.
    """
    by = tuple(getattr(parameters, "by", None) or ())
    if not by or getattr(parameters, "no_worse_than", None) is not None:
        raise MLGatesError(
            "a group of this gate cannot be waived",
            where=where,
            got="it compares with a champion, on the same rows" if by else "it has no `by`",
            fix="waive the whole gate",
        )
    there = {tuple(map(str, values)): values for values, _ in table.counts(by)}
    for group in groups:
        if group not in there:
            raise MLGatesError(
                f"a waiver names a group that table {table.name!r} does not have",
                where=where,
                got=", ".join(group),
                want="" if table.private else f"one of {listing(', '.join(g) for g in there)}",
            )
    return table.without(by, [there[group] for group in groups])
