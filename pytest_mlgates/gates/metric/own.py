"""Metrics of the project: any function of labels and predictions, bounded by resampling."""

from __future__ import annotations

import contextlib
import inspect
import io
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import sha256_of_file
from pytest_mlgates.core.verdict import InputDigest
from pytest_mlgates.extensions.manager import manager, registered_metrics
from pytest_mlgates.gates.drawn import clusters_of, weights_of
from pytest_mlgates.gates.labels import Column
from pytest_mlgates.gates.metric.arguments import arguments_of, usable
from pytest_mlgates.gates.metric.own_rivals import OwnRivals, rivals_of
from pytest_mlgates.gates.metric.resampled import Resampled
from pytest_mlgates.gates.own_metrics import OwnMetric
from pytest_mlgates.statistics.interval import UndefinedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import Context
    from pytest_mlgates.gates.metric.answers import Measure
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.gates.privacy import Display

    Mask = NDArray[np.bool_]
    Columns = dict[str, NDArray[Any]]

# More pairs of label and prediction than this are no classes.
_MOST_PAIRS = 100


@dataclass(frozen=True, kw_only=True)
class Own:
    """A metric of the project on one table.

    Attributes:
        metric: What was found under its name.
        parameters: Of the gate.
        table: The table.
        display: What may be shown of it.
        arguments: For each of the function's parameters the role that it takes.
        columns: What the function is given, by role; a part of a score by role and place.
        clusters: The cluster of each row.
        called: Whether the function has been called: it is heard on stderr the first time alone.
    """

    metric: OwnMetric
    parameters: MetricParameters
    table: Table
    display: Display
    arguments: Mapping[str, str]
    columns: Columns
    clusters: NDArray[np.intp] | None
    called: Event = field(default_factory=Event)

    @property
    def loss(self) -> bool:
        """Whether less is better, which a comparison must know.

        Raises:
            MLGatesError: where neither the gate nor the metric says it, or they disagree.
        """
        here, there = self.parameters.greater_is_better, self.metric.greater_is_better
        if here is None and there is None:
            raise MLGatesError(
                f"it is open which end of {self.metric.name} is good",
                want="`greater_is_better`, to tell a better candidate from a worse one",
                fix="greater_is_better = true",
            )
        if None not in (here, there) and here != there:
            raise MLGatesError(
                f"greater_is_better = {here!r}, and {self.metric.name} itself says {there!r}",
                fix="leave it out of the gate",
            )
        return not (there if here is None else here)

    @property
    def source(self) -> InputDigest:
        """The file that the function is written in; native code has no digest."""
        digest = None
        with contextlib.suppress(OSError, TypeError, ValueError):
            function = inspect.unwrap(self.metric.source or self.metric.function)
            file = inspect.getsourcefile(function)
            digest = None if file is None else sha256_of_file(Path(file))
        return InputDigest(name=self.metric.name, digest=digest, rows=None)

    @property
    def answers(self) -> set[str]:
        """The roles of a model's answers that the function takes."""
        return {"y_pred", "y_score"} & set(self.arguments.values())

    @property
    def used(self) -> list[str]:
        """The columns of the table that the verdict rests on."""
        names = names_of(self.parameters, self.arguments).values()
        return list(dict.fromkeys(name for several in names for name in several))

    def against(self, found: Predictions) -> OwnRivals:
        """These answers beside those of a champion on the same rows."""
        return rivals_of(self, found)

    def measure(self, rows: Mask | None) -> Measure:
        """The metric on *rows* with its bounds."""
        return Resampled(self, self.columns, self.statistic, rows).measure

    def statistic(self, columns: Mapping[str, NDArray[Any]]) -> float:
        """What the function says of *columns*.

        Raises:
            UndefinedError: where it raises.
            MLGatesError: where it gives anything but a number.
        """
        given = {parameter: _joined(columns, role) for parameter, role in self.arguments.items()}
        positional = [given.pop(name) for name in self.arguments if name.startswith("*")]
        try:
            with self._heard_once():
                found = self.metric.function(*positional, **given)
        except MLGatesError:
            raise
        except (Exception, SystemExit) as error:
            raise UndefinedError(self._told(error)) from None
        return self._number(found)

    @contextlib.contextmanager
    def _heard_once(self) -> Iterator[None]:
        """The function is asked thousands of times, and says the same thousands of times."""
        with contextlib.ExitStack() as silent:
            silent.enter_context(contextlib.redirect_stdout(io.StringIO()))
            if self.called.is_set():
                silent.enter_context(contextlib.redirect_stderr(io.StringIO()))
            self.called.set()
            yield

    def _told(self, error: BaseException) -> str:
        kind = type(error).__name__
        if self.display.private:
            return f"it raised {kind}"
        first = str(error).strip().partition("\n")[0]
        return f"it raised {kind}: {first}" if first else f"it raised {kind}"

    def _number(self, found: Any) -> float:
        item = getattr(found, "item", None)
        if callable(item) and getattr(found, "size", 1) == 1:
            found = item()
        try:
            value = None if isinstance(found, bool | str | bytes) else float(found)
        except (TypeError, ValueError, OverflowError):
            value = None
        if value is None:
            raise MLGatesError(
                f"{self.metric.name} gives {type(found).__name__}",
                got=type(found).__name__ if self.display.private else repr(found)[:100],
                want="one number",
                fix="return float(…)",
            )
        return value

    def cells(
        self, columns: Columns, rows: Mask | None, answers: str = "y_pred"
    ) -> tuple[int, ...]:
        """The counts that a private value may give away: rows by label and prediction.

        Args:
            columns: Of this metric, or of two models.
            rows: Which rows, None for all.
            answers: The column of predictions.
        """
        if not self.display.private or not {"y_true", answers} <= set(columns):
            return ()
        pairs = list(zip(columns["y_true"].tolist(), columns[answers].tolist(), strict=True))
        # Of the whole table, in one order: the cells of one slice stand beside those of another.
        counts = dict.fromkeys(pairs, 0)
        if len(counts) > _MOST_PAIRS:
            return ()
        places = range(len(pairs)) if rows is None else np.flatnonzero(rows).tolist()
        for place in places:
            counts[pairs[place]] += 1
        return (len(places), *counts.values())


