"""What all fairness gates of a table cost beside a bare group-by and beside Fairlearn (P7).

    python benchmarks/fairness.py [--rows 10000 1000000 10000000] [--groups 2 5 20] [--json FILE]

Figures are medians of runs in processes of their own, which take turns; budgets are medians of the
ratios within a turn. They are over a file whose SHA-256 is remembered from an earlier run; what the
first run takes, which computes it (a budget of its own: fingerprint.py), is shown. Fairlearn's
bootstrap is timed with few replicates and extrapolated to 1,000, which is said where it is printed.
"""

from __future__ import annotations

import argparse
import statistics
from typing import TYPE_CHECKING

import comparison
import judged
import measure
from budgets import Verdict

if TYPE_CHECKING:
    from comparison import Samples
    from measure import Sample

BARE, DIGESTED = "bare group-by, DuckDB", "the same, and the file's SHA-256"
UNTRUSTING = "the same, the file's footer not believed"
OURS, IN_MEMORY = "all fairness gates, from Parquet", "all fairness gates, a frame of pandas"
KNOWN = "the same, its digest known"
PEER, BOOTSTRAP = "Fairlearn, point metrics", "Fairlearn, n_boot = 2 and 12"
BESIDE = "all fairness gates, beside Fairlearn"
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
            # Its differences are a few milliseconds, which a host takes or gives by the minute.
            often = 2 * arguments.repeat + 1 if rows > MIDDLE else arguments.repeat
            found[title] = comparison.in_turn(wanted, path, often, title)
            slow = {BESIDE: wanted[IN_MEMORY], PEER: "judged:fairlearn"} if rows <= MIDDLE else {}
            slow |= {BOOTSTRAP: "judged:fairlearn_bootstrap"} if rows <= SMALL else {}
            found[title] |= comparison.in_turn(slow, path, min(3, arguments.repeat), title)
            comparison.same_answers({n: s for n, s in found[title].items() if n != BOOTSTRAP})
    verdicts = [one for title, samples in found.items() for one in _judged(title, samples)]
    comparison.report(found, verdicts, arguments.json)
    return 0


def _judged(title: str, samples: Samples) -> list[Verdict]:
    rows = int(title.partition(" ")[0].replace(",", ""))

    def ratio(
        label: str, name: str, other: str, limit: float | None, *, at_least: bool = False
    ) -> Verdict:
        fields = ("inside", "inside_cpu")
        wall, cpu = (comparison.times(samples, name, other, field) for field in fields)
        return Verdict(f"{title}: {label}", wall, limit, "x", at_least=at_least, cpu=cpu)

    if rows <= SMALL:
        wall, cpu = (
            1000 * comparison.median(samples, IN_MEMORY, field)
            for field in ("inside", "inside_cpu")
        )
        turns = zip(samples[BOOTSTRAP], samples[BESIDE], strict=True)
        found = statistics.median(_whole(peer) / ours.inside_cpu for peer, ours in turns)
        return [
            Verdict(f"{title}: all gates", wall, 20, "ms", cpu=cpu),
            Verdict(f"{title}: n_boot=1000 / ours", found, 10_000, "x", at_least=True),
        ]
    if rows <= MIDDLE:
        return [ratio("Fairlearn / ours", PEER, BESIDE, 100, at_least=True)]
    return [
        ratio("ours, digest known / group-by", KNOWN, BARE, 1.2),
        ratio("the same / footer not believed", KNOWN, UNTRUSTING, None),
        ratio("ours, first time / group-by", OURS, BARE, None),
        ratio("ours, first time / with SHA-256", OURS, DIGESTED, None),
    ]


def _whole(bootstrap: Sample) -> float:
    """The CPU seconds of 1,000 replicates, from those of two and of twelve."""
    few, many = (seconds for _, seconds in bootstrap.answers)
    each = (many - few) / (judged.REPLICATES[1] - judged.REPLICATES[0])
    return float(few + each * (N_BOOT - judged.REPLICATES[0]))


if __name__ == "__main__":
    raise SystemExit(main())
