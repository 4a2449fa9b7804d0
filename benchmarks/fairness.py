"""What all fairness gates of a table cost beside a bare group-by and beside Fairlearn (P7).

    python benchmarks/fairness.py [--rows 10000 1000000 10000000] [--groups 2 5 20] [--json FILE]

Figures are medians of runs in processes of their own, which take turns; budgets are ratios within
one run. Fairlearn's bootstrap is timed with few replicates and extrapolated to 1,000, which is
said where it is printed.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import comparison
import judged
import measure
from budgets import Verdict

if TYPE_CHECKING:
    from comparison import Samples

BARE, DIGESTED = "bare group-by, DuckDB", "the same, and the file's SHA-256"
UNTRUSTING = "the same, the file's footer not believed"
OURS, IN_MEMORY = "all fairness gates, from Parquet", "all fairness gates, a frame of pandas"
KNOWN = "the same, its digest known"
PEER, BOOTSTRAP = "Fairlearn, point metrics", "Fairlearn, n_boot = 2 and 12"
SMALL, MIDDLE, LARGE = 10_000, 1_000_000, 10_000_000
N_BOOT = 1000


def main() -> int:
    """Measure, print, and say which budgets are met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[SMALL, MIDDLE, LARGE], metavar="N")
    parser.add_argument("--groups", type=int, nargs="*", default=[2, 5, 20], choices=(2, 5, 20))
    arguments = comparison.arguments(parser)
    measure.compile_all()
    found: dict[str, Samples] = {}
    for groups in arguments.groups:
        for rows in arguments.rows:
            title = f"{rows:,} rows, {groups} groups"
            path = measure.table(f"people-{groups}", arguments.data, rows)
            wanted = {
                BARE: "judged:group_by",
                UNTRUSTING: "judged:group_by_of_data",
                DIGESTED: "judged:group_by_and_digest",
                OURS: "judged:fair",
                KNOWN: "judged:fair_known",
                IN_MEMORY: "judged:fair_in_memory",
            }
            found[title] = comparison.in_turn(wanted, path, arguments.repeat, title)
            slow = {PEER: "judged:fairlearn"} if rows <= MIDDLE else {}
            slow |= {BOOTSTRAP: "judged:fairlearn_bootstrap"} if rows <= SMALL else {}
            found[title] |= comparison.in_turn(slow, path, 1, title)
            comparison.same_answers({n: s for n, s in found[title].items() if n != BOOTSTRAP})
    verdicts = [one for title, samples in found.items() for one in _judged(title, samples)]
    comparison.report(found, verdicts, arguments.json)
    return 0


def _judged(title: str, samples: Samples) -> list[Verdict]:
    rows = int(title.partition(" ")[0].replace(",", ""))

    def times(name: str, other: str, field: str) -> float:
        return comparison.median(samples, name, field) / comparison.median(samples, other, field)

    def ratio(label: str, name: str, other: str, limit: float, *, at_least: bool) -> Verdict:
        wall, cpu = (times(name, other, field) for field in ("inside", "inside_cpu"))
        return Verdict(f"{title}: {label}", wall, limit, "x", at_least=at_least, cpu=cpu)

    if rows <= SMALL:
        wall, cpu = (
            1000 * comparison.median(samples, IN_MEMORY, field)
            for field in ("inside", "inside_cpu")
        )
        few, many = (seconds for _, seconds in samples[BOOTSTRAP][0].answers)
        each = (many - few) / (judged.REPLICATES[1] - judged.REPLICATES[0])
        whole = few + each * (N_BOOT - judged.REPLICATES[0])
        ours = comparison.median(samples, IN_MEMORY, "inside_cpu")
        return [
            Verdict(f"{title}: all gates", wall, 20, "ms", cpu=cpu),
            Verdict(f"{title}: n_boot=1000 / ours", whole / ours, 10_000, "x", at_least=True),
        ]
    if rows <= MIDDLE:
        return [ratio("Fairlearn / ours", PEER, IN_MEMORY, 100, at_least=True)]
    return [
        ratio("ours, digest known / group-by", KNOWN, BARE, 1.2, at_least=False),
        ratio("the same / footer not believed", KNOWN, UNTRUSTING, 1.2, at_least=False),
        ratio("ours, first time / group-by", OURS, BARE, 1.2, at_least=False),
        ratio("ours, first time / with SHA-256", OURS, DIGESTED, 1.2, at_least=False),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