def resolved(parameters: MetricParameters, table: Table, context: Context, display: Display) -> Own:
    """The metric of the project that *parameters* name, with what it is given of *table*.

    Raises:
        MLGatesError: if it does not import, takes what no table has, or a column cannot be used.
    """
    metric = _found(parameters.metric, context)
    _refuse_bounds(metric, parameters)
    arguments = arguments_of(metric, weighted=parameters.sample_weight is not None)
    table.require_rows()
    columns: Columns = {}
    for role, names in names_of(parameters, arguments).items():
        if role == "sample_weight":
            columns[role] = weights_of(table, str(parameters.sample_weight), display)
            continue
        for place, name in enumerate(names):
            table.require(name, role=role)
            column = Column(role=role, name=name, table=table.name)
            key = role if len(names) == 1 else f"{role} {place}"
            columns[key] = usable(table.arrays([name])[name], column, metric, table, display)
    grouping = parameters.grouping
    return Own(
        metric=metric,
        parameters=parameters,
        table=table,
        display=display,
        arguments=arguments,
        columns=columns,
        clusters=None if grouping is None else clusters_of(table, grouping, display),
    )


def names_of(
    parameters: MetricParameters, arguments: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """The table's columns for each role that a function takes."""
    named: dict[str, tuple[str, ...]] = {}
    for role in arguments.values():
        value = getattr(parameters, role)
        named[role] = tuple(value) if isinstance(value, tuple | list) else (str(value),)
    return named


def _found(name: str, context: Context) -> OwnMetric:
    if ":" not in name:
        registered: OwnMetric = registered_metrics()[name]
        return registered
    if context.entry is None:
        raise MLGatesError(
            f"there is no way here to find the metric {name!r}",
            want="a call through pytest, `mlgates check` or pytest_mlgates.metric",
        )
    at = context.entry(name)
    if isinstance(at, OwnMetric):
        return at
    adapted: OwnMetric | None = manager().hook.mlgates_adapt_metric(name=name, found=at)
    if adapted is not None:
        return adapted
    if not callable(at):
        raise MLGatesError(
            f"metric {name!r} is no function",
            got=type(at).__name__,
            want="a function of y_true and y_pred that gives a number",
        )
    return OwnMetric(name=name, function=at)


def _refuse_bounds(metric: OwnMetric, parameters: MetricParameters) -> None:
    """A bound outside the range of a metric always holds, or never."""
    for key, value, trivial in (
        ("min", parameters.min, metric.low),
        ("max", parameters.max, metric.high),
    ):
        if value is None:
            continue
        if not metric.low <= value <= metric.high or value == trivial:
            raise MLGatesError(
                f"{key} = {value:g} demands nothing that {metric.name} could miss, or all of it",
                got=f"{metric.name} lies between {metric.low:g} and {metric.high:g}",
                want="a bound inside",
            )


def _joined(columns: Mapping[str, NDArray[Any]], role: str) -> NDArray[Any]:
    """A role's column; several as one array of shape ``(rows, classes)``."""
    if role in columns:
        return columns[role]
    parts = [array for name, array in columns.items() if name.partition(" ")[0] == role]
    return np.column_stack(parts)
