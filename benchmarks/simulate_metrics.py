"""How often findings and outcomes of metric and fairness gates are wrong, from their own code.

    python benchmarks/simulate_metrics.py [--runs 10000] [--seed 20240607] [--markdown]

For each cell: P(false block) of a model that keeps the bound and P(false pass) of one that does
not, for the finding and for the outcome under each policy, beside the raw point rule and, for
fairness, Fairlearn's bootstrap. Seeded: the same numbers every time. Some draws of every cell go
through the public functions too, which must say the very same. Exits 1 if a finding errs more than
1.5 times alpha in a cell that is not on the documented list.
"""

from __future__ import annotations

import argparse
import math
import sys
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import cells as all_cells
from cells import Cell, Truth
from samples import CONFIDENCE, Grouped, Judged, bootstrap_limits

from pytest_mlgates.core.policy import judge
from pytest_mlgates.core.verdict import Finding, Outcome, Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

SEED, RUNS = 20240607, 10_000
REPLICATES, BOOTSTRAPPED = 200, 1000  # of Fairlearn's bootstrap, and how many runs have it
CHECKED = 2  # draws of each cell that the public gate judges too
MOST = 1.5 * (1 - CONFIDENCE)
COLUMNS = ("finding", "raw point", "estimate", "pass", "fail")

# Where a finding errs more than 1.5 times alpha, and why. The key is the start of section: name.
DOCUMENTED = {
    f"{all_cells.RMSE}: {all_cells.HEAVY}": "no bound of a squared error is honest under heavy "
    "tails; the verdict warns where 1 % of the rows carries half of the sum",
    all_cells.CLUSTERS: "rows of one user are no independent rows; the gate is told by `cluster`",
    all_cells.WEIGHTS: "the gate judges the rows as they are; it is told by `sample_weight`",
}


@dataclass
class Result:
    """Shares of runs: `wrong[side]` are those of `COLUMNS` (and of the bootstrap) for one error."""

    cell: Cell
    runs: int
    wrong: dict[str, list[float]]
    told: dict[str, list[float]] = field(default_factory=dict)  # the finding's, with the role


def simulate(cell: Cell, runs: int, seed: int) -> Result:
    """Draw and judge *cell*."""
    rng = np.random.default_rng([seed, zlib.crc32(f"{cell.section}: {cell.name}".encode())])
    kept: dict[Hashable, Judged] = {}
    blocked = np.zeros(len(COLUMNS))
    passed = np.zeros(len(COLUMNS))
    boot = np.zeros(2)  # disproves, proves
    bootstrapped = 0
    for run in range(runs):
        sample = cell.draw(rng)
        found = kept.get(sample.key) if sample.key is not None else None
        if found is None:
            found = sample.judged()
            if sample.key is not None:
                kept[sample.key] = found
        if run < CHECKED:
            _same_in_public(cell, sample, found)
        outcomes = [
            judge(found.finding, policy, estimate_holds=found.estimate_holds) for policy in POLICIES
        ]
        fails = np.array([not found.raw_holds, *(one is Outcome.FAILED for one in outcomes)])
        blocked += [found.finding is Finding.DISPROVEN, *fails]
        passed += [found.finding is Finding.PROVEN, *~fails]
        if _has_bootstrap(sample) and run < BOOTSTRAPPED:
            (successes, sizes) = sample.families[0]
            lower, upper = bootstrap_limits(successes, sizes, REPLICATES, rng)
            boot += [lower > sample.bound, upper <= sample.bound]
            bootstrapped += 1
    wrong = {}
    if cell.truth is not Truth.BAD:
        wrong["false block"] = list(blocked / runs)
        if bootstrapped:
            wrong["false block"] += [boot[0] / bootstrapped]
    if cell.truth is not Truth.GOOD:
        wrong["false pass"] = list(passed / runs)
        if bootstrapped:
            wrong["false pass"] += [boot[1] / bootstrapped]
    return Result(cell, runs, wrong, _told(cell, runs, seed))


POLICIES = (Policy.ESTIMATE, Policy.PASS, Policy.FAIL)


def _has_bootstrap(sample: object) -> bool:
    return isinstance(sample, Grouped) and len(sample.families) == 1


def _same_in_public(cell: Cell, sample: object, found: Judged) -> None:
    """The public gate finds the same in the same rows, under every policy.

    Raises:
        AssertionError: if not.
    """
    for policy in POLICIES:
        verdict = sample.verdict(confidence=CONFIDENCE, inconclusive=policy)
        outcome = judge(found.finding, policy, estimate_holds=found.estimate_holds)
        assert (verdict.finding, verdict.outcome) == (found.finding, outcome), (
            f"{cell.section}: {cell.name}: {verdict.finding}, {verdict.outcome} in public, "
            f"{found.finding}, {outcome} here, under {policy}"
        )


