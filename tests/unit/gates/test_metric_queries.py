"""Rankings are judged query by query: values, bounds, slices, clusters, champions, misuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.metric import KIND
from pytest_mlgates.gates.models import Predictions

metrics = pytest.importorskip("sklearn.metrics")

QUERIES, ROWS = 120, 8


def sample(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    query = np.repeat(np.arange(QUERIES), ROWS)
    relevance = rng.integers(0, 3, QUERIES * ROWS)
    relevance[::ROWS] = 1
    return pd.DataFrame(
        {
            "user": query,
            "y_true": relevance,
            "y_score": relevance + rng.normal(0, 1.5, QUERIES * ROWS),
            "country": np.array(["at", "be", "ch"])[query % 3],
            "household": query // 4,
            "item": np.arange(QUERIES * ROWS) % ROWS,
        }
    )


def judged(table: Any, metric: str, resolve: Any = None, **given: Any) -> Any:
    bound = {} if {"no_worse_than"} & set(given) else {"min": 0.5}
    parameters = parse(KIND, (metric,), {"query": "user", **bound, **given})
    context = Context(champion=resolve)
    return evaluate(Gate(id="g", kind=KIND, parameters=parameters), to_table(table), context)


@pytest.mark.parametrize("k", [None, 3])
def test_ndcg_is_scikit_learns(k: int | None) -> None:
    table = sample()
    truth, scores = (table[c].to_numpy().reshape(QUERIES, ROWS) for c in ("y_true", "y_score"))
    found = judged(table, "ndcg" if k is None else f"ndcg@{k}")
    assert found.estimate == pytest.approx(metrics.ndcg_score(truth, scores, k=k), abs=1e-12)
    assert found.n == QUERIES
    assert found.lower < found.estimate < found.upper
    same = judged(table, "ndcg_score", **({} if k is None else {"k": k}))
    assert same.estimate == found.estimate


@pytest.mark.parametrize("metric", ["ndcg", "map", "mrr", "recall@3"])
def test_relevance_may_be_a_truth_value(metric: str) -> None:
    table = sample()
    table["y_true"] = table["y_true"] > 0
    numbers = table.assign(y_true=table["y_true"].astype(int))
    found, wanted = judged(table, metric), judged(numbers, metric)
    assert (found.estimate, found.lower) == (wanted.estimate, wanted.lower)
    gaps = table.assign(y_true=table["y_true"].astype("boolean").where(table.index > 0))
    with pytest.raises(MLGatesError, match="is missing in 1 of 960 rows"):
        judged(gaps, metric)


def test_map_is_scikit_learns_where_scores_differ() -> None:
    table = sample()
    expected = np.mean(
        [
            metrics.average_precision_score(part["y_true"] > 0, part["y_score"])
            for _, part in table.groupby("user")
        ]
    )
    assert judged(table, "map").estimate == pytest.approx(expected, abs=1e-12)


def test_slices_and_clusters_are_of_queries() -> None:
    table = sample()
    found = judged(table, "ndcg@3", by="country", cluster="household")
    assert [group.n for group in found.groups] == [40, 40, 40]
    assert "by cluster totals" in found.method
    alone = table[table["country"] == "be"]
    assert found.groups[1].value == pytest.approx(judged(alone, "ndcg@3").estimate, abs=1e-12)


def test_a_champion_is_compared_query_by_query() -> None:
    table = sample()
    worse = table["y_score"].to_numpy() + np.random.default_rng(1).normal(0, 1.5, len(table))

    def resolve(*_: Any, **__: Any) -> Predictions:
        return Predictions(name="old", digest="sha256:c", y_score=worse)

    found = judged(table, "ndcg", resolve, no_worse_than="old", margin=0.01)
    truth, scores = (table[c].to_numpy().reshape(QUERIES, ROWS) for c in ("y_true", "y_score"))
    expected = metrics.ndcg_score(truth, scores) - metrics.ndcg_score(
        truth, worse.reshape(QUERIES, ROWS)
    )
    assert found.estimate == pytest.approx(expected, abs=1e-12)
    assert found.finding is Finding.PROVEN
    assert found.n == QUERIES


WRONG = {
    "no query": ({"query": None}, {}, "query"),
    "no places": ({"metric": "precision_at_k"}, {}, "how many first places"),
    "weights": ({"sample_weight": "item"}, {}, "mean over queries"),
    "a query that is divided": ({"by": "item"}, {}, "ranked as a whole"),
    "a query in two clusters": ({"cluster": "item"}, {}, "several values of cluster"),
    "a query without relevant rows": ({}, {"y_true": 0}, "have no relevant row"),
    "a query that is missing": ({}, {"user": None}, "missing in 1 of"),
}


@pytest.mark.parametrize(("given", "cells", "words"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_ranked_is_refused(given: Any, cells: Any, words: str) -> None:
    table = sample().astype({"user": "Int64"})
    for column, value in cells.items():
        rows = table.index[:ROWS] if column == "y_true" else table.index[:1]
        table.loc[rows, column] = value
    arguments = {"metric": "ndcg", **given}
    with pytest.raises(MLGatesError, match=words):
        judged(table, arguments.pop("metric"), **arguments)


def test_a_query_without_relevant_rows_has_no_hit() -> None:
    table = sample()
    table.loc[: ROWS - 1, "y_true"] = 0
    full = judged(sample(), "hit_rate@3").estimate
    assert judged(table, "hit_rate@3").estimate < full
