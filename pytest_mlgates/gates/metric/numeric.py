"""Metrics of predicted numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.labels import Column
from pytest_mlgates.gates.metric.answers import Answers, Measure, chosen
from pytest_mlgates.gates.metric.scored import of_losses
from pytest_mlgates.gates.scores import checked_numbers, numbers
from pytest_mlgates.statistics import regression, row_quantiles
from pytest_mlgates.statistics.estimate import Estimate, Sampling
from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.scales import Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import EvaluationParameters
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.gates.privacy import Display

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]


def answers(
    parameters: MetricParameters, table: Table, rival: Predictions | None, display: Display
) -> Answers:
    """The predicted numbers of the table, or those of *rival* on its rows.

    Raises:
        MLGatesError: for values that are no finite numbers, and truths of 0 for ``mape``.
    """
    metric = parameters.metric
    truth = numbers(table, parameters, "y_true", metric=metric, display=display)
    if rival is None:
        predicted = numbers(table, parameters, "y_pred", metric=metric, display=display)
    else:
        column = Column(role="y_pred", name=rival.name, table=table.name)
        assert rival.y_pred is not None  # noqa: S101
        predicted = checked_numbers(rival.y_pred, column, metric, table, display)
    errors = predicted - truth
    if metric == "mae":
        return of_losses(np.abs(errors), predicted)
    if metric == "mape":
        refuse_zeros(truth, parameters, table, display)
        return of_losses(np.abs(errors) / np.abs(truth), predicted)
    if metric == "pinball":
        alpha = 0.5 if parameters.alpha is None else parameters.alpha
        return of_losses(np.maximum(-alpha * errors, (1 - alpha) * errors), predicted)
    if metric == "median_absolute_error":
        return Answers(
            answer=predicted,
            closed=lambda rows: partial(row_quantiles.median_absolute_error, chosen(errors, rows)),
        )
    if metric == "mse":
        return _squares(errors, predicted)
    return of_all(metric, truth, predicted)


def refuse_zeros(
    truth: Floats, parameters: EvaluationParameters, table: Table, display: Display
) -> None:
    """Refuse *truth* that a relative error would divide by.

    Raises:
        MLGatesError: saying how many rows hold 0.
    """
    zeros = int(np.count_nonzero(truth == 0))
    if zeros:
        raise MLGatesError(
            f"mape divides by the truth, and y_true {parameters.y_true!r} of table {table.name!r} "
            "holds zeros",
            got=f"{display.count(zeros)} of {display.rows(len(truth))}",
            want="a truth other than 0 in every row: scikit-learn would divide by 2e-16",
            fix="mae and pinball take any numbers",
        )


def _squares(errors: Floats, predicted: Floats) -> Answers:
    found = of_losses(errors * errors, predicted)

    def closed(rows: Mask | None) -> Measure:
        return partial(regression.mse, chosen(errors, rows))

    return Answers(answer=found.answer, estimate=found.estimate, closed=closed, losses=found.losses)


def of_all(metric: str, truth: Floats, predicted: Floats) -> Answers:
    """RMSE or R2, which are no means of rows."""

    def closed(rows: Mask | None) -> Measure:
        labels, guesses = chosen(truth, rows), chosen(predicted, rows)
        if metric == "rmse":
            return partial(regression.rmse, guesses - labels)
        return partial(regression.r2, labels, guesses)

    def estimate(rows: Mask | None, drawn: Sampling) -> Estimate:
        labels, guesses = chosen(truth, rows), chosen(predicted, rows)
        of = rmse_of if metric == "rmse" else r2_of
        return of(labels, guesses, drawn)

    return Answers(answer=predicted, estimate=estimate, closed=closed)


def rmse_of(truth: Floats, predicted: Floats, drawn: Sampling) -> Estimate:
    """Root of the mean squared error: a row moves it by ``(e^2 - mse) / (2 rmse)``."""
    squares = (predicted - truth) ** 2
    if not len(squares):
        raise UndefinedError("a mean of no rows")
    level = drawn.mean(squares)
    root = level**0.5
    moves = (squares - level) / (2 * root) if root else np.zeros_like(squares)
    return Estimate(
        value=root,
        moves=moves,
        scale=Scale.ROOT,
        low=0.0,
        method="root of t and hall on linearised totals",
        warnings=regression.tails(predicted - truth),
    )


def r2_of(truth: Floats, predicted: Floats, drawn: Sampling) -> Estimate:
    """R2 = 1 - mse/var: a row moves it by ``-(e^2 - mse)/var + mse ((y - m)^2 - var)/var^2``."""
    squares = (predicted - truth) ** 2
    distances = truth - drawn.mean(truth) if len(truth) else truth
    around = distances**2
    total = drawn.mean(around) if len(truth) else 0.0
    if total == 0 or len(truth) < 2:
        raise UndefinedError("R2 of a truth that does not vary")
    level = drawn.mean(squares)
    moves = level * (around - total) / total**2 - (squares - level) / total
    return Estimate(
        value=1 - level / total,
        moves=np.asarray(moves),
        scale=Scale.COMPLEMENT,
        high=1.0,
        method="delta on log(1 - R2)",
        warnings=(
            *regression.tails(predicted - truth),
            *regression.skewed(distances, None if drawn.clusters is None else drawn.count()),
        ),
    )
