"""Metrics of the project: any function of labels and predictions, bounded by resampling."""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing
from pytest_mlgates.engines.quiet import muted
from pytest_mlgates.extensions.manager import manager, registered_metrics
from pytest_mlgates.gates.labels import Column, refuse_missing
from pytest_mlgates.gates.metric.answers import chosen
from pytest_mlgates.gates.metric.arguments import arguments_of
from pytest_mlgates.gates.metric.drawing import clusters_of, weights_of
from pytest_mlgates.gates.own_metrics import OwnMetric
from pytest_mlgates.statistics.bootstrap import Bootstrap, difference
from pytest_mlgates.statistics.interval import Measured, UndefinedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from pytest_mlgates.core.exact import Number
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import Context
    from pytest_mlgates.gates.metric.answers import Measure
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.gates.privacy import Display

    Mask = NDArray[np.bool_]
    Columns = dict[str, NDArray[Any]]

# By how much sums in another order may differ.
_SAME = 1e-9
# More pairs of label and prediction than this are no classes.
_MOST_PAIRS = 100
_CHAMPION = "champion's "


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
    """

    metric: OwnMetric
    parameters: MetricParameters
    table: Table
    display: Display
    arguments: Mapping[str, str]
    columns: Columns
    clusters: NDArray[np.intp] | None

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
        return _rivals_of(self, found)

    def measure(self, rows: Mask | None) -> Measure:
        """The metric on *rows* with its bounds."""
        return _Resampled(self, self.columns, self.statistic, rows).measure

    def statistic(self, columns: Mapping[str, NDArray[Any]]) -> float:
        """What the function says of *columns*.

        Raises:
            UndefinedError: where it raises.
            MLGatesError: where it gives anything but a number.
        """
        given = {parameter: _joined(columns, role) for parameter, role in self.arguments.items()}
        positional = [given.pop(name) for name in self.arguments if name.startswith("*")]
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # it is asked thousands of times
                found = self.metric.function(*positional, **given)
        except MLGatesError:
            raise
        except (Exception, SystemExit) as error:
            raise UndefinedError(self._told(error)) from None
        return self._number(found)

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
        if isinstance(found, bool | str | bytes) or not hasattr(found, "__float__"):
            raise MLGatesError(
                f"{self.metric.name} gives {type(found).__name__}",
                got=type(found).__name__ if self.display.private else repr(found)[:100],
                want="one number",
                fix="return float(…)",
            )
        return float(found)

    def cells(self, rows: Mask | None) -> tuple[int, ...]:
        """The counts that a private value may give away: rows by label and prediction."""
        if not self.display.private or not {"y_true", "y_pred"} <= set(self.columns):
            return ()
        pairs = zip(
            chosen(self.columns["y_true"], rows).tolist(),
            chosen(self.columns["y_pred"], rows).tolist(),
            strict=True,
        )
        counts: dict[Any, int] = {}
        for pair in pairs:
            counts[pair] = counts.get(pair, 0) + 1
            if len(counts) > _MOST_PAIRS:
                return ()
        return (sum(counts.values()), *counts.values())


@dataclass(frozen=True, kw_only=True)
class OwnRivals:
    """The candidate's and the champion's answers to one function, on the same rows.

    Attributes:
        own: The candidate's.
        other: For each column of the candidate's answers the one that holds the champion's.
        columns: All of them.
        differing: On which rows their answers are not equal.
        only: No share of right rows is known.
        bases: The counts that the two values come from.
    """

    own: Own
    other: Mapping[str, str]
    columns: Columns
    differing: Mask
    only: tuple[int, int] | None = None
    bases: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())

    def values(self) -> tuple[Number, Number]:
        """The metric of both on all rows.

        Raises:
            UndefinedError: where either has none.
        """
        theirs = {name: self.columns[other] for name, other in self.other.items()}
        found = []
        for columns in (self.own.columns, {**self.own.columns, **theirs}):
            resampled = Bootstrap(columns, self.own.statistic)
            with _hushed(self.own.display):
                found.append(resampled.value)
        return found[0], found[1]

    def measure(self, rows: Mask | None) -> Measure:
        """The difference on *rows* with its bounds, resampled for both alike."""
        resampled = _Resampled(
            self.own, self.columns, difference(self.own.statistic, self.other), rows
        )
        differing = int(np.count_nonzero(chosen(self.differing, rows)))

        def measured(confidence: float) -> Measured:
            found = resampled.measure(confidence)
            return Measured(
                value=found.value,
                interval=found.interval,
                n=found.n,
                method=f"paired {found.method}",
                warnings=found.warnings,
                cells=(*found.cells, differing) if self.own.display.private else (),
            )

        return measured


@dataclass
class _Resampled:
    """Some rows of one table, resampled once for all confidences."""

    own: Own
    columns: Columns
    statistic: Callable[[Mapping[str, NDArray[Any]]], float]
    rows: Mask | None
    _drawn: Bootstrap | None = field(default=None, init=False)

    def measure(self, confidence: float) -> Measured:
        own = self.own
        with _hushed(own.display):
            if self._drawn is None:
                drawn = Bootstrap(
                    {name: chosen(array, self.rows) for name, array in self.columns.items()},
                    self.statistic,
                    clusters=None if own.clusters is None else chosen(own.clusters, self.rows),
                )
                _refuse_order(own, drawn)
                self._drawn = drawn
            low, high = own.metric.low, own.metric.high
            if self.columns is not own.columns:  # a difference
                low, high = low - high, high - low
            found = self._drawn.measured(confidence, low=low, high=high)
        return Measured(
            value=found.value,
            interval=found.interval,
            n=found.n,
            method=found.method,
            warnings=found.warnings,
            cells=own.cells(self.rows),
        )


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
            columns[role] = weights_of(table, parameters, display)
            continue
        for place, name in enumerate(names):
            table.require(name, role=role)
            column = Column(role=role, name=name, table=table.name)
            key = role if len(names) == 1 else f"{role} {place}"
            columns[key] = _usable(table.arrays([name])[name], column, metric, table, display)
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


def _rivals_of(own: Own, found: Predictions) -> OwnRivals:
    """The candidate's answers and those of a champion on the same rows.

    Raises:
        MLGatesError: for answers of another shape or kind.
    """
    table, display = own.table, own.display
    columns, other = dict(own.columns), {}
    differing = np.zeros(table.n_rows, dtype=bool)
    for role in sorted(own.answers):
        mine = [name for name in own.columns if name.partition(" ")[0] == role]
        theirs = found.y_score if role == "y_score" else found.y_pred
        assert theirs is not None  # noqa: S101  (refused by the caller)
        parts = [theirs] if theirs.ndim == 1 else list(theirs.T)
        if len(parts) != len(mine):
            raise MLGatesError(
                f"{found.name} gives {len(parts)} scores per row, and the table has {len(mine)}",
                want="as many from both",
            )
        for name, part in zip(mine, parts, strict=True):
            column = Column(role=role, name=found.name, table=table.name)
            key = f"{_CHAMPION}{name}"
            columns[key] = _usable(part, column, own.metric, table, display)
            other[name] = key
            differing |= np.asarray(own.columns[name] != columns[key], dtype=bool)
    return OwnRivals(
        own=own,
        other=other,
        columns=columns,
        differing=differing,
        bases=(own.cells(None), own.cells(None)),
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


def _usable(
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
    return array


def _joined(columns: Mapping[str, NDArray[Any]], role: str) -> NDArray[Any]:
    """A role's column; several as one array of shape ``(rows, classes)``."""
    if role in columns:
        return columns[role]
    parts = [array for name, array in columns.items() if name.partition(" ")[0] == role]
    return np.column_stack(parts)


def _refuse_order(own: Own, drawn: Bootstrap) -> None:
    """A value that depends on the order of rows is none of the model's."""
    one, other = drawn.value, drawn.in_another_order()
    if not math.isclose(one, other, rel_tol=_SAME, abs_tol=1e-12):
        got = "" if own.display.private else f"{one!r} and {other!r} on the same rows"
        raise MLGatesError(
            f"{own.metric.name} depends on the order of the rows, or on chance",
            got=got,
            want="the same number for the same rows in any order",
            fix="sort or seed inside the function",
        )


@contextlib.contextmanager
def _hushed(display: Display) -> Iterator[None]:
    """Warnings of thousands of calls are none; of a private table nothing gets out at all."""
    with muted() if display.private else contextlib.nullcontext(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
