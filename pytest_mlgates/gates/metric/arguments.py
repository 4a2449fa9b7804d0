"""Which of the columns of a table a function of the project wants, by its signature."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing
from pytest_mlgates.gates.labels import Column, refuse_missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.own_metrics import OwnMetric
    from pytest_mlgates.gates.privacy import Display

_ROLES = {
    "y_true": "y_true",
    "y_pred": "y_pred",
    **dict.fromkeys(("y_score", "y_scores", "y_prob", "y_proba"), "y_score"),
    "sample_weight": "sample_weight",
}
_BY_PLACE = ("y_true", "y_pred")
_WEIGHT = "sample_weight"
_PREDICTIONS = {"y_pred", "y_score"}


def arguments_of(metric: OwnMetric, *, weighted: bool) -> dict[str, str]:
    """For each parameter that is given, the role it takes; those by place start with ``*``.

    Parameters are known by name (``y_true``, ``y_pred``, ``y_score``, ``sample_weight``); of others
    the first is ``y_true`` and the second ``y_pred``. What has a default keeps it, but for
    ``sample_weight`` where the gate has weights, and for predictions that would be None.

    Raises:
        MLGatesError: for a function that takes no predictions, or what no table has.
    """
    try:
        signature = inspect.signature(metric.function)
    except (TypeError, ValueError):  # native code does not tell
        if weighted:
            raise _refused(metric, "its parameters cannot be read", _WEIGHT) from None
        return {f"*{role}": role for role in _BY_PLACE}
    every = list(signature.parameters.values())
    found: dict[str, str] = {}
    plain = [p for p in every if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    for place, parameter in enumerate(plain):
        role = _ROLES.get(parameter.name)
        if parameter.default is not parameter.empty:
            if not (role == _WEIGHT and weighted):
                continue
        elif role is None and parameter.kind is not parameter.KEYWORD_ONLY:
            role = _BY_PLACE[place] if place < len(_BY_PLACE) else None
        if role is None or role in found.values() or (role == _WEIGHT and not weighted):
            raise _refused(metric, f"{metric.name}{signature}", parameter.name)
        found["*" * (parameter.kind is parameter.POSITIONAL_ONLY) + parameter.name] = role
    if not _PREDICTIONS & set(found.values()):
        # A default of None is no answer: scikit-learn's log_loss has one while a name changes.
        unset = (p.name for p in plain if p.default is None and _ROLES.get(p.name) in _PREDICTIONS)
        found |= {name: _ROLES[name] for name in list(unset)[:1]}
    if not found and any(p.kind is p.VAR_POSITIONAL for p in every):
        found = {f"*{role}": role for role in _BY_PLACE}
    if weighted and _WEIGHT not in found.values():
        raise MLGatesError(
            f"{metric.name} takes no sample_weight, and the gate has weights",
            got=f"{metric.name}{signature}",
            want="a parameter `sample_weight`: weights are never ignored",
        )
    if not _PREDICTIONS & set(found.values()):
        raise MLGatesError(
            f"{metric.name} takes no predictions: it would judge no model",
            got=f"{metric.name}{signature}",
            want="a function of y_true and y_pred (or y_score)",
        )
    return found


def usable(
    array: NDArray[Any], column: Column, metric: OwnMetric, table: Table, display: Display
) -> NDArray[Any]:
    """*array* without missing values, of numbers, truth values or text."""
    if array.dtype == object:
        values = array.tolist()
        refuse_missing(column, sum(value is None for value in values), table, display)
        kinds = sorted({type(value).__name__ for value in values})
    else:
        if array.dtype.kind == "f":
            refuse_missing(column, int(np.count_nonzero(np.isnan(array))), table, display)
        kinds = ["str"] if array.dtype.kind in "biufU" and array.ndim == 1 else [str(array.dtype)]
    if kinds != ["str"]:
        raise MLGatesError(
            f"{metric.name} needs numbers, truth values or text, and {column} holds "
            f"{listing(kinds)}",
            got=listing(kinds),
            want="one plain value per row",
            fix="convert the column where the table is made",
        )
    return array.copy()  # a function may write into what it is given


def _refused(metric: OwnMetric, got: str, parameter: str) -> MLGatesError:
    fix = "name the column: sample_weight = …" if parameter == _WEIGHT else "give it a default"
    return MLGatesError(
        f"{metric.name} wants {parameter!r}, which a metric gate cannot give",
        got=got,
        want="parameters y_true, y_pred, y_score or sample_weight; others with a default",
        fix=fix,
    )
