"""Candidate against champion on the same rows: paired, never the difference of two intervals.

Shares of right rows (accuracy, recall) by Bonett and Price with McNemar's mid-p beside them, means
of row losses by Hall, AUC by paired DeLong, everything else by its influence values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import number
from pytest_mlgates.gates.metric.drawing import sampling_of
from pytest_mlgates.gates.metric.parts import sliced
from pytest_mlgates.gates.metric.rivals import Rivals, measured, rivals_of
from pytest_mlgates.gates.privacy import WITHHELD
from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.paired import mcnemar_mid_p

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pytest_mlgates.core.exact import Number
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import Context
    from pytest_mlgates.gates.metric.own import Own
    from pytest_mlgates.gates.metric.own_rivals import OwnRivals
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.metric.parts import Part
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.statistics.interval import Measured

    Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Duel:
    """A comparison, ready to be decided.

    Attributes:
        parts: The difference on the whole table and on each slice.
        name: The champion.
        digest: Of its predictions.
        n: The rows compared.
        details: For the record.
        lines: For people.
        note: What they should know of the champion.
    """

    parts: list[Part]
    name: str
    digest: str
    n: int
    details: dict[str, Any]
    lines: list[str]
    note: str = ""


def duel(
    parameters: MetricParameters,
    table: Table,
    context: Context,
    display: Display,
    own: Own | None = None,
) -> Duel:
    """The candidate's answers in *table* beside the champion's on the same rows.

    Raises:
        MLGatesError: where either cannot be used, or the rows are not the same; NoChampionError
            where there is no champion.
    """
    reference = parameters.no_worse_than
    if context.champion is None or reference is None:
        raise MLGatesError(
            f"there is no way here to find the champion {reference!r}",
            want="a call through pytest, `mlgates check` or pytest_mlgates.metric",
        )
    table.require_rows()
    roles = {"y_score" if parameters.takes_scores else "y_pred"} if own is None else own.answers
    if parameters.multilabel is None:
        table.require(parameters.y_true, role="y_true")
        for role in sorted(roles):
            for column in parameters.y_score if role == "y_score" else (parameters.y_pred,):
                table.require(column, role=role)
    for column in parameters.by or ():
        table.require(column, role="by")
    found: Predictions = context.champion(reference, table, parameters, want=roles)
    for role in sorted(roles):
        _refuse_other_rows(table, found, role, parameters, display)
    rivals: Rivals | OwnRivals
    if own is None:
        sampling = sampling_of(table, parameters, display)
        rivals = rivals_of(parameters, table, found, sampling, display)
    else:
        rivals = own.against(found)
    try:
        first, second = rivals.values()
    except UndefinedError as error:
        raise MLGatesError(
            f"{parameters.metric} is undefined for the candidate or for {found.name}",
            got=f"{error} ({display.rows(table.n_rows)})",
            want="rows that the metric can be computed from: what is undefined never passes",
        ) from None

    def measure(rows: Mask | None) -> Callable[[float], Measured]:
        if not isinstance(rivals, Rivals):
            return rivals.measure(rows)
        return lambda confidence: measured(rivals, rows, confidence)

    differing = int(np.count_nonzero(rivals.differing))
    return Duel(
        parts=sliced(table, parameters, measure, display),
        name=found.name,
        digest=found.digest,
        n=table.n_rows,
        details={
            **_details(found, first, second, rivals, differing, display),
            **({} if own is None else {"greater_is_better": not own.loss}),
        },
        lines=_lines(found, first, second, rivals, differing, table.n_rows, display),
        note=found.note,
    )


def _refuse_other_rows(
    table: Table, found: Predictions, role: str, parameters: MetricParameters, display: Display
) -> None:
    answers = found.y_score if role == "y_score" else found.y_pred
    if answers is None:
        raise MLGatesError(f"{found.name} gave no {role}", want=f"{role} for every row")
    if len(answers) != table.n_rows:
        raise MLGatesError(
            f"{found.name} was judged on other rows than table {table.name!r}",
            got=f"{display.count(len(answers))} against {display.rows(table.n_rows)}",
            want="two models on the same rows: differences of other rows compare nothing",
        )
    if found.y_true is None or parameters.multilabel is not None:
        return
    truth = table.arrays([parameters.y_true])[parameters.y_true]
    unequal = _unequal(truth, found.y_true)
    kinds = ["numbers" if one.dtype.kind in "biuf" else "text" for one in (truth, found.y_true)]
    as_kinds = f" ({kinds[1]} against {kinds[0]})" if kinds[0] != kinds[1] else ""
    differ = display.count(unequal)
    if unequal:
        raise MLGatesError(
            f"{found.name} was judged on other rows than table {table.name!r}",
            got=f"labels differ in {differ} of {display.rows(table.n_rows)}{as_kinds}",
            want=f"the same {parameters.y_true!r} in the same order",
            fix="write the champion's predictions anew, on these rows and in this order",
        )


def _unequal(one: NDArray[Any], other: NDArray[Any]) -> int:
    numeric = one.dtype.kind in "biuf" and other.dtype.kind in "biuf"
    if not numeric:
        one, other = one.astype(object), other.astype(object)
    return len(one) - int(np.count_nonzero(np.asarray(one == other, dtype=bool)))


def _details(
    found: Predictions,
    first: Number,
    second: Number,
    rivals: Rivals | OwnRivals,
    differing: int,
    display: Display,
) -> dict[str, Any]:
    details: dict[str, Any] = {
        "champion": found.name,
        "champion_version": found.version,
        "champion_pinned": found.pinned,
        "champion_digest": found.model_digest,
        "predictions_digest": found.digest,
        "candidate_value": _value(first, 0, rivals, differing, display),
        "champion_value": _value(second, 1, rivals, differing, display),
        "differing_rows": display.record(differing),
        "identical": differing == 0,
        "features": list(found.features),
    }
    if rivals.only is not None:
        few = display.small(*rivals.only)
        details["only_candidate_right"] = None if few else display.record(rivals.only[0])
        details["only_champion_right"] = None if few else display.record(rivals.only[1])
        details["mcnemar_mid_p"] = None if few else mcnemar_mid_p(*rivals.only)
        if few:
            details["differing_rows"] = None
    return details


def _value(
    value: Number, place: int, rivals: Rivals | OwnRivals, differing: int, display: Display
) -> float | None:
    """The candidate's (0) or champion's (1) own value, None where it gives a small count away.

    Beside the candidate's, the champion's says on how many rows the two differ.
    """
    few = display.small(*rivals.bases[place])
    if place == 1:
        few = few or display.small(differing, *(rivals.only or ()))
    return None if few else float(value)


def _lines(
    found: Predictions,
    first: Number,
    second: Number,
    rivals: Rivals | OwnRivals,
    differing: int,
    n: int,
    display: Display,
) -> list[str]:
    mine_shown, theirs_shown = (
        WITHHELD if shown is None else number(shown)
        for shown in (
            _value(first, 0, rivals, differing, display),
            _value(second, 1, rivals, differing, display),
        )
    )
    values = f"candidate {mine_shown}, champion {found.name} {theirs_shown}"
    lines = [f"{values}, paired on {display.count(n)} rows"]
    if differing == 0:
        lines.append(
            f"the predictions are identical on all {display.count(n)} rows: no difference was seen"
        )
    elif display.small(differing, *(rivals.only or ())):
        few = differing < display.min_cell
        some = display.count(differing) if few else "some"
        what = "exactly one is right" if rivals.only is not None else "they differ"
        lines.append(f"{what} on {some} rows (counts under {display.min_cell} are not shown)")
    elif rivals.only is not None:
        mine, theirs = rivals.only
        lines.append(
            f"exactly one is right on {display.count(mine + theirs)} rows: the candidate on "
            f"{display.count(mine)}, the champion on {display.count(theirs)} "
            f"(McNemar mid-p {number(mcnemar_mid_p(mine, theirs))})"
        )
    else:
        lines.append(f"they differ on {display.count(differing)} rows")
    return lines
