"""Metrics of ``mlflow.models.make_metric``, named by path as any function of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.extensions import hookimpl
from pytest_mlgates.gates.own_metrics import OwnMetric

if TYPE_CHECKING:
    from collections.abc import Callable


@hookimpl
def mlgates_adapt_metric(name: str, found: Any) -> OwnMetric | None:
    """An ``EvaluationMetric`` as one of ours; its own name stays in MLflow."""
    kind = type(found)
    if kind.__name__ != "EvaluationMetric" or not kind.__module__.startswith("mlflow."):
        return None
    return OwnMetric(
        name=name,
        function=_asked(name, found.eval_fn),
        greater_is_better=bool(found.greater_is_better),
    )


def _asked(name: str, eval_fn: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """*eval_fn*, given what MLflow's own evaluators give: two Series, and no other metrics."""
    pandas = optional("pandas", extra="mlflow", why=f"metric {name!r}")

    def of(y_true: Any, y_pred: Any) -> Any:
        predictions, targets = pandas.Series(y_pred), pandas.Series(y_true)
        return _value(name, eval_fn(predictions, targets, {}))

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
