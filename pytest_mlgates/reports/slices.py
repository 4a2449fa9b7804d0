"""What a search for weak slices found, for a terminal, and the gate that would hold the first."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import limit, number, percent, plural, untaken
from pytest_mlgates.core.verdict import plain
from pytest_mlgates.gates.metric.metrics import METRICS
from pytest_mlgates.gates.privacy import WITHHELD, label
from pytest_mlgates.gates.slices.columns import BANDS, MOST_NUMBERS, short
from pytest_mlgates.gates.slices.scores import lacking
from pytest_mlgates.reports.inferred import toml_key, toml_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pytest_mlgates.gates.metric.metrics import Metric
    from pytest_mlgates.gates.slices import Search, Slice

# What a declared gate has, and a marker says elsewhere.
_OF_DECLARED = ("kind", "table", "metric")


def render(
    found: Search,
    *,
    top: int,
    table: str | None,
    section: str,
    roles: Mapping[str, str] | None = None,
    taken: Collection[str] = (),
) -> list[str]:
    """The table of the *top* slices, what was searched, and a gate.

    Args:
        found: The search.
        top: How many to show.
        table: The table's name in the configuration, None if it has none.
        section: What stands before ``gates`` in the configuration: ``tool.mlgates.``, or nothing.
        roles: Those that the command line names, which the gate must name as well.
        taken: The ids of gates that are declared.
    """
    value = WITHHELD if found.value is None else number(found.value)
    lines = [f" {label(found.table)}: {found.metric} {value} on {plural(found.n, 'row')}", ""]
    lines += list(_found(found, top))
    lines += ["", *_searched(found)]
    if found.slices:
        lines += ["", *_gate(found, table, section, roles or {}, taken)]
    return lines


def record(found: Search) -> dict[str, Any]:
    """Everything that was found, in plain JSON types."""
    out = plain(
        {
            "version": "1",
            "table": found.table,
            "n": found.n,
            "metric": found.metric,
            "value": found.value,
            "confidence": found.confidence,
            "correction": "bonferroni",
            "confidence_of_each": found.each,
            "slices_looked_at": found.looks,
            "slices_too_small": found.few,
            "slices_without_value": found.undefined,
            "weighted": found.weighted,
            "clustered": found.clustered,
            "min_rows": found.min_rows,
            "depth": found.depth,
            "redundant": found.redundant,
            "columns": [
                {"name": one.name, "groups": len(one.shown), "banded": one.edges is not None}
                for one in found.attributes
            ],
            "left_out": [{"name": one.name, "why": one.why} for one in found.left_out],
            "slices": [_slice(one) for one in found.slices],
        }
    )
    assert isinstance(out, dict)  # noqa: S101
    return out


def _slice(one: Slice) -> dict[str, Any]:
    found = one.worse
    return {
        "by": list(one.columns),
        "group": list(one.groups),
        "n": one.n,
        "value": None if found is None else found.value,
        "rest": None if found is None else found.other,
        "worse_by": None if found is None else found.by,
        "worse_by_at_least": None if found is None else found.at_least,
    }


def _found(found: Search, top: int) -> Iterator[str]:
    if not found.slices:
        yield f" no slice of {found.looks:,} is significantly worse ({_level(found)})"
        return
    from rich.cells import cell_len

    yield f" significantly worse than the rest ({_level(found)}):"
    heads = ("slice", "rows", found.metric, "the rest", "worse by", "at least")
    rows = [heads, *(_cells(one) for one in found.slices[:top])]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for cells in rows:
        padded = []
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            space = " " * (width - cell_len(cell))
            padded.append(cell + space if place == 0 else space + cell)
        yield f"   {'  '.join(padded)}".rstrip()
    more = len(found.slices) - top
    if more > 0:
        yield f"   and {more:,} more: --top {len(found.slices)}"
    if found.redundant:
        yield f"   {plural(found.redundant, 'slice')} inside these, and no worse, not listed"


def _cells(one: Slice) -> tuple[str, ...]:
    found = one.worse
    if found is None or one.n is None:
        return (label(one.name), *[WITHHELD] * 5)
    numbers = (found.value, found.other, found.by, found.at_least)
    return (label(one.name), f"{one.n:,}", *map(number, numbers))


def _level(found: Search) -> str:
    return f"{percent(found.confidence)} for all looks together"


def _searched(found: Search) -> Iterator[str]:
    columns = ", ".join(f"{label(a.name)}{'*' * (a.edges is not None)}" for a in found.attributes)
    sets = "" if found.depth == 1 else f" and up to {found.depth} at once"
    yield f" looked at {found.looks:,} slices, by {columns}{sets}; bounds corrected for all of them"
    if found.few:
        yield f" {found.few:,} slices of under {found.min_rows} rows (or rests) were not looked at"
    if found.undefined:
        some = plural(found.undefined, "slice")
        yield f" {some} not judged: they, or the rest, {lacking(found.metric)}"
    drawn = ["weighted"] * found.weighted + ["by clusters"] * found.clustered
    if drawn:
        yield f" values and bounds are {' and '.join(drawn)}"
    if any(one.edges is not None for one in found.attributes):
        yield f" * over {MOST_NUMBERS} numbers, in {BANDS} bands of about as many rows"
    for one in found.left_out:
        yield f" left out: {label(one.name)} ({one.why})"


def _gate(
    found: Search,
    table: str | None,
    section: str,
    roles: Mapping[str, str],
    taken: Collection[str],
) -> Iterator[str]:
    first = found.slices[0]
    attributes = {one.name: one for one in found.attributes}
    banded = [name for name in first.columns if attributes[name].edges is not None]
    names = [f"{name}_band" if name in banded else name for name in first.columns]
    missing = any(attributes[name].missing for name in first.columns)
    by = toml_text(names[0]) if len(names) == 1 else json.dumps(names, ensure_ascii=False)
    spec = METRICS[found.metric]
    side = "max" if spec.loss else "min"
    bound = _middle(spec) if found.value is None else _bound(found.value, spec)
    yield f" a gate that holds the first; choose what every slice must reach ({side}):"
    yield ""
    named = toml_text(table or "holdout")
    key = toml_key(untaken("-".join([found.metric, "by", *names]), taken))
    options = {"kind": '"metric"', "table": named, "metric": toml_text(found.metric), "by": by}
    options[side] = limit(bound)
    if missing:
        options["missing"] = '"group"'
    options |= {role: toml_text(name) for role, name in roles.items() if role != "pos_label"}
    positive = found.pos_label
    if "pos_label" in roles and isinstance(positive, bool | int | str) and not found.private:
        options["pos_label"] = json.dumps(positive, ensure_ascii=False)
    yield f"   [{section}gates.{key}]"
    yield from (f"   {name} = {value}" for name, value in options.items())
    yield ""
    kept = {name: value for name, value in options.items() if name not in _OF_DECLARED}
    if "pos_label" in kept:
        kept["pos_label"] = repr(positive)
    marker = ", ".join(f"{name}={value}" for name, value in kept.items())
    yield f"   @pytest.mark.metric({toml_text(found.metric)}, {marker})"
    for name in banded:
        edges = attributes[name].edges or ()
        told = "" if found.private else f": upper edges {', '.join(map(short, edges))}"
        yield ""
        yield f" {name}_band: write the bands of {label(name)} where the table is made{told}"


def _bound(value: float, spec: Metric) -> float:
    """The whole table's value in few digits, on the side that it keeps, if it demands anything."""
    for digits in range(2, 9):
        scaled = value * 10**digits
        rounded: float = (math.ceil(scaled) if spec.loss else math.floor(scaled)) / 10**digits
        if rounded and spec.low < rounded and not (spec.loss and rounded >= spec.high):
            return rounded
    return _middle(spec)


def _middle(spec: Metric) -> float:
    return 1.0 if math.isinf(spec.high) else 0.5
