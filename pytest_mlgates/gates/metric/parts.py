"""The table as a whole and its slices, each ready to be measured at any confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.gates.codes import class_codes, group_codes
from pytest_mlgates.gates.labels import (
    Classes,
    confusion,
    merged,
    refuse_many_groups,
    refuse_non_groups,
)
from pytest_mlgates.gates.metric import labelled, numeric, queries, scored
from pytest_mlgates.gates.metric.classes import ClassMetric, counted
from pytest_mlgates.gates.metric.classes import answers as of_classes
from pytest_mlgates.gates.metric.drawing import sampling_of
from pytest_mlgates.gates.scores import positives, scores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.labels import Cells, Group
    from pytest_mlgates.gates.metric.answers import Answers, Measure
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.gates.privacy import Display

    Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Rows by label and prediction, and the metric that is made of them alone."""

    metric: ClassMetric
    cells: Cells


@dataclass(frozen=True, kw_only=True)
class Part:
    """The whole table (``group`` is None) or one slice of it.

    Attributes:
        group: The slice's values, in the order of ``by``.
        rows: Its rows.
        measure: Its value with bounds at a confidence; raises UndefinedError.
        rest: The same of all rows outside it, None for the whole table.
        counts: Its rows by cell, where these say all; for the record.
    """

    group: Group | None
    rows: int
    measure: Measure
    rest: Measure | None = None
    counts: Counts | None = None


def parts_of(table: Table, parameters: MetricParameters, display: Display) -> list[Part]:
    """The whole table, then its slices, for a gate with an absolute bound.

    Raises:
        MLGatesError: for columns that are missing, incomplete or of the wrong kind.
    """
    table.require_rows()
    if parameters.by:
        refuse_non_groups(table, parameters.by)
        groups = table.counts(parameters.by)
        refuse_many_groups(len(groups), " × ".join(map(repr, parameters.by)), table)
    if parameters.counts_alone:
        return _counted(table, parameters, display)
    sampling = sampling_of(table, parameters, display)
    found = answers_of(table, parameters, None, display)[0]
    return sliced(table, parameters, lambda rows: found.measure(rows, sampling), display)


def sliced(
    table: Table,
    parameters: MetricParameters,
    measure: Callable[[Mask | None], Measure],
    display: Display,
) -> list[Part]:
    """The whole table, then its slices, from a *measure* of any selection of rows."""
    parts = [Part(group=None, rows=table.n_rows, measure=measure(None))]
    if parameters.by:
        groups, codes = group_codes(table, parameters, parameters.by, display)
        for place, group in enumerate(groups):
            inside = codes == place
            parts.append(
                Part(
                    group=group,
                    rows=int(np.count_nonzero(inside)),
                    measure=measure(inside),
                    rest=measure(~inside),
                )
            )
    return parts


def _counted(table: Table, parameters: MetricParameters, display: Display) -> list[Part]:
    """From one group-by: classes of independent rows that count alike."""
    found = confusion(
        table,
        parameters,
        metric=parameters.metric,
        binary=parameters.binary,
        display=display,
        by=parameters.by or (),
    )
    groups = found.groups if parameters.by else {}
    return parts_of_counts(ClassMetric(parameters, found.classes), found.total, groups)


def parts_of_counts(metric: ClassMetric, total: Cells, groups: Mapping[Group, Cells]) -> list[Part]:
    """The whole table, then its slices, from their rows by label and prediction."""

    def part(group: Group | None, cells: Cells) -> Part:
        rest = None
        if group is not None:
            others = (other for name, other in groups.items() if name != group)
            rest = counted(metric, merged(others))
        return Part(
            group=group,
            rows=sum(cells.values()),
            measure=counted(metric, cells),
            rest=rest,
            counts=Counts(metric=metric, cells=cells),
        )

    return [part(None, total), *(part(group, cells) for group, cells in groups.items())]


def answers_of(
    table: Table, parameters: MetricParameters, rival: Predictions | None, display: Display
) -> list[Answers]:
    """The answers in the table, then those of *rival* on its rows.

    Raises:
        MLGatesError: for answers of a kind that the metric does not take.
    """
    given = [None] if rival is None else [None, rival]
    needs = parameters.spec.needs
    if parameters.multilabel is not None:
        return [labelled.answers(parameters, table, one, display) for one in given]
    if needs == "classes":
        return _of_classes(table, parameters, rival, display)
    of = {"scores": scored, "numbers": numeric, "ranking": queries}[needs].answers
    return [of(parameters, table, one, display) for one in given]


def _of_classes(
    table: Table, parameters: MetricParameters, rival: Predictions | None, display: Display
) -> list[Answers]:
    if parameters.threshold is not None:
        return _above(table, parameters, rival, display)
    mine = parameters.y_pred
    table.require(mine, role="y_pred")
    arrays: dict[str, NDArray[Any]] = {mine: table.arrays([mine])[mine]}
    if rival is not None and rival.y_pred is not None:
        arrays[f"y_pred of {rival.name}"] = rival.y_pred
    classes, truth, codes = class_codes(
        table,
        parameters,
        arrays,
        metric=parameters.metric,
        binary=parameters.binary,
        display=display,
    )
    metric = ClassMetric(parameters, classes)
    return [of_classes(metric, truth, predicted) for predicted in codes.values()]


def _above(
    table: Table, parameters: MetricParameters, rival: Predictions | None, display: Display
) -> list[Answers]:
    """Predictions by the threshold of the scores of the positive class."""
    scored.refuse_threshold_of_several(parameters)
    threshold = parameters.threshold
    assert threshold is not None  # noqa: S101
    truth = positives(table, parameters, metric=parameters.metric, both=False, display=display)
    found = [
        scores(
            table, parameters, metric=parameters.metric, probabilities=False, display=display
        ).values
        if one is None
        else scored.of_rival(parameters, table, one, display)
        for one in ([None] if rival is None else [None, rival])
    ]
    metric = ClassMetric(parameters, Classes(labels=(0, 1), positive=1))
    codes = truth.astype(np.intp)
    return [of_classes(metric, codes, (values >= threshold).astype(np.intp)) for values in found]
