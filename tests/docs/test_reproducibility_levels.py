"""What docs/reproducibility.md says of levels is what the gates do."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from benchmarks import simulate_seeds

PAGE = (Path(__file__).parents[2] / "docs/reproducibility.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Levels\n")[2].partition("\n## ")[0]
RUNS = 500
ROWS = {(row.truth, row.rule): row for row in simulate_seeds.ROWS}


def printed() -> dict[tuple[str, str], list[float]]:
    table = SECTION.partition("| truth | rule |")[2]
    found, truth = {}, ""
    for line in table.splitlines()[2:]:
        if not line.startswith("|"):
            break
        first, rule, *shares = (cell.strip() for cell in line.strip("|").split("|"))
        truth = first or truth
        found[truth, rule] = [float(share) for share in shares]
    return found


PRINTED = printed()


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", SECTION, flags=re.DOTALL))
def test_every_block_runs(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "docs/reproducibility.md", "exec"), {"__name__": "docs"})


def test_the_page_prints_every_row_and_how_it_was_made():
    assert set(PRINTED) == set(ROWS)
    assert f"{simulate_seeds.RUNS:,} runs a row, seed {simulate_seeds.SEED}" in SECTION


@pytest.mark.parametrize("key", ROWS, ids=" ".join)
def test_a_few_runs_with_another_seed_give_the_printed_shares(key):
    for place, k in enumerate(simulate_seeds.SEEDS):
        ours, theirs = simulate_seeds.share(ROWS[key], k, RUNS, 7), PRINTED[key][place]
        middle = (ours * RUNS + theirs * simulate_seeds.RUNS + 1) / (RUNS + simulate_seeds.RUNS + 2)
        error = math.sqrt(middle * (1 - middle) * (1 / RUNS + 1 / simulate_seeds.RUNS))
        assert abs(ours - theirs) <= 4 * error, (k, ours, theirs)


def test_no_printed_finding_errs_more_than_it_may():
    checked = [(row.most, PRINTED[key]) for key, row in ROWS.items() if row.most is not None]
    assert len(checked) >= 6
    for most, shares in checked:
        assert max(shares) <= most + 0.007  # Monte-Carlo error
