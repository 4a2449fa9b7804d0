"""Scores of rankings, one per query: what a gate then averages, each query being one observation.

Rows with equal scores have no order. Every score here is its expected value over all orders of
them, so that no order of the rows can turn a verdict. A query in which a score does not exist, for
want of a relevant row, is refused and never counted as 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from pytest_mlgates.core.text import plural
from pytest_mlgates.statistics.interval import UndefinedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.intp]

_Number = TypeVar("_Number", np.intp, np.float64)


@dataclass(frozen=True)
class Ranked:
    """Rows sorted by query and, within one, by falling score; made by :func:`ranked`.

    A *tie* is a run of rows of one query with one score; a single row is a tie too.

    Attributes:
        gains: The relevance of each row.
        starts: Where each query begins, and the end.
        ties: Where each tie begins, and the end.
    """

    gains: Floats
    starts: Integers
    ties: Integers

    @property
    def n(self) -> int:
        """The number of queries."""
        return len(self.starts) - 1

    @cached_property
    def sizes(self) -> Integers:
        """The rows of each query."""
        return np.diff(self.starts)

    @cached_property
    def relevant(self) -> Integers:
        """The relevant rows of each query."""
        return _sums((self.gains > 0).astype(np.intp), self.starts)

    @cached_property
    def query_of_tie(self) -> Integers:
        """The query of each tie."""
        return np.searchsorted(self.starts, self.ties[:-1], "right") - 1

    @cached_property
    def tie_sizes(self) -> Integers:
        """The rows of each tie."""
        return np.diff(self.ties)

    @cached_property
    def tie_hits(self) -> Integers:
        """The relevant rows of each tie."""
        return _sums((self.gains > 0).astype(np.intp), self.ties)

    @cached_property
    def rows_before(self) -> Integers:
        """For each tie the rows of its query with higher scores."""
        return self.ties[:-1] - self.starts[self.query_of_tie]

    @cached_property
    def hits_before(self) -> Integers:
        """For each tie the relevant rows of its query with higher scores."""
        total = np.concatenate(([0], np.cumsum(self.tie_hits)))
        return total[:-1] - np.concatenate(([0], np.cumsum(self.relevant)))[self.query_of_tie]

    @cached_property
    def ranks(self) -> Integers:
        """The rank of each row in its query, from 1, ties in any order."""
        return np.arange(1, len(self.gains) + 1) - np.repeat(self.starts[:-1], self.sizes)

    def taken(self, k: int | None) -> Integers:
        """How many rows of each tie are among the first *k* of their query."""
        if k is None:
            return self.tie_sizes
        return np.clip(k - self.rows_before, 0, self.tie_sizes)

    def per_query(self, of_ties: Floats) -> Floats:
        """The sum of a value of ties, query by query."""
        first = np.searchsorted(self.query_of_tie, np.arange(self.n + 1))
        return _sums(of_ties, first)

    def refuse_without_relevant(self, what: str) -> None:
        """Every query must have a relevant row.

        Raises:
            UndefinedError: naming how many have none.
        """
        without = int(np.count_nonzero(self.relevant == 0))
        if without:
            noun = "query" if self.n == 1 else "queries"
            raise UndefinedError(
                f"{what} of {without:,} of {self.n:,} {noun}, which have no relevant row"
            )


def ranked(queries: Integers, relevance: Floats, scores: Floats) -> Ranked:
    """The rows as rankings, one per query, in the order of the queries' codes.

    Args:
        queries: The query of each row, as whole numbers.
        relevance: At least 0; over 0 is relevant, and more is more so where a metric asks.
        scores: Higher comes first.

    Raises:
        UndefinedError: for no rows, and for a relevance under 0.
    """
    if not len(queries):
        raise UndefinedError("a ranking of no rows")
    below = int(np.count_nonzero(relevance < 0))
    if below:
        raise UndefinedError(f"a relevance under 0, in {plural(below, 'row')}")
    order = np.lexsort((-scores, queries))
    of_query, of_score = queries[order], scores[order]
    new_query = of_query[1:] != of_query[:-1]
    return Ranked(
        gains=np.asarray(relevance[order], dtype=np.float64),
        starts=_runs(new_query),
        ties=_runs(new_query | (of_score[1:] != of_score[:-1])),
    )


def ndcg(rankings: Ranked, k: int | None = None) -> Floats:
    """Discounted gain of the first *k* over that of the best order, as scikit-learn's ndcg_score.

    The gain of a row is its relevance, discounted by ``log2(rank + 1)`` (Jarvelin & Kekalainen
    2002). A query of one relevant row has 1.

    Raises:
        UndefinedError: for queries without a relevant row.
    """
    rankings.refuse_without_relevant("NDCG")
    discounts = 1 / np.log2(rankings.ranks + 1.0)
    if k is not None:
        discounts[rankings.ranks > k] = 0.0
    # In a tie each row is at each rank equally often: its gains meet its discounts on average.
    mean_gain = np.add.reduceat(rankings.gains, rankings.ties[:-1]) / rankings.tie_sizes
    found = rankings.per_query(mean_gain * np.add.reduceat(discounts, rankings.ties[:-1]))
    query = np.repeat(np.arange(rankings.n), rankings.sizes)
    ideal = rankings.gains[np.lexsort((-rankings.gains, query))]
    return np.minimum(found / np.add.reduceat(ideal * discounts, rankings.starts[:-1]), 1.0)


def average_precision(rankings: Ranked, k: int | None = None) -> Floats:
    """The precision at each relevant row among the first *k*, averaged (MAP, MAP@k).

    Divided by the relevant rows, at most k of them, so that a perfect ranking has 1. Without ties
    and without k it is scikit-learn's average_precision_score and
    label_ranking_average_precision_score; these take the precision at the end of a tie, this one
    its expectation over the orders of the tie (McSherry & Najork 2008): with b rows and h hits
    before a tie of s rows and r hits, ``r/s (h + 1 + (t-1)(r-1)/(s-1)) / (b + t)`` at its t-th row.

    Raises:
        UndefinedError: for queries without a relevant row.
    """
    rankings.refuse_without_relevant("average precision")
    sizes, hits = rankings.tie_sizes, rankings.tie_hits
    inside = np.arange(len(rankings.gains)) - np.repeat(rankings.ties[:-1], sizes)  # t - 1
    others = (hits - 1) / np.maximum(sizes - 1, 1)
    seen = np.repeat(rankings.hits_before + 1.0, sizes) + inside * np.repeat(others, sizes)
    parts = np.repeat(hits / sizes, sizes) * seen / rankings.ranks
    if k is not None:
        parts[rankings.ranks > k] = 0.0
    wanted = rankings.relevant if k is None else np.minimum(rankings.relevant, k)
    return np.asarray(np.add.reduceat(parts, rankings.starts[:-1]) / wanted)


def reciprocal_rank(rankings: Ranked, k: int | None = None) -> Floats:
    """One over the rank of the first relevant row (MRR); 0 where none is among the first *k*.

    Raises:
        UndefinedError: for queries without a relevant row.
    """
    rankings.refuse_without_relevant("reciprocal rank")
    first = np.flatnonzero((rankings.tie_hits > 0) & (rankings.hits_before == 0))
    sizes, hits = rankings.tie_sizes[first], rankings.tie_hits[first]
    # In a tie of s rows with r hits the first hit is at t with probability C(s-t, r-1) / C(s, r).
    bounds = np.concatenate(([0], np.cumsum(sizes)))
    t = np.arange(1, bounds[-1] + 1) - np.repeat(bounds[:-1], sizes)
    s, r = np.repeat(sizes, sizes), np.repeat(hits, sizes)
    logs = _log_factorials(int(sizes.max()))
    possible = s - t >= r - 1
    rest = np.where(possible, s - t - (r - 1), 0)
    log = logs[s - t] - logs[r - 1] - logs[rest] - (logs[s] - logs[r] - logs[s - r])
    rank = np.repeat(rankings.rows_before[first], sizes) + t
    counted = possible if k is None else possible & (rank <= k)
    parts = np.where(counted, np.exp(log) / rank, 0.0)
    return np.asarray(np.add.reduceat(parts, bounds[:-1]))


def precision(rankings: Ranked, k: int) -> Floats:
    """The share of relevant rows among the first *k*; places that a short query leaves are misses.

    A query without a relevant row has 0: all that was shown was useless, which is an answer.
    """
    return rankings.per_query(_expected_hits(rankings, k)) / k


def recall(rankings: Ranked, k: int) -> Floats:
    """The share of the relevant rows that are among the first *k*.

    Raises:
        UndefinedError: for queries without a relevant row.
    """
    rankings.refuse_without_relevant("recall")
    return rankings.per_query(_expected_hits(rankings, k)) / rankings.relevant


def hit_rate(rankings: Ranked, k: int) -> Floats:
    """Whether a relevant row is among the first *k*: its probability over the orders of ties.

    A query without a relevant row has 0: whoever asked got nothing, which is an answer.
    """
    taken, hits, sizes = rankings.taken(k), rankings.tie_hits, rankings.tie_sizes
    logs = _log_factorials(int(sizes.max()))
    # A tie of s rows with r hits of which m rows are taken has none with C(s-r, m) / C(s, m).
    possible = taken <= sizes - hits
    left = np.where(possible, sizes - hits - taken, 0)
    log = logs[sizes - hits] - logs[left] + logs[sizes - taken] - logs[sizes]
    missed = np.where(hits * taken == 0, 1.0, np.where(possible, np.exp(log), 0.0))
    first = np.searchsorted(rankings.query_of_tie, np.arange(rankings.n))
    return np.asarray(1 - np.multiply.reduceat(missed, first))


def _expected_hits(rankings: Ranked, k: int) -> Floats:
    return np.asarray(rankings.tie_hits * (rankings.taken(k) / rankings.tie_sizes))


def _runs(changes: NDArray[np.bool_]) -> Integers:
    """Where runs begin, and the end, from whether each row but the first begins one."""
    return np.concatenate(([0], np.flatnonzero(changes) + 1, [len(changes) + 1]))


def _sums(values: NDArray[_Number], starts: Integers) -> NDArray[_Number]:
    return np.asarray(np.add.reduceat(values, starts[:-1]))


def _log_factorials(most: int) -> Floats:
    return np.concatenate(([0.0], np.cumsum(np.log(np.arange(1.0, most + 1)))))
