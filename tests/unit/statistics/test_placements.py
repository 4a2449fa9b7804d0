"""Placements are counts over pairs, whatever the scores look like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlgates.statistics import placements
from pytest_mlgates.statistics.placements import as_shares, placed, placed_in_row_order

# The least float, the least normal one, the ones beside 1, and both zeros.
EDGES = [0.0, -0.0, 5e-324, 1e-323, 2.2250738585072014e-308, 0.5, 1.0, float(np.nextafter(1, 0))]
PROBABILITIES = st.one_of(st.sampled_from(EDGES), st.floats(0, 1))
SCORES = st.one_of(
    st.lists(PROBABILITIES, min_size=2, max_size=60),
    st.lists(st.sampled_from([0.1, 0.25, 0.5]), min_size=2, max_size=60),
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60),
    st.lists(st.one_of(PROBABILITIES, st.sampled_from([-1e-300, 1.5])), min_size=2, max_size=60),
)


def _by_pairs(positive, scores):
    """Twice the pairs that each row wins, ties one, in row order."""
    above, below = scores[positive][:, None], scores[~positive][None, :]
    ties = above == below
    return (2 * (above > below) + ties).sum(axis=1), (2 * (above < below) + ties).sum(axis=0)


def _hold_to_pairs(positive, scores):
    wanted = _by_pairs(positive, scores)
    order = [np.argsort(scores[some], kind="stable") for some in (positive, ~positive)]
    for found, counts, places in zip(placed(positive, scores), wanted, order, strict=True):
        assert found.tolist() == counts[places].tolist()
        assert found.dtype.itemsize == 8  # whose memory becomes floats, on Windows too


@st.composite
def _rows(draw):
    scores = np.array(draw(SCORES))
    truth = draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores)))
    positive = np.array(truth)
    positive[0], positive[-1] = True, False
    return positive, scores


@given(_rows())
def test_placements_are_counts_over_pairs(rows):
    positive, scores = rows
    before = scores.copy()
    _hold_to_pairs(positive, scores)
    wanted = _by_pairs(positive, scores)
    for found, counts in zip(placed_in_row_order(positive, scores), wanted, strict=True):
        assert found.tolist() == counts.tolist()
    assert np.array_equal(scores, before)  # they are the table's own


@pytest.mark.parametrize("digits", [2, 3, 17])
@pytest.mark.parametrize("shift", [0.0, -0.5])
def test_rows_of_several_blocks_are_placed_alike(monkeypatch, digits, shift):
    monkeypatch.setattr(placements, "_BLOCK", 7)
    rng = np.random.default_rng(1)
    positive, scores = rng.random(300) < 0.3, np.round(rng.random(300), digits) + shift
    _hold_to_pairs(positive, scores)


def test_scores_that_are_every_other_number_in_memory_are_placed():
    wide = np.random.default_rng(2).random((100, 2))
    positive = wide[:, 1] > 0.6
    for found, wanted in zip(
        placed(positive, wide[:, 0]), placed(positive, wide[:, 0].copy()), strict=True
    ):
        assert found.tolist() == wanted.tolist()


@given(st.lists(st.integers(0, 2**40), max_size=50), st.integers(1, 2**40))
def test_shares_are_counts_over_all(counts, of):
    wanted = [n / of for n in counts]
    mean = sum(wanted) / max(len(wanted), 1)
    shares, variance = as_shares(np.array(counts, dtype=np.int64), of, mean)
    assert shares.tolist() == wanted
    assert variance == pytest.approx(np.var(wanted) if wanted else 0.0, rel=1e-9, abs=1e-12)
