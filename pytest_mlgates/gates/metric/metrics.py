"""The metrics by name: what they need, which end is good, in which range they lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pytest_mlgates.core.text import did_you_mean, listing

Needs = Literal["classes", "scores", "numbers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric.

    Attributes:
        name: Its name in verdicts.
        alias: scikit-learn's name of the function, understood as well.
        needs: Whether it compares labels with predicted classes, with scores, or numbers.
        low: The least value it can take.
        high: The most.
        loss: Whether less is better.
        binary: Whether it has a positive class, hence exactly two classes (so far).
    """

    name: str
    alias: str
    needs: Needs
    low: float = 0.0
    high: float = 1.0
    loss: bool = False
    binary: bool = True

    @property
    def best(self) -> float:
        """The value of a perfect model."""
        return self.low if self.loss else self.high


METRICS = {
    metric.name: metric
    for metric in (
        Metric(name="accuracy", alias="accuracy_score", needs="classes", binary=False),
        Metric(
            name="balanced_accuracy",
            alias="balanced_accuracy_score",
            needs="classes",
            binary=False,
        ),
        Metric(name="precision", alias="precision_score", needs="classes"),
        Metric(name="recall", alias="recall_score", needs="classes"),
        Metric(name="f1", alias="f1_score", needs="classes"),
        Metric(name="roc_auc", alias="roc_auc_score", needs="scores"),
        Metric(name="log_loss", alias="log_loss", needs="scores", high=math.inf, loss=True),
        Metric(name="brier", alias="brier_score_loss", needs="scores", loss=True),
        Metric(name="mae", alias="mean_absolute_error", needs="numbers", high=math.inf, loss=True),
        Metric(name="mse", alias="mean_squared_error", needs="numbers", high=math.inf, loss=True),
        Metric(
            name="rmse", alias="root_mean_squared_error", needs="numbers", high=math.inf, loss=True
        ),
        Metric(name="r2", alias="r2_score", needs="numbers", low=-math.inf),
    )
}
_BY_ALIAS = {metric.alias: metric.name for metric in METRICS.values()}


def canonical(name: str) -> str:
    """The name in verdicts of the metric *name* (a name of ours, or scikit-learn's).

    Raises:
        ValueError: naming the nearest one.
    """
    found = _BY_ALIAS.get(name, name)
    if found not in METRICS:
        hint = did_you_mean(name, [*METRICS, *_BY_ALIAS])
        raise ValueError(f"one of {listing(METRICS, 20)}" + (f"; {hint}" if hint else ""))
    return found