def _told(cell: Cell, runs: int, seed: int) -> dict[str, list[float]]:
    """The errors of the finding where the gate is told the role that the rows need."""
    if cell.told is None:
        return {}
    rng = np.random.default_rng([seed, zlib.crc32(f"told {cell.section}: {cell.name}".encode())])
    findings = []
    for run in range(runs):
        sample = cell.told(rng)
        found = sample.judged()
        findings.append(found.finding)
        if run < CHECKED:
            _same_in_public(cell, sample, found)
    wrong = {}
    if cell.truth is not Truth.BAD:
        wrong["false block"] = [findings.count(Finding.DISPROVEN) / runs]
    if cell.truth is not Truth.GOOD:
        wrong["false pass"] = [findings.count(Finding.PROVEN) / runs]
    return wrong


def exceeding(results: Iterable[Result]) -> list[tuple[Result, str, float, str]]:
    """Findings that err more than 1.5 times alpha: the result, the error, its share, the reason."""
    found = []
    for result in results:
        for side, shares in result.wrong.items():
            if shares[0] > MOST:
                found.append((result, side, shares[0], _reason(result.cell)))
        for side, shares in result.told.items():
            if shares[0] > MOST:
                found.append((result, f"{side}, {result.cell.ignores} told", shares[0], ""))
    return found


def _reason(cell: Cell) -> str:
    place = f"{cell.section}: {cell.name}"
    return next((why for key, why in DOCUMENTED.items() if place.startswith(key)), "")


def table(section: str, results: Sequence[Result]) -> list[str]:
    """The Markdown table of one section."""
    boot = any(len(shares) > len(COLUMNS) for r in results for shares in r.wrong.values())
    role = next((r.cell.ignores for r in results if r.told), "")
    heads = ["what is true", "error", "finding", "raw point rule", "`estimate`", "`pass`", "`fail`"]
    heads += ["Fairlearn's bootstrap"] if boot else []
    heads += [f"finding with `{role}`"] if role else []
    lines = [f"**{section}**", "", _row(heads), "|" + "---|" * len(heads)]
    for result in results:
        for side, shares in result.wrong.items():
            texts = [_share(share) for share in shares]
            texts += ["–"] * (len(COLUMNS) + boot - len(texts))
            texts += [_share(result.told[side][0])] if result.told else []
            lines.append(_row([result.cell.name, side, *texts]))
    return [*lines, ""]


def _row(texts: Iterable[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def _share(share: float) -> str:
    return f"{share:.3f}".removeprefix("0") if share < 1 else "1.000"


def main() -> int:
    arguments = _arguments()
    wanted = [c for c in all_cells.cells() if arguments.only in f"{c.section}: {c.name}"]
    run: Callable[[Cell], Result] = partial(_by_name, runs=arguments.runs, seed=arguments.seed)
    results = []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        names = [f"{cell.section}: {cell.name}" for cell in wanted]
        for cell, result in zip(wanted, pool.map(run, names), strict=True):
            results.append(result)
            if sys.stderr.isatty():
                sys.stderr.write(f"\r\033[K{len(results)} of {len(wanted)}: {cell.name}")
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    error = 1.96 * math.sqrt(0.25 / arguments.runs)
    at_alpha = 1.96 * math.sqrt(0.05 * 0.95 / arguments.runs)
    head = (
        f"{arguments.runs:,} runs a row, seed {arguments.seed}: Monte-Carlo error at most "
        f"± {error:.3f}, ± {at_alpha:.3f} at .05 (95 %); Fairlearn's bootstrap "
        f"{min(arguments.runs, BOOTSTRAPPED):,} runs with n_boot = {REPLICATES}"
    )
    lines = [head, ""]
    for section in dict.fromkeys(result.cell.section for result in results):
        lines += table(section, [r for r in results if r.cell.section == section])
    text = "\n".join(lines)
    sys.stdout.write(text if arguments.markdown else text.replace("**", "").replace("`", ""))
    return _judge(results)


def _by_name(name: str, *, runs: int, seed: int) -> Result:
    """Cells hold functions, which do not travel between processes; their results need none."""
    cell = next(c for c in all_cells.cells() if f"{c.section}: {c.name}" == name)
    result = simulate(cell, runs, seed)
    bare = Cell(cell.section, cell.name, cell.truth, _none, cell.ignores)
    return Result(bare, result.runs, result.wrong, result.told)


def _none(_: np.random.Generator) -> object:
    raise AssertionError("a result is not drawn from")


def _judge(results: Iterable[Result]) -> int:
    """Say where a finding errs too often; 1 if that is documented nowhere."""
    status = 0
    for result, side, share, reason in exceeding(results):
        where = f"{result.cell.section}: {result.cell.name}"
        said = f"documented: {reason}" if reason else "NOT DOCUMENTED"
        sys.stderr.write(f"finding, {side} {share:.3f} > {MOST:.3f}: {where} ({said})\n")
        status = status if reason else 1
    return status


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--markdown", action="store_true", help="as docs/verdicts.md has it")
    parser.add_argument("--only", default="", metavar="TEXT", help="cells whose name has TEXT")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
