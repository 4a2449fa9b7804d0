"""On real tables: a suite from one half holds on the other, and catches what is planted there.

The same study as ``benchmarks/simulate_inference.py``, with fewer splits.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.inference_study import CASES, breaks_of, fails, halves, suite_of

# At a true rate of 5 % more failures than these have a chance under 1 in 1,000.
SPLITS = {"titanic": (8, 3), "orders": (8, 3), "cancer": (6, 3), "adult": (3, 2)}
SLOW = ("cancer", "adult")


@pytest.fixture(
    scope="module",
    params=[pytest.param(n, marks=pytest.mark.slow if n in SLOW else ()) for n in SPLITS],
)
def case(request):
    if request.param == "cancer":
        pytest.importorskip("sklearn")
    return request.param, CASES[request.param]()


def test_a_suite_from_one_half_holds_on_the_other(case):
    name, table = case
    splits, most = SPLITS[name]
    random = np.random.default_rng(20240607)
    failed = 0
    for _ in range(splits):
        here, there = halves(table, random)
        failed += fails(there, suite_of(here))
    assert failed <= most


def test_at_least_ten_breaks_are_caught(case):
    name, table = case
    random = np.random.default_rng(7)
    here, there = halves(table, random)
    suite = suite_of(here)
    assert not fails(there, suite)
    breaks = breaks_of(table)
    assert len(breaks) >= 10
    missed = [what for what, plant in breaks.items() if not fails(plant(there, random), suite)]
    assert missed == [], name
