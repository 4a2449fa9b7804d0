"""The rows that a metric of the project is judged on, resampled once for all confidences."""

from __future__ import annotations

import contextlib
import math
import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.exact import told
from pytest_mlgates.engines.quiet import muted
from pytest_mlgates.gates.metric.answers import chosen
from pytest_mlgates.statistics.bootstrap import Bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pytest_mlgates.gates.metric.own import Own
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.statistics.interval import Measured

    Mask = NDArray[np.bool_]
    Columns = dict[str, NDArray[Any]]

# By how much sums in another order may differ.
_SAME = 1e-9


@dataclass
class Resampled:
    """Some rows of one table, resampled once for all confidences.

    Attributes:
        own: The metric.
        columns: What the statistic is given.
        statistic: The metric, or the difference of two models'.
        rows: Which rows, None for all.
    """

    own: Own
    columns: Columns
    statistic: Callable[[Mapping[str, NDArray[Any]]], float]
    rows: Mask | None
    _drawn: Bootstrap | None = field(default=None, init=False)

    def measure(self, confidence: float) -> Measured:
        """Its value with bounds.

        Raises:
            UndefinedError: where it has none.
            MLGatesError: for a value that depends on the order of the rows.
        """
        own = self.own
        with hushed(own.display):
            if self._drawn is None:
                drawn = Bootstrap(
                    {name: chosen(array, self.rows) for name, array in self.columns.items()},
                    self.statistic,
                    clusters=None if own.clusters is None else chosen(own.clusters, self.rows),
                )
                _refuse_order(own, drawn)
                if self.columns is own.columns:
                    _refuse_out_of_range(own, drawn)
                self._drawn = drawn
            low, high = own.metric.low, own.metric.high
            if self.columns is not own.columns:  # a difference
                low, high = low - high, high - low
            found = self._drawn.measured(confidence, low=low, high=high)
        return replace(found, cells=own.cells(own.columns, self.rows))


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


def _refuse_out_of_range(own: Own, drawn: Bootstrap) -> None:
    """A value that the metric says it cannot have: its bounds would be clipped into a lie."""
    low, high = own.metric.low, own.metric.high
    if not low <= told(drawn.value) <= high:
        raise MLGatesError(
            f"{own.metric.name} is outside the range that it was registered with",
            got="" if own.display.private else repr(drawn.value),
            want=f"a number from {low:g} to {high:g}",
            fix="register it with the range that it has",
        )


@contextlib.contextmanager
def hushed(display: Display) -> Iterator[None]:
    """Warnings of thousands of calls are none; of a private table nothing gets out at all."""
    with muted() if display.private else contextlib.nullcontext(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
