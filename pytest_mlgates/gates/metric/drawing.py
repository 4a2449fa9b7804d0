"""How the rows of a table were drawn: the weights and clusters that bounds must respect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.labels import Column, refuse_missing, role_column
from pytest_mlgates.gates.metric import queries
from pytest_mlgates.gates.scores import as_floats
from pytest_mlgates.statistics.estimate import PLAIN, Sampling, scaled

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
        weights = scaled(weights_of(table, parameters, display))
    if parameters.grouping is not None:
        clusters = clusters_of(table, parameters.grouping, display)
        if parameters.spec.needs == "ranking":
            clusters = queries.of_queries(
                queries.codes_of(table, parameters, display), clusters, "cluster"
            )
    return (
        PLAIN
        if weights is None and clusters is None
        else Sampling(weights=weights, clusters=clusters)
    )


def weights_of(table: Table, parameters: MetricParameters, display: Display) -> NDArray[np.float64]:
    """The column ``sample_weight``, of shape ``(rows,)``."""
    column = role_column(table, parameters, "sample_weight")
    if not table.schema[column.name].is_numeric():
        raise MLGatesError(
            f"weights are numbers, and {column} holds {table.schema[column.name]}",
            want="a number of at least 0 in every row",
        )
    values = as_floats(table.arrays([column.name])[column.name], column, "sample_weight")
    refuse_missing(column, int(np.count_nonzero(np.isnan(values))), table, display)
    wrong = int(np.count_nonzero(~np.isfinite(values) | (values < 0)))
    if wrong or not values.sum() > 0:
        got = f"{display.count(wrong)} of {display.rows(len(values))}" if wrong else "only zeros"
        raise MLGatesError(
            f"weights are finite and at least 0, and {column} holds others"
            if wrong
            else f"the weights in {column} are all 0: no row counts",
            got=got,
            want="a number of at least 0 in every row, and over 0 in some",
        )
    return values


def clusters_of(table: Table, name: str, display: Display) -> NDArray[np.intp]:
    """The cluster of each row as 0 … G-1."""
    table.require(name, role="cluster")
    column = Column(role="cluster", name=name, table=table.name)
    values, codes = table.codes(name)
    if None in values:
        refuse_missing(column, int(np.count_nonzero(codes == values.index(None))), table, display)
    if len(values) < 2:
        raise MLGatesError(
            f"{column} has one value: rows of one cluster bound nothing",
            want="the column that tells users, patients or days apart",
        )
    return codes
