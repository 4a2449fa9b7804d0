"""Metrics of rankings: a score for each query, of which the mean is judged."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.drawn import codes_of
from pytest_mlgates.gates.metric.answers import Answers, Losses, Measure, chosen
from pytest_mlgates.gates.metric.scored import mean_of, of_rival
from pytest_mlgates.gates.scores import numbers, scores
from pytest_mlgates.statistics import ranking
from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.means import mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.gates.privacy import Display

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Codes = NDArray[np.intp]

_SCORES: dict[str, Callable[..., Floats]] = {
    "ndcg": ranking.ndcg,
    "map": ranking.average_precision,
    "mrr": ranking.reciprocal_rank,
    "precision_at_k": ranking.precision,
    "recall_at_k": ranking.recall,
    "hit_rate_at_k": ranking.hit_rate,
}


def answers(
    parameters: MetricParameters, table: Table, rival: Predictions | None, display: Display
) -> Answers:
    """The scores of the table, or those of *rival* on its rows, as one number per query.

    Raises:
        MLGatesError: for columns that are missing, incomplete or hold no numbers, and for queries
            without a relevant row where the metric does not exist for them.
    """
    metric = parameters.metric
    codes = query_codes(table, parameters, display)
    relevance = numbers(table, parameters, "y_true", metric=metric, display=display, booleans=True)
    if rival is None:
        values = scores(
            table, parameters, metric=metric, probabilities=False, display=display
        ).values
    else:
        values = of_rival(parameters, table, rival, display)
    score = _SCORES[parameters.spec.name]
    if len(np.unique(codes)) == len(codes):
        raise MLGatesError(
            f"{metric} compares the rows of a query, and no query of table {table.name!r} has two",
            got=f"{display.rows(len(codes))}, each a query of its own",
            want="queries of several rows: one row is in order whatever the model says",
            fix='name the column that several rows share: query = "user_id"',
        )
    try:
        found = score(ranking.ranked(codes, relevance, values), parameters.cut)
    except UndefinedError as error:
        raise MLGatesError(
            f"{metric} is undefined on this table",
            got="" if display.private else str(error),  # it may name a small count
            want="a relevant row (y_true over 0) in every query: what is undefined never counts "
            "as 0",
            fix="leave out queries that nobody could answer where the table is made, or gate "
            "hit_rate or precision, for which 0 is an answer",
        ) from None

    def closed(rows: Mask | None) -> Measure:
        return partial(mean, chosen(found, rows), low=0.0, high=1.0)

    return Answers(
        answer=found,
        estimate=partial(mean_of, found, 0.0, 1.0),
        closed=closed,
        losses=Losses(found, 0.0, 1.0),
        units=partial(_whole_queries, codes, len(found)),
    )


def query_codes(table: Table, parameters: MetricParameters, display: Display) -> Codes:
    """The query of each row as 0 … Q-1."""
    assert parameters.query is not None  # noqa: S101  (refused by the parameters)
    return codes_of(table, "query", parameters.query, display)


def of_queries(codes: Codes, values: Codes, role: str) -> Codes:
    """What is the same in all rows of a query, query by query.

    Raises:
        MLGatesError: where a query has several.
    """
    found = np.zeros(int(codes.max()) + 1, dtype=np.intp)
    found[codes] = values
    several = len(np.unique(codes[found[codes] != values]))
    if several:
        raise MLGatesError(
            f"a query is ranked as a whole, and {several:,} of {len(found):,} queries have "
            f"several values of {role}",
            want=f"one value of {role} in all rows of a query",
            fix="a column that describes the query or its user, not its rows",
        )
    return found


def _whole_queries(codes: Codes, n: int, rows: Mask | None) -> Mask | None:
    if rows is None:
        return None
    inside = np.zeros(n, dtype=bool)
    inside[codes[rows]] = True
    if bool(inside[codes[~rows]].any()):
        raise MLGatesError(
            "a query is ranked as a whole, and `by` divides its rows",
            want="a column of `by` with one value in all rows of a query",
            fix="slice by what describes the query or its user",
        )
    return inside
