"""What docs/verdicts.md says about errors is what the gates' own code does."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, selection_rate

import pytest_mlgates
from benchmarks import simulate_metrics

PAGE = (Path(__file__).parents[2] / "docs/verdicts.md").read_text(encoding="utf-8")
CELLS = {f"{cell.section}: {cell.name}": cell for cell in simulate_metrics.all_cells.cells()}
PRINTED_RUNS, RUNS, SEED = 10_000, 400, 7


def printed() -> dict[tuple[str, str], list[float]]:
    """The shares in the tables, by cell and error."""
    page = PAGE.partition("## How often a verdict is wrong")[2].partition("\n## ")[0]
    found = {}
    for section, table in re.findall(r"\*\*(.+?)\*\*\n\n((?:\|.*\n)+)", page):
        for line in table.splitlines()[2:]:
            name, error, *shares = (text.strip() for text in line.strip("|").split("|"))
            found[f"{section}: {name}", error] = [float(s) for s in shares if s != "–"]
    return found


PRINTED = printed()


def close(one: float, runs: int, other: float, others: int) -> bool:
    """Whether two shares of so many runs differ by no more than chance does (4 sigma)."""
    middle = (one * runs + other * others + 1) / (runs + others + 2)
    return abs(one - other) <= 4 * math.sqrt(middle * (1 - middle) * (1 / runs + 1 / others))


def test_the_page_prints_every_cell_and_no_other():
    assert {name for name, _ in PRINTED} == set(CELLS)


def test_the_page_says_with_how_many_runs_and_which_seed():
    assert f"{PRINTED_RUNS:,} runs a row, seed {simulate_metrics.SEED}" in PAGE
    assert PRINTED_RUNS == simulate_metrics.RUNS


@pytest.mark.parametrize(
    "name",
    [
        "Accuracy against min = 0.90: 300 rows, true 0.92",
        "Accuracy against min = 0.90: 1,000 rows, true 0.90",
        "Rare errors: a true accuracy of 0.995: 1,000 rows, min 0.995",
        "F1 at 3 % prevalence (true F1 0.802): 300 rows, min 0.802",
        "ROC AUC with 20 positives: exponential scores, 180 negatives, true 0.99, min 0.99",
        "Champion, margin = 0.01, exactly one right on 6 % of the rows: 300 rows, 0.01 worse",
        "Ten slices of 200 to 1,100 rows, accuracy against min = 0.90: all at 0.92",
        "Fairness, 8 groups of 50 to 5,000 rows, max = 0.10, base rate 0.3: fair",
        (
            "Rows in clusters, accuracy against min = 0.90, clusters not told: "
            "50 users x 10 rows, ICC 0.3, true 0.90"
        ),
        (
            "Weighted rows, accuracy against min = 0.90, weights not told: "
            "1,000 rows, heavy ones worse: 0.96 and 0.88"
        ),
    ],
)
def test_a_few_runs_with_another_seed_give_the_printed_shares(name):
    found = simulate_metrics.simulate(CELLS[name], RUNS, SEED)
    for error, shares in found.wrong.items():
        wanted = PRINTED[name, error]
        ours = [*shares, *found.told.get(error, [])]
        assert len(ours) == len(wanted)
        for column, (one, other) in enumerate(zip(ours, wanted, strict=True)):
            bootstrapped = len(shares) > len(simulate_metrics.COLUMNS) and column == 5
            others = simulate_metrics.BOOTSTRAPPED if bootstrapped else PRINTED_RUNS
            assert close(one, RUNS, other, others), (error, column, one, other)


def test_no_printed_finding_errs_more_than_the_page_admits():
    most = simulate_metrics.MOST
    erring = {name for (name, _), shares in PRINTED.items() if shares[0] > most}
    assert erring
    for name in erring:
        assert any(name.startswith(key) for key in simulate_metrics.DOCUMENTED), name


def test_the_bootstrap_of_counts_is_fairlearns_of_rows():
    successes, sizes = (20, 45, 130), (60, 150, 400)
    group = np.repeat([0, 1, 2], sizes)
    predicted = np.concatenate([np.arange(n) < k for k, n in zip(successes, sizes, strict=True)])
    frame = MetricFrame(
        metrics=selection_rate,
        y_true=predicted.astype(int),
        y_pred=predicted.astype(int),
        sensitive_features=group,
        n_boot=400,
        ci_quantiles=[0.05, 0.95],
        random_state=3,
    )
    rng = np.random.default_rng(3)
    ours = simulate_metrics.bootstrap_limits(successes, sizes, 20_000, rng)
    assert ours == pytest.approx(frame.difference_ci(), abs=0.015)


@pytest.mark.parametrize(
    ("line", "finding"),
    re.findall(r"^\| ([\d,]+ of [\d,]+ \|.*?) \| \*\*(\w+)\*\*", PAGE, flags=re.MULTILINE),
)
def test_the_worked_example_is_what_the_gate_says(line, finding):
    right, rows = (int(n.replace(",", "")) for n in line.partition(" |")[0].split(" of "))
    verdict = pytest_mlgates.metric(
        {"y_true": np.ones(rows, int), "y_pred": (np.arange(rows) < right).astype(int)},
        "accuracy",
        min=0.90,
    )
    assert verdict.finding == finding
    for said in re.findall(r"(?:at least|at most|from|to) (0\.\d{3})", line):
        assert said in verdict.message
    needed = re.search(rf"^\| {re.escape(line)}.*about ([\d,]+) rows", PAGE, flags=re.MULTILINE)
    assert (verdict.rows_needed is None) == (needed is None)
    if needed is not None:
        assert verdict.rows_needed == int(needed[1].replace(",", ""))


def test_the_worked_example_has_all_three_findings():
    found = re.findall(r"^\| [\d,]+ of [\d,]+ \|.*\*\*(\w+)\*\*", PAGE, flags=re.MULTILINE)
    assert set(found) == {"proven", "disproven", "inconclusive"}
