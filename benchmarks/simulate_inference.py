"""Do inferred suites hold on the next good batch, and do they catch a bad one?

Splits tables in random halves, infers a suite from one half and judges the other with it: as it is,
and with each of some breaks planted in it. Prints how often the suite fails. Seeded.

    python -m benchmarks.simulate_inference [--splits 50] [TABLE ...]
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import numpy as np

from pytest_mlgates import data_schema
from tests.inference_study import CASES, breaks_of, fails, halves, suite_of

SEED = 20240607


def study(name: str, splits: int) -> None:
    case = CASES[name]()
    breaks = breaks_of(case)
    random = np.random.default_rng(SEED)
    good, caught, sizes = 0, Counter(), []
    broken = Counter()
    started = time.perf_counter()
    for _ in range(splits):
        here, there = halves(case, random)
        suite = suite_of(here)
        sizes.append(len(suite["expectations"]))
        verdict = data_schema(there, suite)
        good += not verdict.passed
        broken.update(
            f"{d['kwargs'].get('column', 'table')} {d['type']}"
            for d in verdict.details
            if not d["success"]
        )
        for what, plant in breaks.items():
            caught[what] += fails(plant(there, random), suite)
    seconds = time.perf_counter() - started
    rows = f"{case.rows // 2:,}"
    print(f"\n{case.name}: {splits} splits, {rows} rows each half, ", end="")
    print(f"{min(sizes)} to {max(sizes)} expectations, {seconds:.0f} s")
    print(f"  {'as it is':<44} fails {good / splits:>5.0%}")
    for what in breaks:
        print(f"  {what:<44} fails {caught[what] / splits:>5.0%}")
    for what, times in broken.most_common(5):
        print(f"    failed on a good half: {what}, {times} times")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", choices=[*CASES, []], metavar="TABLE")
    parser.add_argument("--splits", type=int, default=50)
    arguments = parser.parse_args()
    for name in arguments.tables or CASES:
        study(name, arguments.splits)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
