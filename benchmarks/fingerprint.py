"""What fingerprints cost beside reading the memory, and beside joblib.hash (P9).

    python benchmarks/fingerprint.py [--mb 1024] [--rows 10000000] [--json FILE]

Figures are medians of runs in processes of their own, which take turns; budgets are ratios within
one run. The limit of an array is one thread that adds it up; that of a file is reading it in blocks
from the memory in which the system keeps it, which copies every byte once.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import comparison
import measure
from budgets import Verdict

if TYPE_CHECKING:
    from comparison import Samples

SUM, XXH3, ARRAY = "read by one thread (numpy's sum)", "xxh3_128 alone", "fingerprint"
DIGEST, KEPT = "fingerprint, with SHA-256", "fingerprint, with SHA-256 and rows"
JOBLIB, READ, NOTHING = "joblib.hash", "read in blocks", "nothing"
PANDAS, POLARS = "fingerprint, a frame of pandas", "fingerprint, a frame of polars"
OF_ARRAY = {
    SUM: "identity:summed",
    XXH3: "identity:xxh3",
    ARRAY: "identity:array",
    DIGEST: "identity:array_digest",
    KEPT: "identity:array_kept",
    JOBLIB: "identity:array_joblib",
}
OF_FILE = {
    READ: "identity:read",
    NOTHING: "identity:nothing",
    ARRAY: "identity:file",
    DIGEST: "identity:file_digest",
}
OF_TABLE = {
    "the frame in memory": "identity:in_memory",
    PANDAS: "identity:pandas",
    DIGEST: "identity:pandas_digest",
    KEPT: "identity:pandas_kept",
    POLARS: "identity:polars",
    JOBLIB: "identity:pandas_joblib",
}


def main() -> int:
    """Measure, print, and say which budgets are met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mb", type=int, default=1024, metavar="N", help="size of the array")
    parser.add_argument("--rows", type=int, default=10_000_000, metavar="N", help="of the table")
    arguments = comparison.arguments(parser)
    measure.compile_all()
    floats = measure.table("floats", arguments.data, arguments.mb)
    table = measure.table("people-20", arguments.data, arguments.rows)
    array, file = f"{arguments.mb:,} MB of float64", f"a file of {arguments.mb:,} MB"
    rows = f"a table of {arguments.rows:,} rows"
    found = {
        array: comparison.in_turn(OF_ARRAY, floats, arguments.repeat, array),
        file: comparison.in_turn(OF_FILE, floats, arguments.repeat, file),
        rows: comparison.in_turn(OF_TABLE, table, arguments.repeat, rows),
    }
    size = found[rows]["the frame in memory"][0].answers[0][1]
    _speeds(found, {array: arguments.mb, file: arguments.mb, rows: size})
    verdicts = _judged(found[array], found[file], found[rows])
    comparison.report(found, verdicts, arguments.json)
    return 0


def _speeds(found: dict[str, Samples], sizes: dict[str, float]) -> None:
    lines = [f"{'GB a second':<46} {'wall':>8} {'CPU':>8}"]
    for title, samples in found.items():
        lines.append(f"{title} ({sizes[title]:,.0f} MB)")
        for name in samples:
            if name in {NOTHING, "the frame in memory"}:
                continue
            wall, cpu = (
                sizes[title] * 2**20 / 1e9 / comparison.median(samples, name, field)
                for field in ("inside", "inside_cpu")
            )
            lines.append(f"  {name:<44} {wall:8.2f} {cpu:8.2f}")
    sys.stdout.write("\n".join([*lines, "", ""]))


def _judged(array: Samples, file: Samples, table: Samples) -> list[Verdict]:
    def ratio(
        name: str, limit: tuple[Samples, str], ours: tuple[Samples, str], least: float
    ) -> Verdict:
        wall, cpu = (
            comparison.median(*limit, field) / comparison.median(*ours, field)
            for field in ("inside", "inside_cpu")
        )
        return Verdict(name, wall, least, "x", at_least=True, cpu=cpu)

    added = comparison.median(file, ARRAY, "peak") - comparison.median(file, NOTHING, "peak")
    return [
        ratio("P9 array: of the memory's bandwidth", (array, SUM), (array, ARRAY), 0.6),
        ratio("P9 array: of xxh3_128 alone", (array, XXH3), (array, ARRAY), 0.9),
        ratio("P9 file: of reading it", (file, READ), (file, ARRAY), 0.6),
        ratio("P9 file: of the memory's bandwidth", (array, SUM), (file, ARRAY), 0.6),
        Verdict("P9 file: memory", added, 8, "MB"),
        ratio("P9 array: joblib.hash / ours", (array, JOBLIB), (array, ARRAY), 10),
        ratio("P9 table: joblib.hash / ours", (table, JOBLIB), (table, PANDAS), 3),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
