"""Scores of rankings against scikit-learn, and against every order of tied rows."""

from __future__ import annotations

import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    label_ranking_average_precision_score,
    ndcg_score,
)

from pytest_mlgates.statistics import ranking
from pytest_mlgates.statistics.interval import UndefinedError

# Few distinct scores: ties are what goes wrong.
queries = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=6).filter(
    lambda rows: any(gain for gain, _ in rows)
)
tables = st.lists(queries, min_size=1, max_size=5)
cutoffs = st.one_of(st.none(), st.integers(1, 8))


def arrays(table):
    rows = [(code, gain, score) for code, rows in enumerate(table) for gain, score in rows]
    codes, gains, scores = map(np.array, zip(*rows, strict=True))
    return codes, gains.astype(float), scores.astype(float)


def over_all_orders(rows, score_of):
    """The mean of a score over all orders of *rows* that their scores allow."""
    runs = [
        list(itertools.permutations([gain for gain, s in rows if s == score]))
        for score in sorted({s for _, s in rows}, reverse=True)
    ]
    found = [
        score_of([gain for run in order for gain in run]) for order in itertools.product(*runs)
    ]
    return sum(found) / len(found)


def slow_average_precision(gains, k):
    k = len(gains) if k is None else k
    hits, total = 0, 0.0
    for rank, gain in enumerate(gains[:k], start=1):
        if gain:
            hits += 1
            total += hits / rank
    return total / min(k, sum(map(bool, gains)))


def slow_reciprocal_rank(gains, k):
    first = next(rank for rank, gain in enumerate(gains, start=1) if gain)
    return 1 / first if k is None or first <= k else 0.0


def slow_ndcg(gains, k):
    def dcg(order):
        return sum(g / math.log2(rank + 1) for rank, g in enumerate(order[:k], start=1))

    return dcg(gains) / dcg(sorted(gains, reverse=True))


SLOW = {
    ranking.ndcg: slow_ndcg,
    ranking.average_precision: slow_average_precision,
    ranking.reciprocal_rank: slow_reciprocal_rank,
}
SLOW_AT = {
    ranking.precision: lambda gains, k: sum(map(bool, gains[:k])) / k,
    ranking.recall: lambda gains, k: sum(map(bool, gains[:k])) / sum(map(bool, gains)),
    ranking.hit_rate: lambda gains, k: float(any(gains[:k])),
}


@pytest.mark.parametrize("metric", SLOW)
@given(table=tables, k=cutoffs)
def test_a_score_is_its_mean_over_all_orders_of_ties(metric, table, k):
    found = metric(ranking.ranked(*arrays(table)), k)
    expected = [over_all_orders(rows, lambda gains: SLOW[metric](gains, k)) for rows in table]
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", SLOW_AT)
@given(table=tables, k=st.integers(1, 8))
def test_a_share_is_its_mean_over_all_orders_of_ties(metric, table, k):
    found = metric(ranking.ranked(*arrays(table)), k)
    expected = [over_all_orders(rows, lambda gains: SLOW_AT[metric](gains, k)) for rows in table]
    assert found == pytest.approx(expected, abs=1e-12)


@given(table=tables, k=cutoffs)
def test_ndcg_is_scikit_learns_with_its_ties_and_graded_relevance(table, k):
    table = [rows for rows in table if len(rows) > 1] or [[(1, 0), (0, 0)]]
    found = ranking.ndcg(ranking.ranked(*arrays(table)), k)
    expected = [
        ndcg_score([[gain for gain, _ in rows]], [[score for _, score in rows]], k=k)
        for rows in table
    ]
    assert found == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.booleans(), min_size=1, max_size=30).filter(any), st.randoms())
def test_average_precision_is_scikit_learns_where_no_scores_are_equal(positive, random):
    scores = [float(place) for place in range(len(positive))]
    random.shuffle(scores)
    truth, answers = np.array(positive), np.array(scores)
    codes = np.zeros(len(truth), dtype=int)
    found = ranking.average_precision(ranking.ranked(codes, truth.astype(float), answers))
    assert found[0] == pytest.approx(average_precision_score(truth, answers))
    assert found[0] == pytest.approx(label_ranking_average_precision_score([truth], [answers]))


