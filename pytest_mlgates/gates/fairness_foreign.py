"""Metrics by group that have no formula here: their values by Fairlearn, bounds by a bootstrap."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.extensions.manager import manager
from pytest_mlgates.statistics.bootstrap import Bootstrap
from pytest_mlgates.statistics.group_families import MeasuredFamily
from pytest_mlgates.statistics.group_resamples import JointDraws
from pytest_mlgates.statistics.interval import UndefinedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_mlgates.gates.fairness_metrics import Measure
    from pytest_mlgates.statistics.group_samples import Sample
    from pytest_mlgates.statistics.interval import Measured


def foreign_family(
    measure: Measure,
    sample: Sample,
    pair: tuple[NDArray[Any], NDArray[Any]],
    level: int,
    absent: list[int],
) -> MeasuredFamily:
    """*measure* of labels and predictions (*pair*) in every group of *sample*.

    Raises:
        MLGatesError: where nothing computes it, and where a group has no value.
    """
    truth, predicted = pair
    try:
        found = manager().hook.mlgates_metric_by_group(
            metric=measure.name,
            y_true=truth,
            y_pred=predicted,
            groups=sample.groups,
            sample_weight=sample.weights,
        )
    except UndefinedError as error:
        raise MLGatesError(
            f"{measure.name} is undefined in a group of this table",
            got=str(error),
            want="rows that the metric can be computed from in every group",
        ) from None
    if found is None:
        raise MLGatesError(
            f"nothing computes {measure.name} by group",
            fix="pip install 'pytest-mlgates[fairlearn]'",
        )
    function, values, whole = found

    columns = {"y_true": truth, "y_pred": predicted}
    if sample.weights is not None:
        columns["sample_weight"] = sample.weights

    def statistic(drawn: Mapping[str, NDArray[Any]]) -> float:
        return float(function(drawn["y_true"], drawn["y_pred"], drawn.get("sample_weight")))

    def resampled(rows: NDArray[np.intp]) -> Bootstrap:
        clusters = None if sample.clusters is None else sample.clusters[rows]
        chosen = {name: array[rows] for name, array in columns.items()}
        return Bootstrap(chosen, statistic, clusters=clusters)

    def measured(value: float, drawn: Bootstrap, confidence: float) -> Measured:
        bounds = drawn.measured(confidence, low=measure.low, high=measure.high)
        return replace(bounds, value=value)

    places = [np.flatnonzero(sample.groups == g) for g in range(sample.count)]
    return MeasuredFamily(
        name=measure.name,
        measures=[
            partial(measured, values[g], resampled(rows)) if len(rows) else None
            for g, rows in enumerate(places)
        ],
        whole=partial(measured, whole, resampled(np.arange(len(truth)))),
        sizes=sample.sizes,
        low=measure.low,
        high=measure.high,
        level=level,
        absent=absent,
        together=JointDraws(columns, statistic, sample),
    )
