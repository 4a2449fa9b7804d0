"""Plans for a terminal: a block per gate, then what is wrong with how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.core.text import number, percent, plural
from pytest_mlgates.gates.privacy import WITHHELD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_mlgates.gates.planning.model import Bounded, Plan, Reach, Rows

CANNOT_SETTLE = "cannot settle anything useful"
NEVER_PROVEN = "`promote` will practically never prove it"


def render(plans: Sequence[Plan]) -> list[str]:
    """The blocks and the last line."""
    lines: list[str] = []
    for plan in plans:
        lines += [*_block(plan), ""]
    return [*lines, f" {tally(plans)}; nothing was evaluated"]


def tally(plans: Sequence[Plan]) -> str:
    """``5 gates planned: 1 cannot settle anything useful``."""
    planned = [plan for plan in plans if plan.error is None]
    text = f"{plural(len(planned), 'gate')} planned"
    dull = sum(not plan.useful for plan in planned)
    unprovable = sum(not plan.provable for plan in planned)
    found = [
        f"{dull} {CANNOT_SETTLE}" if dull else "",
        f"{unprovable} that {NEVER_PROVEN.replace('it', 'them' if unprovable > 1 else 'it')}"
        if unprovable
        else "",
    ]
    told = ", ".join(filter(None, found))
    errors = len(plans) - len(planned)
    text += f": {told}" if told else ""
    return text + (f"; {errors} could not be planned" if errors else "")


def _block(plan: Plan) -> Iterator[str]:
    if plan.error is not None:
        yield f" {plan.id}   could not be planned"
        yield from (f"   {line}" for line in plan.error.splitlines())
        return
    if not plan.bounds:
        yield f" {plan.id}   {plan.claim}"
        yield from (f"   {note}" for note in plan.notes)
        return
    n = "" if plan.n is None else f", n={plan.n:,}"
    level = "" if plan.confidence is None else f" ({percent(plan.confidence)})"
    bounds = ", ".join(one.bound for one in plan.bounds)
    yield f" {plan.id}   {plan.claim}  {bounds}  on {plan.table}{n}{level}"
    for one in plan.bounds:
        named = f" {one.bound}" if len(plan.bounds) > 1 else ""
        yield from (f"   {head:<9}{text}" for head, text in _lines(one, named))
    yield from (f"   {'note':<9}{note}" for note in plan.notes)


def _lines(one: Bounded, named: str) -> Iterator[tuple[str, str]]:
    yield "settles", _settled(one.settles) + named
    if one.bottleneck is not None and one.bottleneck != one.settles:
        n = "" if one.bottleneck.n is None else f" ({one.bottleneck.n:,} {one.bottleneck.of})"
        yield "worst", f"{one.bottleneck.where}{n}: {_settled(one.bottleneck)}"
    if one.chance is None:
        yield "proven", f"with a chance {WITHHELD}: the table is private"
    else:
        yield "proven", f"{_chance(one.chance)} {one.fine}"
    for rows in one.rows:
        yield "rows", _rows(rows)
    verdict = [
        *([] if one.useful else [CANNOT_SETTLE]),
        *([] if one.provable else [NEVER_PROVEN]),
    ]
    likely = one.chance is None or one.chance >= 0.5
    expected = "a proof is to be expected" if likely else "a proof is not to be expected"
    yield "so", " and ".join(verdict) or f"what matters is settled, and {expected}"


def _settled(reach: Reach) -> str:
    if reach.hidden:
        return f"{WITHHELD}: counts of a private table would follow"
    if reach.value is None or reach.violation is None:
        return "no violation at all"
    value = f"(a true value of {number(reach.value)})"
    return f"a violation of {number(reach.violation)} or more {value}"


def _chance(chance: float) -> str:
    if chance < 0.005:
        return "in under 1 % of cases"
    if chance > 0.995:
        return "in over 99 % of cases"
    return f"in {100 * chance:.0f} % of cases"


def _rows(rows: Rows) -> str:
    if rows.count is None:
        return f"no number of {rows.what} proves it {rows.premise}"
    return f"about {rows.count:,} {rows.what} prove it {rows.premise}"
