"""A champion's answers on the same rows, as numbers of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.codes import class_codes
from pytest_mlgates.gates.fairness_counts import COUNTED, HIT
from pytest_mlgates.gates.fairness_rows import RowValues, exposure, of_numbers, of_scores
from pytest_mlgates.gates.labels import Column
from pytest_mlgates.gates.scores import checked_numbers, checked_scores, numbers
from pytest_mlgates.gates.scores import positives as positive_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import Context
    from pytest_mlgates.gates.fairness_parameters import FairnessParameters
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.gates.privacy import Display


def champion_of(
    parameters: FairnessParameters, table: Table, context: Context, display: Display
) -> Predictions:
    """The champion's answers on the rows of *table*.

    Raises:
        MLGatesError: where it cannot be found or was judged on other rows; NoChampionError where
            there is none.
    """
    reference = parameters.no_worse_than
    if context.champion is None or reference is None:
        raise MLGatesError(
            f"there is no way here to find the champion {reference!r}",
            want="a call through pytest, `mlgates check` or pytest_mlgates.fairness",
        )
    table.require_rows()
    for column in (*parameters.by, *(parameters.control or ())):
        table.require(column, role="by")
    role = _role(parameters)
    found: Predictions = context.champion(reference, table, parameters, want={role})
    if _answers(found, role) is None:
        raise MLGatesError(f"{found.name} gave no {role}", want=f"{role} for every row")
    _refuse_other_rows(table, found, role, parameters, display)
    return found


def champion_values(
    parameters: FairnessParameters, table: Table, found: Predictions, display: Display
) -> RowValues:
    """What the champion's answers say of each row, in the terms of the metric.

    Raises:
        MLGatesError: for answers of the wrong kind.
    """
    needs, metric = parameters.measures[0].needs, parameters.metric
    role = _role(parameters)
    answers = _answers(found, role)
    assert answers is not None  # noqa: S101  (champion_of refused it)
    column = Column(role=role, name=found.name, table=table.name)
    if needs == "classes":
        return _classes(parameters, table, found.name, answers, display)
    if needs == "numbers":
        truth = numbers(table, parameters, "y_true", metric=metric, display=display)
        return of_numbers(
            parameters, truth, checked_numbers(answers, column, metric, table, display)
        )
    scores = checked_scores(
        answers,
        column,
        metric=metric,
        probabilities=needs == "scores",
        decisions_refused=False,
        table=table,
        display=display,
    )
    if needs == "ranks":
        assert parameters.query is not None  # noqa: S101  (the parameters' validator refused it)
        queries = table.codes(parameters.query)[1]
        return RowValues(values={"exposure": exposure(queries, scores.values)})
    positive = positive_rows(table, parameters, metric=metric, both=False, display=display)
    return of_scores(parameters, positive, scores.values, scores.epsilon)


def _classes(
    parameters: FairnessParameters,
    table: Table,
    name: str,
    answers: NDArray[Any],
    display: Display,
) -> RowValues:
    rivals = {parameters.y_pred: table.arrays([parameters.y_pred])[parameters.y_pred]}
    rival = name if name != parameters.y_pred else f"champion {name}"
    rivals[rival] = answers
    binary = any(measure.binary for measure in parameters.measures)
    classes, truth, codes = class_codes(
        table, parameters, rivals, metric=parameters.metric, binary=binary, display=display
    )
    positive = classes.labels.index(classes.positive) if classes.positive in classes.labels else -2
    found = RowValues()
    for measure in parameters.measures:
        hit = HIT[measure.name](truth, codes[rival], positive)
        found.values[measure.name] = np.asarray(hit, dtype=np.float64)
        found.counted[measure.name] = COUNTED[measure.name](
            truth == positive, codes[rival] == positive
        )
    return found


def _role(parameters: FairnessParameters) -> str:
    return "y_score" if parameters.measures[0].needs in ("scores", "ranks") else "y_pred"


def _answers(found: Predictions, role: str) -> NDArray[Any] | None:
    return found.y_score if role == "y_score" else found.y_pred


def _refuse_other_rows(
    table: Table,
    found: Predictions,
    role: str,
    parameters: FairnessParameters,
    display: Display,
) -> None:
    answers = _answers(found, role)
    assert answers is not None  # noqa: S101
    what = f"{found.name} was judged on other rows than table {table.name!r}"
    if len(answers) != table.n_rows:
        raise MLGatesError(
            what,
            got=f"{display.count(len(answers))} against {display.rows(table.n_rows)}",
            want="two models on the same rows: differences of other rows compare nothing",
        )
    if found.y_true is None or parameters.measures[0].needs == "ranks":
        return
    table.require(parameters.y_true, role="y_true")
    truth, stored = table.arrays([parameters.y_true])[parameters.y_true], found.y_true
    if not (truth.dtype.kind in "biuf" and stored.dtype.kind in "biuf"):
        truth, stored = truth.astype(object), stored.astype(object)
    unequal = len(truth) - int(np.count_nonzero(np.asarray(truth == stored, dtype=bool)))
    if unequal:
        raise MLGatesError(
            what,
            got=f"labels differ in {display.count(unequal)} of {display.rows(table.n_rows)}",
            want=f"the same {parameters.y_true!r} in the same order",
            fix="write the champion's predictions anew, on these rows and in this order",
        )
