"""Metrics of ``mlflow.models.make_metric``, named by path as any function of the project."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.extensions import hookimpl
from pytest_mlgates.gates.own_metrics import OwnMetric

if TYPE_CHECKING:
    from collections.abc import Callable

_GIVEN = {"predictions", "targets", "metrics"}


@hookimpl
def mlgates_adapt_metric(name: str, found: Any) -> OwnMetric | None:
    """An ``EvaluationMetric`` as one of ours; its own name stays in MLflow."""
    kinds = (f"{kind.__module__}.{kind.__name__}" for kind in type(found).__mro__)
    if not any(k.startswith("mlflow.") and k.endswith(".EvaluationMetric") for k in kinds):
        return None
    return OwnMetric(
        name=name,
        function=_asked(name, found.eval_fn),
        greater_is_better=bool(found.greater_is_better),
        source=found.eval_fn,
    )


def _asked(name: str, eval_fn: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """*eval_fn*, given by name what MLflow's own evaluators give; there are no other metrics here.

    Raises:
        MLGatesError: for a function that takes something else, or MLflow's older form.
    """
    pandas = optional("pandas", extra="mlflow", why=f"metric {name!r}")
    parameters = inspect.signature(eval_fn).parameters.values()
    plain = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    wanted = [p.name for p in plain if p.name in _GIVEN or p.default is p.empty]
    if not {"predictions"} <= set(wanted) <= _GIVEN:
        raise MLGatesError(
            f"metric {name!r} takes what a gate cannot give",
            got=", ".join(p.name for p in plain),
            want="predictions and targets; metrics is empty, others have a default",
        )

    def of(y_true: Any, y_pred: Any) -> Any:
        series = {
            "predictions": pandas.Series(y_pred),
            "targets": pandas.Series(y_true),
            "metrics": {},
        }
        return _value(name, eval_fn(**{key: series[key] for key in wanted}))

    return of


def _value(name: str, answer: Any) -> Any:
    """The number in *answer*: itself, or the one aggregate of a ``MetricValue``."""
    results = getattr(answer, "aggregate_results", None)
    if results is None:
        return answer
    if len(results) == 1:
        return next(iter(results.values()))
    raise MLGatesError(
        f"metric {name!r} gives {len(results)} aggregate results",
        got=", ".join(map(repr, results)),
        want="one number: a gate judges one",
    )
