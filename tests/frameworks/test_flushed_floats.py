"""A process in which a framework makes zeros of the tiniest floats measures the same."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_mlgates import metric

torch = pytest.importorskip("torch")


@pytest.fixture
def flushed():
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor does not flush")
    yield
    torch.set_flush_denormal(False)


def test_the_order_of_the_tiniest_scores_is_kept(flushed):
    rng = np.random.default_rng(1)
    places = rng.permutation(2000)
    truth = (places + rng.integers(0, 900, 2000) > 1200).astype(int)
    tiny = places.astype(np.uint64).view(np.float64)  # 0 and the least floats that there are
    assert (tiny[:10] * 1.0 == 0).all()  # it does flush
    scores = np.where(places < 1900, tiny, places / 2000)
    found = metric({"y_true": truth, "y_score": scores}, "roc_auc", min=0.5)
    ranks = metric({"y_true": truth, "y_score": places}, "roc_auc", min=0.5)
    assert found.estimate == ranks.estimate
    assert 0.6 < found.estimate < 1


def test_the_tiniest_scores_under_0_do_not_rank_by_their_size(flushed):
    places = np.random.default_rng(2).permutation(2000)
    truth = (places > 1200).astype(int)
    scores = np.where(places > 50, -places.astype(np.uint64).view(np.float64), 0.5)
    found = metric({"y_true": truth, "y_score": scores}, "roc_auc", min=0.1)
    assert found.estimate <= 0.5  # it is 0; what the processor takes for 0 may be a tie
