"""The judge that a metric and its rows need."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_mlgates.gates.drawn import clusters_of, weights_of
from pytest_mlgates.gates.scores import numbers, positives, scores
from pytest_mlgates.gates.slices.by_rows import ByRows
from pytest_mlgates.gates.slices.row_metrics import Numbers, Ranking, of_score
from pytest_mlgates.gates.slices.scores import ADDED_UP, score_of
from pytest_mlgates.gates.slices.summed import Summed
from pytest_mlgates.statistics.estimate import Sampling, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import EvaluationParameters
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.gates.slices.columns import Attribute
    from pytest_mlgates.gates.slices.judge import Judge
    from pytest_mlgates.gates.slices.row_metrics import RowMetric


def judge_of(
    table: Table,
    parameters: EvaluationParameters,
    metric: str,
    display: Display,
) -> Callable[[Sequence[Attribute]], Judge]:
    """Whoever compares the slices of *table* by *metric*, once told the columns.

    Raises:
        MLGatesError: for columns that are missing, incomplete or of the wrong kind.
    """
    table.require_rows()
    sampling, n = _sampling(table, parameters, display), table.n_rows
    if metric in ADDED_UP:
        score = score_of(table, parameters, metric, display)
        if sampling.plain:
            return partial(Summed, score, n)
        return partial(ByRows, of_score(score), sampling)
    return partial(ByRows, _row_metric(table, parameters, metric, display), sampling)


def _row_metric(
    table: Table, parameters: EvaluationParameters, metric: str, display: Display
) -> RowMetric:
    if metric == "roc_auc":
        found = scores(table, parameters, metric=metric, probabilities=False, display=display)
        positive = positives(table, parameters, metric=metric, both=True, display=display)
        return Ranking(positive=positive, scores=found.values)
    truth, predicted = (
        numbers(table, parameters, role, metric=metric, display=display)
        for role in ("y_true", "y_pred")
    )
    return Numbers(metric=metric, truth=truth, predicted=predicted)


def _sampling(table: Table, parameters: EvaluationParameters, display: Display) -> Sampling:
    """Weights, and clusters: without any, the rows of a query are one, as in a metric gate."""
    weights = clusters = None
    if parameters.sample_weight is not None:
        weights = scaled(weights_of(table, parameters.sample_weight, display))
    grouping = parameters.query if parameters.cluster is None else parameters.cluster
    if grouping is not None:
        clusters = clusters_of(table, grouping, display)
    return Sampling(weights=weights, clusters=clusters)
