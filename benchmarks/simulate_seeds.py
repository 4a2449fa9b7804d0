"""How often the level statistical is wrong, from its own code.

    python benchmarks/simulate_seeds.py [--runs 20000] [--seed 20240607]

Values of runs are drawn from normal distributions of which the truth is known, in units of the
standard deviation over seeds, and judged as the gate judges them. Beside it the rules that people
use. Prints the table of docs/reproducibility.md. Seeded: the same numbers every time. Exits 1 if
a finding errs more than it may.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pytest_mlgates.core.policy import judge
from pytest_mlgates.core.verdict import Finding, Outcome, Policy
from pytest_mlgates.gates.reproducibility_seeds_text import Claim
from pytest_mlgates.statistics.seeds import Shift, Spread, shift, spread

SEED, RUNS = 20240607, 20_000
SEEDS = (3, 5, 10, 20)
CONFIDENCE = 0.95
ALPHA = 1 - CONFIDENCE

Rule = Callable[[list[float], Shift | Spread], bool]


def _finding(found: Shift | Spread) -> Finding:
    return Claim(name="value", found=found, needed=None).finding


def proven(_: list[float], found: Shift | Spread) -> bool:
    return _finding(found) is Finding.PROVEN


def disproven(_: list[float], found: Shift | Spread) -> bool:
    return _finding(found) is Finding.DISPROVEN


def _passes(policy: Policy) -> Rule:
    def passes(_: list[float], found: Shift | Spread) -> bool:
        outcome = judge(_finding(found), policy, estimate_holds=found.holds)
        return outcome is Outcome.PASSED

    return passes


def _beyond_two_deviations(_: list[float], found: Shift | Spread) -> bool:
    assert isinstance(found, Shift)
    return abs(found.difference) > 2 * found.sample.deviation


def _beyond_the_extremes(values: list[float], found: Shift | Spread) -> bool:
    assert isinstance(found, Shift)
    return not min(values) <= found.value <= max(values)


def _inside(_: list[float], found: Shift | Spread) -> bool:
    assert isinstance(found, Shift)
    return not found.unexpected


def _interval_within(_: list[float], found: Shift | Spread) -> bool:
    """The expected interval within the tolerance, and the value in it."""
    assert isinstance(found, Shift)
    reach = found.expected.upper - found.sample.mean
    return not found.unexpected and reach <= found.tolerance


def _small_enough(_: list[float], found: Shift | Spread) -> bool:
    return found.holds


@dataclass(frozen=True)
class Row:
    """What is true, and how often a rule says something of it.

    Attributes:
        truth: As the table names it.
        rule: As the table names it.
        says: The rule.
        off: How far the new run's training is off; None for a claim about the spread.
        limit: The tolerance, or the largest spread, in standard deviations.
        most: The largest share that is right; None where it is no error of ours.
    """

    truth: str
    rule: str
    says: Rule
    off: float | None
    limit: float
    most: float | None = None


_EQUAL = "an equal training, `tolerance` 6"
_AT_5 = "off by 5, `tolerance` 5"
_AT_2 = "off by 2.5, `tolerance` 2.5"
_OVER = "off by 5, `tolerance` 3"
_WIDE = "spread 1.2 times `max_spread`"
_AT = "spread at `max_spread`"
_HALF = "spread half of `max_spread`"
ROWS = (
    Row(_EQUAL, "blocked by mean ± 2 s", _beyond_two_deviations, 0, 6),
    Row(_EQUAL, "blocked by smallest to largest", _beyond_the_extremes, 0, 6),
    Row(_EQUAL, "**disproven**", disproven, 0, 6, ALPHA),
    Row(_EQUAL, "**proven**", proven, 0, 6),
    Row(_AT_5, "passed by the interval alone", _inside, 5, 5),
    Row(_AT_5, "passed by an interval within the tolerance", _interval_within, 5, 5),
    Row(_AT_5, "**proven**", proven, 5, 5, ALPHA),
    Row(_AT_2, "passed by an interval within the tolerance", _interval_within, 2.5, 2.5),
    Row(_AT_2, "**proven**", proven, 2.5, 2.5, ALPHA),
    Row(_OVER, "**proven**", proven, 5, 3, ALPHA),
    Row(_OVER, "**passed under `estimate`**", _passes(Policy.ESTIMATE), 5, 3),
    Row(_OVER, "**passed under `pass`**", _passes(Policy.PASS), 5, 3),
    Row(_WIDE, "passed by s <= `max_spread`", _small_enough, None, 1 / 1.2),
    Row(_WIDE, "**proven**", proven, None, 1 / 1.2, ALPHA),
    Row(_AT, "**proven**", proven, None, 1, ALPHA),
    Row(_AT, "**disproven**", disproven, None, 1, ALPHA),
    Row(_HALF, "**proven**", proven, None, 2),
)


def share(row: Row, seeds: int, runs: int, seed: int) -> float:
    """How often *row*'s rule says it of so many seeds."""
    rng = np.random.default_rng([seed, seeds])  # the same draws for every rule
    drawn = rng.normal(size=(runs, seeds + 1))
    count = 0
    for *values, new in drawn.tolist():
        found: Shift | Spread
        if row.off is None:
            found = spread(values, row.limit, CONFIDENCE)
        else:
            found = shift(values, new + row.off, row.limit, CONFIDENCE)
        count += row.says(values, found)
    return count / runs


def table(runs: int, seed: int) -> dict[Row, list[float]]:
    """All shares, by row."""
    return {row: [share(row, k, runs, seed) for k in SEEDS] for row in ROWS}


def markdown(found: dict[Row, list[float]]) -> str:
    """The table of the documentation."""
    lines = [f"| truth | rule | {' | '.join(f'k = {k}' for k in SEEDS)} |"]
    lines.append("|---|---|" + "---|" * len(SEEDS))
    before = ""
    for row, shares in found.items():
        truth = "" if row.truth == before else row.truth
        before = row.truth
        cells = " | ".join(f"{one:.3f}".removeprefix("0") for one in shares)
        lines.append(f"| {truth} | {row.rule} | {cells} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    found = table(options.runs, options.seed)
    print(markdown(found))
    wrong = [
        f"{row.truth}: {row.rule} in {max(shares):.3f}"
        for row, shares in found.items()
        if row.most is not None
        and max(shares) > row.most + 4 * (row.most * (1 - row.most) / options.runs) ** 0.5
    ]
    print("\n".join(["", *wrong] if wrong else ["", "every finding errs as rarely as it says"]))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
