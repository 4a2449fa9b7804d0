"""Intervals on an axis, in percent of its width: what the HTML report draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.core.text import limit, number, plural
from pytest_mlgates.reports.rows import is_comparison, is_loss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.core.verdict import GroupValue, Verdict


# A page with more groups than this in a plot is read by nobody; the evidence has them all.
_MOST = 40
# What is beyond cannot be drawn on an axis of floats.
_LARGEST = 1e300


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One line of a plot.

    Attributes:
        label: Whose it is.
        text: Its numbers, for people who do not see the drawing.
        rows: How many rows it rests on; empty where nobody may know.
        start: Where the interval begins, in percent of the axis.
        width: Its width, in percent of the axis.
        dot: Where the value is, None where it is undefined.
        open_left: Whether nothing is known below.
        open_right: Whether nothing is known above.
        rate: Which rate it is, where a metric has several.
    """

    label: str
    text: str
    rows: str
    start: float
    width: float
    dot: float | None
    open_left: bool = False
    open_right: bool = False
    rate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Intervals on one axis.

    Attributes:
        title: What is measured.
        intervals: From top to bottom.
        limits: Where bounds are, in percent of the axis, with their words.
        left: The number at the left end.
        right: The number at the right end.
        more: How many intervals are not shown, and where they lie; empty if none.
    """

    title: str
    intervals: tuple[Interval, ...]
    limits: tuple[tuple[float, str], ...]
    left: str
    right: str
    more: str = ""


def plots_of(verdict: Verdict) -> list[Plot]:
    """The estimate with its bounds, then the groups, a plot for each rate."""
    plots = []
    if verdict.estimate is not None and verdict.metric is not None:
        plots.append(_plot(_title(verdict), [_whole(verdict)], _limits(verdict)))
    rates: dict[str | None, list[_Line]] = {}
    for group in verdict.groups:
        rates.setdefault(group.rate, []).append(_line(group, verdict.by))
    # Slices are held to the bound of their metric; groups of a disparity are not.
    limits = _limits(verdict) if verdict.kind == "metric" else []
    for rate, lines in rates.items():
        title = f"{rate or verdict.metric or verdict.kind} by {' × '.join(verdict.by) or 'group'}"
        shown, more = _extremes(lines)
        plots.append(_plot(title, shown, limits, more))
    return plots


@dataclass(frozen=True, slots=True)
class _Line:
    label: str
    rows: int | None
    value: float | None
    lower: float | None
    upper: float | None
    rate: str = ""


def _extremes(lines: Sequence[_Line]) -> tuple[list[_Line], str]:
    """The lines with the lowest and highest values in their order, and what is said of the rest."""
    if len(lines) <= _MOST:
        return list(lines), ""
    values = [(one.value, at) for at, one in enumerate(lines) if one.value is not None]
    ranked = [at for _, at in sorted(values)]
    kept = sorted({*ranked[: _MOST // 2], *ranked[-(_MOST // 2) :]})
    undefined = len(lines) - len(ranked)
    rest = [plural(len(ranked) - len(kept), "more group") + " between these"]
    rest += [f"{undefined:,} without a value"] if undefined else []
    return [lines[at] for at in kept], " and ".join(rest) + ": the evidence has them all"


def _title(verdict: Verdict) -> str:
    against = " against the champion" if is_comparison(verdict) else ""
    return f"{verdict.metric}{against}"


def _whole(verdict: Verdict) -> _Line:
    return _Line(
        "estimate",
        verdict.n,
        verdict.estimate,
        verdict.lower,
        verdict.upper,
    )


def _line(group: GroupValue, by: Sequence[str]) -> _Line:
    named = zip(by, group.group, strict=False)
    label = ", ".join(f"{name}={value}" for name, value in named) or ", ".join(
        map(str, group.group)
    )
    return _Line(label, group.n, group.value, group.lower, group.upper, group.rate or "")


def _limits(verdict: Verdict) -> list[tuple[float, str]]:
    bound = verdict.bound
    found = []
    if bound.margin is not None and is_comparison(verdict):
        # A gap must not grow by the margin, a quality must not fall by it.
        loses = verdict.kind == "fairness" or is_loss(verdict)
        return [(bound.margin if loses else -bound.margin, f"margin {limit(bound.margin)}")]
    if bound.min is not None:
        found.append((bound.min, f"min {limit(bound.min)}"))
    if bound.max is not None:
        found.append((bound.max, f"max {limit(bound.max)}"))
    return found


def _plot(
    title: str, lines: Sequence[_Line], limits: Sequence[tuple[float, str]], more: str = ""
) -> Plot:
    known = [
        value
        for line in lines
        for value in (line.value, line.lower, line.upper)
        if value is not None
    ]
    known += [value for value, _ in limits]
    known = [value for value in known if abs(value) < _LARGEST]  # not of NaN either
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    pad = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    low, high = low - pad, high + pad

    def at(value: float) -> float:
        if math.isnan(value):
            return 0.0
        inside = min(max(value, low), high)
        return round(100 * (inside - low) / (high - low), 3)

    intervals = []
    for line in lines:
        start = at(line.lower) if line.lower is not None else 0.0
        end = at(line.upper) if line.upper is not None else 100.0
        nothing = line.lower is None and line.upper is None
        intervals.append(
            Interval(
                label=line.label,
                text=_text(line),
                rows="" if line.rows is None else f"{line.rows:,}",
                start=start,
                width=0.0 if nothing else round(max(0.0, end - start), 3),
                dot=None if line.value is None or math.isnan(line.value) else at(line.value),
                open_left=line.lower is None,
                open_right=line.upper is None,
                rate=line.rate,
            )
        )
    return Plot(
        title=title,
        intervals=tuple(intervals),
        limits=tuple((at(value), text) for value, text in limits),
        left=number(low),
        right=number(high),
        more=more,
    )


def _text(line: _Line) -> str:
    if line.value is None:
        return "undefined" if line.rows is not None else "not shown: few rows"
    sides = []
    if line.lower is not None:
        sides.append(f"at least {number(line.lower)}")
    if line.upper is not None:
        sides.append(f"at most {number(line.upper)}")
    return ", ".join([number(line.value), *sides])
