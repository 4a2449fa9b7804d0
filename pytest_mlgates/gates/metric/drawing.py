"""How the rows of a table were drawn: the weights and clusters that bounds must respect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.gates.drawn import clusters_of, weights_of
from pytest_mlgates.gates.metric import queries
from pytest_mlgates.statistics.estimate import PLAIN, Sampling, scaled

if TYPE_CHECKING:
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.privacy import Display


def sampling_of(table: Table, parameters: MetricParameters, display: Display) -> Sampling:
    """The weights and clusters that *parameters* name.

    Raises:
        MLGatesError: for weights that are missing, negative, not finite or all 0, and for clusters
            that are missing or one.
    """
    weights = clusters = None
    if parameters.sample_weight is not None:
        weights = scaled(weights_of(table, parameters.sample_weight, display))
    if parameters.grouping is not None:
        clusters = clusters_of(table, parameters.grouping, display)
        if parameters.spec.needs == "ranking":
            clusters = queries.of_queries(
                queries.query_codes(table, parameters, display), clusters, "cluster"
            )
    return (
        PLAIN
        if weights is None and clusters is None
        else Sampling(weights=weights, clusters=clusters)
    )
