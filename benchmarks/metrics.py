"""What metric gates with bounds cost beside one sort of the scores and beside scikit-learn (P8).

    python benchmarks/metrics.py [--rows 10000 1000000 10000000] [--json FILE]

Figures are medians of runs in processes of their own, which take turns; budgets are medians of the
ratios within a turn. The bootstrap loop is timed with three replicates and extrapolated to 1,000,
which is said where it is printed. numpy sorts floats with the widest instructions of the processor,
and does so several times faster than it finds their order: both are shown.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import comparison
import measure
from budgets import Verdict

if TYPE_CHECKING:
    from comparison import Samples

SORT, ARGSORT = "scores sorted once (numpy)", "their order (numpy's argsort)"
PEER, LOOP = "roc_auc_score, without bounds", "bootstrap loops, 3 replicates each"
ARRAYS = "AUC and bounds, arrays"
GATES = {
    "roc_auc": "gate on roc_auc, a frame of pandas",
    "log_loss": "gate on log_loss, a frame of pandas",
    "f1": "gate on f1, a frame of pandas",
}
NOTHING = "no gate, a frame of pandas"
WANTED = {
    SORT: "judged:sort",
    ARGSORT: "judged:argsort",
    PEER: "judged:sklearn_auc",
    ARRAYS: "judged:auc_of_arrays",
    NOTHING: "judged:nothing_in_memory",
    GATES["roc_auc"]: "judged:auc_in_memory",
    GATES["log_loss"]: "judged:log_loss_in_memory",
    GATES["f1"]: "judged:f1_in_memory",
    "gate on roc_auc, from Parquet": "judged:auc",
    "eight gates, a frame of pandas": "judged:metrics_in_memory",
    "eight gates, from Parquet": "judged:metrics",
}
REPLICATES = 1000
MILLION = 1_000_000
USED = {"roc_auc": 2, "log_loss": 2, "f1": 2}  # columns of 8 bytes a row


def main() -> int:
    """Measure, print, and say which budgets are met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--rows", type=int, nargs="*", default=[10_000, MILLION, 10 * MILLION], metavar="N"
    )
    arguments = comparison.arguments(parser)
    measure.compile_all()
    found: dict[str, Samples] = {}
    verdicts: list[Verdict] = []
    for rows in arguments.rows:
        title = f"{rows:,} rows"
        path = measure.table("people-5", arguments.data, rows)
        found[title] = comparison.in_turn(WANTED, path, arguments.repeat, title)
        comparison.same_answers(found[title])
        if rows == MILLION:
            found[title] |= comparison.in_turn({LOOP: "judged:sklearn_bootstrap"}, path, 1, title)
            verdicts += _million(found[title])
        if rows > MILLION:
            verdicts += _memory(found[title], rows)
    comparison.report(found, verdicts, arguments.json)
    return 0


def _million(samples: Samples) -> list[Verdict]:
    def times(name: str, other: str, limit: float) -> Verdict:
        wall, cpu = (
            comparison.times(samples, name, other, field) for field in ("inside", "inside_cpu")
        )
        short = {SORT: "sort", ARGSORT: "argsort", PEER: "roc_auc_score"}[other]
        return Verdict(f"{name.partition(',')[0]} / {short}", wall, limit, "x", cpu=cpu)

    verdicts = [
        times(name, other, 2) for name in (ARRAYS, *GATES.values()) for other in (SORT, ARGSORT)
    ]
    verdicts.append(times(GATES["roc_auc"], PEER, 1))
    for metric, each in samples[LOOP][0].answers:
        ours = comparison.median(samples, GATES[metric], "inside_cpu")
        verdicts.append(
            Verdict(
                f"{REPLICATES} bootstraps of {metric} / gate",
                REPLICATES * each / ours,
                2000,
                "x",
                at_least=True,
            )
        )
    return verdicts


def _memory(samples: Samples, rows: int) -> list[Verdict]:
    """What a gate adds to a process that holds the frame already, in sizes of what it reads."""
    before = comparison.median(samples, NOTHING, "peak")
    return [
        Verdict(
            f"memory of {metric} / its columns",
            (comparison.median(samples, name, "peak") - before) / (USED[metric] * 8 * rows / 2**20),
            2,
            "x",
        )
        for metric, name in GATES.items()
    ]


if __name__ == "__main__":
    raise SystemExit(main())