@given(table=tables, seed=st.integers(0, 1000))
def test_no_order_of_the_rows_changes_a_score(table, seed):
    codes, gains, scores = arrays(table)
    order = np.random.default_rng(seed).permutation(len(codes))
    one = ranking.ranked(codes, gains, scores)
    other = ranking.ranked(codes[order], gains[order], scores[order])
    for metric in (*SLOW, *SLOW_AT):
        assert metric(other, 3) == pytest.approx(metric(one, 3), abs=1e-12)


def test_queries_come_in_the_order_of_their_codes_and_codes_may_be_missing():
    codes, gains = np.array([9, 2, 9, 2]), np.array([1.0, 0.0, 0.0, 1.0])
    found = ranking.reciprocal_rank(ranking.ranked(codes, gains, np.array([2.0, 2.0, 1.0, 1.0])))
    assert found.tolist() == [0.5, 1.0]


def test_one_row_that_is_relevant_is_perfect():
    one = ranking.ranked(np.array([0]), np.array([2.0]), np.array([0.1]))
    for metric in (*SLOW, *SLOW_AT):
        assert metric(one, 1).tolist() == [1.0]


@pytest.mark.parametrize(
    "metric", [ranking.ndcg, ranking.average_precision, ranking.reciprocal_rank, ranking.recall]
)
def test_queries_without_a_relevant_row_are_refused_and_counted(metric):
    codes, gains = np.array([0, 0, 1, 1, 2]), np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    with pytest.raises(UndefinedError, match="2 of 3 queries, which have no relevant row"):
        metric(ranking.ranked(codes, gains, np.arange(5.0)), 10)


@pytest.mark.parametrize("metric", [ranking.precision, ranking.hit_rate])
def test_nothing_found_where_nothing_is_relevant_is_zero_for_what_is_shown(metric):
    codes, gains = np.array([0, 0, 1, 1]), np.array([1.0, 0.0, 0.0, 0.0])
    found = metric(ranking.ranked(codes, gains, np.array([2.0, 1.0, 2.0, 1.0])), 1)
    assert found.tolist() == [1.0, 0.0]


def test_a_relevance_under_zero_and_no_rows_are_refused():
    with pytest.raises(UndefinedError, match="under 0, in 1 row"):
        ranking.ranked(np.array([0, 0]), np.array([1.0, -1.0]), np.array([0.0, 1.0]))
    with pytest.raises(UndefinedError):
        ranking.ranked(np.array([], dtype=int), np.array([]), np.array([]))


def test_places_that_a_short_query_leaves_are_misses():
    one = ranking.ranked(np.array([0, 0]), np.array([1.0, 1.0]), np.array([2.0, 1.0]))
    assert ranking.precision(one, 10).tolist() == [0.2]
    assert ranking.recall(one, 10).tolist() == [1.0]


def test_large_ties_keep_their_digits():
    """Half of 200,000 equal scores are relevant: what chance finds."""
    gains = np.tile([1.0, 0.0], 100_000)
    one = ranking.ranked(np.zeros(200_000, dtype=int), gains, np.zeros(200_000))
    assert ranking.hit_rate(one, 3)[0] == pytest.approx(1 - 0.5**3, abs=1e-5)
    assert ranking.reciprocal_rank(one)[0] == pytest.approx(math.log(2), abs=1e-5)
    assert ranking.precision(one, 7)[0] == pytest.approx(0.5)


def test_a_million_rows_take_no_loop_over_queries():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 50_000, 1_000_000)
    gains = (rng.random(1_000_000) < 0.4).astype(float)
    first = np.unique(codes, return_index=True)[1]
    gains[first] = 1.0
    scores = rng.random(1_000_000).round(3)
    start = time.process_time()
    one = ranking.ranked(codes, gains, scores)
    for metric in (*SLOW, *SLOW_AT):
        assert len(metric(one, 10)) == len(first)
    # All six; each alone with its ranking takes under half a second.
    assert time.process_time() - start < 6
