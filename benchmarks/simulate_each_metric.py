"""How often the finding of each metric gate is wrong where the model is exactly at its bound.

    python benchmarks/simulate_each_metric.py [--runs 2000] [--seed 20240607] [--only TEXT]

Rows are drawn from a population, the bound is the metric of a very large draw of it, and the public
gate judges samples: it ought to be disproven (a false block) and to be proven (a false pass) in at
most 5 % of them each. Seeded: the same numbers every time. Prints Markdown. Exits 1 if a metric
errs more than 1.5 times alpha, noise of the simulation aside, and its verdicts do not warn.
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import pytest_mlgates
from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.gates.metric.metrics import spec_of

if TYPE_CHECKING:
    from collections.abc import Callable

SEED, RUNS, ALPHA = 20240607, 2000, 0.05
MOST = 1.5 * ALPHA
POPULATION = 1_000_000

Rows = dict[str, Any]
Generator = np.random.Generator


@dataclass(frozen=True)
class Case:
    """A metric, and the rows that it is asked of.

    `sizes` are numbers of rows, of queries where the metric ranks.
    """

    name: str
    metric: str
    draw: Callable[[Generator, int], Rows]
    arguments: dict[str, Any] = field(default_factory=dict)
    sizes: tuple[int, ...] = (300, 1000)
    unit: str = "rows"

    @property
    def side(self) -> str:
        """Whether it is bounded above or below."""
        return "max" if spec_of(self.metric).loss else "min"


@dataclass(frozen=True)
class Result:
    """Shares of the runs in which the finding was wrong, and in which the verdict warned."""

    case: Case
    size: int
    false_block: float
    false_pass: float
    warned: float


def classes(rng: Generator, n: int) -> Rows:
    """Two classes, 30 % positive."""
    truth = rng.random(n) < 0.3
    return {"y_true": truth * 1, "y_pred": (rng.random(n) < np.where(truth, 0.8, 0.1)) * 1}


def several(rng: Generator, n: int) -> Rows:
    """Three classes of 50, 30 and 20 %, one prediction in five wrong."""
    truth = rng.choice(3, size=n, p=[0.5, 0.3, 0.2])
    wrong = (truth + rng.integers(1, 3, n)) % 3
    return {"y_true": truth, "y_pred": np.where(rng.random(n) < 0.2, wrong, truth)}


def labels(rng: Generator, n: int) -> Rows:
    """Three labels that may hold at once, and rarely do."""
    leaning = rng.random(n)
    rows: Rows = {}
    for place, share in enumerate((0.5, 0.3, 0.15)):
        truth = rng.random(n) < share * (0.5 + leaning)
        rows[f"is_{place}"] = truth * 1
        rows[f"said_{place}"] = (rng.random(n) < np.where(truth, 0.75, 0.1)) * 1
    return rows


def probabilities(rng: Generator, n: int) -> Rows:
    """Two classes, 25 % positive; probabilities that are a little too sure."""
    logit = rng.normal(-1.4, 1.2, n)
    truth = rng.random(n) < 1 / (1 + np.exp(-logit))
    return {"y_true": truth * 1, "y_score": 1 / (1 + np.exp(-1.2 * logit))}


def several_probabilities(rng: Generator, n: int) -> Rows:
    """Three classes and a probability of each."""
    logits = rng.normal(0, 1, (n, 3)) + np.log([0.5, 0.3, 0.2])
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (rng.random((n, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    return {"y_true": truth, **{f"p{k}": chances[:, k] for k in range(3)}}


def numbers(rng: Generator, n: int) -> Rows:
    """Skewed numbers and normal errors that grow with them."""
    truth = np.exp(rng.normal(3, 0.4, n))
    return {"y_true": truth, "y_pred": truth + rng.normal(0.3, 0.15, n) * truth / 2}


def rankings(rng: Generator, queries: int) -> Rows:
    """Queries of eight rows, three in ten relevant; two in three of them rank well."""
    query = np.repeat(np.arange(queries), 8)
    relevant = rng.random(len(query)) < 0.3
    relevant[::8] |= ~np.logical_or.reduceat(relevant, np.arange(0, len(query), 8))
    skill = np.repeat(rng.choice([0.2, 1.5], size=queries, p=[1 / 3, 2 / 3]), 8)
    score = rng.normal(0, 1, len(query)) + skill * relevant
    return {"y_true": relevant * 1, "y_score": score, "query": query}


THREE = {"y_score": ["p0", "p1", "p2"]}
LABELLED = {"multilabel": {f"is_{k}": f"said_{k}" for k in range(3)}}


def cases() -> list[Case]:
    """Every metric, with its averages."""
    counted = ("precision", "recall", "specificity", "f1", "fbeta", "jaccard")
    beta = {"fbeta": {"beta": 2.0}}
    ranked = {"query": "query"}
    queries = partial(Case, draw=rankings, sizes=(100, 300), unit="queries")
    return [
        *(
            Case(f"{name}, 2 classes", name, classes, beta.get(name, {}))
            for name in ("accuracy", "balanced_accuracy", *counted, "mcc", "cohen_kappa")
        ),
        *(
            Case(f"{name}, 3 classes", name, several)
            for name in ("accuracy", "balanced_accuracy", "mcc", "cohen_kappa")
        ),
        *(
            Case(f"{name}, {average}", name, several, {"average": average, **beta.get(name, {})})
            for name in counted
            for average in ("macro", "weighted")
        ),
        Case("accuracy of 3 labels", "accuracy", labels, LABELLED),
        *(
            Case(f"{name} of 3 labels, macro", name, labels, {**LABELLED, **beta.get(name, {})})
            for name in counted
        ),
        *(
            Case(name, name, probabilities)
            for name in (
                *("roc_auc", "average_precision", "log_loss", "brier"),
                "expected_calibration_error",
            )
        ),
        *(
            Case(f"{name}, 3 classes", name, several_probabilities, THREE)
            for name in ("roc_auc", "average_precision", "log_loss", "brier")
        ),
        *(
            Case(name, name, numbers, {"alpha": 0.9} if name == "pinball" else {})
            for name in (*("mae", "mse", "rmse", "mape", "median_absolute_error", "pinball", "r2"),)
        ),
        *(queries(name, name, arguments=ranked) for name in ("ndcg", "map", "mrr")),
        *(
            queries(f"{name} = 3", name, arguments={**ranked, "k": 3})
            for name in ("precision_at_k", "recall_at_k", "hit_rate_at_k")
        ),
    ]


def simulate(case: Case, size: int, runs: int, seed: int) -> Result:
    """Judge *runs* samples of *size* against the metric of the population."""
    rng = np.random.default_rng([seed, zlib.crc32(f"{case.name} {size}".encode())])
    large = np.random.default_rng([SEED, zlib.crc32(case.name.encode())])
    limit = truth_of(case, large)
    findings, warned = [], 0
    for _ in range(runs):
        verdict = _judged(case, case.draw(rng, size), limit)
        findings.append(verdict.finding)
        warned += bool(verdict.warnings)
    return Result(
        case=case,
        size=size,
        false_block=findings.count(Finding.DISPROVEN) / runs,
        false_pass=findings.count(Finding.PROVEN) / runs,
        warned=warned / runs,
    )


def truth_of(case: Case, rng: Generator) -> float:
    """The metric of the population: its error is a thirtieth of a sample's, or less."""
    rows = case.draw(rng, POPULATION // (8 if case.unit == "queries" else 1))
    estimate = _judged(case, rows, 0.5).estimate
    assert estimate is not None
    return float(estimate)


def _judged(case: Case, rows: Rows, limit: float) -> pytest_mlgates.Verdict:
    arguments = {**case.arguments, case.side: limit}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest_mlgates.metric(pd.DataFrame(rows), case.metric, **arguments)


def errs(share: float, runs: int) -> bool:
    """Whether *share* is over 1.5 times alpha by more than chance explains (3 sigma)."""
    return share > MOST + 3 * math.sqrt(MOST * (1 - MOST) / runs)


def _by_place(place: tuple[int, int], *, runs: int, seed: int) -> tuple[float, float, float]:
    """Cases hold functions, which do not travel between processes; places do."""
    case = cases()[place[0]]
    found = simulate(case, case.sizes[place[1]], runs, seed)
    return found.false_block, found.false_pass, found.warned


def main() -> int:
    """Print the table, and say what errs too often without a warning."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name has TEXT")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    arguments = parser.parse_args()
    places = [
        (number, size)
        for number, case in enumerate(cases())
        if arguments.only in case.name
        for size in range(len(case.sizes))
    ]
    judge = partial(_by_place, runs=arguments.runs, seed=arguments.seed)
    results = []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for (number, size), found in zip(places, pool.map(judge, places), strict=True):
            case = cases()[number]
            results.append(Result(case, case.sizes[size], *found))
            if sys.stderr.isatty():
                sys.stderr.write(f"\r\033[K{len(results)} of {len(places)}: {case.name}")
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    sys.stdout.write("\n".join(table(results)) + "\n")
    status = 0
    for one in results:
        if errs(max(one.false_block, one.false_pass), arguments.runs) and one.warned < 0.9:
            sys.stderr.write(f"errs without a warning: {one.case.name}, {one.size:,}\n")
            status = 1
    return status


def table(results: list[Result]) -> list[str]:
    """The Markdown table: a line for each metric, both sizes beside each other."""
    lines = ["| metric | samples of | false block | false pass | warned |", "|---|---|---|---|---|"]
    for name in dict.fromkeys(one.case.name for one in results):
        both = [one for one in results if one.case.name == name]
        sizes = " and ".join(f"{one.size:,}" for one in both)
        shares = (
            ", ".join(map(_share, column))
            for column in (
                [one.false_block for one in both],
                [one.false_pass for one in both],
                [one.warned for one in both],
            )
        )
        lines.append(f"| {name} | {sizes} {both[0].case.unit} | " + " | ".join(shares) + " |")
    return lines


def _share(share: float) -> str:
    return f"{share:.3f}".removeprefix("0") if share < 1 else "1.000"


if __name__ == "__main__":
    raise SystemExit(main())
