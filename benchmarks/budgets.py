"""The budgets of data contracts, as ratios of medians measured side by side."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from measure import Sample

OURS, GX = "pytest-mlgates", "Great Expectations"
# What the budgets were measured with: a decode that has one thread where a file has one row group.
# The fastest, pyarrow's, has a thread for every column; how far that is away is printed beside it.
DECODE = "decode, DuckDB"
KNOWN, HOOK = "pytest-mlgates, digest known", "mlgates-data, the same checks"
DATA_HOOK, DATA_HOOK_GX = "mlgates-data, 10k rows of CSV", "Great Expectations, the same"
IDLE_HOOKS = (
    "mlgates-data, no files",
    "mlgates-check, no files",
    "mlgates-check, a file of no gate",
)
GATES = (20, 500)
MILLION, TEN, HUNDRED = "1,000,000 rows", "10,000,000 rows", "100,000,000 rows"


def gates(count: int) -> str:
    """What a run of *count* gates is called."""
    return f"mlgates check, {count} gates"


@dataclass(frozen=True)
class Verdict:
    """A budget: what was found, and the limit that it must keep; None if it is only shown.

    `cpu` is the same in CPU seconds, which a busy machine disturbs less: for reading, not judged.
    """

    name: str
    found: float
    limit: float | None
    unit: str
    at_least: bool = False
    cpu: float | None = None

    @property
    def met(self) -> bool:
        """Whether it is kept."""
        if self.limit is None:
            return True
        return self.found >= self.limit if self.at_least else self.found <= self.limit


def judge(
    found: Mapping[str, Mapping[str, Sequence[Sample]]], scans: Sequence[str]
) -> list[Verdict]:
    """The budgets that *found* has the figures for; *scans* is the plan of 500 gates."""

    def median(title: str, name: str, field: str = "inside") -> float:
        return statistics.median(getattr(sample, field) for sample in found[title][name])

    def fastest(title: str, field: str = "inside") -> float:
        """Whoever decodes fastest: pyarrow, which has a thread for every column."""
        return min(median(title, n, field) for n in found[title] if n.startswith("decode"))

    def against_gx(title: str, field: str = "inside", ours: str = OURS) -> float:
        return median(title, GX, field) / median(title, ours, field)

    verdicts = []
    for number, title, factor in (("P2", MILLION, 2.2), ("P3", TEN, 2.5)):
        if title not in found:
            continue
        fields = ("inside", "inside_cpu")
        wall, cpu = (median(title, OURS, f) / median(title, DECODE, f) for f in fields)
        best, best_cpu = (median(title, OURS, f) / fastest(title, f) for f in fields)
        gx, gx_cpu = against_gx(title), against_gx(title, "inside_cpu")
        verdicts += [
            Verdict(f"{number} {title}: ours / decode", wall, factor, "x", cpu=cpu),
            Verdict(f"{number} {title}: / the fastest decode", best, factor, "x", cpu=best_cpu),
            Verdict(f"{number} {title}: GX / ours", gx, 8, "x", at_least=True, cpu=gx_cpu),
        ]
    if MILLION in found:
        for name, ours in (("ours", OURS), ("ours, digest known", KNOWN), ("the hook", HOOK)):
            whole, cpu = (against_gx(MILLION, f, ours) for f in ("whole", "whole_cpu"))
            label = f"P2 whole process: GX / {name}"
            verdicts.append(Verdict(label, whole, 12, "x", at_least=True, cpu=cpu))
    if TEN in found:
        cpu = against_gx(TEN, "inside_cpu")
        verdicts += [
            Verdict("P3 CPU: GX / ours", cpu, 6, "x", at_least=True),
            Verdict("P3 peak memory", median(TEN, OURS, "peak"), 1200, "MB"),
        ]
    if HUNDRED in found:
        peak = median(HUNDRED, OURS, "peak")
        verdicts.append(Verdict("P3 peak memory, 100M rows", peak, 4096, "MB"))

    def whole_ms(name: str) -> tuple[float, float]:
        wall, cpu = (median("hooks", name, field) for field in ("whole", "whole_cpu"))
        return 1000 * wall, 1000 * cpu

    (ours, ours_cpu), (gx, gx_cpu) = map(whole_ms, (DATA_HOOK, DATA_HOOK_GX))
    verdicts += [
        Verdict("P4 10k rows of CSV, whole process", ours, 200, "ms", cpu=ours_cpu),
        Verdict("P4 GX / ours", gx / ours, 12, "x", at_least=True, cpu=gx_cpu / ours_cpu),
    ]
    for name in IDLE_HOOKS:
        wall, cpu = whole_ms(name)
        verdicts.append(Verdict(f"P5 {name}", wall, 60, "ms", cpu=cpu))
    few, many = GATES
    each, each_cpu = (
        1000 * (median("gates", gates(many), f) - median("gates", gates(few), f)) / (many - few)
        for f in ("whole", "whole_cpu")
    )
    verdicts += [
        Verdict("P10 each further gate", each, 2, "ms", cpu=each_cpu),
        Verdict(f"P10 scans of {many} gates", len(scans), 8, ""),
    ]
    return verdicts


def render(verdicts: Sequence[Verdict]) -> str:
    """One line per budget."""
    lines = [f"{'budget':<42} {'found':>9} {'limit':>10} {'':<10} {'in CPU':>9}"]
    for one in verdicts:
        sign = ">=" if one.at_least else "<="
        limit, verdict = "-", "shown"
        if one.limit is not None:
            limit, verdict = f"{sign} {one.limit:g}", "met" if one.met else "NOT MET"
        cpu = "" if one.cpu is None else f"{one.cpu:9.2f}"
        lines.append(
            f"{one.name:<42} {one.found:9.2f} {limit:>10} {f'{one.unit:<2} {verdict}':<10} {cpu}"
        )
    return "\n".join(line.rstrip() for line in lines) + "\n"
