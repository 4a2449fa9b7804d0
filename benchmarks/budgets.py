"""The budgets of data contracts, as ratios of medians measured side by side."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from measure import Sample

OURS, GX = "pytest-mlgates", "Great Expectations"
MILLION, TEN, HUNDRED = "1,000,000 rows", "10,000,000 rows", "100,000,000 rows"


@dataclass(frozen=True)
class Verdict:
    """A budget: what was found, and the limit that it must keep."""

    name: str
    found: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is kept."""
        return self.found >= self.limit if self.at_least else self.found <= self.limit


def judge(
    found: Mapping[str, Mapping[str, Sequence[Sample]]], scans: Sequence[str]
) -> list[Verdict]:
    """The budgets that *found* has the figures for; *scans* is the plan of 500 gates."""

    def median(title: str, name: str, field: str = "inside") -> float:
        return statistics.median(getattr(sample, field) for sample in found[title][name])

    def decode(title: str, field: str = "inside") -> float:
        """The limit: whoever decodes fastest."""
        return min(median(title, n, field) for n in found[title] if n.startswith("decode"))

    verdicts = []
    for number, title, factor in (("P2", MILLION, 2.2), ("P3", TEN, 2.5)):
        if title not in found:
            continue
        ours = median(title, OURS)
        gx = median(title, GX)
        verdicts += [
            Verdict(f"{number} {title}: ours / decode", ours / decode(title), factor, "x"),
            Verdict(f"{number} {title}: GX / ours", gx / ours, 8, "x", at_least=True),
        ]
    if MILLION in found:
        whole = median(MILLION, GX, "whole") / median(MILLION, OURS, "whole")
        verdicts.append(Verdict("P2 whole process: GX / ours", whole, 12, "x", at_least=True))
    if TEN in found:
        cpu = median(TEN, GX, "inside_cpu") / median(TEN, OURS, "inside_cpu")
        verdicts += [
            Verdict("P3 CPU: GX / ours", cpu, 6, "x", at_least=True),
            Verdict("P3 peak memory", median(TEN, OURS, "peak"), 1200, "MB"),
        ]
    if HUNDRED in found:
        peak = median(HUNDRED, OURS, "peak")
        verdicts.append(Verdict("P3 peak memory, 100M rows", peak, 4096, "MB"))
    hook, same = "mlgates-data, 10k rows of CSV", "Great Expectations, the same"
    ours, gx = median("hooks", hook, "whole"), median("hooks", same, "whole")
    verdicts += [
        Verdict("P4 10k rows of CSV, whole process", 1000 * ours, 200, "ms"),
        Verdict("P4 GX / ours", gx / ours, 12, "x", at_least=True),
    ]
    for name in ("mlgates-data, no files", "mlgates-check, no files"):
        verdicts.append(Verdict(f"P5 {name}", 1000 * median("hooks", name, "whole"), 60, "ms"))
    name = "mlgates-check, a file of no gate"
    verdicts.append(Verdict(f"P5 {name}", 1000 * median("hooks", name, "whole"), 60, "ms"))
    few, many = (median("gates", f"mlgates check, {n} gates", "whole") for n in (20, 500))
    verdicts += [
        Verdict("P10 each further gate", 1000 * (many - few) / 480, 2, "ms"),
        Verdict("P10 scans of 500 gates", len(scans), 8, ""),
    ]
    return verdicts


def render(verdicts: Sequence[Verdict]) -> str:
    """One line per budget."""
    lines = [f"{'budget':<42} {'found':>9} {'limit':>10}"]
    for one in verdicts:
        sign = ">=" if one.at_least else "<="
        limit = f"{sign} {one.limit:g}"
        lines.append(
            f"{one.name:<42} {one.found:9.2f} {limit:>10} {one.unit:<3}"
            f"{'met' if one.met else 'NOT MET'}"
        )
    return "\n".join(lines) + "\n"
