"""P(blocked) of fairness gates under four policies, from this project's own code.

Prints the table that the documentation shows: how often a change is blocked by the raw largest gap,
by the default policy (`estimate`, the deciding estimate), where only what is disproven blocks
(`pass`), and where proof is required (`fail`). Seeded: the same numbers every time.

    python benchmarks/simulate_policies.py [--runs 4000]
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.policy import judge
from pytest_mlgates.core.verdict import Finding, Outcome, Policy
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.groups import RateFamily, compare_groups, keeps

if TYPE_CHECKING:
    from collections.abc import Sequence

UNEVEN = (50, 100, 200, 400, 800, 1500, 3000, 5000)
SEED = 20240607


@dataclass(frozen=True)
class Scenario:
    """What is true, and in which groups; several families make an equalized odds gate."""

    name: str
    families: tuple[tuple[tuple[int, ...], tuple[float, ...]], ...]
    bound: float = 0.10
    comparison: Comparison = Comparison.DIFFERENCE


def fair(sizes: Sequence[int], rate: float) -> tuple[tuple[int, ...], tuple[float, ...]]:
    return tuple(sizes), (rate,) * len(sizes)


def off(
    sizes: Sequence[int], rate: float, group: int, gap: float
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    return tuple(sizes), tuple(rate + gap * (g == group) for g in range(len(sizes)))


def alternating(
    sizes: Sequence[int], rate: float, gap: float
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    return tuple(sizes), tuple(rate + gap * (g % 2) for g in range(len(sizes)))


TWENTY = tuple(int(n) for n in np.linspace(100, 1000, 20))
FOUR = (150, 400, 1000, 3000)
POSITIVES = tuple(n // 2 for n in UNEVEN)

SCENARIOS = (
    Scenario("8 groups 50-5000 fair, rate .3", (fair(UNEVEN, 0.3),)),
    Scenario("8 groups 50-5000 fair, rate .5", (fair(UNEVEN, 0.5),)),
    Scenario("20 groups 100-1000 fair", (fair(TWENTY, 0.3),)),
    Scenario("4 groups 150-3000 fair", (fair(FOUR, 0.3),)),
    Scenario("8 groups, true .05, alternating", (alternating(UNEVEN, 0.3, 0.05),)),
    Scenario("8 groups, at .10, alternating", (alternating(UNEVEN, 0.3, 0.10),)),
    Scenario("8 groups, true .15, the 50-row group off", (off(UNEVEN, 0.3, 0, 0.15),)),
    Scenario("8 groups, true .25, the 50-row group off", (off(UNEVEN, 0.3, 0, 0.25),)),
    Scenario("8 groups, true .15, a 400-row group off", (off(UNEVEN, 0.3, 3, 0.15),)),
    Scenario("two groups of 500, true .15", (off((500, 500), 0.3, 0, 0.15),)),
    Scenario("two fair groups of 100", (fair((100, 100), 0.3),)),
    Scenario("two groups of ten at .8 and .4", (((10, 10), (0.8, 0.4)),)),
    Scenario("three groups of 20, one .25 off", (off((20, 20, 20), 0.3, 0, 0.25),)),
    Scenario("four fair groups of 300", (fair((300,) * 4, 0.3),)),
    Scenario("four groups of 300, one .15 off", (off((300,) * 4, 0.3, 0, 0.15),)),
    Scenario("four fair groups of 100", (fair((100,) * 4, 0.3),)),
    Scenario("equalized odds, 8 groups fair", (fair(POSITIVES, 0.7), fair(POSITIVES, 0.3))),
    Scenario(
        "equalized odds, TPR .15 off at n = 1000",
        (off((250, 500, 1000, 2000), 0.7, 2, -0.15), fair((250, 500, 1000, 2000), 0.2)),
    ),
    Scenario("ratio, 2 x 300 fair, rate .3", (fair((300, 300), 0.3),), 0.8, Comparison.RATIO),
    Scenario("ratio, 8 groups fair, rate .3", (fair(UNEVEN, 0.3),), 0.8, Comparison.RATIO),
    Scenario("ratio, 8 groups fair, rate .05", (fair(UNEVEN, 0.05),), 0.8, Comparison.RATIO),
    Scenario("ratio .6, 300 against 5000", (((300, 5000), (0.18, 0.3)),), 0.8, Comparison.RATIO),
)


def blocked(scenario: Scenario, runs: int) -> tuple[float, float, float, float]:
    """P(blocked) by the raw gap, and under the policies estimate, pass and fail."""
    rng = np.random.default_rng(SEED)
    draws = [rng.binomial(sizes, rates, (runs, len(sizes))) for sizes, rates in scenario.families]
    counts = np.zeros(4)
    for run in range(runs):
        families = [
            RateFamily(
                name=f"rate {k}",
                sizes=sizes,
                successes=tuple(int(c) for c in draws[k][run]),
            )
            for k, (sizes, _) in enumerate(scenario.families)
        ]
        result = compare_groups(families, comparison=scenario.comparison, bound=scenario.bound)
        raw_holds = keeps(scenario.comparison, result.estimate, scenario.bound)
        counts[0] += not raw_holds
        for k, policy in enumerate((Policy.ESTIMATE, Policy.PASS, Policy.FAIL), start=1):
            outcome = judge(result.finding, policy, estimate_holds=result.estimate_holds)
            counts[k] += outcome is Outcome.FAILED
        assert raw_holds or result.finding is not Finding.PROVEN
    raw, estimate, only_disproven, proof = (float(c) for c in counts / runs)
    return raw, estimate, only_disproven, proof


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=4000)
    runs = parser.parse_args().runs
    error = 1.96 * math.sqrt(0.25 / runs)
    print(f"P(blocked), {runs} runs each (at most +-{error:.3f})\n")
    print("| truth | raw max-min | deciding estimate | only disproven | proof required |")
    print("|---|---|---|---|---|")
    for scenario in SCENARIOS:
        shares = " | ".join(f"{share:.3f}" for share in blocked(scenario, runs))
        print(f"| {scenario.name} | {shares} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
