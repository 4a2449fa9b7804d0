"""What adds up over rows gives the metric of every slice, of the rest, and of what is between."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_mlgates.statistics.counts import f1
from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.means import hall
from pytest_mlgates.statistics.proportions import clopper_pearson
from pytest_mlgates.statistics.search import Loss, Recalls, Share, level, worse

RNG = np.random.default_rng(3)
CODES = RNG.integers(0, 4, 500)
TRUTH = RNG.integers(0, 2, 500)
PREDICTED = np.where(RNG.random(500) < 0.8, TRUTH, 1 - TRUTH)


def test_a_share_is_that_of_its_rows_with_exact_bounds():
    right = PREDICTED == TRUTH
    score = Share(np.where(right, 1, 2).astype(np.int8))
    sums = score.sums(CODES, 4)
    assert score.values(sums).tolist() == [right[g == CODES].mean() for g in range(4)]
    assert score.rows(sums).tolist() == [np.sum(g == CODES) for g in range(4)]
    hits, n = int(right[CODES == 1].sum()), int(np.sum(CODES == 1))
    assert score.measured(sums[1], 0.99).interval == clopper_pearson(hits, n, 0.99)


def test_f1_is_that_of_its_rows():
    counted = (PREDICTED == 1) | (TRUTH == 1)
    marks = np.where(counted, np.where(PREDICTED * TRUTH == 1, 1, 2), 0).astype(np.int8)
    score = Share(marks, lambda j: 2 * j / (1 + j))
    found = score.measured(score.sums(CODES, 4)[2], 0.95)
    inside = CODES == 2
    cells = [np.sum(inside & (p == PREDICTED) & (t == TRUTH)) for p, t in ((1, 1), (1, 0), (0, 1))]
    expected = f1(*map(int, cells), 0.95, exact=True)
    assert found.value == pytest.approx(float(expected.value))
    assert found.interval.lower == pytest.approx(expected.interval.lower)


def test_the_mean_recall_is_that_of_its_rows():
    score = Recalls(2 * TRUTH + (PREDICTED == TRUTH), 2)
    sums = score.sums(CODES, 4)
    inside = CODES == 3
    hits = [int(np.sum(inside & (k == TRUTH) & (k == PREDICTED))) for k in (0, 1)]
    sizes = [int(np.sum(inside & (k == TRUTH))) for k in (0, 1)]
    found = score.measured(sums[3], 0.95)
    bounds = [clopper_pearson(k, n, 0.975) for k, n in zip(hits, sizes, strict=True)]
    assert found.value == pytest.approx(np.mean(np.divide(hits, sizes)))
    assert found.interval.lower == pytest.approx(np.mean([one.lower for one in bounds]))
    assert found.interval.upper == pytest.approx(np.mean([one.upper for one in bounds]))
    assert score.values(sums)[3] == pytest.approx(found.value)


def test_a_mean_loss_has_the_bounds_of_hall_from_its_power_sums():
    losses = RNG.exponential(size=500) * 1e6
    score = Loss.of(losses)
    found = score.measured(score.sums(CODES, 4)[0], 0.999)
    expected = hall(losses[CODES == 0], 0.999, low=0.0)
    assert float(found.value) == pytest.approx(losses[CODES == 0].mean())
    assert found.interval.lower == pytest.approx(expected.lower)
    assert found.interval.upper == pytest.approx(expected.upper)


def test_equal_losses_bound_nothing():
    score = Loss.of(np.full(100, 0.25), high=1.0)
    found = score.measured(score.sums(np.zeros(100, dtype=np.intp), 1)[0], 0.95)
    assert (found.interval.lower, found.interval.upper) == (0.0, 1.0)


@pytest.mark.parametrize(
    "score",
    [
        Share(np.zeros(500, dtype=np.int8)),
        Recalls(np.ones(500, dtype=np.intp), 2),
    ],
)
def test_what_is_undefined_is_nan_and_never_worse(score):
    sums = score.sums(CODES, 4)
    assert np.isnan(score.values(sums)).all()
    with pytest.raises(UndefinedError):
        score.measured(sums[0], 0.95)
    assert worse(score, sums[0], sums[1], 0.95) is None


def test_a_loss_is_worse_where_it_is_higher():
    losses = np.where(CODES == 1, 3.0, 1.0) + RNG.random(500)
    score = Loss.of(losses)
    sums = score.sums(CODES, 4)
    found = worse(score, sums[1], sums.sum(axis=0) - sums[1], 0.999)
    assert 0 < found.at_least < found.by
    assert found.value > found.other


def test_all_looks_together_keep_the_confidence():
    assert level(0.95, 1000) == pytest.approx(1 - 0.05 / 1000)
    assert level(0.95, 0) == pytest.approx(0.95)
