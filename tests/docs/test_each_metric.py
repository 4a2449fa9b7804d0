"""Every metric is judged by simulation, and docs/metrics.md prints what came out."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

pytest.importorskip("pandas")

from benchmarks import simulate_each_metric as study
from pytest_mlgates.gates.metric.metrics import METRICS

PAGE = (Path(__file__).parents[2] / "docs/metrics.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## How often each errs")[2].partition("\n## ")[0]
RUNS, SEED = 100, 11
CASES = {case.name: case for case in study.cases()}


def printed() -> dict[str, list[list[float]]]:
    """Shares by case: false block, false pass and warned, each at every size."""
    found = {}
    for line in SECTION.splitlines():
        if line.startswith("| ") and not line.startswith("| metric"):
            name, _, *columns = (text.strip() for text in line.strip("|").split("|"))
            found[name] = [[float(share) for share in column.split(", ")] for column in columns]
    return found


PRINTED = printed()


def test_every_metric_is_simulated_and_printed():
    assert {case.metric for case in CASES.values()} == set(METRICS)
    assert set(PRINTED) == set(CASES)
    assert f"{study.RUNS:,} runs each, seed {study.SEED}" in SECTION


@pytest.mark.parametrize("name", CASES)
def test_no_printed_metric_errs_more_than_chance_explains_unless_it_warns(name):
    blocks, passes, warned = PRINTED[name]
    for shares in zip(blocks, passes, warned, strict=True):
        assert not study.errs(max(shares[:2]), study.RUNS) or shares[2] > 0.9


@pytest.mark.parametrize(
    "name",
    [
        *("accuracy, 3 classes", "f1, weighted", "jaccard of 3 labels, macro", "cohen_kappa"),
        *("average_precision", "brier, 3 classes", "median_absolute_error", "r2", "ndcg"),
    ],
)
def test_a_few_runs_with_another_seed_give_the_printed_shares(name):
    case = CASES.get(name) or CASES[f"{name}, 2 classes"]
    found = study.simulate(case, case.sizes[0], RUNS, SEED)
    for share, column in zip(
        (found.false_block, found.false_pass), PRINTED[case.name][:2], strict=True
    ):
        other = column[0]
        middle = (share * RUNS + other * study.RUNS + 1) / (RUNS + study.RUNS + 2)
        sigma = math.sqrt(middle * (1 - middle) * (1 / RUNS + 1 / study.RUNS))
        assert abs(share - other) <= 4 * sigma


def test_the_page_counts_the_metrics_and_the_largest_errors():
    worst = max(share for found in PRINTED.values() for column in found[:2] for share in column)
    said = re.search(r"at most \.(\d+)", SECTION)
    assert said
    assert worst == float(f".{said[1]}")
