"""Metrics by group that have no formula here, through Fairlearn's ``MetricFrame``.

Fairlearn (with pandas and scikit-learn, 1.7 seconds) is imported when the first such metric is met.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.engines.imports import optional
from pytest_mlgates.extensions import hookimpl
from pytest_mlgates.statistics.interval import UndefinedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_WHOLE = "all rows"


@hookimpl
def mlgates_metric_by_group(
    metric: str,
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    groups: NDArray[np.intp],
    sample_weight: NDArray[np.float64] | None,
) -> tuple[Callable[..., float], dict[int, float], float]:
    """The function *metric*, its value in every one of *groups*, and on all rows.

    Raises:
        MissingExtraError: if Fairlearn does not import.
        UndefinedError: where a group has no value.
    """
    why = f"the metric {metric} by group (it has no formula here)"
    fairlearn = optional("fairlearn.metrics", extra="fairlearn", why=why)
    sklearn = optional("sklearn.metrics", extra="fairlearn", why=why)
    function = _strict(getattr(fairlearn, metric, None) or getattr(sklearn, metric), metric)
    frame = fairlearn.MetricFrame(
        metrics=function,
        y_true=y_true,
        y_pred=y_pred,
        sensitive_features=groups,
        sample_params={} if sample_weight is None else {"sample_weight": sample_weight},
    )
    return function, {int(g): float(v) for g, v in frame.by_group.items()}, float(frame.overall)


def _strict(function: Callable[..., float], name: str) -> Callable[..., float]:
    """*function*, which has no value where it would only warn, or give NaN."""

    def strict(
        y_true: NDArray[Any],
        y_pred: NDArray[Any],
        sample_weight: NDArray[np.float64] | None = None,
    ) -> float:
        # Here scikit-learn neither raises nor warns: it gives 0, or divides by 2e-16.
        if name == "matthews_corrcoef" and len(np.unique(y_true)) < 2:
            raise UndefinedError(f"{name} where the truth holds one class")
        if name == "mean_absolute_percentage_error" and bool(np.any(y_true == 0)):
            raise UndefinedError(f"{name} of a truth of 0")
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                value = float(function(y_true, y_pred, **weights))
            except (ValueError, Warning) as error:
                raise UndefinedError(f"{name}: {str(error).splitlines()[0]}") from None
        if not np.isfinite(value):
            raise UndefinedError(f"{name} is {value}")
        return value

    strict.__name__ = name
    return strict
